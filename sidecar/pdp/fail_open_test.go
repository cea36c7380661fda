package pdp_test

import (
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

const guard = `---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: guard}
spec:
  resources: [item]
  rules:
    - {id: embargo, effect: deny, actions: [read, view], when: resource.id == 'embargoed'}
    - {id: breaks, effect: deny, actions: [read, view], when: resource.id == 'broken' && 1 / (size(resource.id) - 6) == 0}
`

// With the flag a request goes through whose credential cannot be judged, and no
// other: not one that is refused, denied by a rule, without a route, stopped by
// an error, or without a loaded set.
func TestFailOpen(t *testing.T) {
	broken := method{issuer, func() (*authn.Identity, error) { return nil, &authn.Broken{Method: issuer, Kind: authn.KindJWT} }}
	refused := method{issuer, func() (*authn.Identity, error) { return nil, &authn.Refused{Reason: "token_expired", Method: issuer} }}
	panics := method{issuer, func() (*authn.Identity, error) { panic("odd") }}
	type want struct {
		allowed bool
		status  int
		reason  string
		kind    record.Kind
	}
	through := want{true, 503, "dependency_unavailable", record.KindFailOpen}
	for _, tt := range []struct {
		name      string
		methods   []authn.Method
		anonymous string
		path      string
		header    string
		open      want
		shut      want
	}{
		{"good twin: the issuer is away", []authn.Method{broken}, "deny", "/items/7", "Bearer x", through, want{false, 503, "dependency_unavailable", record.KindAuthnFailure}},
		{"where everybody may go", []authn.Method{broken}, "allow", "/public/7", "Bearer x", through, want{false, 503, "dependency_unavailable", record.KindAuthnFailure}},
		{"beside a good credential", []authn.Method{user(`{"sub":"alice"}`), broken}, "allow", "/items/7", "Bearer x", through, want{false, 503, "dependency_unavailable", record.KindAuthnFailure}},
		{"refused", []authn.Method{refused}, "allow", "/items/7", "Bearer x", want{false, 401, "token_expired", record.KindAuthnFailure}, want{false, 401, "token_expired", record.KindAuthnFailure}},
		{"refused beside what cannot be judged", []authn.Method{broken, refused}, "allow", "/items/7", "Bearer x", want{false, 401, "token_expired", record.KindAuthnFailure}, want{false, 401, "token_expired", record.KindAuthnFailure}},
		{"no credential", []authn.Method{broken}, "deny", "/items/7", "", want{false, 401, "unauthenticated", record.KindAuthnFailure}, want{false, 401, "unauthenticated", record.KindAuthnFailure}},
		{"no credential, where rules decide", []authn.Method{broken}, "allow", "/items/7", "", want{false, 401, "unauthenticated", record.KindDecision}, want{false, 401, "unauthenticated", record.KindDecision}},
		{"a deny rule", []authn.Method{broken}, "allow", "/items/embargoed", "Bearer x", want{false, 403, "denied_by_rule", record.KindDecision}, want{false, 503, "dependency_unavailable", record.KindAuthnFailure}},
		{"a deny rule that fails", []authn.Method{broken}, "allow", "/items/broken", "Bearer x", want{false, 403, "eval_error", record.KindDecision}, want{false, 503, "dependency_unavailable", record.KindAuthnFailure}},
		{"no route", []authn.Method{broken}, "allow", "/nowhere", "Bearer x", want{false, 403, "no_route", record.KindDecision}, want{false, 503, "dependency_unavailable", record.KindAuthnFailure}},
		{"a panic", []authn.Method{panics}, "allow", "/items/7", "Bearer x", want{false, 403, "eval_error", record.KindDecision}, want{false, 403, "eval_error", record.KindDecision}},
		{"no rule for a known user", []authn.Method{user(`{"sub":"alice","level":9}`)}, "allow", "/items/7", "Bearer x", want{false, 403, "no_matching_rule", record.KindDecision}, want{false, 403, "no_matching_rule", record.KindDecision}},
		{"no set", nil, "", "/items/7", "Bearer x", want{false, 503, "policy_not_loaded", record.KindDecision}, want{false, 503, "policy_not_loaded", record.KindDecision}},
	} {
		for open, want := range map[bool]want{true: tt.open, false: tt.shut} {
			r := newRigOf(t, open)
			r.set = compile(t, policies+guard)
			if tt.methods != nil {
				r.point.Swap(r.snapshot(configure(t, "anonymous: deny", "anonymous: "+tt.anonymous), tt.methods...))
			}
			out := r.ask(tt.path, tt.header)
			if out.Allowed != want.allowed || !want.allowed && (out.Answer.Status != want.status || out.Answer.Reason != want.reason) {
				t.Errorf("%s, flag %t: answered %+v", tt.name, open, out)
			}
			if out.Allowed && (out.Headers.Get(pdp.HeaderUserID) != "" || out.Headers.Get(pdp.HeaderRequestID) == "") {
				t.Errorf("%s: passed on as %v", tt.name, out.Headers)
			}
			e := r.only()
			reason := e.Reason
			if e.Kind == record.KindDecision {
				reason = e.Decision.Reason
			}
			if e.Kind != want.kind || reason != want.reason || e.Status != want.status {
				t.Errorf("%s, flag %t: recorded %s", tt.name, open, e.AppendJSON(nil))
			}
		}
	}
}

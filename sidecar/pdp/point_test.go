package pdp_test

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// Before the first snapshot everything is denied, whoever asks.
func TestNoSnapshot(t *testing.T) {
	r := newRig(t)
	out := r.ask("/public/7", "Bearer x")
	if out.Allowed || out.Headers != nil || out.Answer.Status != http.StatusServiceUnavailable || out.Answer.Reason != "policy_not_loaded" || out.Answer.Header.Get("Retry-After") != "5" {
		t.Errorf("answered %+v", out)
	}
	if r.point.Current() != nil {
		t.Error("there is a snapshot")
	}
	e := r.only()
	if e.Kind != record.KindDecision || e.Decision.Allowed() || e.Decision.Reason != "policy_not_loaded" || e.Status != http.StatusServiceUnavailable || e.DecisionID != "decision-1" {
		t.Errorf("recorded %+v", e)
	}
	r2 := newRig(t)
	r2.point.Swap(r2.snapshot(configure(t, "anonymous: deny", "anonymous: allow"), user(`{"sub":"alice"}`)))
	if out := r2.ask("/public/7", ""); !out.Allowed {
		t.Errorf("with a snapshot: %+v", out)
	}
}

func TestAnonymous(t *testing.T) {
	for _, tt := range []struct {
		name, anonymous, path, authorization string
		allowed                              bool
		reason                               string
		kind                                 record.Kind
	}{
		{"deny", "deny", "/public/7", "", false, "unauthenticated", record.KindAuthnFailure},
		{"deny, no route", "deny", "/nowhere", "", false, "unauthenticated", record.KindAuthnFailure},
		{"deny, with a credential", "deny", "/public/7", "Bearer x", true, "allowed", record.KindDecision},
		{"allow", "allow", "/public/7", "", true, "allowed", record.KindDecision},
		{"allow, no rule", "allow", "/items/7", "", false, "unauthenticated", record.KindDecision},
		{"allow, no route", "allow", "/nowhere", "", false, "no_route", record.KindDecision},
		{"allow, with a credential", "allow", "/items/7", "Bearer x", true, "allowed", record.KindDecision},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.point.Swap(r.snapshot(configure(t, "anonymous: deny", "anonymous: "+tt.anonymous), user(`{"sub":"alice"}`)))
			out := r.ask(tt.path, tt.authorization)
			if out.Allowed != tt.allowed || !tt.allowed && out.Answer.Reason != tt.reason {
				t.Errorf("answered %+v", out)
			}
			if id := out.Headers.Get(pdp.HeaderUserID); id != "" && tt.authorization == "" {
				t.Errorf("nobody is %q", id)
			}
			e := r.only()
			reason := e.Reason
			if e.Decision != nil {
				reason = e.Decision.Reason
			}
			if e.Kind != tt.kind || reason != tt.reason {
				t.Errorf("recorded %s %s", e.Kind, reason)
			}
		})
	}
}

// Whatever a method does besides saying who it is, the request is denied with
// one record and the outcome that its kind has.
func TestMethodFails(t *testing.T) {
	says := func(err error) method {
		return method{issuer, func() (*authn.Identity, error) { return nil, err }}
	}
	for _, tt := range []struct {
		name          string
		method        method
		status        int
		reason, retry string
		result        string
	}{
		{"refused", says(&authn.Refused{Reason: "token_expired", Method: issuer}), 401, "token_expired", "", `{method="jwt",result="refused"} 1`},
		{"broken", says(&authn.Broken{Method: issuer, RetryAfter: 9 * time.Second}), 503, "dependency_unavailable", "9", `{method="jwt",result="broken"} 1`},
		{"broken, no time given", says(&authn.Broken{Method: issuer}), 503, "dependency_unavailable", "5", `{method="jwt",result="broken"} 1`},
		{"unforeseen", says(errors.New("s3cret")), 503, "dependency_unavailable", "5", `{method="jwt",result="broken"} 1`},
		{"neither", says(nil), 503, "dependency_unavailable", "5", `{method="jwt",result="broken"} 1`},
		{"not its own", says(authn.ErrNotMine), 401, "credential_unsupported", "", `{method="none",result="refused"} 1`},
		{"panic", method{issuer, func() (*authn.Identity, error) { panic("s3cret") }}, 403, "eval_error", "", ""},
		{"claims that are no JSON", user(`{"sub":`), 401, "claim_invalid", "", `{method="jwt",result="refused"} 1`},
		{"claims that contradict each other", user(`{"sub":"alice","tenant":"s3cret","tid":"acme"}`), 401, "invalid_claims", "", `{method="jwt",result="refused"} 1`},
		{"claims that say a thing twice", user(`{"sub":"a","sub":"b"}`), 401, "claim_invalid", "", `{method="jwt",result="refused"} 1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.point.Swap(r.snapshot(configure(t, "anonymous: deny", "anonymous: allow"), tt.method))
			out := r.ask("/public/7", "Bearer x")
			if out.Allowed || out.Answer.Status != tt.status || out.Answer.Reason != tt.reason || out.Answer.Header.Get("Retry-After") != tt.retry {
				t.Errorf("answered %+v", out)
			}
			if strings.Contains(string(out.Answer.Body), "s3cret") {
				t.Errorf("the body is %s", out.Answer.Body)
			}
			if got := r.counted("gwctl_authn_total"); tt.result != "" && !slices.Equal(got, []string{tt.result}) {
				t.Errorf("counted %v", got)
			}
			e := r.only()
			if e.Status != tt.status || strings.Contains(r.out.String(), "s3cret") {
				t.Errorf("recorded %s", r.out.String())
			}
			if e.Decision != nil && (e.Decision.Allowed() || e.Decision.Reason != tt.reason || e.Decision.SetDigest != r.set.Digest()) {
				t.Errorf("recorded %+v", e.Decision)
			}
		})
	}
}

// A method whose mapping is missing gives a user without attributes, whom
// guarded deny rules would miss. It cannot be configured; if it happens, nobody
// gets through.
func TestMissingMapping(t *testing.T) {
	r := newRig(t)
	other := method{"another", func() (*authn.Identity, error) {
		return &authn.Identity{Method: "jwt", Name: "unheard-of", Source: authn.SourceAuthorization, Claims: []byte(`{"sub":"alice"}`)}, nil
	}}
	r.point.Swap(r.snapshot(configure(t, "", ""), other))
	if out := r.ask("/public/7", "Bearer x"); out.Allowed || out.Answer.Status != http.StatusServiceUnavailable {
		t.Errorf("answered %+v", out)
	}
	r.only()
	r = newRig(t)
	s, _ := pdp.NewSnapshot(r.set, configure(t, "", ""), []pdp.Method{{Authn: user(`{"sub":"alice"}`)}}, nil)
	r.point.Swap(s)
	if out := r.ask("/public/7", "Bearer x"); out.Allowed || out.Answer.Status != http.StatusServiceUnavailable {
		t.Errorf("answered %+v", out)
	}
	r.only()
}

// A request ends on the snapshot that it began with.
func TestOneSnapshot(t *testing.T) {
	r := newRig(t)
	cfg := configure(t, "", "")
	empty := newRig(t)
	empty.set = compile(t, strings.Replace(policies, "effect: allow, actions: [view]", "effect: allow, actions: [read]", 1))
	swapped := false
	first := user(`{"sub":"alice"}`)
	says := first.says
	first.says = func() (*authn.Identity, error) {
		if !swapped {
			swapped = true
			r.point.Swap(empty.snapshot(cfg, first))
		}
		return says()
	}
	r.point.Swap(r.snapshot(cfg, first))
	if out := r.ask("/public/7", "Bearer x"); !out.Allowed {
		t.Errorf("the request of the old snapshot: %+v", out)
	}
	if out := r.ask("/public/7", "Bearer x"); out.Allowed {
		t.Error("the request of the new snapshot got through")
	}
	events := r.records()
	if events[0].Decision.SetDigest != r.set.Digest() || events[1].Decision.SetDigest != empty.set.Digest() {
		t.Errorf("recorded %s, then %s", events[0].Decision.SetDigest, events[1].Decision.SetDigest)
	}
}

func TestRecordedInputs(t *testing.T) {
	for _, tt := range []struct {
		name, claims string
		reason       string
		inputs       map[string]record.Input
		replayable   bool
		subject      string
	}{
		{"present and absent", `{"sub":"alice","level":3}`, "allowed", map[string]record.Input{
			"env.region":  {Name: "env.region", State: record.StatePresent, Value: []byte(`"eu"`)},
			"env.zone":    {Name: "env.zone", State: record.StateAbsent},
			"user.level":  {Name: "user.level", State: record.StatePresent, Value: []byte("3")},
			"user.tenant": {Name: "user.tenant", State: record.StateAbsent},
		}, true, "alice"},
		{"invalid", `{"sub":"alice","level":10}`, "attribute_invalid", map[string]record.Input{
			"user.level": {Name: "user.level", State: record.StateInvalid},
		}, true, "alice"},
		{"sensitive", `{"sub":"alice","tenant":"acme"}`, "allowed", map[string]record.Input{
			"user.tenant": {Name: "user.tenant", State: record.StatePresent, Masked: true},
		}, false, "alice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.point.Swap(r.snapshot(configure(t, "", ""), user(tt.claims)))
			r.ask("/items/7", "Bearer x")
			e := r.only()
			if e.Decision.Reason != tt.reason || e.Replayable != tt.replayable || e.Subject != tt.subject || e.Tenant != "" || strings.Contains(r.out.String(), "acme") {
				t.Errorf("recorded %s", r.out.String())
			}
			for name, want := range tt.inputs {
				i := slices.IndexFunc(e.Inputs, func(in record.Input) bool { return in.Name == name })
				if i < 0 || e.Inputs[i].State != want.State || e.Inputs[i].Masked != want.Masked || string(e.Inputs[i].Value) != string(want.Value) {
					t.Errorf("%s is recorded in %+v, want %+v", name, e.Inputs, want)
				}
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	r := newRig(t)
	r.point.Swap(r.snapshot(configure(t, "anonymous: deny", "anonymous: allow"), user(`{"sub":"alice","undeclared":1}`)))
	r.ask("/items/7", "Bearer x")
	r.ask("/items/7", "")
	r.ask("/items/7", "")
	r.ask("/nowhere", "Bearer x")
	want := []string{`{door="proxy",effect="allow",reason="allowed"} 1`, `{door="proxy",effect="deny",reason="no_route"} 1`, `{door="proxy",effect="deny",reason="unauthenticated"} 2`}
	if got := r.counted("gwctl_decisions_total"); !slices.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
	if got := r.counted("gwctl_authn_total"); !slices.Equal(got, []string{`{method="jwt",result="ok"} 2`}) {
		t.Errorf("counted %v", got)
	}
}

func TestReject(t *testing.T) {
	r := newRig(t)
	out := r.point.Reject(&canonical.Rejection{
		Code: canonical.CodeMethodNotAllowed, Status: 405, Rule: canonical.RuleMethod, Err: errors.New("s3cret"), ID: "request-1",
		ClientIP: netip.MustParseAddr("192.0.2.1"), TargetSHA256: "00ff",
	}, "proxy", []string{"GET"})
	if out.Allowed || out.Answer.Status != 405 || out.Answer.Header.Get("Allow") != "GET" || strings.Contains(string(out.Answer.Body), "s3cret") {
		t.Errorf("answered %+v", out)
	}
	if got := r.counted("gwctl_requests_rejected_total"); !slices.Equal(got, []string{`{reason="method_not_allowed"} 1`}) {
		t.Errorf("counted %v", got)
	}
	e := r.only()
	if e.Kind != record.KindRequestRejected || e.RequestID != "request-1" || e.SourceIP != "192.0.2.1" || e.HTTP.TargetSHA256 != "00ff" || e.Detail != "method" || e.Status != 405 || strings.Contains(r.out.String(), "s3cret") {
		t.Errorf("recorded %s", r.out.String())
	}
}

// Values of the environment come from the configuration or the process, and
// what is wrong with them is said before anything is decided.
func TestEnv(t *testing.T) {
	set := compile(t, policies)
	process := map[string]string{"REGION": "us", "ZONE": "a", "EMPTY": "", "NUMBER": "7"}
	getenv := func(name string) (string, bool) {
		v, ok := process[name]
		return v, ok
	}
	for _, tt := range []struct{ env, code, says string }{
		{"{region: eu}", "", ""},
		{"{region: {env: REGION}}", "", ""},
		{"{region: eu, zone: {env: ZONE}, limit: {env: NUMBER}}", "", ""},
		{"{region: eu, zone: {env: NOWHERE}}", "", ""}, // it is optional
		{"{region: eu, limit: 7}", "", ""},
		{"{region: eu, zone: {env: EMPTY}}", "", ""}, // empty is a value of env
		{"{region: {env: NOWHERE}}", "missing_value", "the environment variable NOWHERE is not set"},
		{"{region: {env: EMPTY}}", "attribute_invalid", "env.region must be one of its enum"},
		{"{region: {env: ZONE}}", "attribute_invalid", "env.region must be one of its enum"},
		{"{region: mars}", "attribute_invalid", "env.region must be one of its enum"},
		{"{region: [eu]}", "attribute_invalid", "env.region must be a string"},
		{"{region: eu, limit: {env: ZONE}}", "attribute_invalid", "env.limit must be a int"},
		{`{region: eu, limit: "7"}`, "attribute_invalid", "env.limit must be a int"},
		{"{zone: a}", "missing_value", "nothing supplies env.region"},
		{"{region: eu, zonne: a}", "undeclared_attribute", "env.zonne is not declared"},
		{"{region: eu, time: 2026-01-01T00:00:00Z}", "undeclared_attribute", "env.time is not declared"},
		{"{region: eu, ip: 192.0.2.1}", "undeclared_attribute", "env.ip is not declared"},
	} {
		_, found := pdp.NewSnapshot(set, configure(t, "{region: eu}", tt.env), nil, getenv)
		switch {
		case tt.code == "" && len(found) > 0, tt.code != "" && len(found) != 1:
			t.Errorf("%s: found %v", tt.env, found)
		case tt.code != "" && (found[0].Code != tt.code || found[0].Message != tt.says || found[0].Path != "gwctl.yaml" || found[0].Line < 1):
			t.Errorf("%s: found %s, want %s", tt.env, found[0], tt.says)
		}
	}
	for _, tt := range []struct{ env, want string }{{"{region: eu}", "allowed"}, {"{region: {env: REGION}}", "no_matching_rule"}, {"{region: eu, zone: {env: EMPTY}}", "no_matching_rule"}} {
		r := newRig(t)
		r.getenv = getenv
		r.point.Swap(r.snapshot(configure(t, "{region: eu}", tt.env), user(`{"sub":"alice"}`)))
		r.ask("/items/7", "Bearer x")
		if e := r.only(); e.Decision.Reason != tt.want {
			t.Errorf("%s: decided %s, want %s", tt.env, e.Decision.Reason, tt.want)
		}
	}
}

func TestIssuers(t *testing.T) {
	r := newRig(t)
	if s := r.snapshot(configure(t, "", "")); !slices.Equal(s.Issuers, []string{issuer}) || s.Set != r.set {
		t.Errorf("issuers %v", s.Issuers)
	}
}

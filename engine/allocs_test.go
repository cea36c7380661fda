package engine

import (
	"net/netip"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// TestDecideAllocates nothing, from what came over HTTP or from a type and
// action to the decision, once the request has its memory. Rules with
// conditions of their own are not among these.
func TestDecideAllocates(t *testing.T) {
	set := compile(t, shop, site, policyOf("p",
		`id: all, effect: allow, actions: [read], roles: [admin, support], scopes: [s1], any_scope: [s2, s3]`,
		`id: more, effect: allow, actions: [read], roles: [support]`,
		`id: listed, effect: allow, actions: [list], scopes: [s9]`,
		`id: never, effect: deny, actions: [delete], reason: {code: stop, message: Stop., status: 401, challenge: {error: insufficient_user_authentication, acr_values: [mfa], max_age: 300}}`,
	))
	inputs := func(roles ...string) []UserInput {
		return []UserInput{{slot.Credential, "id", slot.Quoted("alice")}, {slot.Credential, "plan", slot.Quoted("pro")},
			{slot.Credential, "roles", slot.Strings(roles)}, {slot.Credential, "scopes", slot.Strings([]string{"s1", "s2"})}}
	}
	support := set.Bind(Principal{Method: "jwt", Type: "human"}, inputs("customer", "support")...)
	customer := set.Bind(Principal{Method: "jwt", Type: "human"}, inputs("customer")...)
	unusable := set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "roles", slot.Quoted("support")})
	ip := netip.MustParseAddr("2001:db8::1")
	headers := map[string][]string{"Accept": {"*/*"}, "X-Plan": {"a", "b"}, "Cookie": {"c"}}
	for _, tt := range []struct {
		name, line, host string
		user             *Subject
		want             string
	}{
		{"allow", "GET /orders/1", "", support, "allow allowed 200 by p/all matched p/all,p/more"},
		{"deny by role", "GET /orders/1", "", customer, "deny no_matching_rule 403"},
		{"anonymous", "GET /orders/1", "", nil, "deny unauthenticated 401"},
		{"deny by a deny rule", "DELETE /orders/1", "", support, `deny stop 401 by p/never "Stop."`},
		{"deny for want of a scope", "GET /tenants/acme/7", "", support, "deny insufficient_scope 403 wants s9"},
		{"the rest of the path", "GET /files/a/b/c", "", support, "deny insufficient_scope 403 wants s9"},
		{"unusable roles", "GET /orders/1", "", unusable, "deny attribute_invalid 403 about user.roles"},
		{"no route", "GET /nowhere/to/go", "", support, "deny no_route 403"},
		{"another method", "PUT /orders/1", "", support, "deny no_route 405"},
		{"another layout", "POST /pages/1", "www.example.com", support, "deny body_unavailable 503"},
		{"a host with a placeholder", "POST /pages/1", "a.example.com:443", support, "deny body_unavailable 503"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := httpOf(tt.host, tt.line)
			h.ClientIP, h.Headers = ip, headers
			r := set.NewRequest()
			other := httpOf("", "GET /files/x")
			var d Decision
			n := testing.AllocsPerRun(100, func() {
				r.ResetHTTP(&other) // another route and layout in between
				r.ResetHTTP(&h)
				r.SetSubject(tt.user)
				d = set.Decide(r)
			})
			if got := short(d); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
	r := set.NewRequest()
	var d Decision
	if n := testing.AllocsPerRun(100, func() {
		r.ResetDirect("order", "read")
		r.SetSubject(support)
		d = set.Decide(r)
	}); n != 0 || !d.Allowed() {
		t.Errorf("directly: %s, %v allocations", short(d), n)
	}
}

// TestLookAllocates nothing either: what is bound to a request is worked out in
// memory that was there before.
func TestLookAllocates(t *testing.T) {
	set := compile(t, shop, site)
	h := httpOf("www.example.com", "GET /pages/1/a/b")
	h.ClientIP, h.Query = netip.MustParseAddr("2001:db8::1"), map[string][]string{"q": {"1", "2"}, "p": {"3"}}
	h.Headers = map[string][]string{"Accept": {"*/*"}, "X-Plan": {"a", "b"}, "x-lower": nil, "Cookie": {"c"}}
	user := set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "roles", slot.Strings([]string{"admin"})})
	r := set.NewRequest()
	present := 0
	look := func() {
		r.ResetHTTP(&h)
		r.SetSubject(user)
		present = 0
		for i := range slot.Index(r.Values().Layout().Len()) {
			if _, state := r.Values().Get(i); state == slot.Present {
				present++
			}
		}
	}
	if n := testing.AllocsPerRun(100, look); n != 0 || present < 18 {
		t.Errorf("%v allocations for %d values", n, present)
	}
}

package engine

import (
	"net/http"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

const allowAll = `id: all, effect: allow, actions: ["*"]`

// TestDecide walks the procedure step by step. The user is alice unless the
// case says otherwise, and the request is to read an order.
func TestDecide(t *testing.T) {
	one := func(rules ...string) []string { return []string{policyOf("p", rules...)} }
	anonymous := func(s *Set) *Request { return s.DirectRequest("order", "read") }
	with := func(given ...string) func(*Set) *Request {
		return func(s *Set) *Request { return give(alice(s.DirectRequest("order", "read")), given...) }
	}
	http := func(line string, given ...string) func(*Set) *Request {
		return func(s *Set) *Request { return give(alice(asks(s, line)), given...) }
	}
	const (
		denyA = `id: da, effect: deny, when: user.a`
		denyB = `id: db, effect: deny, when: user.b, reason: {code: b_is_set, message: No b., status: 451}`
		bad   = `when: user.country == 'DE'` // an error where there is no country
	)
	for _, tt := range []struct {
		name     string
		policies []string
		request  func(*Set) *Request
		want     string
	}{
		// 1. resource type and action
		{"no route", one(allowAll), http("GET /nowhere"), "deny no_route 403"},
		{"no route for the method", one(allowAll), http("POST /orders/1"), "deny no_route 405"},
		{"no route through a less specific path", one(allowAll), http("PUT /files/x"), "deny no_route 405"},
		{"no such type", one(allowAll), func(s *Set) *Request { return alice(s.DirectRequest("nothing", "read")) }, "deny no_route 403"},
		{"no such action", one(allowAll), func(s *Set) *Request { return alice(s.DirectRequest("order", "nothing")) }, "deny no_route 403"},
		{"routed", one(allowAll), http("GET /orders/1", "resource.tenant=acme"), "allow allowed 200 by p/all"},
		{"HEAD is GET", one(allowAll), http("HEAD /orders/1"), "allow allowed 200 by p/all"},

		// 2. what candidates read
		{"invalid path value", one(allowAll + `, when: resource.number > 0`), http("GET /tenants/acme/007"), "deny attribute_invalid 400 about resource.number"},
		{"valid path value", one(allowAll + `, when: resource.number > 0`), http("GET /tenants/acme/7"), "allow allowed 200 by p/all"},
		{"invalid and not read", one(allowAll), http("GET /tenants/acme/007"), "deny attribute_invalid 400 about resource.number"},
		{"invalid elsewhere is 403", one(allowAll + `, when: user.level > 0`), with("user.level=-1"), "deny attribute_invalid 403 about user.level"},
		{"conflict", one(allowAll + `, when: resource.tenant == 'acme'`), http("GET /tenants/acme/7", "resource.tenant=evil"), "deny attribute_conflict 403 about resource.tenant"},
		{"no conflict", one(allowAll + `, when: resource.tenant == 'acme'`), http("GET /tenants/acme/7", "resource.tenant=acme"), "allow allowed 200 by p/all"},
		{"missing", one(allowAll + `, when: resource.tenant == 'acme'`), http("GET /orders/1"), "deny attribute_missing 403 about resource.tenant"},
		{"missing of a user", one(allowAll + `, when: user.plan == 'pro'`), func(s *Set) *Request {
			r := s.DirectRequest("order", "read")
			r.Authenticate(Principal{Method: "jwt", Type: "human"})
			return r
		}, "deny attribute_missing 403 about user.plan"},
		{"not demanded of another type of user", one(allowAll + `, when: "!has(user.plan)"`), func(s *Set) *Request {
			r := s.DirectRequest("order", "read")
			r.Authenticate(Principal{Method: "jwt", Type: "service"})
			return r
		}, "allow allowed 200 by p/all"},
		{"missing even if only asked for", one(allowAll + `, when: has(resource.tenant)`), http("GET /orders/1"), "deny attribute_missing 403 about resource.tenant"},
		{"a deny rule demands, too", one(allowAll, `id: d, effect: deny, when: resource.tenant == 'x'`), http("GET /orders/1"), "deny attribute_missing 403 about resource.tenant"},
		{"rules of other actions demand nothing", one(allowAll, `id: d, effect: deny, actions: [delete], when: resource.tenant == 'x'`), http("GET /orders/1"), "allow allowed 200 by p/all"},
		{"a variable demands", one(`vars: {v: "resource.tenant == 'x'"}`, allowAll+`, when: vars.v || true`), http("GET /orders/1"), "deny attribute_missing 403 about resource.tenant"},
		{"invalid before conflict before missing", one(allowAll + `, when: "resource.number > 0 && resource.tenant == 'x' && user.id == 'x'"`), func(s *Set) *Request {
			r := asks(s, "GET /tenants/acme/x")
			r.Authenticate(Principal{Method: "jwt", Type: "human"})
			return give(r, "resource.tenant=evil")
		}, "deny attribute_invalid 400 about resource.number"},
		{"conflict before missing", one(allowAll + `, when: "resource.number > 0 && resource.tenant == 'x' && user.id == 'x'"`), func(s *Set) *Request {
			r := asks(s, "GET /tenants/acme/7")
			r.Authenticate(Principal{Method: "jwt", Type: "human"})
			return give(r, "resource.tenant=evil")
		}, "deny attribute_conflict 403 about resource.tenant"},
		{"before any rule", one(denyA, allowAll+`, when: resource.tenant == 'x'`), func(s *Set) *Request { return give(alice(asks(s, "GET /orders/1")), "user.a=true") }, "deny attribute_missing 403 about resource.tenant"},
		{"zero segments are an absent value", one(allowAll + `, when: "!has(resource.rest)"`), http("GET /files"), "allow allowed 200 by p/all"},
		{"some segments", one(allowAll + `, when: resource.rest == 'a/b'`), http("GET /files/a/b"), "allow allowed 200 by p/all"},

		// 3. deny rules
		{"deny beats allow", one(allowAll, denyA), with("user.a=true", "user.b=false"), "deny denied_by_rule 403 by p/da"},
		{"deny with its reason", one(allowAll, denyB), with("user.b=true"), `deny b_is_set 451 by p/db "No b."`},
		{"first by position", one(denyB, denyA, allowAll), with("user.a=true", "user.b=true"), `deny b_is_set 451 by p/db "No b." matched p/db,p/da`},
		{"first by policy name", []string{policyOf("z", denyB), policyOf("b", denyA), policyOf("a", allowAll)}, with("user.a=true", "user.b=true"), "deny denied_by_rule 403 by b/da matched b/da,z/db"},
		{"an erring deny rule denies", one(allowAll, `id: e, effect: deny, `+bad), with(), "deny eval_error 403 by p/e error p/e:eval_error"},
		{"a true one beats an erring one", one(allowAll, `id: e, effect: deny, `+bad, denyB), with("user.b=true"), `deny b_is_set 451 by p/db "No b." error p/e:eval_error`},
		{"the first error gives the reason", one(allowAll, `id: u, effect: deny, when: user.b`, `id: e, effect: deny, `+bad), with("user.b=?"), "deny attribute_unavailable 503 by p/u error p/u:attribute_unavailable error p/e:eval_error"},
		{"and so the other way round", one(allowAll, `id: e, effect: deny, `+bad, `id: u, effect: deny, when: user.b`), with("user.b=?"), "deny eval_error 403 by p/e error p/e:eval_error error p/u:attribute_unavailable"},
		{"an error that || absorbs is none", one(allowAll, `id: e, effect: deny, when: "user.country == 'DE' || user.a"`), with("user.a=true"), "deny denied_by_rule 403 by p/e"},
		{"an error that && absorbs is none", one(allowAll, `id: e, effect: deny, when: "user.country == 'DE' && user.a"`), with("user.a=false"), "allow allowed 200 by p/all"},
		{"deny without condition", one(allowAll, `id: d, effect: deny`), with(), "deny denied_by_rule 403 by p/d"},
		{"deny rules of other actions", one(allowAll, `id: d, effect: deny, actions: [delete, list]`), with(), "allow allowed 200 by p/all"},
		{"a guard denies everywhere", []string{policyOf("a", allowAll), guard("g", `["*"]`, denyA)}, with("user.a=true"), "deny denied_by_rule 403 by g/da"},
		{"a guard that is content", []string{policyOf("a", allowAll), guard("g", `["*"]`, denyA)}, with("user.a=false"), "allow allowed 200 by a/all"},
		{"anonymous users meet deny rules", one(`id: d, effect: deny, when: "!user.authenticated", reason: {code: go_away}`, allowAll+`, anonymous: true`), anonymous, "deny go_away 403 by p/d"},

		// 4. allow rules
		{"no rule at all", one(denyA), with("user.a=false"), "deny no_matching_rule 403"},
		{"first of two", one(`id: x, effect: allow, actions: [read]`, allowAll), with(), "allow allowed 200 by p/x matched p/x,p/all"},
		{"first by policy name", []string{policyOf("b", allowAll), policyOf("a", allowAll)}, with(), "allow allowed 200 by a/all matched a/all,b/all"},
		{"an erring allow rule does not match", one(`id: e, effect: allow, actions: [read], ` + bad), with(), "deny no_matching_rule 403 error p/e:eval_error"},
		{"and another may", one(`id: e, effect: allow, actions: [read], `+bad, allowAll), with(), "allow allowed 200 by p/all error p/e:eval_error"},
		{"false", one(`id: f, effect: allow, actions: [read], when: user.a`), with("user.a=false"), "deny no_matching_rule 403"},
		{"role held", one(allowAll + `, roles: [admin, customer]`), with(), "allow allowed 200 by p/all"},
		{"role not held", one(allowAll + `, roles: [admin]`), with(), "deny no_matching_rule 403"},
		{"roles before when", one(allowAll + `, roles: [admin], ` + bad), with(), "deny no_matching_rule 403"},
		{"when before scopes", one(allowAll + `, scopes: [nope], ` + bad), with(), "deny no_matching_rule 403 error p/all:eval_error"},
		{"all scopes", one(allowAll + `, scopes: [orders:read, orders:write]`), with(), "deny insufficient_scope 403 wants orders:read,orders:write"},
		{"any scope", one(allowAll + `, any_scope: [orders:write, orders:read]`), with(), "allow allowed 200 by p/all"},
		{"all and any", one(allowAll + `, scopes: [orders:read], any_scope: [x, y]`), with(), "deny insufficient_scope 403 wants orders:read,x,y"},
		{"case counts", one(allowAll + `, roles: [Customer]`), with(), "deny no_matching_rule 403"},

		// 5. why not
		{"scopes alone", one(allowAll+`, scopes: [x], when: user.a`, `id: r, effect: allow, actions: [read], roles: [admin], scopes: [y]`), with("user.a=true"), "deny insufficient_scope 403 wants x"},
		{"not scopes alone: when", one(allowAll + `, scopes: [x], when: user.a`), with("user.a=false"), "deny no_matching_rule 403"},
		{"not scopes alone: role", one(allowAll + `, scopes: [x], roles: [admin]`), with(), "deny no_matching_rule 403"},
		{"the first rule's scopes", one(allowAll+`, scopes: [x]`, `id: r, effect: allow, actions: [read], scopes: [y]`), with(), "deny insufficient_scope 403 wants x"},
		{"unavailable", one(allowAll + `, when: user.a`), with("user.a=?"), "deny attribute_unavailable 503 error p/all:attribute_unavailable"},
		{"unavailable before scopes", one(allowAll+`, scopes: [x]`, `id: u, effect: allow, actions: [read], when: user.a`), with("user.a=?"), "deny attribute_unavailable 503 error p/u:attribute_unavailable"},
		{"unavailable and allowed otherwise", one(allowAll, `id: u, effect: allow, actions: [read], when: user.a`), with("user.a=?"), "allow allowed 200 by p/all error p/u:attribute_unavailable"},
		{"roles unavailable", one(allowAll + `, roles: [customer]`), with("user.roles=?"), "deny attribute_unavailable 503 error p/all:attribute_unavailable"},
		{"scopes unavailable", one(allowAll + `, scopes: [orders:read]`), with("user.scopes=?"), "deny attribute_unavailable 503 error p/all:attribute_unavailable"},
		{"roles unavailable and not asked for", one(allowAll), with("user.roles=?"), "allow allowed 200 by p/all"},
		{"unauthenticated", one(allowAll), anonymous, "deny unauthenticated 401"},
		{"unauthenticated before all else", one(allowAll+`, anonymous: true, when: user.a`, `id: s, effect: allow, anonymous: true, actions: [read], scopes: [x]`),
			func(s *Set) *Request { return give(s.DirectRequest("order", "read"), "user.a=?") }, "deny unauthenticated 401 error p/all:attribute_unavailable"},
		{"anonymous: true", one(allowAll + `, anonymous: true`), anonymous, "allow allowed 200 by p/all"},
		{"anonymous: true is for everybody", one(allowAll + `, anonymous: true`), with(), "allow allowed 200 by p/all"},
		{"an anonymous user holds no role", one(allowAll + `, anonymous: true, roles: [customer]`), anonymous, "deny unauthenticated 401"},
		{"nothing is demanded of an anonymous user", one(allowAll + `, anonymous: true, when: "!has(user.plan)"`), anonymous, "allow allowed 200 by p/all"},
		{"but reading it is an error", one(`id: d, effect: deny, when: user.plan == 'free'`, allowAll+`, anonymous: true`), anonymous, "deny eval_error 403 by p/d error p/d:eval_error"},
		{"rules for others demand nothing", one(allowAll+`, anonymous: true`, `id: x, effect: allow, actions: [read], when: resource.tenant == 'a'`), anonymous, "allow allowed 200 by p/all"},
		{"a resource's attribute is demanded for everybody", one(allowAll + `, anonymous: true, when: resource.tenant == 'a'`), anonymous, "deny attribute_missing 403 about resource.tenant"},
		{"an anonymous user has no attributes", one(allowAll + `, anonymous: true, when: has(user.country)`),
			func(s *Set) *Request { return give(s.DirectRequest("order", "read"), "user.country=DE") }, "deny unauthenticated 401"},
		{"an anonymous user is told by its method", one(allowAll + `, anonymous: true, when: user.method == 'anonymous' && !user.authenticated && user.roles.size() == 0`), anonymous, "allow allowed 200 by p/all"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := shopSet(t, tt.policies...)
			r := tt.request(set)
			d := set.Decide(r)
			if got := short(d); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if d.SetDigest != set.Digest() {
				t.Error("the decision does not name its set")
			}
			for _, e := range d.Errors {
				if e.Message == "" || e.Position == "" {
					t.Errorf("error %+v says nothing", e)
				}
			}
		})
	}
}

// TestRepeatedHeader: a header or parameter that a candidate reads as single
// must not come twice; nobody cares about others.
func TestRepeatedHeader(t *testing.T) {
	for _, tt := range []struct{ name, when, want string }{
		{"header", "request.header('x-plan').orValue('') == 'pro'", "deny attribute_invalid 400 about request.headers.x-plan"},
		{"parameter", "request.param('p').hasValue()", "deny attribute_invalid 400 about request.query.p"},
		{"another header", "!request.header('x-other').hasValue()", "allow allowed 200 by p/all"},
		{"another parameter", "request.param('q').orValue('') == '1'", "allow allowed 200 by p/all"},
		{"as a list", "request.headers['x-plan'].size() == 2", "allow allowed 200 by p/all"},
		{"only mentioned", "true || request.header('x-plan').hasValue()", "deny attribute_invalid 400 about request.headers.x-plan"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set := shopSet(t, policyOf("p", allowAll+`, when: "`+tt.when+`"`))
			r := set.HTTPRequest(HTTP{
				Method: "GET", Path: "/orders/1", Segments: []string{"orders", "1"},
				Headers: map[string][]string{"X-Plan": {"free", "pro"}}, Query: map[string][]string{"p": {"1", "2"}, "q": {"1"}},
			})
			if got := short(set.Decide(alice(r))); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestPanicDenies: a fault of gwctl's own denies, whatever was found before.
func TestPanicDenies(t *testing.T) {
	set := shopSet(t, policyOf("p", allowAll, `id: second, effect: allow, actions: [read], when: user.a`))
	r := give(alice(set.DirectRequest("order", "read")), "user.a=true")
	r.Observe(func(*Rule) (bool, error) { panic("fault") })
	d := set.Decide(r)
	if d.Allowed() || d.Reason != ReasonEvalError || d.Status != http.StatusForbidden || !d.Rule.IsZero() || len(d.Errors) != 1 || d.Errors[0].Code != ReasonEvalError {
		t.Errorf("%+v", d)
	}
	if d := set.Decide(give(alice(set.DirectRequest("order", "read")), "user.a=true")); !d.Allowed() {
		t.Errorf("without the fault: %s", short(d))
	}
}

func TestEmptySet(t *testing.T) {
	set := compile(t, shop)
	if !set.Empty() {
		t.Error("a set without rules is not empty")
	}
	for _, r := range []*Request{alice(set.DirectRequest("order", "read")), alice(asks(set, "GET /orders/1"))} {
		if got := short(set.Decide(r)); got != "deny no_matching_rule 403" {
			t.Errorf("an empty set: %s", got)
		}
	}
	if got := short(set.Decide(asks(set, "GET /orders/1"))); got != "deny unauthenticated 401" {
		t.Errorf("an empty set, anonymous: %s", got)
	}
	nothing := compile(t, "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec: {roles: [a]}")
	if got := short(nothing.Decide(alice(nothing.DirectRequest("order", "read")))); got != "deny no_route 403" {
		t.Errorf("a set without resources: %s", got)
	}
}

// TestZeroDecision: what nobody filled in denies.
func TestZeroDecision(t *testing.T) {
	var d Decision
	if d.Allowed() || d.HTTPStatus() != http.StatusForbidden || d.Effect.String() != "deny" {
		t.Errorf("%+v", d)
	}
	for _, status := range []int{0, 200, 302, 399, 600} {
		if got := (Decision{Status: status}).HTTPStatus(); got != http.StatusForbidden {
			t.Errorf("a denial with status %d answers %d", status, got)
		}
	}
	if Effect(7).String() != "deny" || (Decision{Effect: 7}).Allowed() {
		t.Error("an unknown effect allows")
	}
}

// TestMemo: a variable that several rules read is evaluated in each policy
// once, and gives all of them the same.
func TestMemo(t *testing.T) {
	set := shopSet(t,
		policyOf("p", `vars: {mine: user.country == 'DE'}`, `id: x, effect: allow, actions: [read], when: "!vars.mine"`, `id: y, effect: allow, actions: [read], when: vars.mine`),
		policyOf("q", `vars: {mine: user.a}`, `id: x, effect: allow, actions: [read], when: vars.mine`))
	r := give(alice(set.DirectRequest("order", "read")), "user.country=DE", "user.a=false")
	if got := short(set.Decide(r)); got != "allow allowed 200 by p/y" {
		t.Error(got)
	}
	if v, state := r.Values().Get(slot.UserID); state != slot.Present || v.Str() != "alice" {
		t.Error("deciding changed the request")
	}
}

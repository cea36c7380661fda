package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

const trapHeader = "apiVersion: gwctl.dev/v1\n"

// trapSet compiles documents given without their apiVersion.
func trapSet(t *testing.T, docs ...string) (*engine.Set, policy.Diagnostics) {
	t.Helper()
	var files []policy.File
	for i, d := range docs {
		files = append(files, policy.File{Path: fmt.Sprintf("trap%d.yaml", i), Data: []byte(trapHeader + d)})
	}
	src, found := policy.Load(files)
	if found.HasErrors() {
		return nil, found
	}
	return engine.Compile(src)
}

// trapTestSet is trapSet with a suite.
func trapTestSet(t *testing.T, suite string, docs ...string) (*engine.Set, policy.Diagnostics) {
	t.Helper()
	files := []policy.File{{Path: "trap_test.yaml", Data: []byte(trapHeader + suite)}}
	for i, d := range docs {
		files = append(files, policy.File{Path: fmt.Sprintf("trap%d.yaml", i), Data: []byte(trapHeader + d)})
	}
	src, found := policy.Load(files)
	if found.HasErrors() {
		return nil, found
	}
	return engine.Compile(src)
}

func mustTrapSet(t *testing.T, docs ...string) *engine.Set {
	t.Helper()
	set, found := trapSet(t, docs...)
	if set == nil {
		t.Fatalf("the set does not compile: %v", found)
	}
	return set
}

func wantCode(t *testing.T, found policy.Diagnostics, code string) policy.Diagnostic {
	t.Helper()
	for _, d := range found {
		if d.Code == code {
			return d
		}
	}
	t.Fatalf("no finding %s in %v", code, found)
	return policy.Diagnostic{}
}

const (
	trapSchema = `kind: Schema
metadata: {name: s}
spec: {user: {plan: {type: string}, country: {type: string, optional: true}}, env: {}}
`
	trapOrder = `kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}, create: {}, list: {}}
  attributes:
    tenant: {type: string, optional: true, from: [path, source]}
    owner: {type: string, optional: true}
  routes:
    - {route: "GET /orders", action: list}
    - {route: "GET /orders/{id}", action: read}
    - {route: "GET /tenants/{tenant}/orders/{id}", action: read}
    - {route: "POST /orders", action: create, body: {type: json, fields: {owner: {type: string, optional: true}, amount: {type: double, optional: true}}}}
`
)

// rulesOver makes a policy over order with the given rules.
func rulesOver(name, rules string) string {
	return "kind: Policy\nmetadata: {name: " + name + "}\nspec:\n  resources: [order]\n  rules:\n" + rules
}

func ask(s *engine.Set, method, host, path string) *engine.Request {
	var segments []string
	if trimmed := strings.Trim(path, "/"); trimmed != "" {
		segments = strings.Split(trimmed, "/")
	}
	r := s.HTTPRequest(engine.HTTP{ID: "id", Method: method, Scheme: "https", Host: host, Path: path, Segments: segments, ClientIP: netip.MustParseAddr("192.0.2.1")})
	r.SetTime(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	return r
}

func as(r *engine.Request, id string) *engine.Request {
	r.Authenticate(engine.Principal{Method: "jwt", Issuer: "https://idp", Type: "human"})
	r.Supply(slot.Credential, slot.User, "id", slot.Quoted(id))
	r.Supply(slot.Credential, slot.User, "plan", slot.Quoted("pro"))
	return r
}

func wantDecision(t *testing.T, d engine.Decision, effect engine.Effect, reason string, status int) {
	t.Helper()
	if d.Effect != effect || d.Reason != reason || d.HTTPStatus() != status {
		t.Errorf("got %s %s %d (errors %v), want %s %s %d", d.Effect, d.Reason, d.HTTPStatus(), d.Errors, effect, reason, status)
	}
}

// Trap 1: `!` makes YAML read the condition as a tag with an empty value.
func TestTrapConditionThatIsATag(t *testing.T) {
	rule := "    - id: r\n      effect: deny\n      when: %s\n"
	_, found := trapSet(t, trapSchema, trapOrder, rulesOver("p", fmt.Sprintf(rule, "!has(user.country)")))
	if d := wantCode(t, found, "yaml_tag"); !strings.Contains(d.Hint, "quote") {
		t.Errorf("the help %q does not say to quote", d.Hint)
	}
	mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", fmt.Sprintf(rule, `"!has(user.country)"`)))
}

// Trap 2: for an anonymous user, no id equals no owner.
func TestTrapAbsentEqualsAbsent(t *testing.T) {
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", `    - {id: own, effect: allow, anonymous: true, actions: [read], when: "has(resource.owner) && has(user.id) && resource.owner == user.id"}
    - {id: naive, effect: allow, anonymous: true, actions: [list], when: "has(resource.owner) ? user.id == resource.owner : user.id == resource.id"}
`))
	wantDecision(t, set.Decide(ask(set, "GET", "h", "/orders/7")), engine.Deny, engine.ReasonUnauthenticated, 401)
	d := set.Decide(ask(set, "GET", "h", "/orders"))
	wantDecision(t, d, engine.Deny, engine.ReasonUnauthenticated, 401)
	if len(d.Errors) != 1 || d.Errors[0].Code != engine.ReasonEvalError {
		t.Errorf("comparing two absent values must be an error, got %v", d.Errors)
	}
	r := as(ask(set, "GET", "h", "/orders/7"), "alice")
	r.Supply(slot.Source, slot.Resource, "owner", slot.Quoted("alice"))
	wantDecision(t, set.Decide(r), engine.Allow, engine.ReasonAllowed, 200)
	_, found := trapSet(t, trapSchema, trapOrder, rulesOver("p", `    - {id: own, effect: allow, anonymous: true, actions: [read], when: "resource.owner == user.id"}
`))
	wantCode(t, found, "unguarded_optional")
}

// Trap 3: a body that says who the owner is does not make it so.
func TestTrapBodyOwnerIsNotResourceOwner(t *testing.T) {
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", `    - {id: own, effect: allow, actions: [create], when: "has(resource.owner) && resource.owner == user.id"}
`))
	r := as(ask(set, "POST", "h", "/orders"), "mallet")
	if err := r.Body([]byte(`{"owner":"mallet"}`)); err != nil {
		t.Fatal(err)
	}
	wantDecision(t, set.Decide(r), engine.Deny, engine.ReasonNoMatchingRule, 403)
	r = as(ask(set, "POST", "h", "/orders"), "alice")
	if err := r.Body([]byte(`{"owner":"mallet"}`)); err != nil {
		t.Fatal(err)
	}
	r.Supply(slot.Source, slot.Resource, "owner", slot.Quoted("alice"))
	wantDecision(t, set.Decide(r), engine.Allow, engine.ReasonAllowed, 200)
}

// Trap 4: the path says one tenant, the store another.
func TestTrapPathAndStoreDisagree(t *testing.T) {
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", `    - {id: t, effect: allow, actions: [read], when: "has(resource.tenant) && resource.tenant == 'acme'"}
`))
	for store, want := range map[string]string{"evil": engine.ReasonAttributeConflict, "acme": engine.ReasonAllowed} {
		r := as(ask(set, "GET", "h", "/tenants/acme/orders/7"), "alice")
		r.Supply(slot.Source, slot.Resource, "tenant", slot.Quoted(store))
		if d := set.Decide(r); d.Reason != want {
			t.Errorf("store %s: %s, want %s", store, d.Reason, want)
		}
	}
}

// Trap 5: a source that is down does not make has() false.
func TestTrapSourceDownAndHas(t *testing.T) {
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", `    - {id: free, effect: allow, actions: [read], when: "!has(resource.owner)"}
    - {id: default, effect: allow, actions: [read], when: "resource.?owner.orValue('nobody') == 'nobody'"}
`))
	r := as(ask(set, "GET", "h", "/orders/7"), "alice")
	r.FailSource(errors.New("down"))
	wantDecision(t, set.Decide(r), engine.Deny, engine.ReasonAttributeUnavailable, 503)
	wantDecision(t, set.Decide(as(ask(set, "GET", "h", "/orders/7"), "alice")), engine.Allow, engine.ReasonAllowed, 200)
}

// Trap 6: a POST to a path with a GET route does not fall into a catch-all.
func TestTrapPostIntoCatchAll(t *testing.T) {
	all := `kind: Resource
metadata: {name: rest}
spec:
  actions: {use: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes: [{route: "GET,POST /{rest...}", action: use}]
`
	set := mustTrapSet(t, trapSchema, trapOrder, all, "kind: Policy\nmetadata: {name: all}\nspec: {resources: [rest], rules: [{id: any, effect: allow, actions: [use]}]}\n")
	wantDecision(t, set.Decide(as(ask(set, "POST", "h", "/orders/7"), "alice")), engine.Deny, engine.ReasonNoRoute, 405)
	wantDecision(t, set.Decide(as(ask(set, "POST", "h", "/else"), "alice")), engine.Allow, engine.ReasonAllowed, 200)
}

// Trap 7: a trailing slash does not lead to another route.
func TestTrapTrailingSlash(t *testing.T) {
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", "    - {id: no, effect: deny, actions: [list]}\n    - {id: yes, effect: allow, actions: [read]}\n"))
	for _, path := range []string{"/orders", "/orders/"} {
		wantDecision(t, set.Decide(as(ask(set, "GET", "h", path), "alice")), engine.Deny, engine.ReasonDeniedByRule, 403)
	}
	wantDecision(t, set.Decide(as(ask(set, "GET", "h", "/orders/7/"), "alice")), engine.Allow, engine.ReasonAllowed, 200)
}

// Trap 8: a foreign Host finds no route.
func TestTrapForeignHost(t *testing.T) {
	bound := strings.Replace(trapOrder, "  routes:", "  hosts: [api.example.com]\n  routes:", 1)
	set := mustTrapSet(t, trapSchema, bound, rulesOver("p", "    - {id: yes, effect: allow, actions: [read]}\n"))
	wantDecision(t, set.Decide(as(ask(set, "GET", "evil.example.com", "/orders/7"), "alice")), engine.Deny, engine.ReasonNoRoute, 421)
	wantDecision(t, set.Decide(as(ask(set, "GET", "api.example.com", "/orders/7"), "alice")), engine.Allow, engine.ReasonAllowed, 200)
	wantDecision(t, set.Decide(as(ask(set, "GET", "api.example.com:8443", "/orders/7"), "alice")), engine.Allow, engine.ReasonAllowed, 200)
}

// Trap 9: a denial cannot look like success.
func TestTrapReasonStatus(t *testing.T) {
	rule := "    - {id: r, effect: deny, reason: {code: gone_away, status: %d}}\n"
	for _, status := range []int{200, 204, 302, 400, 500} {
		_, found := trapSet(t, trapSchema, trapOrder, rulesOver("p", fmt.Sprintf(rule, status)))
		wantCode(t, found, "bad_reason")
	}
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", fmt.Sprintf(rule, 451)))
	wantDecision(t, set.Decide(as(ask(set, "GET", "h", "/orders"), "alice")), engine.Deny, "gone_away", http.StatusUnavailableForLegalReasons)
}

// Trap 10: renaming a policy must not lose a filter.
func TestTrapRenamingAPolicyWithObligations(t *testing.T) {
	with := "    - {id: r, effect: allow, actions: [list], obligations: {set_headers: {X-View: %s}}}\n"
	without := "    - {id: r, effect: allow, actions: [list]}\n"
	_, found := trapSet(t, trapSchema, trapOrder, rulesOver("a", fmt.Sprintf(with, `"'own'"`)), rulesOver("b", without))
	wantCode(t, found, "obligation_gap")
	for _, names := range [][2]string{{"a", "b"}, {"z", "b"}} {
		set := mustTrapSet(t, trapSchema, trapOrder, rulesOver(names[0], fmt.Sprintf(with, `"'own'"`)), rulesOver(names[1], fmt.Sprintf(with, `"'all'"`)))
		d := set.Decide(as(ask(set, "GET", "h", "/orders"), "alice"))
		if len(d.Obligations) != 1 || d.Obligations[0].Name != "X-View" {
			t.Errorf("%v: obligations %v", names, d.Obligations)
		}
	}
}

// Trap 11: an attribute that is required of users is not required of nobody.
func TestTrapAnonymousWithARequiredAttribute(t *testing.T) {
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", `    - {id: any, effect: allow, anonymous: true, actions: [list], when: "!user.authenticated || user.plan == 'pro'"}
`))
	wantDecision(t, set.Decide(ask(set, "GET", "h", "/orders")), engine.Allow, engine.ReasonAllowed, 200)
	r := ask(set, "GET", "h", "/orders")
	r.Authenticate(engine.Principal{Method: "jwt", Type: "human"})
	r.Supply(slot.Credential, slot.User, "id", slot.Quoted("x"))
	d := set.Decide(r)
	wantDecision(t, d, engine.Deny, engine.ReasonAttributeMissing, 403)
	if d.Attribute != "user.plan" {
		t.Errorf("the attribute named is %q", d.Attribute)
	}
}

// Trap 12: a guard that reads the request is asked about non-HTTP requests too.
func TestTrapGuardOverANonHTTPRequest(t *testing.T) {
	guard := "kind: Policy\nmetadata: {name: guard}\nspec:\n  resources: [\"*\"]\n  rules:\n    - {id: g, effect: deny, when: \"%s\"%s}\n"
	allow := rulesOver("p", "    - {id: yes, effect: allow, actions: [read]}\n")
	direct := func(set *engine.Set) engine.Decision {
		r := as(set.DirectRequest("order", "read"), "alice")
		return set.Decide(r)
	}
	guarded := mustTrapSet(t, trapSchema, trapOrder, allow, fmt.Sprintf(guard, "has(request.method) && request.method == 'PATCH'", ""))
	wantDecision(t, direct(guarded), engine.Allow, engine.ReasonAllowed, 200)
	_, found := trapSet(t, trapSchema, trapOrder, allow, fmt.Sprintf(guard, "request.method == 'PATCH'", ""))
	wantCode(t, found, "unguarded_optional")
	http := mustTrapSet(t, trapSchema, trapOrder, allow, fmt.Sprintf(guard, "request.method == 'PATCH'", ", transports: [http]"))
	wantDecision(t, direct(http), engine.Allow, engine.ReasonAllowed, 200)
	wantDecision(t, http.Decide(as(ask(http, "GET", "h", "/orders/7"), "alice")), engine.Allow, engine.ReasonAllowed, 200)
}

// Trap 13: a shadow rule over budget does not load, and one that comes near it
// changes nothing. TestShadowOverBudget has one that gets past the check.
func TestTrapShadowRuleOverBudget(t *testing.T) {
	rules := func(when string) string {
		return rulesOver("p", fmt.Sprintf("    - {id: yes, effect: allow, actions: [read]}\n    - {id: s, effect: deny, mode: shadow, until: 2026-06-30, transports: [http], when: %q}\n", when))
	}
	_, found := trapSet(t, trapSchema, trapOrder, rules("request.segments.all(a, request.segments.all(b, a + b != request.path))"))
	wantCode(t, found, "cost_over_budget")
	set := mustTrapSet(t, trapSchema, trapOrder, rules("request.segments.all(a, a != request.path)"))
	d := set.Decide(as(ask(set, "GET", "h", "/orders/7"), "alice"))
	wantDecision(t, d, engine.Allow, engine.ReasonAllowed, 200)
	if d.Shadow == nil || len(d.Shadow.Results) != 1 || d.Shadow.Results[0].Outcome != "matched" || d.Shadow.Effect != engine.Deny {
		t.Errorf("the shadow rule is reported as %+v", d.Shadow)
	}
}

// Trap 14: a deny on an undeclared action would deny nothing.
func TestTrapDenyOnAnUndeclaredAction(t *testing.T) {
	_, found := trapSet(t, trapSchema, trapOrder, rulesOver("p", "    - {id: r, effect: deny, actions: [raed]}\n"))
	if d := wantCode(t, found, "undeclared_action"); !strings.Contains(d.Hint, "read") {
		t.Errorf("the help %q does not name the close match", d.Hint)
	}
	mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", "    - {id: r, effect: deny, actions: [read]}\n"))
}

// Trap 15: NaN in a placeholder never enters.
func TestTrapNaNInAPlaceholder(t *testing.T) {
	priced := `kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}}
  attributes: {price: {type: double, from: [path]}}
  routes: [{route: "GET /price/{price}", action: read}]
`
	set := mustTrapSet(t, trapSchema, priced, rulesOver("p", "    - {id: cheap, effect: allow, actions: [read], when: \"!(resource.price > 10.0)\"}\n"))
	for _, v := range []string{"NaN", "nan", "Infinity", "-Inf", "1e999", "0x1p3", "1_0", "+1", "01"} {
		wantDecision(t, set.Decide(as(ask(set, "GET", "h", "/price/"+v), "alice")), engine.Deny, engine.ReasonAttributeInvalid, 400)
	}
	wantDecision(t, set.Decide(as(ask(set, "GET", "h", "/price/9.5"), "alice")), engine.Allow, engine.ReasonAllowed, 200)
}

// A shadow rule is recorded and changes neither decision nor reason.
func TestShadowIsRecorded(t *testing.T) {
	set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", `    - {id: yes, effect: allow, actions: [read]}
    - {id: s, effect: deny, mode: shadow, until: 2026-06-30, reason: {code: too_early}, when: "user.id == 'alice'"}
`))
	d := set.Decide(as(ask(set, "GET", "h", "/orders/7"), "alice"))
	wantDecision(t, d, engine.Allow, engine.ReasonAllowed, 200)
	if s := d.Shadow; s == nil || s.Effect != engine.Deny || s.Reason != "too_early" || s.Results[0].Outcome != "matched" {
		t.Errorf("shadow: %+v", d.Shadow)
	}
	d = set.Decide(as(ask(set, "GET", "h", "/orders/7"), "bob"))
	if s := d.Shadow; s == nil || s.Effect != engine.Allow || s.Results[0].Outcome != "not_matched" {
		t.Errorf("shadow: %+v", d.Shadow)
	}
}

// A library is compiled in the importer's environment and read by its name.
func TestLibraryIsRead(t *testing.T) {
	lib := "kind: Library\nmetadata: {name: common}\nspec:\n  consts: {embargoed: [KP]}\n  vars:\n    allowed_country: has(user.country) && !(user.country in consts.embargoed)\n"
	p := "kind: Policy\nmetadata: {name: p}\nspec:\n  resources: [order]\n  imports: [common]\n  rules:\n    - {id: r, effect: allow, actions: [read], when: \"common.allowed_country && size(common.embargoed) == 1\"}\n"
	set := mustTrapSet(t, trapSchema, trapOrder, lib, p)
	for country, want := range map[string]engine.Effect{"DE": engine.Allow, "KP": engine.Deny} {
		r := as(ask(set, "GET", "h", "/orders/7"), "alice")
		r.Supply(slot.Credential, slot.User, "country", slot.Quoted(country))
		if d := set.Decide(r); d.Effect != want {
			t.Errorf("%s: %+v", country, d)
		}
	}
	// The trace follows the library into its own constants.
	r := as(ask(set, "GET", "h", "/orders/7"), "alice")
	r.Supply(slot.Credential, slot.User, "country", slot.Quoted("DE"))
	x := explain.Explain(set, r)
	if !x.Decision.Allowed() || len(x.Rules) != 1 || len(x.Rules[0].Vars) != 1 || x.Rules[0].Vars[0].Parts[0].Value != "true" {
		t.Errorf("explanation: %+v", x.Rules)
	}
	_, found := trapSet(t, trapSchema, trapOrder, lib, strings.Replace(p, "common.allowed", "common.alowed", 1))
	wantCode(t, found, "undeclared_attribute")
	_, found = trapSet(t, trapSchema, trapOrder, p)
	wantCode(t, found, "undeclared_library")
}

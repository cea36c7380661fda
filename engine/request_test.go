package engine

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// shown gives attributes of a request as JSON, or their state.
func shown(r *Request, names ...string) string {
	var out []string
	for _, name := range names {
		root, attr, _ := strings.Cut(name, ".")
		for at := slot.Root(0); at < slot.Roots; at++ {
			if i, ok := r.Values().Layout().Lookup(at, attr); ok && at.String() == root {
				v, state := r.Values().Get(i)
				text := state.String()
				if state == slot.Present {
					text = string(v.AppendJSON(nil))
				}
				out = append(out, text)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestHTTPRequest(t *testing.T) {
	set := shopSet(t, policyOf("p", allowAll))
	r := set.HTTPRequest(HTTP{
		ID: "7", Method: "GET", Scheme: "https", Host: "shop.example", Path: "/tenants/acme/7/", Segments: []string{"tenants", "acme", "7"},
		Query: map[string][]string{"Q": {"1"}}, Headers: map[string][]string{"X-Plan": {"pro"}}, ClientIP: netip.MustParseAddr("::ffff:192.0.2.1"),
	})
	if r.Resource() != "order" || r.Action() != "list" || r.Route() != "GET /tenants/{tenant}/{number}" || !slices.Equal(r.Allow(), []string{"GET"}) || !r.Anonymous() {
		t.Errorf("%s %s by %s, methods %v", r.Resource(), r.Action(), r.Route(), r.Allow())
	}
	want := `"7" "GET" "https" "shop.example" "/tenants/acme/7/" ["tenants","acme","7"] {"Q":["1"]} {"x-plan":["pro"]} "192.0.2.1" "acme" 7 "order" "list" absent`
	if got := shown(r, "request.id", "request.method", "request.scheme", "request.host", "request.path", "request.segments", "request.query", "request.headers",
		"env.ip", "resource.tenant", "resource.number", "resource.type", "action.name", "resource.id"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := shown(r, "user.authenticated", "user.method", "user.roles", "user.scopes", "user.groups", "user.id", "user.type", "user.issuer", "user.tenant", "user.plan"); got != `false "anonymous" [] [] [] absent absent absent absent absent` {
		t.Errorf("anonymous: %s", got)
	}
	r.Authenticate(Principal{Method: "api_key", Type: "service"})
	if got := shown(r, "user.authenticated", "user.method", "user.type", "user.issuer", "user.roles"); got != `true "api_key" "service" absent []` {
		t.Errorf("authenticated: %s", got)
	}
	direct := set.DirectRequest("order", "read")
	if got := shown(direct, "request.path", "request.headers", "env.ip", "resource.type", "action.name", "env.time"); got != `absent absent absent "order" "read" absent` {
		t.Errorf("without HTTP: %s", got)
	}
	for line, allow := range map[string]string{"PUT /orders/1": "DELETE,GET", "GET /nowhere": ""} {
		if r := asks(set, line); r.Resource() != "" || r.Route() != "" || strings.Join(r.Allow(), ",") != allow || len(r.Reads().Slots) > 0 {
			t.Errorf("%s: %s, methods %v", line, r.Resource(), r.Allow())
		}
	}
}

// TestSupplyAnonymous: nobody can say anything about a user without a
// credential.
func TestSupplyAnonymous(t *testing.T) {
	r := shopSet(t, policyOf("p", allowAll)).DirectRequest("order", "read")
	r.Supply(slot.Credential, slot.User, "roles", slot.Strings([]string{"admin"}))
	r.Supply(slot.Fixture, slot.User, "plan", slot.Plain("pro"))
	if got := shown(r, "user.roles", "user.plan"); got != "[] absent" || r.Values().Dropped() != 2 {
		t.Errorf("%s, %d dropped", got, r.Values().Dropped())
	}
	alice(r)
	if got := shown(r, "user.roles", "user.plan"); got != `["customer"] "pro"` || r.Values().Dropped() != 2 {
		t.Errorf("alice: %s, %d dropped", got, r.Values().Dropped())
	}
}

func TestDirectory(t *testing.T) {
	set := compile(t, strings.Replace(shop, "from: [path, source]}\n    owner", "from: [path, directory]}\n    owner", 1), policyOf("p", allowAll+`, when: resource.tenant == 'acme'`),
		"apiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec:\n  resources:\n    - {type: order, id: 42, tenant: acme, owner: bob, number: 5}\n    - {type: order, id: \"43\", tenant: evil}")
	for line, want := range map[string]string{"GET /orders/42": "allow allowed 200 by p/all", "GET /orders/43": "deny no_matching_rule 403", "GET /orders/44": "deny attribute_missing 403 about resource.tenant"} {
		r := alice(asks(set, line))
		if got := short(set.Decide(r)); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	r := asks(set, "GET /orders/42") // number may come from path and source only
	if got := shown(r, "resource.owner", "resource.number"); got != `"bob" absent` || r.Values().Dropped() != 1 {
		t.Errorf("%s, %d dropped", got, r.Values().Dropped())
	}
	direct := set.DirectRequest("order", "read")
	direct.Supply(slot.Caller, slot.Resource, "id", slot.Quoted("42"))
	if direct.LookUp(); shown(direct, "resource.owner") != `"bob"` {
		t.Errorf("looked up: %s", shown(direct, "resource.owner"))
	}
}

func TestGive(t *testing.T) {
	set := compile(t, strings.Replace(shop, "delete: {}}", "delete: {}, grant: {attributes: {soft: {type: bool, optional: true}, tags: {type: list(string), optional: true}}}}", 1), policyOf("p", allowAll))
	for _, tt := range []struct {
		root, name, text string
		want             string // "" is an error
	}{
		{"user", "plan", "free", "conflict"}, {"user", "country", "DE", `"DE"`}, {"user", "country", "", "absent"}, {"user", "level", "3", "3"},
		{"user", "groups", "a,b", `["a","b"]`}, {"user", "groups", "", "[]"}, {"resource", "owner", "bob", `"bob"`}, {"resource", "id", "1", `"1"`}, {"env", "ip", "192.0.2.1", `"192.0.2.1"`},
		{"user", "level", "-1", ""}, {"user", "level", "x", ""}, {"user", "nobody", "x", ""}, {"resource", "type", "page", ""}, {"user", "authenticated", "false", ""},
		{"request", "path", "/x", ""}, {"action", "name", "grant", ""}, {"action", "name", "read", ""}, {"", "plan", "x", ""},
		{"action", "soft", "true", "true"}, {"action", "tags", "a,b", `["a","b"]`}, {"action", "soft", "yes", ""}, {"action", "hard", "true", ""},
	} {
		r := alice(set.DirectRequest("order", "grant"))
		err := r.Give(tt.root, tt.name, tt.text)
		if (err == nil) != (tt.want != "") {
			t.Errorf("%s.%s=%s: %v", tt.root, tt.name, tt.text, err)
		} else if got := shown(r, tt.root+"."+tt.name); err == nil && got != tt.want {
			t.Errorf("%s.%s=%s: %s, want %s", tt.root, tt.name, tt.text, got, tt.want)
		}
	}
	if err := set.DirectRequest("order", "read").Give("user", "country", "DE"); err == nil {
		t.Error("an anonymous user is given a country")
	}
}

// TestConcurrentDecisions: a set serves any number of goroutines.
func TestConcurrentDecisions(t *testing.T) {
	set := shopSet(t, policyOf("p", `vars: {mine: has(user.country) && user.country == 'DE'}`, allowAll+`, when: vars.mine && request.path.startsWith('/orders')`))
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for range 40 {
				r := alice(asks(set, "GET /orders/1"))
				want := "deny no_matching_rule 403"
				if i%2 == 0 {
					give(r, "user.country=DE")
					want = "allow allowed 200 by p/all"
				}
				if got := short(set.Decide(r)); got != want {
					t.Errorf("%s, want %s", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestInspect(t *testing.T) {
	set := shopSet(t, policyOf("z", allowAll, `id: d, effect: deny, actions: [read, list], when: user.a`), policyOf("a", `id: x, effect: allow, actions: [read]`))
	in := set.Inspect()
	var names []string
	for _, r := range in.Rules {
		names = append(names, r.Ref.String())
		if in.Order[r.Ref] != len(names)-1 || r.Resource != "order" || r.Scope() == nil {
			t.Errorf("%s: order %d, resource %s", r.Ref, in.Order[r.Ref], r.Resource)
		}
	}
	if strings.Join(names, " ") != "a/x z/all z/d" {
		t.Errorf("rules %v, want them in deciding order", names)
	}
	if !in.Rules[2].Covers("list") || in.Rules[2].Covers("delete") || !in.Rules[1].Covers("delete") {
		t.Error("a rule covers other actions than it names")
	}
	if got := strings.Join(set.Actions("order"), " "); got != "delete list read" || set.Actions("nothing") != nil {
		t.Errorf("actions %s", got)
	}
	if a := set.UserAttribute("plan"); a == nil || a.Name != "plan" || set.UserAttribute("nobody") != nil || !slices.Contains(set.UserAttributes(), "roles") {
		t.Errorf("attributes %v", set.UserAttributes())
	}
	if got := set.EnvAttributes(); len(got) != 0 {
		t.Errorf("declared env attributes %v", got)
	}
}

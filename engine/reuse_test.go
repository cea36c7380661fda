package engine

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

// site has resource types with layouts of different sizes, hosts, a body, and
// rules that read headers and parameters.
const site = `
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {view: {}, edit: {}}
  hosts: [www.example.com, "{shelf}.example.com"]
  attributes: {shelf: {type: string, optional: true, from: [path]}, a: {type: int, optional: true}, b: {type: string, optional: true}, rest: {type: string, optional: true, from: [path]}}
  routes:
    - {route: "GET /pages/{id}", action: view}
    - {route: "GET /pages/{id}/{rest...}", action: view}
    - {route: "POST /pages/{id}", action: edit, body: {type: json, maxBytes: 1024, fields: {title: {type: string}}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules:
    - {id: view, effect: allow, anonymous: true, actions: [view], transports: [http], when: "request.header('x-shelf').orValue('') != 'closed' && !('debug' in request.query)"}
    - {id: edit, effect: allow, actions: [edit], roles: [editor], transports: [http], when: "has(request.body) && request.body.title != '' && request.headers.size() > 0"}
`

// TestReuse: a request that was used before is a new one.
func TestReuse(t *testing.T) {
	set := shopSet(t, site, policyOf("p", allowAll, `id: d, effect: deny, actions: [delete], mode: shadow, until: 2030-01-01`, `id: x, effect: deny, actions: [list], when: "request.segments.size() > 3"`, `id: y, effect: deny, actions: [delete], when: resource.tenant == 'evil'`))
	var asked []HTTP
	for _, line := range []string{"GET /orders/1", "DELETE /orders/1/", "GET /tenants/acme/7", "GET /tenants/acme/x", "GET /files/a/b%20c/d", "GET /files", "PUT /orders/1", "GET /nowhere", "HEAD /orders/2"} {
		asked = append(asked, httpOf("shop.example", line))
	}
	for _, host := range []string{"www.example.com", "a.example.com:8443", "elsewhere.org"} {
		for _, line := range []string{"GET /pages/1", "POST /pages/1", "GET /pages/1/a/b", "DELETE /pages/1"} {
			h := httpOf(host, line)
			asked = append(asked, h)
			h.Headers, h.ClientIP = map[string][]string{"X-Shelf": {"closed"}, "Accept": {"a", "b"}}, netip.MustParseAddr("2001:db8::1")
			asked = append(asked, h)
			h.Headers, h.Query = map[string][]string{"X-Shelf": {"a"}, "x-shelf": {"b"}}, map[string][]string{"debug": {"1"}}
			asked = append(asked, h)
		}
	}
	editor := set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "roles", slot.Strings([]string{"editor"})}, UserInput{slot.Credential, "plan", slot.Quoted("pro")})
	body := func(r *Request, n int) {
		if r.BodyLimit() > 0 && n > 0 {
			_ = r.Body([]byte(`{"title": "` + strings.Repeat("x", n-1) + `"}`)) // what is wrong denies
		}
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	again, reasons := set.NewRequest(), map[string]bool{}
	for range 2000 {
		var fresh *Request
		switch h := &asked[rng.IntN(len(asked))]; rng.IntN(5) {
		case 0:
			action := []string{"read", "delete", "view", "nothing"}[rng.IntN(4)]
			fresh = set.DirectRequest("order", action)
			again.ResetDirect("order", action)
		default:
			fresh = set.HTTPRequest(*h)
			again.ResetHTTP(h)
		}
		if rng.IntN(2) == 0 {
			fresh.SetSubject(editor)
			again.SetSubject(editor)
		}
		n := rng.IntN(4)
		body(fresh, n)
		body(again, n)
		if rng.IntN(3) == 0 {
			fresh.FailSource(errBroken)
			again.FailSource(errBroken)
		}
		early := rng.IntN(2) == 0 && !slices.Equal(everything(fresh), everything(again)) // looking must not change anything
		want, got := set.Decide(fresh), set.Decide(again)
		if early || !reflect.DeepEqual(got, want) || !slices.Equal(everything(fresh), everything(again)) {
			t.Fatalf("got  %+v\n%s\nwant %+v\n%s", got, strings.Join(everything(again), "\n"), want, strings.Join(everything(fresh), "\n"))
		}
		if fresh.Route() != again.Route() || fresh.Resource() != again.Resource() || fresh.Action() != again.Action() || !slices.Equal(fresh.Allow(), again.Allow()) ||
			fresh.BodyLimit() != again.BodyLimit() || fresh.Anonymous() != again.Anonymous() || !reflect.DeepEqual(fresh.Reads(), again.Reads()) || fresh.Values().HasBody() != again.Values().HasBody() {
			t.Fatalf("%s by %q, methods %v; want %s by %q, methods %v", again.Resource(), again.Route(), again.Allow(), fresh.Resource(), fresh.Route(), fresh.Allow())
		}
		reasons[got.Reason] = true
	}
	for _, reason := range []string{ReasonAllowed, ReasonNoRoute, ReasonUnauthenticated, ReasonNoMatchingRule, ReasonAttributeInvalid, ReasonAttributeMissing, ReasonBodyUnavailable} {
		if !reasons[reason] {
			t.Errorf("%s did not come up", reason)
		}
	}
}

func httpOf(host, line string) HTTP {
	method, path, _ := strings.Cut(line, " ")
	h := HTTP{ID: "1", Method: method, Scheme: "https", Host: host, Path: path}
	if trimmed := strings.Trim(path, "/"); trimmed != "" {
		h.Segments = strings.Split(trimmed, "/")
	}
	return h
}

// TestNewRequest: a request that asks nothing is denied.
func TestNewRequest(t *testing.T) {
	set := shopSet(t, policyOf("p", allowAll+", anonymous: true"))
	r := set.NewRequest()
	if got := short(set.Decide(r)); got != "deny no_route 403" {
		t.Errorf("nothing: %s", got)
	}
	if r.ResetDirect("order", "read"); !set.Decide(r).Allowed() {
		t.Error("an order is not read")
	}
	r.Observe(func(*Rule) (bool, error) { panic("fault") })
	if r.ResetDirect("nothing", "read"); set.Decide(r).Allowed() || r.Resource() != "" {
		t.Error("a type that is not there is read")
	}
}

// TestDecisionsAreApart: what one decision's reader appends to it reaches no
// other decision.
func TestDecisionsAreApart(t *testing.T) {
	set := compile(t, shop, policyOf("p", `id: a, effect: allow, actions: [read]`, `id: b, effect: allow, actions: [read]`, `id: c, effect: allow, actions: [list], scopes: [s1, s2]`))
	user := set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "plan", slot.Quoted("pro")})
	r := set.NewRequest()
	ask := func(action string) Decision {
		r.ResetDirect("order", action)
		r.SetSubject(user)
		return set.Decide(r)
	}
	for _, action := range []string{"read", "list"} {
		d := ask(action)
		want := short(d)
		d.Matched, d.Scopes = append(d.Matched, RuleRef{"x", "y"}), append(d.Scopes, "z")
		if got := short(ask(action)); got != want {
			t.Errorf("%s, before %s", got, want)
		}
	}
	if got := short(ask("read")); got != "allow allowed 200 by p/a matched p/a,p/b" {
		t.Error(got)
	}
	if got := short(ask("list")); got != "deny insufficient_scope 403 wants s1,s2" {
		t.Error(got)
	}
}

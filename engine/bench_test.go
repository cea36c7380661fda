package engine

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// benchRoutes is how many routes one resource type of the benchmark has.
const benchRoutes = 10

// benchSet is a set of n routes with a rule each, ten to a resource type:
// allowed by role, and the last of the ten denied by a deny rule.
func benchSet(t testing.TB, n int) *Set {
	t.Helper()
	files := []policy.File{{Path: "schema.yaml", Data: []byte("apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec:\n  user:\n    plan: {type: string, optional: true}\n    level: {type: int, optional: true}\n")}}
	for r := range n / benchRoutes {
		var actions, routes, rules strings.Builder
		for a := range benchRoutes {
			fmt.Fprintf(&actions, "a%d: {}, ", a)
			fmt.Fprintf(&routes, "    - {route: \"GET,POST /api/r%d/{tenant}/a%d/{id}\", action: a%d}\n", r, a, a)
			if a == benchRoutes-1 {
				fmt.Fprintf(&rules, "    - {id: d%d, effect: deny, actions: [a%d]}\n", a, a)
			}
			fmt.Fprintf(&rules, "    - {id: a%d, effect: allow, actions: [a%d], roles: [role%d, admin], scopes: [orders]}\n", a, a, a%3)
		}
		text := fmt.Sprintf("apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: r%d}\nspec:\n  actions: {%s}\n  attributes:\n    tenant: {type: string, from: [path, source]}\n    owner: {type: string, optional: true}\n  routes:\n%s---\n",
			r, strings.TrimSuffix(actions.String(), ", "), routes.String()) +
			fmt.Sprintf("apiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: p%d}\nspec:\n  resources: [r%d]\n  rules:\n%s", r, r, rules.String())
		files = append(files, policy.File{Path: fmt.Sprintf("r%d.yaml", r), Data: []byte(text)})
	}
	src, found := policy.Load(files)
	if !found.HasErrors() {
		var set *Set
		if set, found = Compile(src); set != nil {
			return set
		}
	}
	t.Fatalf("%d findings, the first: %s", len(found), found[0])
	return nil
}

// benchRequests are requests of which half are denied: by role, by a deny rule
// or for want of a route.
func benchRequests(n int) []HTTP {
	var out []HTTP
	headers := http.Header{"Accept": {"*/*"}, "User-Agent": {"bench"}, "Authorization": {"Bearer x"}}
	for i := range 1024 {
		r, a := i*7919%max(1, n/benchRoutes), i/2%3*3 // role0
		switch {
		case i%2 == 0:
		case i%8 == 1:
			a = benchRoutes - 1
		case i%8 == 3:
			a = 77
		default:
			a = 1
		}
		path := fmt.Sprintf("/api/r%d/acme/a%d/%d", r, a, i)
		out = append(out, HTTP{ID: "1", Method: []string{"GET", "POST"}[i/3%2], Scheme: "https", Host: "shop.example", Path: path, Segments: strings.Split(path[1:], "/"), Headers: headers})
	}
	return out
}

// benchUser may do half of what benchRequests ask.
func benchUser(set *Set) *Subject {
	return set.Bind(Principal{Method: "jwt", Issuer: "https://idp.example", Type: "human"},
		UserInput{slot.Credential, "id", slot.Quoted("alice")}, UserInput{slot.Credential, "tenant", slot.Quoted("acme")},
		UserInput{slot.Credential, "roles", slot.Strings([]string{"customer", "role0"})},
		UserInput{slot.Credential, "scopes", slot.Strings([]string{"profile", "orders"})})
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		var set *Set // compiled only for a benchmark that runs
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if set == nil {
				set = benchSet(b, n)
				runtime.GC()
			}
			requests, user, r := benchRequests(n), benchUser(set), set.NewRequest()
			allowed := 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				r.ResetHTTP(&requests[i%len(requests)])
				r.SetSubject(user)
				if d := set.Decide(r); d.Allowed() {
					allowed++
				}
			}
			b.ReportMetric(float64(allowed)/float64(b.N), "allowed/op")
		})
	}
}

// BenchmarkByHand is what a programmer would write instead of a policy, for the
// ratio: two look-ups and three comparisons.
func BenchmarkByHand(b *testing.B) {
	type place struct{ resource, action string }
	type rule struct {
		deny bool
		role string
	}
	for _, n := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			rules := map[place]rule{}
			for i := range n {
				rules[place{fmt.Sprint("r", i/benchRoutes), fmt.Sprint("a", i%benchRoutes)}] = rule{i%benchRoutes == benchRoutes-1, fmt.Sprint("role", i%benchRoutes%3)}
			}
			roles, scopes := []string{"customer", "role0"}, []string{"profile", "orders"}
			requests := benchRequests(n)
			allowed := 0
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				h := &requests[i%len(requests)]
				if len(h.Segments) != 5 || h.Segments[0] != "api" || h.Method != "GET" && h.Method != "POST" {
					continue
				}
				r, ok := rules[place{h.Segments[1], h.Segments[3]}]
				if ok && !r.deny && (slices.Contains(roles, r.role) || slices.Contains(roles, "admin")) && slices.Contains(scopes, "orders") {
					allowed++
				}
			}
			b.ReportMetric(float64(allowed)/float64(b.N), "allowed/op")
		})
	}
}

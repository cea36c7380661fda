package suite

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/policy"
)

const set = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec:
  user: {level: {type: int, optional: true}}
  env: {region: {type: string, enum: [eu, us]}, night: {type: bool, optional: true}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}, delete: {}}
  attributes: {owner: {type: string, optional: true}, tenant: {type: string, optional: true, from: [path, directory]}}
  routes:
    - {route: "GET,DELETE /orders/{id}", action: {GET: read, DELETE: delete}}
    - {route: "GET /tenants/{tenant}/orders/{id}", action: read}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec: {actions: {read: {}}, attributes: {lang: {type: string, optional: true}}, routes: [{route: "GET /pages/{id}", action: read}]}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [order]
  rules:
    - {id: owner, effect: allow, actions: [read], when: "has(resource.owner) && resource.owner == user.id"}
    - {id: high, effect: allow, actions: [read, delete], roles: [admin], when: "has(user.level) ? user.level > 3 : 1 / 0 == 1"}
    - {id: region, effect: deny, when: env.region != 'eu', reason: {code: wrong_region, status: 451}}
    - {id: late, effect: deny, actions: [delete], when: env.time.getHours() > 18}
    - {id: address, effect: deny, actions: [delete], when: "has(env.ip) && cidr('203.0.113.0/24').containsIP(env.ip)"}
---
apiVersion: gwctl.dev/v1
kind: Directory
metadata: {name: d}
spec:
  users:
    alice: {id: alice, type: human}
    both: {id: from-set}
  resources: [{type: order, id: "9", owner: alice, tenant: acme}]
`

const head = `
apiVersion: gwctl.dev/v1
kind: Directory
metadata: {name: fixtures}
spec:
  users:
    carol: {id: carol}
    both: {id: from-test-file}
---
apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: t}
spec:
  now: 2026-01-15T10:00:00Z
  env: {region: eu, ip: 192.0.2.1}
  users:
    root: {id: root, type: service, roles: [admin], level: 5, method: api_key, issuer: me}
    low: {id: low, roles: [admin], level: 1}
    bare: {id: bare, roles: [admin]}
    claimed: {claims: {sub: alice, roles: admin, level: 7, type: robot, method: none}}
    broken: {claims: {sub: alice, roles: admin, level: high}}
    nobody: anonymous
    both: {id: from-suite}
  resources:
    own: {type: order, id: "1", owner: alice}
    other: {type: order, id: "2", owner: bob}
`

// read makes an engine request of a case, or refuses /refused.
func read(spec *policy.RequestSpec, ip netip.Addr) (engine.HTTP, error) {
	if strings.HasPrefix(spec.Path, "/refused") {
		return engine.HTTP{}, &Refused{Reason: "request_not_canonical", Status: http.StatusBadRequest}
	}
	query, err := url.ParseQuery(spec.Query)
	if err != nil {
		return engine.HTTP{}, err
	}
	h := engine.HTTP{Method: spec.Method, Host: spec.Host, Path: spec.Path, Query: query, Headers: map[string][]string{}, ClientIP: ip}
	for _, x := range spec.Headers {
		h.Headers[x.Key.Value()] = append(h.Headers[x.Key.Value()], x.Value.Value())
	}
	if trimmed := strings.Trim(spec.Path, "/"); trimmed != "" {
		h.Segments = strings.Split(trimmed, "/")
	}
	return h, nil
}

func runner(t testing.TB, files ...policy.File) *Runner {
	t.Helper()
	src, found := policy.Load(append(files, policy.File{Path: "dir/set.yaml", Data: []byte(set)}))
	if found.HasErrors() {
		t.Fatal(found)
	}
	s, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	m, found := mapping.New(s, nil)
	if found.HasErrors() {
		t.Fatal(found)
	}
	return NewRunner(s, read, m)
}

// cases makes a runner of a suite's cases in flow style.
func cases(t testing.TB, lines ...string) *Runner {
	t.Helper()
	return runner(t, policy.File{Path: "dir/set_test.yaml", Data: []byte(head + "  cases:\n    - {" + strings.Join(lines, "}\n    - {") + "}\n")})
}

// all runs the cases whose name matches.
func (r *Runner) all(only *regexp.Regexp) []Result {
	return r.Run(Select(r.Cases(), Selection{Only: only}), Options{Workers: 2})
}

// says is all that a result says of its failure.
func says(r Result) string {
	out := []string{}
	if r.Wrong != "" {
		out = append(out, r.Wrong)
	}
	for _, f := range r.Failures {
		out = append(out, f.String())
	}
	return strings.Join(out, "; ")
}

// TestRun pairs each expectation that holds with one that does not, and what
// is then said.
func TestRun(t *testing.T) {
	const own, other = "resource: own, action: read", "resource: other, action: read"
	for _, tt := range []struct{ ask, good, bad, says string }{
		{"user: alice, " + own, "allow", "deny", "expected effect deny, got allow"},
		{"user: alice, " + own, "{effect: allow, rule: p/owner}", "{effect: allow, rule: p/high}", "expected rule p/high, got p/owner"},
		{"user: alice, " + own, "{effect: allow, errors: 0}", "{effect: allow, errors: 1}", "expected errors 1, got 0"},
		{"user: alice, " + own, "{effect: allow, status: 200}", "{effect: allow, status: 403}", "expected status 403, got 200"},
		{"user: alice, " + other, "deny", "allow", "expected effect allow, got deny"},
		{"user: alice, " + other, "{effect: deny, reason: no_matching_rule}", "{effect: deny, reason: insufficient_scope}", "expected reason insufficient_scope, got no_matching_rule"},
		{"user: alice, " + other, "{effect: deny, status: 403}", "{effect: deny, status: 401}", "expected status 401, got 403"},
		{"user: alice, " + other, "deny", "{effect: deny, rule: p/region}", "expected rule p/region, got none"},
		{"user: bare, " + other, "{effect: deny, errors: 1}", "deny", "expected errors 0, got 1"},
		{"user: nobody, " + own, "{effect: deny, reason: unauthenticated, status: 401}", "{effect: deny, reason: no_matching_rule}", "expected reason no_matching_rule, got unauthenticated"},
		{"user: anonymous, " + own, "{effect: deny, reason: unauthenticated}", "allow", "expected effect allow, got deny"},
		{"user: alice, env: {region: us}, " + own, "{effect: deny, rule: p/region, reason: wrong_region, status: 451}", "allow", "expected effect allow, got deny"},
		{"user: root, " + other, "{effect: allow, rule: p/high}", "deny", "expected effect deny, got allow"},
		{"user: low, " + other, "deny", "allow", "expected effect allow, got deny"},
		{"user: claimed, " + other, "{effect: allow, rule: p/high}", "deny", "expected effect deny, got allow"},
		{"user: claimed, " + own, "{effect: allow, rule: p/owner}", "deny", "expected effect deny, got allow"},
		{"user: broken, " + other, "{effect: deny, reason: attribute_invalid}", "allow", "expected effect allow, got deny"},
		{"user: carol, " + other, "deny", "allow", "expected effect allow, got deny"},
		{"user: root, request: DELETE /orders/1", "allow", "deny", "expected effect deny, got allow"},
		{"user: root, request: DELETE /orders/1, env: {time: 2026-01-15T20:00:00Z}", "{effect: deny, rule: p/late}", "allow", "expected effect allow, got deny"},
		{"user: root, request: DELETE /orders/1, env: {ip: 203.0.113.9}", "{effect: deny, rule: p/address}", "allow", "expected effect allow, got deny"},
		{"user: root, resource: own, action: delete, env: {ip: 203.0.113.9}", "allow", "deny", "expected effect deny, got allow"}, // no address outside HTTP
		{"user: alice, request: GET /orders/1, delivers: {owner: alice}", "allow", "deny", "expected effect deny, got allow"},
		{"user: alice, request: GET /orders/1, delivers: {owner: bob}", "deny", "allow", "expected effect allow, got deny"},
		{"user: alice, request: GET /orders/9", "{effect: allow, rule: p/owner}", "deny", "expected effect deny, got allow"}, // its owner stands in a Directory
		{"user: alice, request: \"GET /orders/1?x=1\"", "deny", "allow", "expected effect allow, got deny"},
		{"user: alice, request: PUT /orders/1", "{effect: deny, reason: no_route, status: 405}", "{effect: deny, status: 403}", "expected status 403, got 405"},
		{"user: alice, request: GET /refused", "{effect: deny, reason: request_not_canonical, status: 400}", "{effect: deny, status: 403}", "expected status 403, got 400"},
		{"user: alice, request: {method: GET, path: /orders/1, headers: {x-a: b}}", "deny", "allow", "expected effect allow, got deny"},
	} {
		t.Run(tt.ask, func(t *testing.T) {
			results := cases(t, "name: good, "+tt.ask+", expect: "+tt.good, "name: bad, "+tt.ask+", expect: "+tt.bad).all(nil)
			if len(results) != 2 {
				t.Fatalf("%d results", len(results))
			}
			if good := results[0]; !good.Passed() || good.Why != nil || good.Decision.SetDigest == "" {
				t.Errorf("%s: %v (%+v)", tt.good, good.Failures, good.Decision)
			}
			bad := results[1]
			if bad.Passed() || says(bad) != tt.says {
				t.Errorf("%s: %q, want %q", tt.bad, bad.Failures, tt.says)
			}
			if refused := strings.Contains(tt.ask, "/refused"); (bad.Why == nil) != refused {
				t.Errorf("explained %t, refused %t", bad.Why != nil, refused)
			}
		})
	}
}

// TestSeveralFailures: all that differs is said at once.
func TestSeveralFailures(t *testing.T) {
	r := cases(t, "name: x, user: alice, resource: own, action: read, expect: {effect: deny, rule: p/region, reason: wrong_region, status: 451, errors: 2}").all(nil)[0]
	if len(r.Failures) != 5 {
		t.Errorf("%q", r.Failures)
	}
	if r.Why == nil || r.Why.Decision.Rule != r.Decision.Rule || len(r.Why.Rules) == 0 {
		t.Errorf("explained by %+v", r.Why)
	}
}

// TestDeliversOfAnotherType: what a case delivers must be an attribute of the
// resource that its request leads to; a wrong name is a failure, not a pass.
func TestDeliversOfAnotherType(t *testing.T) {
	results := cases(t, "name: bad, user: alice, request: GET /orders/1, delivers: {lang: en}, expect: deny", "name: good, user: alice, request: GET /pages/1, delivers: {lang: en}, expect: deny").all(nil)
	if results[0].Passed() || !strings.Contains(results[0].Wrong, "resource.lang") {
		t.Errorf("%q", results[0].Failures)
	}
	if !results[1].Passed() {
		t.Errorf("%q", results[1].Failures)
	}
}

// TestDeliversTyped: a value that the attribute cannot have is a mistake in the
// case, though no rule reads it, unless the case says what comes of it.
func TestDeliversTyped(t *testing.T) {
	const ask = "user: alice, request: GET /orders/1, delivers: "
	for _, tt := range []struct{ rest, wrong string }{
		{"{owner: alice, tenant: acme}, expect: allow", ""},
		{"{owner: alice, tenant: [acme]}, expect: allow", "resource.tenant breaks its declaration"},
		{"{owner: [alice]}, expect: deny", "resource.owner breaks its declaration"},
		{"{owner: [alice]}, expect: {effect: deny, reason: no_matching_rule}", "resource.owner breaks its declaration"},
		{"{owner: [alice]}, expect: {effect: deny, reason: attribute_invalid}", ""},
	} {
		r := cases(t, "name: x, "+ask+tt.rest).all(nil)[0]
		if !strings.Contains(r.Wrong, tt.wrong) || r.Passed() != (tt.wrong == "") {
			t.Errorf("%s: %s", tt.rest, says(r))
		}
	}
}

// TestUsers: a suite's own user comes before one of a test file, and that
// before one of the set.
func TestUsers(t *testing.T) {
	r := cases(t, "name: x, user: both, resource: own, action: read, expect: deny")
	suite := r.set.Source().Suites[0]
	for _, tt := range []struct {
		suite      *policy.TestSuite
		name, want string
	}{{suite, "both", "from-suite"}, {nil, "both", "from-test-file"}, {nil, "alice", "alice"}, {nil, "root", ""}, {suite, "root", "root"}, {suite, "stranger", ""}} {
		u := FindUser(r.set, tt.suite, tt.name)
		got := ""
		if u != nil {
			id, _ := u.Field("id")
			got = id.Text.Value()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	req := r.set.DirectRequest("order", "read")
	if err := r.BindUser(req, FindUser(r.set, suite, "nobody")); err != nil {
		t.Error(err)
	}
	if !req.Anonymous() {
		t.Error("nobody is somebody")
	}
}

// TestPrincipal: what the method of authentication answers for is the
// fixture's to say, never a claim's.
func TestPrincipal(t *testing.T) {
	r := cases(t, "name: x, user: both, resource: own, action: read, expect: deny")
	suite := r.set.Source().Suites[0]
	for name, want := range map[string]string{"root": "service api_key me", "low": "human fixture ", "claimed": "human fixture "} {
		req := r.set.DirectRequest("order", "read")
		if err := r.BindUser(req, FindUser(r.set, suite, name)); err != nil {
			t.Error(err)
		}
		var got []string
		for _, attr := range []string{"type", "method", "issuer"} {
			i, _ := req.Values().Layout().Lookup(0, attr)
			v, _ := req.Values().Get(i)
			got = append(got, v.Str())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestCases(t *testing.T) {
	file := head + "  cases:\n    - {name: one, user: alice, request: \"GET shop.example/orders/1?a=b\", expect: deny}\n    - {name: two, user: root, resource: own, action: read, expect: allow}\n" +
		"  matrix:\n    - {users: [alice, nobody], resources: [own, other], actions: [read], expect: {alice: {own: allow, other: deny}, nobody: {effect: deny, reason: unauthenticated}}}\n"
	r := runner(t, policy.File{Path: "dir/set_test.yaml", Data: []byte(file)}, policy.File{Path: "other/set_test.yaml", Data: []byte(strings.Replace(file, "name: t}", "name: u}", 1)[strings.Index(file, "---\n"):])})
	var names []string
	for _, res := range r.all(nil) {
		if !res.Passed() {
			t.Errorf("%s: %q", res.Case.FullName(), res.Failures)
		}
		names = append(names, res.Case.FullName())
	}
	want := "t/one t/two t/matrix 1: alice read own t/matrix 1: alice read other t/matrix 1: nobody read own t/matrix 1: nobody read other"
	if got := strings.Join(names[:6], " "); got != want || len(names) != 12 {
		t.Errorf("cases %q", names)
	}
	if got := r.all(regexp.MustCompile("^t/matrix.*other$")); len(got) != 2 {
		t.Errorf("--run finds %d", len(got))
	}
	c := r.Cases()[0]
	if c.RequestText() != "GET shop.example/orders/1?a=b" || c.User() != "alice" || c.Request() == nil || r.Cases()[1].RequestText() != "" || r.Cases()[2].User() != "alice" || r.Cases()[2].Request() != nil {
		t.Errorf("%q of %s", c.RequestText(), c.User())
	}
	for ref, want := range map[string]string{"dir/set_test.yaml#one": "t/one", "other/set_test.yaml#two": "u/two", "dir/set_test.yaml#matrix 1: alice read own": "t/matrix 1: alice read own"} {
		if c, err := r.Find(ref); err != nil || c.FullName() != want {
			t.Errorf("%s: %v", ref, err)
		}
	}
	for _, ref := range []string{"set_test.yaml#one", "dir/set_test.yaml#three", "set_test.yaml", "t_test.yaml#one", "ir/set_test.yaml#one", "#one"} {
		if c, err := r.Find(ref); err == nil {
			t.Errorf("%s is %s", ref, c.FullName())
		}
	}
}

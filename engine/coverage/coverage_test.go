package coverage

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
)

const head = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec: {user: {a: {type: bool, optional: true}, b: {type: bool, optional: true}, c: {type: bool, optional: true}, must: {type: string}, p: {type: string}, q: {type: string}, r: {type: string}, s: {type: string}, t: {type: string}}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec: {actions: {read: {}, list: {}, never: {}}, routes: [{route: "GET,PUT /orders/{id}", action: {GET: read, PUT: list}}]}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec: {actions: {read: {}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
`

// recorded runs cases in flow style over rules, and gives the report.
func recorded(t testing.TB, rules string, workers int, cases ...string) (*Report, []suite.Result) {
	t.Helper()
	tests := `
apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: t}
spec:
  users:
    none: {id: none, must: x}
    a: {id: a, must: x, a: true, b: false}
    ab: {id: ab, must: x, a: true, b: true}
    b: {id: b, must: x, a: false, b: true}
    nota: {id: nota, must: x, a: false, b: false}
    admin: {id: r, must: x, a: true, roles: [admin], scopes: [s1]}
    scopeless: {id: s, must: x, a: true, roles: [admin]}
    lacking: {id: l, a: true}
  resources: {o: {type: order, id: "1"}, p: {type: page}, spare: {type: page}}
  cases:
`
	for i, c := range cases {
		tests += fmt.Sprintf("    - {name: c%d, %s}\n", i, c)
	}
	return recordedFiles(t, rules, tests, workers)
}

// recordedFiles runs the suite of a file over rules.
func recordedFiles(t testing.TB, rules, tests string, workers int) (*Report, []suite.Result) {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(head + rules)}, {Path: "set_test.yaml", Data: []byte(tests)}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	m, found := mapping.New(set, nil)
	if found.HasErrors() {
		t.Fatal(found)
	}
	read := func(spec *policy.RequestSpec, _ netip.Addr) (engine.HTTP, error) {
		if spec.Path == "/refused" {
			return engine.HTTP{}, &suite.Refused{Reason: "request_not_canonical", Status: 400}
		}
		return engine.HTTP{Method: spec.Method, Host: spec.Host, Path: spec.Path, Segments: strings.Split(spec.Path[1:], "/")}, nil
	}
	runner := suite.NewRunner(set, read, m)
	rec := NewRecorder(set)
	results := runner.Run(runner.Cases(), suite.Options{Workers: workers, Observe: rec.Observe})
	return rec.Report(runner.Cases()), results
}

// told gives a unit as text: evaluations, then each atom with its outcomes and
// the cases that show its effect.
func told(r *Report, name string) string {
	i := slices.IndexFunc(r.Units, func(u Unit) bool { return u.Name == name })
	if i < 0 {
		return "no unit " + name
	}
	u := r.Units[i]
	out := fmt.Sprintf("%d=%d+%d+%d", u.Evaluated, u.Matched, u.NotMatched, u.Failed)
	for _, a := range u.Atoms {
		out += fmt.Sprintf("; %s %d/%d/%d", a.Text, a.True, a.False, a.Failed)
		if a.Independent {
			out += " " + strings.TrimPrefix(a.ShownBy.True, "t/") + "-" + strings.TrimPrefix(a.ShownBy.False, "t/")
		}
	}
	return out
}

func asking(users ...string) []string {
	var out []string
	for _, u := range users {
		out = append(out, "user: "+u+", resource: o, action: read, expect: {effect: allow, errors: 0}")
	}
	return out
}

// TestAtoms: what the atoms of a condition came to, and which two cases show
// the effect of each.
func TestAtoms(t *testing.T) {
	rule := func(when string) string {
		return "  resources: [order]\n  vars: {va: \"has(user.a) && user.a\", vb: \"has(user.b) && user.b\"}\n  rules:\n    - {id: r, effect: allow, actions: [read], " + when + "}\n"
	}
	for _, tt := range []struct {
		name, rule string
		users      []string
		unit, want string
	}{
		{"nothing asked", rule("when: vars.va"), nil, "p/r", "0=0+0+0; vars.va 0/0/0"},
		{"one outcome shows nothing", rule("when: vars.va"), []string{"a", "ab"}, "p/r", "2=2+0+0; vars.va 2/0/0"},
		{"both outcomes of one atom", rule("when: vars.va"), []string{"a", "b"}, "p/r", "2=1+1+0; vars.va 1/1/0 c0-c1"},
		{"&& needs three", rule("when: vars.va && vars.vb"), []string{"ab", "a"}, "p/r", "2=1+1+0; vars.va 2/0/0; vars.vb 1/1/0 c0-c1"},
		{"&& with three", rule("when: vars.va && vars.vb"), []string{"ab", "a", "b"}, "p/r", "3=1+2+0; vars.va 2/1/0 c0-c2; vars.vb 1/1/0 c0-c1"},
		{"|| masks what is behind it", rule("when: vars.va || vars.vb"), []string{"ab", "a"}, "p/r", "2=2+0+0; vars.va 2/0/0; vars.vb 0/0/0"},
		{"|| with three", rule("when: vars.va || vars.vb"), []string{"a", "b", "nota"}, "p/r", "3=2+1+0; vars.va 1/2/0 c0-c2; vars.vb 1/1/0 c1-c2"},
		{"two that change at once show nothing", rule("when: vars.va == vars.vb && user.must == 'x'"), []string{"ab", "a"}, "p/r", "2=1+1+0; vars.va == vars.vb 1/1/0 c0-c1; user.must == 'x' 1/0/0"},
		{"! is looked through", rule("when: '!(vars.va || vars.vb)'"), []string{"nota", "a", "b"}, "p/r", "3=1+2+0; vars.va 1/2/0 c1-c0; vars.vb 1/1/0 c2-c0"},
		{"?: is looked through", rule("when: 'vars.va ? vars.vb : user.must == \"y\"'"), []string{"ab", "a", "b"}, "p/r", "3=1+2+0; vars.va 2/1/0 c0-c2; vars.vb 1/1/0 c0-c1; user.must == \"y\" 0/1/0"},
		{"a constant is no atom", rule("when: vars.va && 1 < 2"), []string{"a"}, "p/r", "1=1+0+0; vars.va 1/0/0"},
		{"roles and scopes are atoms", rule("roles: [admin], scopes: [s1], when: vars.va"), []string{"admin", "scopeless", "a"}, "p/r",
			"3=1+2+0; roles: admin 2/1/0 c0-c2; vars.va 2/0/0; scopes: s1 1/1/0 c0-c1"},
		{"without a condition", rule("roles: [admin]"), []string{"admin", "a"}, "p/r", "2=1+1+0; roles: admin 1/1/0 c0-c1"},
		{"an error is seen and shows nothing", rule("when: \"has(user.b) ? user.b : 1 / 0 == 1\""), []string{"none", "b", "a"}, "p/r",
			"3=1+1+1; has(user.b) 2/1/0; user.b 1/1/0 c1-c2"},
		{"an atom that fails", rule("when: 'int(user.id) > 3 && vars.va'"), []string{"a", "b"}, "p/r", "2=0+1+1; int(user.id) > 3 0/0/2; vars.va 1/1/0"},
		{"a variable is a unit", rule("when: vars.va"), []string{"a", "b", "none"}, "p: vars.va", "3=1+2+0; has(user.a) 2/1/0 c0-c2; user.a 1/1/0 c0-c1"},
		{"a variable that is not reached is not evaluated", rule("when: vars.va && vars.vb"), []string{"nota"}, "p: vars.vb", "0=0+0+0; has(user.b) 0/0/0; user.b 0/0/0"},
		{"a candidate that is not asked", rule("when: vars.va"), []string{"nobody"}, "p/r", "0=0+0+0; vars.va 0/0/0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cases := asking(tt.users...)
			if len(cases) == 0 {
				cases = []string{"user: a, resource: p, action: read, expect: deny"}
			}
			for i := range cases {
				cases[i] = strings.Replace(cases[i], "user: nobody", "user: anonymous", 1)
			}
			for _, workers := range []int{1, 2} {
				report, _ := recorded(t, tt.rule, workers, cases...)
				if got := told(report, tt.unit); got != tt.want {
					t.Errorf("%d workers: %s\nwant %s", workers, got, tt.want)
				}
			}
		})
	}
}

// TestPhases: coverage follows the decision. Allow rules are not asked behind a
// deny rule that matched or failed, nor any rule behind a missing attribute.
func TestPhases(t *testing.T) {
	rules := `  resources: [order]
  rules:
    - {id: stop, effect: deny, when: "has(user.b) ? user.b : false"}
    - {id: go, effect: allow, actions: [read], when: "has(user.a) && user.a && user.must == 'x'"}
    - {id: trial, effect: deny, mode: shadow, until: 2099-01-01, when: "has(user.a) && user.a"}
`
	report, results := recorded(t, rules, 1, asking("a", "ab", "lacking")...)
	for unit, want := range map[string]string{
		"p/stop":  "2=1+1+0; has(user.b) 2/0/0; user.b 1/1/0 c1-c0",
		"p/go":    "1=1+0+0; has(user.a) 1/0/0; user.a 1/0/0; user.must == 'x' 1/0/0",
		"p/trial": "2=2+0+0; has(user.a) 2/0/0; user.a 2/0/0",
	} {
		if got := told(report, unit); got != want {
			t.Errorf("%s: %s, want %s", unit, got, want)
		}
	}
	if got := report.Summary; got.Rules != (Ratio{3, 3, 100}) || got.Conditions != (Ratio{8, 14, 100 * 8. / 14}) || got.MCDC != (Ratio{1, 7, 100. / 7}) {
		t.Errorf("%+v", got)
	}
	if results[2].Decision.Reason != engine.ReasonAttributeMissing {
		t.Errorf("%+v", results[2].Decision)
	}
}

// TestDecided: of several rules that match, one decides; who was first to match
// is named.
func TestDecided(t *testing.T) {
	rules := "  resources: [order]\n  rules:\n    - {id: one, effect: allow, actions: [read], when: \"has(user.a) && user.a\"}\n    - {id: two, effect: allow, actions: [read]}\n"
	report, _ := recorded(t, rules, 1, asking("b", "a", "ab")...)
	var got []string
	for _, u := range report.Units {
		got = append(got, fmt.Sprintf("%s %d %d by %s", u.Name, u.Decided, u.Matched, u.MatchedBy))
	}
	if g := strings.Join(got, ", "); g != "p/one 2 2 by t/c1, p/two 1 3 by t/c0" {
		t.Error(g)
	}
}

// TestFailedDeny: behind a deny rule that failed no allow rule is asked, as the
// decision asks none.
func TestFailedDeny(t *testing.T) {
	rules := `  resources: [order]
  rules:
    - {id: stop, effect: deny, when: "int(user.id) > 3"}
    - {id: go, effect: allow, actions: [read], when: "user.must == 'x'"}
`
	report, results := recorded(t, rules, 1, "user: a, resource: o, action: read, expect: {effect: deny, reason: eval_error, errors: 1}")
	if got := told(report, "p/stop") + " | " + told(report, "p/go"); got != "1=0+0+1; int(user.id) > 3 0/0/1 | 0=0+0+0; user.must == 'x' 0/0/0" || !results[0].Passed() {
		t.Errorf("%s, passed %t", got, results[0].Passed())
	}
}

// TestUntouched: what no case is about.
func TestUntouched(t *testing.T) {
	rules := "  resources: [order]\n  rules: [{id: go, effect: allow, actions: [\"*\"]}]\n"
	report, _ := recorded(t, rules, 1, "user: a, request: GET /orders/1, expect: allow", "user: a, request: GET /refused, expect: deny", "user: b, resource: p, action: read, expect: deny")
	var got []string
	for _, r := range report.Routes {
		got = append(got, "route "+r.Resource+" "+r.Action)
	}
	for _, a := range report.Actions {
		got = append(got, "action "+a.Resource+" "+a.Action)
	}
	for _, f := range report.Unused {
		got = append(got, f.Kind+" "+f.Name)
	}
	want := "route order list, action order list, action order never, user none, user ab, user nota, user admin, user scopeless, user lacking, resource o, resource spare"
	if g := strings.Join(got, ", "); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
}

// TestOnly: which pairs of evaluations show the effect of an atom.
func TestOnly(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		at   int
		ok   bool
	}{
		{"T", "F", 0, true}, {"TT", "TF", 1, true}, {"TF", "TF", -1, false}, {"TT", "FF", 0, false}, {"T-", "FT", 0, true}, {"TTE", "TFE", 1, true}, {"TE", "FT", 0, false}, {"ET", "TT", 0, false}, {"--", "TT", -1, false},
	} {
		read := func(s string) []plan.Outcome {
			var out []plan.Outcome
			for _, r := range s {
				out = append(out, plan.Outcome(strings.IndexRune("-FTE", r)))
			}
			return out
		}
		for _, swap := range []bool{false, true} {
			x, y := read(tt.a), read(tt.b)
			if swap {
				x, y = y, x
			}
			at, ok := only(x, y)
			if ok != tt.ok || ok && at != tt.at {
				t.Errorf("%s %s: %d %t", tt.a, tt.b, at, ok)
			}
		}
	}
}

// TestObserved: with coverage every case comes to the same as without, and a
// rule is said to have matched exactly as often as decisions say so.
func TestObserved(t *testing.T) {
	rules := `  resources: [order]
  vars: {va: "has(user.a) && user.a", vb: "!has(user.b) || user.b"}
  rules:
    - {id: stop, effect: deny, when: "has(user.b) && user.b && !vars.va"}
    - {id: one, effect: allow, actions: [read], when: "vars.va == vars.vb || user.roles.exists(r, r == 'admin')"}
    - {id: two, effect: allow, actions: [read], any_scope: [s1], when: "vars.va"}
    - {id: three, effect: allow, actions: [read], when: "(vars.vb ? [1, 2] : [3]).size() > 1 && user.id.startsWith('a')"}
`
	var cases []string
	for _, u := range []string{"none", "a", "ab", "b", "nota", "admin", "scopeless", "lacking", "anonymous"} {
		cases = append(cases, asking(u)...)
	}
	report, results := recorded(t, rules, 2, cases...)
	matched := map[string]int{}
	for _, r := range results {
		if r.Wrong != "" {
			t.Fatal(errors.New(r.Wrong))
		}
		for _, m := range r.Decision.Matched {
			matched[m.String()]++
		}
		plainly := r.Case.Run()
		if a, b := fmt.Sprint(r.Decision), fmt.Sprint(plainly.Decision); a != b {
			t.Errorf("%s: %s with coverage, %s without", r.Case.FullName(), a, b)
		}
	}
	asked := 0
	for _, u := range report.Units {
		if u.Kind == "rule" {
			asked++
			if u.Matched != matched[u.Name] {
				t.Errorf("%s matched %d times, decisions say %d", u.Name, u.Matched, matched[u.Name])
			}
		}
	}
	if asked != 4 || matched["p/one"] == 0 || matched["p/stop"] == 0 || matched["p/three"] == 0 {
		t.Errorf("%d rules, matched %v", asked, matched)
	}
}

// TestMostVectors: at the bound evaluations are still told apart; those beyond
// are counted and prove nothing, and known ones go on being counted.
func TestMostVectors(t *testing.T) {
	var x tally
	for i := range maxVectors + 5 {
		x.add([]byte{byte(i), byte(i >> 8), byte(plan.True)}, i)
	}
	x.add([]byte{0, 0, byte(plan.True)}, 0)
	if len(x.vectors) != maxVectors || x.beyond != 5 || x.vectors[string([]byte{0, 0, byte(plan.True)})].count != 2 {
		t.Errorf("%d told apart, %d beyond", len(x.vectors), x.beyond)
	}
	r := &Recorder{units: []*unit{{}}, collectors: []*collector{{tallies: []tally{x}}, {tallies: []tally{x}}}}
	if got := r.merged(0); got.beyond != 10 || len(got.vectors) != maxVectors || got.vectors[string([]byte{0, 0, byte(plan.True)})].count != 4 {
		t.Errorf("together %d told apart, %d beyond", len(got.vectors), got.beyond)
	}
}

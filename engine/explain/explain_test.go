package explain

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/examples"
	"github.com/gwctl/gwctl/policy"
)

func compile(t testing.TB, files []policy.File) *engine.Set {
	t.Helper()
	src, found := policy.Load(files)
	if !found.HasErrors() {
		var set *engine.Set
		if set, found = engine.Compile(src); set != nil {
			return set
		}
	}
	t.Fatal(found)
	return nil
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// consistent checks an explanation against the decision that it explains.
func consistent(t *testing.T, x Explanation, r *engine.Request) {
	t.Helper()
	d := x.Decision
	deny, allow := r.Candidates()
	if len(x.Rules) != len(deny)+len(allow) {
		t.Errorf("%d rules explained, %d are candidates", len(x.Rules), len(deny)+len(allow))
	}
	if x.Step == "" || x.Inputs == nil || len(x.Inputs) != len(r.Reads().Slots) {
		t.Errorf("step %q, %d inputs of %d", x.Step, len(x.Inputs), len(r.Reads().Slots))
	}
	has := func(list []engine.RuleRef, name string) bool {
		return slices.ContainsFunc(list, func(ref engine.RuleRef) bool { return ref.String() == name })
	}
	deciding := 0
	for _, rule := range x.Rules {
		failed := slices.ContainsFunc(d.Errors, func(e engine.RuleError) bool { return e.Rule.String() == rule.Rule })
		if (rule.Outcome == "matched") != has(d.Matched, rule.Rule) || (rule.Outcome == "error") != failed {
			t.Errorf("%s is %s; matched %v, errors %v", rule.Rule, rule.Outcome, d.Matched, d.Errors)
		}
		if !slices.Contains([]string{"matched", "not_matched", "error", "not_evaluated"}, rule.Outcome) || (rule.Why == "") != (rule.Outcome == "matched") {
			t.Errorf("%s is %s because %q", rule.Rule, rule.Outcome, rule.Why)
		}
		if evaluated := rule.Outcome != "not_evaluated"; !evaluated && len(rule.Parts) > 0 {
			t.Errorf("%s is not evaluated and has values", rule.Rule)
		}
		if rule.Decides {
			deciding++
		}
		if rule.Decides != (rule.Rule == d.Rule.String()) || rule.Position == "" || rule.Effect != "allow" && rule.Effect != "deny" {
			t.Errorf("%+v in a decision by %s", rule, d.Rule)
		}
	}
	if (deciding == 1) != !d.Rule.IsZero() {
		t.Errorf("%d rules decide", deciding)
	}
}

// TestExamples: for every case of every example the explanation is of the very
// decision that the set makes.
func TestExamples(t *testing.T) {
	for name, dir := range map[string]fs.FS{"quickstart": examples.Quickstart()} {
		var files []policy.File
		err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
				return err
			}
			data, err := fs.ReadFile(dir, path)
			files = append(files, policy.File{Path: path, Data: data})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		set, asked := compile(t, files), 0
		for _, s := range set.Source().Suites {
			bind := func(user string, r *engine.Request) *engine.Request { return bound(set, s, user, r) }
			for _, c := range s.Cases {
				if c.Request == nil {
					continue
				}
				request := func() *engine.Request { return bind(c.User.Value(), routed(t, set, c.Request)) }
				compare(t, name+"/"+c.Name.Value(), set, request)
				asked++
			}
			for _, m := range s.Matrix {
				for _, cell := range m.Cells {
					request := func() *engine.Request { return bind(cell.User, fixture(set, s, cell.Resource, cell.Action)) }
					compare(t, name+"/"+cell.User+" "+cell.Action+" "+cell.Resource, set, request)
					asked++
				}
			}
		}
		if asked == 0 {
			t.Errorf("%s asks nothing", name)
		}
	}
}

func compare(t *testing.T, name string, set *engine.Set, request func() *engine.Request) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		r := request()
		x := Explain(set, r)
		if got, want := asJSON(t, x.Decision), asJSON(t, set.Decide(request())); got != want {
			t.Errorf("explained %s\ndecided   %s", got, want)
		}
		consistent(t, x, r)
	})
}

func routed(t testing.TB, set *engine.Set, spec *policy.RequestSpec) *engine.Request {
	t.Helper()
	query, err := url.ParseQuery(spec.Query)
	if err != nil {
		t.Fatal(err)
	}
	h := engine.HTTP{Method: spec.Method, Host: spec.Host, Path: spec.Path, Query: query, Headers: map[string][]string{}, ClientIP: netip.MustParseAddr("192.0.2.10")}
	if trimmed := strings.Trim(spec.Path, "/"); trimmed != "" {
		h.Segments = strings.Split(trimmed, "/")
	}
	return set.HTTPRequest(h)
}

func fixture(set *engine.Set, s *policy.TestSuite, name, action string) *engine.Request {
	i := slices.IndexFunc(s.Resources, func(f policy.Fixture) bool { return f.Name.Value() == name })
	r := set.DirectRequest(s.Resources[i].Type.Value(), action)
	for _, e := range s.Resources[i].Fields {
		r.Supply(slot.Fixture, slot.Resource, e.Key.Value(), slot.FromValue(e.Value))
	}
	return r
}

func bound(set *engine.Set, s *policy.TestSuite, user string, r *engine.Request) *engine.Request {
	r.SetTime(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC))
	users := slices.Clone(s.Users)
	for _, d := range set.Source().Directories {
		users = append(users, d.Users...)
	}
	i := slices.IndexFunc(users, func(f policy.Fixture) bool { return f.Name.Value() == user })
	if i < 0 || users[i].Anonymous {
		return r
	}
	r.Authenticate(engine.Principal{Method: "fixture", Type: "human"})
	for _, e := range users[i].Fields {
		if e.Key.Value() != "type" {
			r.Supply(slot.Fixture, slot.User, e.Key.Value(), slot.FromValue(e.Value))
		}
	}
	return r
}

const small = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec: {user: {a: {type: bool, optional: true}, b: {type: bool, optional: true}, must: {type: string}}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}, list: {}, delete: {}, lonely: {}}
  routes: [{route: "GET /orders/{id}", action: read}]
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [order]
  vars: {not_a: "has(user.a) && !user.a"}
  rules:
    - {id: stop, effect: deny, actions: [read, list], when: "has(user.b) && user.b"}
    - {id: role, effect: allow, actions: [read], roles: [admin], when: "has(user.a) && user.a"}
    - {id: scope, effect: allow, actions: [read], scopes: [s1], when: "has(user.a) && user.a"}
    - {id: var, effect: allow, actions: [read], when: vars.not_a}
    - {id: always, effect: allow, actions: [list], anonymous: true}
    - {id: needs, effect: allow, actions: [delete], when: user.must == 'x'}
    - {id: never, effect: deny, actions: [delete], when: "has(user.a) ? user.a : 1 / 0 == 1"}
`

// TestExplain: what each rule came to, which step decided, and what to do.
func TestExplain(t *testing.T) {
	set := compile(t, []policy.File{{Path: "set.yaml", Data: []byte(small)}})
	user := func(r *engine.Request, given ...string) *engine.Request {
		r.Authenticate(engine.Principal{Method: "jwt", Type: "human"})
		for _, g := range given {
			name, text, _ := strings.Cut(g, "=")
			switch {
			case text == "?":
				r.Fail(slot.User, name, errors.New("time-out"))
			case name == "roles" || name == "scopes":
				r.Supply(slot.Credential, slot.User, name, slot.Strings([]string{text}))
			default:
				r.Supply(slot.Credential, slot.User, name, slot.Plain(text))
			}
		}
		return r
	}
	direct := func(action string) *engine.Request { return set.DirectRequest("order", action) }
	route := func(method, path string) *engine.Request {
		return set.HTTPRequest(engine.HTTP{Method: method, Path: path, Segments: strings.Split(path[1:], "/")})
	}
	for _, tt := range []struct {
		name       string
		request    *engine.Request
		step, next string
		rules      string
	}{
		{"no route", user(route("GET", "/nowhere")), "step 1: no route", "add a route to a Resource", ""},
		{"no method", user(route("PUT", "/orders/1")), "step 1: the path is routed", "routed methods: GET", ""},
		{"missing", user(direct("delete")), "step 2: user.must", "", "never not_evaluated needs not_evaluated"},
		{"denied", user(direct("read"), "a=true", "b=true"), "step 3: deny rule p/stop matched", "", "stop matched role not_evaluated scope not_evaluated var not_evaluated"},
		{"failed", user(direct("delete"), "must=x"), "step 3: deny rule p/never could not be evaluated", "", "never error needs not_evaluated"},
		{"unavailable deny", user(direct("delete"), "must=x", "a=?"), "step 3: deny rule p/never could not be evaluated", "", "never error needs not_evaluated"},
		{"allowed", user(direct("read"), "a=true", "roles=admin"), "step 4: allow rule p/role matched", "", "stop not_matched role matched scope not_matched var not_matched"},
		{"variable", user(direct("read"), "a=false"), "step 4: allow rule p/var matched", "", "stop not_matched role not_matched scope not_matched var matched"},
		{"scope", user(direct("read"), "a=true"), "step 5: all that was missing is a scope", "scopes wanted: s1", "stop not_matched role not_matched scope not_matched var not_matched"},
		{"unavailable", user(direct("read"), "a=?"), "step 5: an attribute was unavailable", "try again when its source answers", "stop not_matched role not_matched scope error var error"},
		{"roles unavailable", user(direct("read"), "a=true", "roles=?"), "step 5: an attribute was unavailable", "try again when its source answers", "stop not_matched role error scope not_matched var not_matched"},
		{"anonymous", direct("read"), "step 5: no rule allows this to an anonymous user", "send a token", "stop not_matched role not_evaluated scope not_evaluated var not_evaluated"},
		{"anonymous and allowed", direct("list"), "step 4: allow rule p/always matched", "", "stop not_matched always matched"},
		{"no allow rule", user(direct("lonely")), "step 5: no allow rule speaks", "add an allow rule for it", ""},
		{"nothing matched", user(direct("delete"), "must=y", "a=false"), "step 5: no allow rule matched", "", "never not_matched needs not_matched"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := Explain(set, tt.request)
			var rules []string
			for _, r := range x.Rules {
				rules = append(rules, strings.TrimPrefix(r.Rule, "p/"), r.Outcome)
			}
			if !strings.HasPrefix(x.Step, tt.step) || x.Next != tt.next || strings.Join(rules, " ") != tt.rules {
				t.Errorf("step %q, next %q, rules %q", x.Step, x.Next, rules)
			}
			consistent(t, x, tt.request)
		})
	}
}

// TestExplainParts: values of the parts, the variables that were read, and the
// inputs with their states.
func TestExplainParts(t *testing.T) {
	set := compile(t, []policy.File{{Path: "set.yaml", Data: []byte(small)}})
	r := set.DirectRequest("order", "read")
	r.Authenticate(engine.Principal{Method: "jwt", Type: "human"})
	r.Supply(slot.Credential, slot.User, "a", slot.Plain("false"))
	r.Fail(slot.User, "b", errors.New("time-out after 1s"))
	x := Explain(set, r)
	byName := map[string]Rule{}
	for _, rule := range x.Rules {
		byName[rule.Rule] = rule
	}
	if v := byName["p/var"]; len(v.Vars) != 0 || v.When != "vars.not_a" {
		t.Errorf("%+v: the deny rule failed before it", v)
	}
	if s := byName["p/stop"]; s.Outcome != "error" || len(s.Parts) == 0 || !strings.Contains(s.Why, "user.b") {
		t.Errorf("%+v", s)
	}
	inputs := map[string]Input{}
	for _, in := range x.Inputs {
		inputs[in.Name] = in
	}
	if in := inputs["user.a"]; in.State != "present" || in.Value != "false" {
		t.Errorf("%+v", in)
	}
	if in := inputs["user.b"]; in.State != "unavailable" || in.Value != "" || in.Why != "time-out after 1s" {
		t.Errorf("%+v", in)
	}
	if _, ok := inputs["user.must"]; ok {
		t.Error("an input that no candidate reads")
	}
	r = set.DirectRequest("order", "read")
	r.Authenticate(engine.Principal{Method: "jwt", Type: "human"})
	r.Supply(slot.Credential, slot.User, "a", slot.Plain("false"))
	x = Explain(set, r)
	v := x.Rules[len(x.Rules)-1]
	if v.Rule != "p/var" || len(v.Vars) != 1 || v.Vars[0].Name != "not_a" || v.Vars[0].Source != "has(user.a) && !user.a" || len(v.Vars[0].Parts) == 0 || v.Vars[0].Parts[0].Value != "true" {
		t.Errorf("%+v", v)
	}
}

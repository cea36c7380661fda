package suite

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// recordOf makes the record of a case as the sidecar would write it, and masks
// the inputs that are named.
func recordOf(t *testing.T, r *Runner, c *Case, masked ...string) *record.Event {
	t.Helper()
	req, err := c.Bind()
	if err != nil {
		t.Fatal(err)
	}
	d := r.set.Decide(req)
	e := &record.Event{Kind: record.KindDecision, DecisionID: "0198-ABC/\n# x: {y", Time: time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC), Decision: &d, SourceIP: "192.0.2.1"}
	if spec := c.Request(); spec != nil {
		e.HTTP = &record.HTTP{Method: spec.Method, Host: spec.Host, Path: spec.Path}
	}
	if id, state := req.Values().Get(slot.UserID); state == slot.Present {
		e.Subject, e.Method = id.Str(), "jwt"
	}
	for _, i := range req.Reads().Slots {
		attr := req.Values().Layout().Attr(i)
		v, state := req.Values().Get(i)
		in := record.Input{Name: attr.FullName(), State: record.StateAbsent}
		switch state {
		case slot.Present:
			in.State, in.Value = record.StatePresent, json.RawMessage(v.AppendJSON(nil))
		case slot.Unavailable:
			in.State = record.StateUnavailable
		}
		if slices.Contains(masked, in.Name) {
			in.Masked, in.Value = true, nil
		}
		e.Inputs = append(e.Inputs, in)
	}
	return e
}

// TestFromRecord: a case that was recorded and read back decides as it did.
func TestFromRecord(t *testing.T) {
	r := cases(t,
		"name: http, user: alice, request: GET /orders/1, delivers: {owner: alice}, expect: {effect: allow, rule: p/owner}",
		"name: direct, user: root, resource: other, action: delete, expect: allow",
		"name: anonymous, user: nobody, request: GET /orders/1, expect: deny",
		"name: region, user: alice, request: GET /orders/1, env: {region: us}, expect: deny",
		"name: away, user: root, request: GET /orders/1, delivers: unavailable, expect: {effect: allow, errors: 1}",
		"name: no route, user: alice, request: PUT /orders/1, expect: deny",
		"name: broken, user: bare, resource: other, action: read, expect: {effect: deny, errors: 1}")
	for _, c := range r.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			e := recordOf(t, r, c)
			out, err := r.FromRecord(e)
			if err != nil {
				t.Fatal(err)
			}
			src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(set)}, {Path: "r_test.yaml", Data: []byte(out.YAML)}})
			if found.HasErrors() {
				t.Fatalf("%v in\n%s", found, out.YAML)
			}
			again, found := engine.Compile(src)
			if again == nil {
				t.Fatalf("%v in\n%s", found, out.YAML)
			}
			m, _ := mapping.New(again, nil)
			results := NewRunner(again, read, m).all(nil)
			if len(results) != 1 || !results[0].Passed() || results[0].Case.Suite != out.Name {
				t.Fatalf("%d results: %s\n%s", len(results), says(results[0]), out.YAML)
			}
			if got := results[0].Decision; got.Reason != e.Decision.Reason || got.Rule != e.Decision.Rule {
				t.Errorf("%+v, recorded %+v", got, e.Decision)
			}
		})
	}
}

// TestStandIns: what a record withholds gets a value of its type, and is told.
func TestStandIns(t *testing.T) {
	r := cases(t, "name: x, user: root, resource: other, action: read, expect: allow")
	out, err := r.FromRecord(recordOf(t, r, r.Cases()[0], "user.level", "env.region", "resource.owner"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"level: 0", `region: "eu"`, `owner: "withheld"`, "# user.level is a stand-in"} {
		if !strings.Contains(out.YAML, want) {
			t.Errorf("no %q in\n%s", want, out.YAML)
		}
	}
	if len(out.Notes) != 3 || strings.Contains(out.YAML, "bob") {
		t.Errorf("%q\n%s", out.Notes, out.YAML)
	}
	for _, wrong := range []*record.Event{{Kind: record.KindAuthnFailure}, {Kind: record.KindDecision}, {Kind: record.KindDecision, Decision: &engine.Decision{}}} {
		if out, err := r.FromRecord(wrong); err == nil {
			t.Errorf("%+v became\n%s", wrong, out.YAML)
		}
	}
}

// TestWithheldPath: a value that is withheld stands nowhere in the case, not
// even in the path that it came from, and the case can still be asked.
func TestWithheldPath(t *testing.T) {
	r := cases(t, "name: x, user: alice, request: GET /tenants/acme/orders/1, delivers: {owner: alice}, expect: allow")
	e := recordOf(t, r, r.Cases()[0])
	e.Inputs = append(e.Inputs, record.Input{Name: "resource.tenant", State: record.StatePresent, Masked: true}, record.Input{Name: "resource.id", State: record.StatePresent, Value: json.RawMessage(`"1"`)})
	out, err := r.FromRecord(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.YAML, "acme") || !strings.Contains(out.YAML, `path: "/tenants/withheld/orders/1"`) || strings.Contains(out.YAML, "tenant:") || e.HTTP.Path != "/tenants/acme/orders/1" {
		t.Error(out.YAML)
	}
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(strings.Replace(set, "tenant: {type: string, optional: true,", "tenant: {type: string, optional: true, sensitive: true,", 1))}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	sensitive, _ := engine.Compile(src)
	e.Inputs = nil // no rule has read it
	if out, err = r.Over(sensitive).FromRecord(e); err != nil || strings.Contains(out.YAML, "acme") || !strings.Contains(out.YAML, `path: "/tenants/withheld/orders/1"`) {
		t.Errorf("%v\n%s", err, out.YAML)
	}
	for _, tt := range []struct{ text, pattern, separator, want string }{
		{"/a/b/c", "/a/{x}/c", "/", "/a/V/c"}, {"/a/b/c", "/a/{x...}", "/", "/a/V"}, {"/a/b", "/a/{y}", "/", ""}, {"/a", "/a/{x...}", "/", ""}, {"acme.example.com", "{x}.example.com", ".", "V.example.com"}, {"h", "", ".", ""},
	} {
		got, ok := replaced(tt.text, tt.pattern, tt.separator, "x", "V")
		if ok != (tt.want != "") || ok && got != tt.want || !ok && got != tt.text {
			t.Errorf("%s of %s: %s, %t", tt.text, tt.pattern, got, ok)
		}
	}
}

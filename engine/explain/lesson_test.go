package explain

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

const taught = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec: {user: {a: {type: bool, optional: true}, n: {type: int, optional: true}, far: {type: int, optional: true}}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec: {actions: {read: {}}}
---
apiVersion: gwctl.dev/v1
kind: Library
metadata: {name: common}
spec: {vars: {large: "has(user.n) && user.n > 5"}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [order]
  imports: [common]
  vars: {is_a: "has(user.a) && user.a"}
  rules:
    - {id: stop, effect: deny, when: "has(user.n) && user.n == 13", reason: {code: unlucky}}
    - {id: other, effect: deny, when: "has(user.n) && user.n == 7", reason: {code: lucky}}
    - {id: both, effect: allow, actions: [read], when: "vars.is_a && common.large"}
    - {id: role, effect: allow, actions: [read], roles: [admin]}
    - {id: negated, effect: allow, actions: [read], when: "!(has(user.n) || vars.is_a) && user.id == 'x'"}
    - {id: scoped, effect: allow, actions: [read], scopes: [s1], when: "has(user.n) && user.n == 6"}
    - {id: long, effect: allow, actions: [read], when: "has(user.far) && user.far > 1 && user.far > 2 && user.far > 3"}
    - {id: called, effect: allow, actions: [read], when: "!has(user.n) && user.id.startsWith('x')"}
    - {id: trial, effect: allow, mode: shadow, until: 2099-01-01, actions: [read], when: "has(user.far) && user.far > 1 && user.far > 2 && user.far > 2 && user.far > 9"}
`

// TestLessons: which rules a surprised reader is shown, and what stopped each.
func TestLessons(t *testing.T) {
	set := compile(t, []policy.File{{Path: "set.yaml", Data: []byte(taught)}})
	for _, tt := range []struct {
		name         string
		user         []string // nil is anonymous
		wanted       engine.Effect
		rule, reason string
		want         string
	}{
		{"an unexpected deny: the variable and what it is made of", []string{"a=true", "n=3"}, engine.Allow, "", "",
			"the nearest allow rule p/both: common.large is false"},
		{"the nearest is the one that lacks scopes alone", []string{"n=6", "scopes=s2"}, engine.Allow, "", "",
			"the nearest allow rule p/scoped: the user lacks the scope s1"},
		{"the nearest is the one of which most holds, and never a shadow rule", []string{"far=3"}, engine.Allow, "", "",
			"the nearest allow rule p/long: user.far > 3 is false: user.far is 3"},
		{"what a function is called on", []string{"far=1"}, engine.Allow, "p/called", "",
			"the rule that was expected to decide p/called: user.id.startsWith(\"x\") is false: user.id is \"u\"; the nearest allow rule p/long: user.far > 1 is false: user.far is 1"},
		{"an unexpected allow", []string{"a=true", "n=8"}, engine.Deny, "", "", "the rule that let it in p/both"},
		{"an unexpected deny by a rule", []string{"a=true", "n=13"}, engine.Allow, "", "",
			"the rule that denied it p/stop; the nearest allow rule p/both: the decision was made before"},
		{"another rule than expected", []string{"roles=admin"}, engine.Allow, "p/both", "",
			"the rule that let it in p/role; the rule that was expected to decide p/both: vars.is_a is false: has(user.a) is false"},
		{"a wrong reason: both", []string{"n=13"}, engine.Deny, "", "lucky",
			"the rule that denied it p/stop; the rule that gives the expected reason p/other: user.n == 7 is false: user.n is 13"},
		{"what is negated", []string{"n=1"}, engine.Allow, "p/negated", "",
			"the rule that was expected to decide p/negated: has(user.n) is true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := set.DirectRequest("order", "read")
			r.Authenticate(engine.Principal{Method: "jwt", Type: "human"})
			r.Supply(slot.Credential, slot.User, "id", slot.Plain("u"))
			for _, g := range tt.user {
				name, text, _ := strings.Cut(g, "=")
				if name == "roles" || name == "scopes" {
					r.Supply(slot.Credential, slot.User, name, slot.Strings([]string{text}))
					continue
				}
				r.Supply(slot.Credential, slot.User, name, slot.Plain(text))
			}
			x := Explain(set, r)
			var got []string
			for _, l := range x.Lessons(tt.wanted, tt.rule, tt.reason) {
				text := l.Title + " " + l.Rule
				if len(l.Stopped) > 0 {
					text += ": " + strings.Join(l.Stopped, ", ")
				}
				if l.Shown == nil || l.Shown.Rule != l.Rule {
					t.Errorf("%s shows %+v", l.Rule, l.Shown)
				}
				got = append(got, text)
			}
			if g := strings.Join(got, "; "); !strings.HasPrefix(g, tt.want) {
				t.Errorf("got  %s\nwant %s", g, tt.want)
			}
		})
	}
}

// TestPlaces: every part stands where its word or sign is, those of variables
// where the variable is declared.
func TestPlaces(t *testing.T) {
	set := compile(t, []policy.File{{Path: "set.yaml", Data: []byte(taught)}})
	r := set.DirectRequest("order", "read")
	r.Authenticate(engine.Principal{Method: "jwt", Type: "human"})
	r.Supply(slot.Credential, slot.User, "id", slot.Plain("u"))
	r.Supply(slot.Credential, slot.User, "a", slot.Plain("true"))
	r.Supply(slot.Credential, slot.User, "n", slot.Plain("3"))
	x := Explain(set, r)
	both := x.rule("p/both")
	lines := strings.Split(taught, "\n")
	at := func(p Part) string { return string([]rune(lines[p.At.Start.Line-1])[p.At.Start.Column-1:]) }
	for i, want := range []string{"&& common.large", "vars.is_a && common", "common.large"} {
		if i >= len(both.Parts) || !strings.HasPrefix(at(both.Parts[i]), want) {
			t.Errorf("part %d of %+v does not stand at %q", i, both.Parts, want)
		}
	}
	for i, want := range []string{"&& user.a", "&& user.n > 5"} {
		if i >= len(both.Vars) || !strings.HasPrefix(at(both.Vars[i].Parts[0]), want) {
			t.Errorf("variable %d of %+v does not stand at %q", i, both.Vars, want)
		}
	}
}

// TestMentions: whole words only.
func TestMentions(t *testing.T) {
	for _, tt := range []struct {
		text, part string
		want       bool
	}{{"user.n == 7", "user.n", true}, {"user.name == 7", "user.n", false}, {"a.user.n == 7", "user.n", false}, {"user.n.x + user.n > 1", "user.n", true}, {"user.n.x", "user.n", false}, {"f(user.n)", "user.n", true}, {"", "user.n", false}} {
		if got := mentions(tt.text, tt.part); got != tt.want {
			t.Errorf("%q in %q: %t", tt.part, tt.text, got)
		}
	}
}

package engine

import (
	"strings"
	"testing"
)

// TestAsk: a condition asked by itself comes to what the decision makes of it,
// as often as one likes, and leaves the decision as it was.
func TestAsk(t *testing.T) {
	s := shopSet(t, policyOf("p", "vars: {mine: 'has(resource.owner) && resource.owner == user.id'}",
		"id: mine, effect: allow, actions: [read], when: vars.mine", "id: fails, effect: allow, actions: [read], when: 1 / user.level == 1",
		"id: plain, effect: allow, actions: [read]", "id: elsewhere, effect: deny, actions: [delete], when: vars.mine"))
	for owner, want := range map[string]bool{"alice": true, "bob": false} {
		r := give(alice(asks(s, "GET /orders/1")), "resource.tenant=acme", "resource.owner="+owner, "user.level=0")
		before := short(s.Decide(r))
		for _, rule := range s.Inspect().Rules {
			expect := want || rule.Ref.Rule == "plain"
			for range 2 {
				ok, err := r.Ask(rule)
				if rule.Ref.Rule == "fails" {
					if err == nil {
						t.Errorf("%s is %t, want an error", rule.Ref, ok)
					}
					continue
				}
				if err != nil || ok != expect {
					t.Errorf("owner %s: %s is %t, want %t: %v", owner, rule.Ref, ok, expect, err)
				}
			}
		}
		if after := short(s.Decide(r)); after != before {
			t.Errorf("decided %s, after asking %s", before, after)
		}
	}
}

// TestAskRefuses a rule that speaks about something else: its condition would
// read other values than it names.
func TestAskRefuses(t *testing.T) {
	const page = "apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: page}\nspec: {actions: {read: {}}, routes: [{route: \"GET /pages/{id}\", action: read}]}"
	docs := []string{page, policyOf("p", "id: a, effect: allow, actions: [read], when: user.id == 'alice'")}
	s, other := shopSet(t, docs...), shopSet(t, docs...)
	rule := s.Inspect().Rules[0]
	for name, r := range map[string]*Request{"another type": asks(s, "GET /pages/1"), "no route": asks(s, "GET /nowhere"), "another set": asks(other, "GET /orders/1"), "nothing": s.NewRequest()} {
		if ok, err := alice(r).Ask(rule); err == nil || ok {
			t.Errorf("%s: %t, %v", name, ok, err)
		}
	}
	if ok, err := alice(asks(s, "GET /orders/1")).Ask(rule); err != nil || !ok {
		t.Errorf("its own: %t, %v", ok, err)
	}
}

// TestLeft: what is left to CEL is named with its place in the file.
func TestLeft(t *testing.T) {
	p := policyOf("p", "vars: {quoted: 'strings.quote(user.id)'}",
		`id: part, effect: allow, actions: [read], when: "user.id == 'x' || strings.quote(user.id) == ''"`,
		"id: variable, effect: allow, actions: [read], when: vars.quoted == ''",
		`id: header, effect: allow, actions: [list], obligations: {set_headers: {X-Who: "'a' + strings.quote(user.id)"}}`,
		"id: none, effect: allow, actions: [read], when: user.id == 'x'")
	lines := strings.Split(shop+"\n---\n"+p, "\n")
	want := map[string]struct {
		offset int
		place  string // what stands there: of a call, its parenthesis
	}{"part": {31, "(user.id) == ''"}, "variable": {-1, "vars.quoted"}, "header": {19, "(user.id)"}}
	for _, rule := range shopSet(t, p).Inspect().Rules {
		w, ok := want[rule.Ref.Rule]
		left := rule.Left()
		if !ok {
			if len(left) > 0 {
				t.Errorf("%s leaves %+v", rule.Ref, left)
			}
			continue
		}
		if len(left) != 1 || left[0].Text != "strings.quote(user.id)" || left[0].Reason == "" || left[0].Offset != w.offset {
			t.Errorf("%s leaves %+v", rule.Ref, left)
			continue
		}
		at := left[0].Span.Start
		if found := lines[at.Line-1][at.Column-1:]; !strings.HasPrefix(found, w.place) {
			t.Errorf("%s: at %s stands %s, want %s", rule.Ref, left[0].Span, found, w.place)
		}
	}
}

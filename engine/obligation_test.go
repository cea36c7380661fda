package engine

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// A header that the deciding rule cannot give denies, and none is sent.
func TestObligationErrorDenies(t *testing.T) {
	const rule = `id: r, effect: allow, actions: [read], obligations: {set_headers: {X-Ok: "'ok'", X-View: "user.?country.orValue('-') + user.groups[0]"}}`
	set := compile(t, shop, policyOf("p", rule))
	for _, tt := range []struct {
		name, country string
		groups        []string
		want          string // the header, or the decision
	}{
		{"a value", "DE", []string{"a"}, "DEa"},
		{"an evaluation error", "DE", []string{}, ""},
		{"a line break", "DE", []string{"a\nX-User-Id: root"}, ""},
		{"a carriage return", "DE", []string{"a\rb"}, ""},
		{"a zero byte", "DE", []string{"a\x00b"}, ""},
		{"a control character", "DE", []string{"a\u0085b"}, ""},
		{"blanks around", "DE", []string{"a "}, ""},
		{"not ASCII", "DE", []string{"größe"}, "DEgröße"},
		{"as long as it may be", "DE", []string{strings.Repeat("a", 1020)}, "DE" + strings.Repeat("a", 1020)},
		{"too long", strings.Repeat("D", 600), []string{strings.Repeat("a", 600)}, ""},
	} {
		r := alice(set.DirectRequest("order", "read"))
		r.Supply(slot.Credential, slot.User, "country", slot.Quoted(tt.country))
		r.Supply(slot.Credential, slot.User, "groups", slot.Strings(tt.groups))
		d := set.Decide(r)
		if tt.want == "" {
			if d.Allowed() || d.Reason != ReasonObligationError || d.HTTPStatus() != 403 || len(d.Obligations) != 0 || len(d.Errors) != 1 || d.Rule.String() != "p/r" {
				t.Errorf("%s: %s %s, obligations %v, errors %v", tt.name, d.Effect, d.Reason, d.Obligations, d.Errors)
			}
			continue
		}
		if !d.Allowed() || len(d.Obligations) != 2 || d.Obligations[1] != (Obligation{Name: "X-View", Value: tt.want}) || len(d.Errors) != 0 {
			t.Errorf("%s: %s %s, obligations %v, errors %v", tt.name, d.Effect, d.Reason, d.Obligations, d.Errors)
		}
	}
}

// What the condition tested need not be tested again in the rule's headers;
// what it did not, must be.
func TestObligationKnowsItsCondition(t *testing.T) {
	rule := func(when string) string {
		return `id: r, effect: allow, actions: [read], when: "` + when + `", obligations: {set_headers: {X-View: user.country}}`
	}
	if found := check(shop+"\n---\n"+policyOf("p", rule("has(user.country) && user.country != 'KP'")), suiteOfNothing); len(found) > 0 {
		t.Errorf("tested: %v", found)
	}
	found := check(shop+"\n---\n"+policyOf("p", rule("user.id != 'x'")), suiteOfNothing)
	if len(found) != 1 || found[0].Code != "unguarded_optional" || marked(found[0]) != "user.country" {
		t.Errorf("not tested: %v", found)
	}
}

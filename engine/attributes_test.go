package engine

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// An attribute that some users do not have is tested before it is read, whether
// it is `optional` or `for` some types of users only; one that all have is not.
func TestReadsOfAttributesThatSomeLack(t *testing.T) {
	set := func(declared, when string) string {
		return "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec: {user: {plan: {type: string" + declared + "}}}\n---\n" +
			"apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: order}\nspec: {actions: {read: {}}}\n---\n" + policyOf("p", allowAll+`, when: "`+when+`"`)
	}
	for _, tt := range []struct{ declared, when, code string }{
		{"", "user.plan == 'pro'", ""},
		{", optional: false", "user.plan == 'pro'", ""},
		{", optional: true", "user.plan == 'pro'", "unguarded_optional"},
		{", for: [human]", "user.plan == 'pro'", "unguarded_optional"},
		{", for: [human]", "user.type == 'human' && user.plan == 'pro'", "unguarded_optional"},
		{", for: [human], optional: true", "user.plan == 'pro'", "unguarded_optional"},
		{", optional: true", "has(user.plan) && user.plan == 'pro'", ""},
		{", for: [human]", "has(user.plan) && user.plan == 'pro'", ""},
		{", for: [human]", "!has(user.plan) || user.plan == 'pro'", ""},
		{", for: [human]", "user.?plan.orValue('free') == 'pro'", ""},
	} {
		found := check(set(tt.declared, tt.when), suiteOfNothing)
		if got := strings.Join(codesOf(found), " "); got != tt.code {
			t.Errorf("plan: {type: string%s}, %s: %q, want %q", tt.declared, tt.when, got, tt.code)
		}
	}
}

// What is required of some types of users is demanded of these only, and of
// nobody where no enforced candidate reads it.
func TestDemandedOfItsUsersOnly(t *testing.T) {
	const reads = `id: r, effect: allow, actions: [read], when: "user.?plan.orValue('pro') == 'pro'"`
	for _, tt := range []struct {
		name, kind, rule, want string
	}{
		{"a type that has it", "human", reads, "deny attribute_missing 403 about user.plan"},
		{"a type that has it not", "service", reads, "allow allowed 200 by p/r"},
		{"no candidate reads it", "human", allowAll, "allow allowed 200 by p/all"},
		{"a shadow rule reads it", "human", allowAll + "\n    - {mode: shadow, until: 2026-06-30, " + reads, "allow allowed 200 by p/all"},
	} {
		rules := []string{tt.rule}
		if first, second, ok := strings.Cut(tt.rule, "\n    - {"); ok {
			rules = []string{first, second}
		}
		set := compile(t, shop, policyOf("p", rules...))
		r := set.DirectRequest("order", "read")
		r.Authenticate(Principal{Method: "jwt", Type: tt.kind})
		r.Supply(slot.Credential, slot.User, "id", slot.Quoted("x"))
		if got := short(set.Decide(r)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A pattern is about the whole value, not a part of it.
func TestPatternIsAboutTheWholeValue(t *testing.T) {
	set := compile(t, strings.Replace(shop, "country: {type: string,", `country: {type: string, pattern: "[A-Z]{2}|[a-z]{3}",`, 1), policyOf("p", allowAll+`, when: has(user.country)`))
	for country, want := range map[string]string{
		"DE": "allow allowed 200 by p/all", "deu": "allow allowed 200 by p/all",
		"DEU": "deny attribute_invalid 403 about user.country", "xDE": "deny attribute_invalid 403 about user.country", "DE\n": "deny attribute_invalid 403 about user.country", "DEdeu": "deny attribute_invalid 403 about user.country",
	} {
		r := alice(set.DirectRequest("order", "read"))
		r.Supply(slot.Credential, slot.User, "country", slot.Quoted(country))
		if got := short(set.Decide(r)); got != want {
			t.Errorf("%q: %s, want %s", country, got, want)
		}
	}
}

func codesOf(found policy.Diagnostics) []string {
	var out []string
	for _, d := range found {
		out = append(out, d.Code)
	}
	return out
}

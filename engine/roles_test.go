package engine

import (
	"fmt"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// TestRolesByNumber: a user holds a role whether it is among those that have a
// number, beyond them, or supplied after the subject was bound.
func TestRolesByNumber(t *testing.T) {
	var rules []string
	for i := range maxRoleBits + 10 {
		rules = append(rules, fmt.Sprintf("id: r%d, effect: allow, actions: [read], roles: [role-%d]", i, i))
	}
	set := shopSet(t, policyOf("p", rules...))
	bind := func(roles ...string) *Subject {
		return set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "id", slot.Quoted("u")}, UserInput{slot.Credential, "roles", slot.Strings(roles)})
	}
	ask := func(s *Subject, given ...string) string {
		r := set.DirectRequest("order", "read")
		r.unindexed = true // every rule is asked
		r.SetSubject(s)
		if given != nil {
			r.Authenticate(Principal{Method: "jwt", Type: "human"})
			r.values.Set(slot.UserRoles, slot.StringsValue(given))
		}
		d := set.Decide(r)
		return d.Reason + " " + d.Rule.Rule
	}
	last := maxRoleBits + 9
	for name, tt := range map[string]struct{ got, want string }{
		"the first":                 {ask(bind("role-0")), "allowed r0"},
		"the last with a number":    {ask(bind("x", fmt.Sprint("role-", maxRoleBits-1))), fmt.Sprint("allowed r", maxRoleBits-1)},
		"one beyond":                {ask(bind(fmt.Sprint("role-", last))), fmt.Sprint("allowed r", last)},
		"both":                      {ask(bind(fmt.Sprint("role-", last), "role-63", "role-64")), "allowed r63"},
		"one that no rule names":    {ask(bind("role-", "role-00", "ROLE-0")), "no_matching_rule "},
		"none":                      {ask(bind()), "no_matching_rule "},
		"nobody":                    {ask(nil), "unauthenticated "},
		"taken away after binding":  {ask(bind("role-7"), "y"), "no_matching_rule "},
		"given after binding":       {ask(bind("y"), "role-7"), "allowed r7"},
		"a subject once more":       {ask(bind("role-8")), "allowed r8"},
		"roles that are no strings": {ask(set.Bind(Principal{Method: "jwt", Type: "human"}, UserInput{slot.Credential, "roles", slot.FromBool(true)})), "attribute_invalid "},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", name, tt.got, tt.want)
		}
	}
}

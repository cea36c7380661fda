package celenv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/index"
)

// spell writes sets of needs as name=value, with ? where absence counts too.
func spell(r *rig, sets [][]index.Need) string {
	var out []string
	for _, set := range sets {
		var needs []string
		for _, n := range set {
			text := fmt.Sprintf("%s=%s", r.scope.layout.Attr(n.Slot).FullName(), n.Value.Text())
			if n.Absent {
				text += "?"
			}
			needs = append(needs, text)
		}
		out = append(out, strings.Join(needs, "|"))
	}
	return strings.Join(out, " & ")
}

// TestNeeds: what can be told of a condition without evaluating it.
func TestNeeds(t *testing.T) {
	r := newRig(t, "admin = 'admin' in user.roles", "german = has(user.country) && user.country == 'DE'")
	for source, want := range map[string]string{
		"user.country == 'DE'":                                  "user.country=DE?",
		"'DE' == user.country":                                  "user.country=DE?",
		"user.country != 'DE'":                                  "",
		"!(user.country == 'DE')":                               "",
		"has(user.country) && user.country == 'DE'":             "user.country=DE",
		"user.country == 'DE' && has(user.country)":             "user.country=DE",
		"has(user.country) || user.country == 'DE'":             "",
		"user.id == 'a' || user.country == 'DE'":                "user.id=a?|user.country=DE?",
		"user.id == 'a' || user.id.size() > 3":                  "",
		"user.id == 'a' && user.id.size() > 3":                  "user.id=a?",
		"'a' in user.tags":                                      "user.tags=a?",
		"user.country in ['DE', 'FR']":                          "user.country=DE?|user.country=FR?",
		"user.plan in consts.paid":                              "user.plan=pro?",
		"user.country in [user.id]":                             "",
		"user.country in []":                                    "",
		"user.flag == true":                                     "user.flag=true?",
		"user.clearance == consts.n":                            "user.clearance=3?",
		"user.score == 1.0":                                     "",
		"'k' in user.labels":                                    "",
		"user.id == resource.owner":                             "",
		"vars.admin":                                            "user.roles=admin?",
		"vars.german && vars.admin":                             "user.country=DE & user.roles=admin?",
		"vars.german || vars.admin":                             "user.country=DE|user.roles=admin?",
		"user.tags.exists(x, x == 'a')":                         "",
		"['a'].exists(x, user.id == x) && request.path == '/a'": "request.path=/a?",
		"has(user.country) && (user.country == 'DE' || user.country == 'FR')": "user.country=DE|user.country=FR",
	} {
		if got := spell(r, r.compile(source, boolean).Needs()); got != want {
			t.Errorf("%s needs %q, want %q", source, got, want)
		}
	}
}

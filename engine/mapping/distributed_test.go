package mapping

import (
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
)

// A claim that the token only points to is not absent: what rests on it cannot
// be used, or a deny rule over groups would not see the groups of a user who has
// too many. What rests on other claims is not touched.
func TestDistributedClaims(t *testing.T) {
	const away = `"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://graph.example/groups"}}`
	for _, tt := range []struct{ line, claims, want string }{
		{"plan: claims.plan", `{"sub":"a","plan":"pro","roles":["r"],` + away + `}`, `groups!invalid id="a" plan="pro" roles=["r"]`},
		{"plan: claims.plan", `{"groups":["g"],` + away + `}`, "groups!invalid"},
		{"plan: claims.plan", `{"groups":["g"],"_claim_names":{}}`, `groups=["g"]`},
		{"plan: claims.plan", `{"groups":["g"],"_claim_names":null}`, `groups=["g"]`},
		{"plan: claims.plan", `{"groups":["g"],"_claim_names":"groups"}`, `groups=["g"]`}, // no such form
		{"plan: claims.plan", `{"tenant":"t","_claim_names":{"tid":"s"}}`, "tenant!invalid"},
		{"roles: claims.groups", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"roles: claims['groups']", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"roles: claims.groups.ids", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"roles: \"claims.groups.filter(g, g != '')\"", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"roles: \"claims['groups'].filter(g, g != '')\"", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"roles: \"claims.?groups.orValue(['none'])\"", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"roles: \"claims[?'groups'].orValue(['none'])\"", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"roles: \"has(claims.groups) ? claims.groups : ['none']\"", `{` + away + `}`, "groups!invalid roles!invalid"},
		{"flag: \"'groups' in claims\"", `{` + away + `}`, "flag!invalid groups!invalid"},
		{"flag: \"claims.exists(name, name == 'groups')\"", `{` + away + `}`, "flag!invalid groups!invalid"},
		{"labels: claims", `{` + away + `}`, "groups!invalid labels!invalid"},
		{"flag: has(claims.plan)", `{"plan":"pro",` + away + `}`, `flag=true groups!invalid plan="pro"`},
		{"flag: has(claims._claim_names)", `{` + away + `}`, "flag=true groups!invalid"},
	} {
		got := strings.Fields(apply(t, tt.claims, tt.line))
		slices.Sort(got)
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s over %s\n gives %s\n  want %s", tt.line, tt.claims, got, tt.want)
		}
	}
}

// The ids of a method with a prefix are its own: nobody else's user can be named
// like one, whoever chooses the sub there.
func TestReservedIDs(t *testing.T) {
	s := compiled(t)
	plain, found := New(s, nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	for _, tt := range []struct {
		own     string
		others  []string
		sub     string
		refused bool
	}{
		{"", []string{"partner:"}, "alice", false},
		{"", []string{"partner:"}, "partner", false},
		{"", []string{"partner:"}, "partner:alice", true},
		{"", []string{"partner:"}, "partner:", true},
		{"", nil, "partner:alice", false},
		{"", []string{""}, "partner:alice", false},
		{"partner:", []string{""}, "alice", false},
		{"partner:", []string{"partner:"}, "partner:alice", false}, // shared on purpose
		{"p:", []string{"p:q:"}, "q:alice", true},
		{"p:", []string{"p:q:"}, "alice", false},
		{"p:q:", []string{"p:"}, "alice", false},
	} {
		in, err := slot.ParseJSON([]byte(`{"sub":"` + tt.sub + `"}`))
		if err != nil {
			t.Fatal(err)
		}
		r := s.DirectRequest("order", "read")
		r.Authenticate(engine.Principal{Method: "jwt"})
		if err := plain.WithIDPrefix(tt.own, tt.others...).Apply(r, in); (err != nil) != tt.refused {
			t.Errorf("%q after %q beside %q: %v, want refused %t", tt.sub, tt.own, tt.others, err, tt.refused)
		}
	}
}

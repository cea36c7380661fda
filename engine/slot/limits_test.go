package slot

import (
	"fmt"
	"strings"
	"testing"
)

// TestLimits takes a value that is as large as may be, and one that is larger
// by one. The default sizes of strings and lists are in TestConvertConstraints.
func TestLimits(t *testing.T) {
	texts := func(n int) Input {
		out := make([]string, n)
		for i := range out {
			out[i] = fmt.Sprint(i)
		}
		return Strings(out)
	}
	entries := func(n int) Input {
		out := make([]InputEntry, n)
		for i := range out {
			out[i] = InputEntry{Key: fmt.Sprint(i), Value: Plain("a")}
		}
		return FromObject(out)
	}
	convert := func(a *Attr, in Input) error {
		_, _, err := a.Convert(in)
		return err
	}
	userList := func(i Index) func(int) error {
		return func(n int) error { return convert(NewLayout().Attr(i), texts(n)) }
	}
	for _, tt := range []struct {
		name string
		take func(n int) error
		most int
	}{
		{"levels of a type", func(n int) error {
			_, err := ParseType(strings.Repeat("list(", n) + "int" + strings.Repeat(")", n))
			return err
		}, maxTypeDepth},
		{"levels of JSON", func(n int) error {
			_, err := ParseJSON([]byte(strings.Repeat("[", n+1) + strings.Repeat("]", n+1)))
			return err
		}, maxJSONDepth},
		{"bytes of a body", func(n int) error {
			_, err := ParseBody([]byte(`{"a":"` + strings.Repeat("b", n-8) + `"}`))
			return err
		}, MaxBodySize},
		{"entries of a map", func(n int) error { return convert(attr(t, "map(string, string)"), entries(n)) }, DefaultMaxEntries},
		{"roles of a user", userList(UserRoles), MaxListFromCredential},
		{"scopes of a user", userList(UserScopes), MaxListFromCredential},
		{"groups of a user", userList(UserGroups), MaxListFromCredential},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.take(tt.most); err != nil {
				t.Errorf("%d: %v", tt.most, err)
			}
			if err := tt.take(tt.most + 1); err == nil {
				t.Errorf("%d is taken", tt.most+1)
			}
		})
	}
}

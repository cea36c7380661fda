package policy

import (
	"fmt"
	"strings"
	"testing"
)

// codesOf loads one test file and gives what is wrong with it, each code once.
func codesOf(t *testing.T, spec string) string {
	t.Helper()
	_, found := Load([]File{{"set.yaml", []byte(globbed)}, {"m_test.yaml", []byte("apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: m}\nspec: {users: {u: {id: u}}, resources: {o: {type: order}}, " + spec + "}\n")}})
	seen := map[string]bool{}
	var out []string
	for _, d := range found {
		if !seen[d.Code] {
			seen[d.Code] = true
			out = append(out, d.Code)
		}
	}
	return strings.Join(out, " ")
}

// TestSuiteLimits stands at each limit of suites and one step beyond.
func TestSuiteLimits(t *testing.T) {
	repeat := func(n int, form string) string {
		var out []string
		for i := range n {
			out = append(out, strings.ReplaceAll(form, "N", fmt.Sprint(i)))
		}
		return strings.Join(out, ", ")
	}
	stars := func(n int) string { // n globs, all of which match the user u
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf("%q", strings.Repeat("*", i+1)+"u"))
		}
		return strings.Join(out, ", ")
	}
	matrix := "matrix: [{users: [%s], resources: [o], actions: [read, list], %sexpect: {%s}}]"
	for _, tt := range []struct {
		name       string
		spec       func(n int) string
		most       int
		at, beyond string
	}{
		{"rows", func(n int) string {
			return "cases: [{name: c, user: u, request: GET /, expect: deny, table: [" + repeat(n, "{name: rN}") + "]}]"
		}, MaxRows, "", "bad_case"},
		{"exclusions", func(n int) string {
			return fmt.Sprintf(matrix, "u", "exclude: ["+repeat(n, "{actions: [list]}")+"], ", "u: deny")
		}, MaxExclusions, "", "matrix_too_large"},
		{"names in an exclusion", func(n int) string {
			return fmt.Sprintf(matrix, "u", "exclude: [{users: [u], actions: [list, "+repeat(n-1, "\"*lN*\"")+"]}], ", "u: deny")
		}, MaxExclusions, "bad_exclusion", "bad_exclusion matrix_too_large"},
		{"globs on an axis", func(n int) string { return fmt.Sprintf(matrix, stars(n), "", "u: deny") }, MaxExclusions, "", "matrix_too_large"},
		{"globs in expectations", func(n int) string {
			return fmt.Sprintf(matrix, "u", "", "u: deny, "+strings.ReplaceAll(stars(n), "u\"", "u\": deny"))
		}, MaxExclusions, "", "matrix_too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := codesOf(t, tt.spec(tt.most)); got != tt.at {
				t.Errorf("at %d: %q, want %q", tt.most, got, tt.at)
			}
			if got := codesOf(t, tt.spec(tt.most+1)); got != tt.beyond {
				t.Errorf("at %d: %q, want %q", tt.most+1, got, tt.beyond)
			}
		})
	}
}

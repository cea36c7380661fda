package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func loadMatrix(t *testing.T, matrices ...string) (*TestSuite, Diagnostics) {
	t.Helper()
	text := "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: m}\nspec:\n  matrix:\n"
	for _, m := range matrices {
		text += "    - {" + m + "}\n"
	}
	set, found := Load([]File{{"m_test.yaml", []byte(text)}})
	if len(set.Suites) != 1 {
		t.Fatalf("no suite: %v", found)
	}
	return set.Suites[0], found
}

func TestMatrix(t *testing.T) {
	const axes = "users: [u, v], resources: [r, s], actions: [x, y], expect: "
	tests := []struct {
		name   string
		matrix string
		want   string // user resource action effect reason
	}{
		{"one effect for all", axes + "deny",
			"urx deny, ury deny, usx deny, usy deny, vrx deny, vry deny, vsx deny, vsy deny"},
		{"one expectation for all", axes + "{effect: deny, reason: no_route}",
			"urx deny no_route, ury deny no_route, usx deny no_route, usy deny no_route, vrx deny no_route, vry deny no_route, vsx deny no_route, vsy deny no_route"},
		{"by user", axes + "{v: allow, u: deny}",
			"urx deny, ury deny, usx deny, usy deny, vrx allow, vry allow, vsx allow, vsy allow"},
		{"by resource", axes + "{u: {s: allow, r: deny}, v: deny}",
			"urx deny, ury deny, usx allow, usy allow, vrx deny, vry deny, vsx deny, vsy deny"},
		{"by action", axes + "{u: {r: {y: deny, x: {effect: allow}}, s: {effect: deny, reason: a}}, v: deny}",
			"urx allow, ury deny, usx deny a, usy deny a, vrx deny, vry deny, vsx deny, vsy deny"},
		{"one of each", "users: [u], resources: [r], actions: [x], expect: {u: {r: {x: allow}}}", "urx allow"},
		{"a name that is a key of expectations", "users: [u], resources: [rule, status], actions: [x], expect: {u: {rule: allow, status: deny}}", "urulex allow, ustatusx deny"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, found := loadMatrix(t, tt.matrix)
			if len(found) != 0 {
				t.Fatalf("found %v", found)
			}
			var got []string
			for _, c := range s.Matrix[0].Cells {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s%s%s %s %s", c.User, c.Resource, c.Action, c.Expect.Effect.Value(), c.Expect.Reason.Value())))
				if c.Expect.Span.Start.Line != 6 {
					t.Errorf("%v: the expectation stands at %v", c, c.Expect.Span)
				}
			}
			if got := strings.Join(got, ", "); got != tt.want {
				t.Errorf("cells %s\n want %s", got, tt.want)
			}
		})
	}
}

// An expectation that is missing at one place takes no other with it.
func TestMatrixGapKeepsTheRest(t *testing.T) {
	s, found := loadMatrix(t, "users: [u, v], resources: [r], actions: [x], expect: {v: allow}")
	if len(found) != 1 || found[0].Code != "matrix_gap" {
		t.Errorf("found %v", found)
	}
	if cells := s.Matrix[0].Cells; len(cells) != 1 || cells[0].User != "v" {
		t.Errorf("cells %v", cells)
	}
}

func TestMatrixSize(t *testing.T) {
	names := func(n int) string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf("n%d", i))
		}
		return strings.Join(out, ", ")
	}
	square := func(n int) string {
		return fmt.Sprintf("users: [%s], resources: [%s], actions: [x], expect: deny", names(n), names(n))
	}
	tests := []struct {
		name     string
		matrices []string
		want     []int // cells of each
	}{
		{"small", []string{square(10)}, []int{100}},
		{"as large as can be", []string{fmt.Sprintf("users: [%s], resources: [%s], actions: [x], expect: deny", names(1000), names(MaxCells/1000))}, []int{MaxCells}},
		{"too large", []string{square(317)}, []int{0}},
		{"too large together", []string{square(250), square(250), square(190)}, []int{62500, 0, 36100}},
		{"beyond any memory", []string{fmt.Sprintf("users: [%[1]s], resources: [%[1]s], actions: [%[1]s], expect: deny", names(5000))}, []int{0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			s, found := loadMatrix(t, tt.matrices...)
			var got []int
			refused := 0
			for _, m := range s.Matrix {
				got = append(got, len(m.Cells))
				if len(m.Cells) == 0 {
					refused++
				}
			}
			if !slices.Equal(got, tt.want) || len(found) != refused {
				t.Errorf("cells %v, want %v; found %v", got, tt.want, found)
			}
			for _, d := range found {
				if d.Code != "matrix_too_large" {
					t.Errorf("found %v", d)
				}
			}
			if took := time.Since(began); took > patience {
				t.Errorf("took %v", took)
			}
		})
	}
}

// As many users as a file can name, each with an expectation of its own.
func TestWideMatrix(t *testing.T) {
	const n = 10000
	var users, expect strings.Builder
	for i := range n {
		fmt.Fprintf(&users, "u%d,", i)
		fmt.Fprintf(&expect, "u%d: deny,", n-1-i)
	}
	began := time.Now()
	s, found := loadMatrix(t, "users: ["+users.String()+"], resources: [r], actions: [x], expect: {"+expect.String()+"}")
	if len(found) != 0 || len(s.Matrix[0].Cells) != n {
		t.Errorf("%d cells, found %v", len(s.Matrix[0].Cells), found)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("took %v", took)
	}
}

// TestMatrixInLargeSet: what a matrix expects is read when the whole set is
// known; what is read of other files meanwhile does not change it.
func TestMatrixInLargeSet(t *testing.T) {
	head := "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: s%d}\nspec:\n  users:\n    u: {id: u}\n  resources:\n    r: {type: order}\n  matrix:\n" +
		"    - users: [u]\n      resources: [r]\n      actions: [a%d]\n      expect: {u: {r: {a%d: allow}}}\n"
	var files []File
	for i := range 60 {
		filling := strings.Repeat("# "+strings.Repeat("x", 70)+"\n", 1500)
		files = append(files, File{Path: fmt.Sprintf("s%02d_test.yaml", i), Data: []byte(fmt.Sprintf(head, i, i, i) + filling)})
	}
	set, found := Load(files)
	if len(found) > 0 || len(set.Suites) != 60 {
		t.Fatalf("%d suites, found %v", len(set.Suites), found)
	}
	for i, s := range set.Suites {
		if cells := s.Matrix[0].Cells; len(cells) != 1 || cells[0].Action != fmt.Sprint("a", i) || cells[0].Expect.Effect.Value() != "allow" {
			t.Errorf("suite %s: %+v", s.Name.Value(), cells)
		}
	}
}

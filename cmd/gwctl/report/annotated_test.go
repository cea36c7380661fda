package report

import (
	"strings"
	"testing"
)

// TestStaircase: every value begins under its column, and nothing crosses.
func TestStaircase(t *testing.T) {
	for _, tt := range []struct {
		name  string
		notes []note
		want  string
	}{
		{"one", []note{{2, "true"}}, "  true"},
		{"room for both", []note{{0, "true"}, {6, "false"}}, "true  false"},
		{"no room", []note{{0, "true"}, {3, "false"}}, "|  false\ntrue"},
		{"three steps", []note{{0, "\"long text\""}, {4, "true"}, {6, "1"}}, "|   | 1\n|   true\n\"long text\""},
		{"a note and a later one beside it", []note{{0, "a"}, {3, "bbbb"}, {5, "c"}}, "|  | c\na  bbbb"},
		{"the outer of two at one place", []note{{1, "x"}, {1, "y"}}, " x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(staircase(tt.notes), "\n"); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

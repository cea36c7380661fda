package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	ten := "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"
	for _, c := range []struct{ name, before, after, want string }{
		{"none", ten, ten, ""},
		{"one line", ten, strings.Replace(ten, "5\n", "five\n", 1), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"},
		{"far apart", ten, "one\n" + ten[2:] + "11\n", "@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -8,3 +8,4 @@\n 8\n 9\n 10\n+11\n"},
		{"close together", ten, strings.Replace(strings.Replace(ten, "3\n", "", 1), "7\n", "6\n7\n", 1), "@@ -1,9 +1,9 @@\n 1\n 2\n-3\n 4\n 5\n 6\n+6\n 7\n 8\n 9\n"},
		{"from nothing", "", "a\n", "@@ -0,0 +1 @@\n+a\n"},
		{"to nothing", "a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"last line end", "a\nb", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
	} {
		want := c.want
		if want != "" {
			want = "--- x\n+++ x\n" + want
		}
		if got := Diff("x", c.before, c.after); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, want)
		}
	}
}

// Whatever the texts are, the old one with the difference applied is the new.
func TestDiffProperty(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	text := func(lines, kinds int) string {
		var out strings.Builder
		for range rng.IntN(lines) {
			fmt.Fprintf(&out, "%d\n", rng.IntN(kinds))
		}
		return out.String()
	}
	for i := range 400 {
		lines := 40
		if i%50 == 0 {
			lines = 3 * diffReach // texts with little in common, beyond the reach
		}
		before, after := text(lines, 1+rng.IntN(lines)), text(lines, 1+rng.IntN(lines))
		if got := applied(t, before, Diff("x", before, after)); got != after {
			t.Fatalf("%q with\n%s\ngives %q, want %q", before, Diff("x", before, after), got, after)
		}
	}
}

// applied gives a text with a difference applied, checking the lines that it
// says are there.
func applied(t *testing.T, text, diff string) string {
	t.Helper()
	old := splitLines(text)
	var out strings.Builder
	at := 0
	for _, l := range splitLines(diff) {
		switch {
		case strings.HasPrefix(l, "--- "), strings.HasPrefix(l, "+++ "):
		case strings.HasPrefix(l, "@@ "):
			var from, n int
			if _, err := fmt.Sscanf(l, "@@ -%d,%d", &from, &n); err != nil {
				if _, err := fmt.Sscanf(l, "@@ -%d", &from); err != nil {
					t.Fatalf("%q: %v", l, err)
				}
				n = 1
			}
			if n > 0 {
				from--
			}
			for ; at < from; at++ {
				out.WriteString(old[at])
			}
		case l[0] == '+':
			out.WriteString(l[1:])
		default:
			if at >= len(old) || old[at] != l[1:] {
				t.Fatalf("line %d of the old text is not %q:\n%s", at+1, l[1:], diff)
			}
			if l[0] == ' ' {
				out.WriteString(l[1:])
			}
			at++
		}
	}
	for ; at < len(old); at++ {
		out.WriteString(old[at])
	}
	return out.String()
}

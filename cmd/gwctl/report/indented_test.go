package report

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestIndentedFits writes texts of all lengths at all depths: no line is wider
// than 80 columns, no colour code is cut in two, and nothing is lost but
// blanks.
func TestIndentedFits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := []string{"", "a", "user.tenant", "Größe", "日本", strings.Repeat("x", 79), strings.Repeat("y", 80), strings.Repeat("z", 200)}
	for range 2000 {
		var text []string
		for range 1 + rnd.IntN(8) {
			w := words[rnd.IntN(len(words))]
			if rnd.IntN(3) == 0 {
				w = paint(true).in(bold, w)
			}
			text = append(text, w)
		}
		given := strings.Join(text, " ")
		var out strings.Builder
		w := &indented{w: &out, indent: -2, color: true}
		at := rnd.IntN(200)
		w.line(at, given)
		for line := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\n"), "\n") {
			if n := columns(line); n > width {
				t.Fatalf("at %d: %d columns in %q of %q", at, n, line, given)
			}
			if rest := strings.NewReplacer(red, "", green, "", yellow, "", bold, "", dim, "", reset, "").Replace(line); strings.Contains(rest, "\x1b") {
				t.Fatalf("a colour code is cut: %q", line)
			}
		}
		if got, want := strings.Join(strings.Fields(out.String()), ""), strings.Join(strings.Fields(given), ""); got != want {
			t.Fatalf("wrote %q of %q", got, want)
		}
	}
}

// TestIndentedIsSafe shows that values cannot steer a terminal.
func TestIndentedIsSafe(t *testing.T) {
	for _, hostile := range []string{"\x1b[2J", "\x1b]0;title\a", "\x07", "\r", "\u202e", "\x9b2J", "\xff\xfeab"} {
		for _, color := range []paint{false, true} {
			var out strings.Builder
			(&indented{w: &out, color: color}).line(2, "before "+hostile+" after")
			if text := out.String(); strings.ContainsAny(text, "\x1b\x07\r\u202e\u009b") || !utf8.ValidString(text) {
				t.Errorf("%q, colour %t: wrote %q", hostile, color, text)
			}
			if !strings.HasSuffix(out.String(), " after\n") {
				t.Errorf("%q, colour %t: wrote %q", hostile, color, out.String())
			}
		}
	}
	// Our own codes stay on a terminal, and only there.
	for color, want := range map[paint]string{true: red + "no" + reset + "\n", false: "\uFFFD[31mno\uFFFD[0m\n"} {
		var out strings.Builder
		(&indented{w: &out, color: color}).line(0, red+"no"+reset)
		if out.String() != want {
			t.Errorf("colour %t: wrote %q, want %q", color, out.String(), want)
		}
	}
}

func TestFieldHangs(t *testing.T) {
	var out strings.Builder
	(&indented{w: &out, indent: -2}).field("because", strings.Repeat("reason ", 14))
	want := fmt.Sprintf("because   %s\n          %s\n", strings.TrimSpace(strings.Repeat("reason ", 10)), strings.TrimSpace(strings.Repeat("reason ", 4)))
	if out.String() != want {
		t.Errorf("wrote\n%s, want\n%s", out.String(), want)
	}
}

package report

import (
	"fmt"
	"strings"
)

const (
	diffContext = 3   // unchanged lines around a change
	diffReach   = 400 // how many lines further the same text is looked for
)

// Diff gives the change of a file's text in the unified format, empty if there
// is none. Equal lines are found again within a bounded reach: on texts that
// have little in common the result is longer than it could be, and still true.
func Diff(name, before, after string) string {
	if before == after {
		return ""
	}
	d := differ{old: splitLines(before), new: splitLines(after)}
	d.compare()
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n", name, name)
	for _, h := range d.hunks() {
		h.write(&out, &d)
	}
	return out.String()
}

// splitLines keeps the line ends; the last line may have none.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// change replaces the old lines from a to b by the new ones from c to d.
type change struct{ a, b, c, d int }

type differ struct {
	old, new []string
	changes  []change
}

func (d *differ) compare() {
	i, j := 0, 0
	for i < len(d.old) || j < len(d.new) {
		if i < len(d.old) && j < len(d.new) && d.old[i] == d.new[j] {
			i, j = i+1, j+1
			continue
		}
		a, c := i, j
		i, j = d.meet(i, j)
		d.changes = append(d.changes, change{a, i, c, j})
	}
}

// meet finds the nearest places at which both texts have the same line. A
// blank one says little: there the line after it must be the same, too.
func (d *differ) meet(i, j int) (a, c int) {
	left, right := len(d.old)-i, len(d.new)-j
	for reach := 1; reach <= min(left+right, diffReach); reach++ {
		for skip := max(0, reach-right); skip <= min(reach, left); skip++ {
			a, c := i+skip, j+reach-skip
			if d.same(a, c) && (strings.TrimSpace(d.old[a]) != "" || d.same(a+1, c+1)) {
				return a, c
			}
		}
	}
	if left+right <= diffReach {
		return len(d.old), len(d.new)
	}
	return min(i+diffReach/2, len(d.old)), min(j+diffReach/2, len(d.new))
}

func (d *differ) same(a, c int) bool {
	return a < len(d.old) && c < len(d.new) && d.old[a] == d.new[c]
}

// hunk is a run of changes that stand close together.
type hunk []change

func (d *differ) hunks() []hunk {
	var out []hunk
	for _, c := range d.changes {
		if n := len(out); n > 0 && c.a-out[n-1][len(out[n-1])-1].b <= 2*diffContext {
			out[n-1] = append(out[n-1], c)
			continue
		}
		out = append(out, hunk{c})
	}
	return out
}

func (h hunk) write(out *strings.Builder, d *differ) {
	first, last := h[0], h[len(h)-1]
	before := min(diffContext, first.a)
	after := min(diffContext, len(d.old)-last.b)
	from, to := first.a-before, last.b+after
	fmt.Fprintf(out, "@@ -%s +%s @@\n", lineRange(from, to), lineRange(first.c-before, last.d+after))
	at := from
	for _, c := range h {
		writeLines(out, ' ', d.old[at:c.a])
		writeLines(out, '-', d.old[c.a:c.b])
		writeLines(out, '+', d.new[c.c:c.d])
		at = c.b
	}
	writeLines(out, ' ', d.old[at:to])
}

// lineRange is the place of a hunk: an empty one is named by the line before.
func lineRange(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from)
	case 1:
		return fmt.Sprint(from + 1)
	}
	return fmt.Sprintf("%d,%d", from+1, to-from)
}

func writeLines(out *strings.Builder, mark byte, lines []string) {
	for _, l := range lines {
		out.WriteByte(mark)
		out.WriteString(l)
		if !strings.HasSuffix(l, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/explain"
)

// mostValue is how much of a value stands under a source line.
const mostValue = 40

// note is a value at a column of a source line, both from 0.
type note struct {
	column int
	text   string
}

// annotated prints the source lines of conditions with the values of their
// parts beneath, each under its word or sign.
func annotated(w *indented, at int, parts []explain.Part, p paint) {
	type place struct {
		path string
		line int
	}
	lines, notes := map[place]string{}, map[place][]note{}
	var order []place
	for _, x := range parts {
		if x.At.Path == "" {
			continue
		}
		key := place{x.At.Path, x.At.Start.Line}
		if _, known := lines[key]; !known {
			lines[key] = x.At.Line()
			order = append(order, key)
		}
		notes[key] = append(notes[key], note{x.At.Start.Column - 1, value(x)})
	}
	slices.SortFunc(order, func(a, b place) int { return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line)) })
	for _, key := range order {
		number := fmt.Sprintf("%3d | ", key.line)
		line := strings.ReplaceAll(lines[key], "\t", " ")
		trimmed := strings.TrimLeft(line, " ")
		cut := len(line) - len(trimmed)
		for i := range notes[key] {
			notes[key][i].column -= cut
		}
		w.exact(at, p.in(dim, number)+visible(trimmed))
		for _, row := range staircase(notes[key]) {
			w.exact(at, strings.Repeat(" ", len(number)-2)+p.in(dim, "| ")+visible(row))
		}
	}
}

func value(x explain.Part) string {
	switch x.State {
	case "not_evaluated":
		return "not evaluated"
	case "error":
		return "error: " + shorten(x.Value)
	}
	return shorten(x.Value)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > mostValue {
		return string(r[:mostValue-1]) + "…"
	}
	return s
}

// staircase writes notes under each other, the rightmost first, with bars above
// those that are still to come.
func staircase(notes []note) []string {
	slices.SortStableFunc(notes, func(a, b note) int { return cmp.Compare(a.column, b.column) })
	notes = slices.CompactFunc(notes, func(a, b note) bool { return a.column == b.column }) // the outer one
	var rows []string
	for len(notes) > 0 {
		end := 1 << 30 // where the next text to the right begins
		var left, now []note
		for _, n := range slices.Backward(notes) {
			// What is right of a note that has to wait would cross its bar.
			if len(left) == 0 && n.column+len([]rune(n.text))+1 < end {
				now, end = append(now, n), n.column
				continue
			}
			left = append(left, n)
		}
		slices.Reverse(left)
		slices.Reverse(now)
		var row []rune
		put := func(column int, text string) {
			for len(row) < column {
				row = append(row, ' ')
			}
			row = append(row[:max(column, 0)], []rune(text)...)
		}
		for _, n := range left {
			put(n.column, "|")
		}
		for _, n := range now {
			put(n.column, n.text)
		}
		rows = append(rows, string(row))
		notes = left
	}
	return rows
}

// exact writes a line as it is, even if it is longer than the width: what
// stands under it must stay there.
func (w *indented) exact(at int, text string) {
	at = min(max(0, at+w.indent), mostIndent)
	if _, err := fmt.Fprintln(w.w, strings.TrimRight(strings.Repeat(" ", at)+text, " ")); err != nil && w.err == nil {
		w.err = err
	}
}

package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// width is what explanations fit into; nothing is indented by more than
// mostIndent, however deep a condition is.
const (
	width      = 80
	mostIndent = 40
)

// indented writes lines that fit into the width, going on below their own
// indentation.
type indented struct {
	w      io.Writer
	indent int
	color  paint
	err    error
}

// field writes a named text; it goes on below its own beginning.
func (w *indented) field(name, text string) { w.write(2, 10, fmt.Sprintf("%-9s %s", name, text)) }

func (w *indented) line(at int, text string) { w.write(at, 2, text) }

func (w *indented) write(at, hang int, text string) {
	at = min(max(0, at+w.indent), mostIndent)
	if w.color {
		text = visiblePainted(text)
	} else {
		text = visible(text)
	}
	for i, piece := range fold(text, width-at, hang) {
		pad := at
		if i > 0 {
			pad += hang
		}
		if _, err := fmt.Fprintln(w.w, strings.TrimRight(strings.Repeat(" ", pad)+piece, " ")); err != nil && w.err == nil {
			w.err = err
		}
	}
}

// codeAt gives the colour code of ours that a text begins with.
func codeAt(s string) string {
	for _, code := range []string{red, green, yellow, bold, dim, reset} {
		if strings.HasPrefix(s, code) {
			return code
		}
	}
	return ""
}

// visiblePainted is visible for text with colours of ours in it. A hostile text
// can at most change the colour of its own words.
func visiblePainted(s string) string {
	var out strings.Builder
	for s != "" {
		if code := codeAt(s); code != "" {
			out.WriteString(code)
			s = s[len(code):]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		out.WriteString(visible(string(r)))
		s = s[n:]
	}
	return out.String()
}

// fold breaks text at blanks, or anywhere if it has none, so that no line has
// more than most columns; later lines have hang columns less. Colour codes
// take no column.
func fold(text string, most, hang int) []string {
	var out []string
	var line strings.Builder
	used, limit := 0, most
	flush := func() {
		out = append(out, line.String())
		line.Reset()
		used, limit = 0, most-hang
	}
	for i, word := range strings.Split(text, " ") {
		cols := columns(word)
		switch {
		case i > 0 && used > 0 && used+1+cols > limit:
			flush()
		case i > 0:
			line.WriteByte(' ')
			used++
		}
		for cols > limit-used {
			head := cut(word, limit-used)
			line.WriteString(head)
			word = word[len(head):]
			cols = columns(word)
			flush()
		}
		line.WriteString(word)
		used += cols
	}
	return append(out, line.String())
}

// columns counts what a terminal shows of a text, one column for each rune.
func columns(s string) int {
	n := 0
	for s != "" {
		if code := codeAt(s); code != "" {
			s = s[len(code):]
			continue
		}
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		n++
	}
	return n
}

// cut gives the head of a text with the given columns, and never cuts a colour
// code in two.
func cut(s string, cols int) string {
	at := 0
	for at < len(s) {
		if code := codeAt(s[at:]); code != "" {
			at += len(code)
			continue
		}
		if cols == 0 {
			break
		}
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
		cols--
	}
	return s[:at]
}

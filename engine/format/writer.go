package format

import (
	"bytes"
	"strings"
)

// step is the indentation of one level.
const step = 2

// writer lays out what the reader found.
type writer struct{ buf []byte }

func (w *writer) text(s string) { w.buf = append(w.buf, s...) }

func (w *writer) newline() { w.buf = append(w.buf, '\n') }

func (w *writer) indent(n int) { w.text(strings.Repeat(" ", n)) }

// column is how many columns the line has so far.
func (w *writer) column() int { return runes(string(w.buf[bytes.LastIndexByte(w.buf, '\n')+1:])) }

// blank writes a blank line, but none at the beginning of the file.
func (w *writer) blank(is bool) {
	if is && len(w.buf) > 0 {
		w.newline()
	}
}

// above writes comments on lines of their own.
func (w *writer) above(list []comment, indent int) {
	for _, c := range list {
		w.blank(c.blank)
		w.indent(indent)
		w.text(c.text)
		w.newline()
	}
}

// beside writes a comment behind what stands on the line.
func (w *writer) beside(c *comment) {
	if c != nil {
		w.text(" " + c.text)
	}
}

func (w *writer) pages(list []*page) {
	for i, p := range list {
		if i > 0 {
			w.blank(p.blank)
			w.text("---")
			w.beside(p.marker)
			w.newline()
		}
		if p.body.value.block {
			w.block(p.body.value, 0, false)
		} else {
			w.above(p.body.before, 0)
			w.leaf(p.body.value, -step, p.body.tail)
		}
		w.above(p.foot, 0)
	}
}

// block writes a block collection. joined tells that its first entry follows
// a dash.
func (w *writer) block(n *node, indent int, joined bool) {
	for i, e := range n.entries {
		if i > 0 || !joined {
			w.above(e.lead, indent)
			w.blank(e.blank)
			w.indent(indent)
		}
		if e.key != nil {
			w.text(e.key.text + ":")
		} else {
			w.text("-")
		}
		w.entryValue(e, indent)
	}
	w.above(n.foot, indent)
}

// entryValue writes what follows the colon or dash of an entry.
func (w *writer) entryValue(e *entry, indent int) {
	if e.value.block {
		if e.key == nil && e.mid == nil && len(e.value.entries[0].lead) == 0 {
			w.text(" ")
			w.block(e.value, indent+step, true)
			return
		}
		w.beside(e.mid)
		w.newline()
		w.block(e.value, indent+step, false)
		return
	}
	if e.mid == nil && len(e.before) == 0 {
		w.text(" ")
	} else {
		// Comments in between keep the value on a line of its own.
		w.beside(e.mid)
		w.newline()
		w.above(e.before, indent+step)
		w.indent(indent + step)
	}
	w.leaf(e.value, indent, e.tail)
}

// leaf writes a scalar or a flow collection and ends the line. indent is that
// of the block it stands in.
func (w *writer) leaf(n *node, indent int, tail *comment) {
	switch {
	case n.expr != nil:
		if tail == nil {
			tail = n.comment
		}
		w.condition(n, indent, tail)
		return
	case n.isBlockScalar():
		w.text(n.text)
		w.beside(n.comment)
		w.newline()
		w.lines(n.lines, indent+step)
		return
	case n.tokens != nil:
		w.flow(n, indent+step)
	default:
		w.inline(n.text, indent+step)
	}
	w.beside(tail)
	w.newline()
}

// condition writes CEL on one line if it fits there, else as a block. A
// condition that was written over several lines stays so.
func (w *writer) condition(n *node, indent int, tail *comment) {
	if scalar, ok := inYAML(n.expr.flat, false); ok && w.column()+runes(scalar) <= Width && !(n.spread && isChain(n.expr.tree.Expr())) {
		w.text(scalar)
		w.beside(tail)
		w.newline()
		return
	}
	lines := n.expr.broken(Width - indent - step)
	style := ">-"
	for _, l := range lines {
		if strings.HasPrefix(l, " ") {
			// Folding would keep the breaks around indented lines only.
			style = "|-"
		}
	}
	w.text(style)
	w.beside(tail)
	w.newline()
	w.lines(lines, indent+step)
}

func (w *writer) lines(list []string, indent int) {
	for _, l := range list {
		if l != "" {
			w.indent(indent)
			w.text(l)
		}
		w.newline()
	}
}

// inline writes a plain or quoted scalar; further lines of one that spreads
// over several are indented anew, which does not change its value.
func (w *writer) inline(text string, indent int) {
	for i, l := range strings.Split(text, "\n") {
		if i > 0 {
			w.newline()
			l = strings.TrimLeft(l, " \t")
			if l != "" {
				w.indent(indent)
			}
		}
		short := strings.TrimRight(l, " \t")
		if slashes := len(short) - len(strings.TrimRight(short, `\`)); slashes%2 == 1 && short != l && text[0] == '"' {
			short = l[:len(short)+1] // the backslash says that this space counts
		}
		w.text(short)
	}
}

// flow writes a flow collection: as it was written, apart from spacing. base
// is the least indentation of its further lines: YAML wants even the closing
// bracket further right than the key.
func (w *writer) flow(n *node, base int) {
	line := base // indentation of the line
	if !n.closesApart() {
		line -= step // no bracket to set apart from the values
	}
	var opens []int // of the lines on which the open brackets stand
	for i, t := range n.tokens {
		w.beside(t.beside)
		switch {
		case i == 0:
		case t.breaks():
			line = opens[len(opens)-1] + step
			w.newline()
			w.above(t.own, line)
			w.blank(t.blank)
			if t.closes() {
				line -= step
			}
			w.indent(line)
		case t.closes() || t.text == "," || t.text == ":" || n.tokens[i-1].opens():
		default:
			w.text(" ")
		}
		switch {
		case t.scalar != nil && t.scalar.expr != nil:
			scalar, _ := inYAML(t.scalar.expr.flat, true)
			w.text(scalar)
		case t.scalar != nil:
			w.inline(t.scalar.text, line+step)
		default:
			w.text(t.text)
		}
		if t.opens() {
			opens = append(opens, line)
		} else if t.closes() {
			opens = opens[:len(opens)-1]
		}
	}
}

// closesApart tells whether a bracket of the first line is closed at the
// beginning of another.
func (n *node) closesApart() bool {
	var first []bool // which open brackets stand on the first line
	for i, broken := 0, false; i < len(n.tokens); i++ {
		t := n.tokens[i]
		broken = broken || i > 0 && t.breaks()
		switch {
		case t.opens():
			first = append(first, !broken)
		case t.closes():
			if first[len(first)-1] && t.breaks() {
				return true
			}
			first = first[:len(first)-1]
		}
	}
	return false
}

// breaks tells whether the token begins a line.
func (t token) breaks() bool {
	return t.text != ":" && (t.brk || t.beside != nil || len(t.own) > 0)
}

func (t token) closes() bool { return t.text == "]" || t.text == "}" }

func (t token) opens() bool { return t.text == "[" || t.text == "{" }

package format

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// scalar reads one scalar, and the condition in it where one stands here.
func (r *reader) scalar(v policy.Value, at trail, parent int, flow bool) *node {
	n := &node{value: v}
	if v.Kind != document.Scalar {
		r.failed("expected a single value")
		return n
	}
	if c := r.peek(); !flow && (c == '|' || c == '>') {
		r.blockScalar(n, parent)
		n.spread = true
	} else {
		n.text = r.inline(v.Text)
		n.spread = strings.Contains(n.text, "\n")
	}
	if r.cel != nil && at.expression() && !r.stopped() {
		var problems policy.Diagnostics
		n.expr, problems = r.cel.read(v.Text)
		r.found = append(r.found, problems...)
	}
	return n
}

// inline gives the source of a plain or quoted scalar.
func (r *reader) inline(t policy.Text) string {
	if r.stopped() {
		return ""
	}
	start := r.pos
	c := r.peek()
	if quoted := c == '\'' || c == '"'; quoted != t.Quoted() {
		r.failed("expected another style of quotes")
		return ""
	}
	switch c {
	case '\'':
		r.pos = singleQuoteEnd(r.src, r.pos)
	case '"':
		r.pos = doubleQuoteEnd(r.src, r.pos)
	default:
		r.pos = plainEnd(r.src, r.pos, t.Value())
	}
	if r.pos < 0 {
		r.pos = start
		r.failed("the end of the value was not found")
		return ""
	}
	return r.src[start:r.pos]
}

func singleQuoteEnd(src string, i int) int {
	for i++; i < len(src); i++ {
		if src[i] != '\'' {
			continue
		}
		if i+1 < len(src) && src[i+1] == '\'' {
			i++
			continue
		}
		return i + 1
	}
	return -1
}

func doubleQuoteEnd(src string, i int) int {
	for i++; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// plainEnd follows a plain scalar's value through the source: the two differ
// in white space only.
func plainEnd(src string, i int, value string) int {
	const space = " \t\n"
	for value != "" {
		if strings.IndexByte(space, value[0]) >= 0 {
			value = strings.TrimLeft(value, space)
			rest := strings.TrimLeft(src[i:], space)
			if len(rest) == len(src[i:]) {
				return -1
			}
			i = len(src) - len(rest)
			continue
		}
		if i >= len(src) || src[i] != value[0] {
			return -1
		}
		value, i = value[1:], i+1
	}
	return i
}

// blockScalar reads a literal or folded scalar with its header.
func (r *reader) blockScalar(n *node, parent int) {
	style, chomp, indent := r.peek(), byte(0), 0
	for r.pos++; r.pos < len(r.src); r.pos++ {
		c := r.src[r.pos]
		if c == '+' || c == '-' {
			chomp = c
		} else if c >= '1' && c <= '9' {
			indent = max(parent, 0) + int(c-'0')
		} else {
			break
		}
	}
	for r.peek() == ' ' || r.peek() == '\t' {
		r.pos++
	}
	rest, body, more := strings.Cut(r.src[r.pos:], "\n")
	if rest != "" {
		if rest[0] != '#' {
			r.failed("text beside the header of a block")
			return
		}
		n.comment = &comment{text: strings.TrimRight(rest, " \t")}
		r.comments = append(r.comments, n.comment.text)
	}
	r.pos = len(r.src) - len(body)
	if !more {
		r.pos = len(r.src)
	}
	unended := r.blockLines(n, parent, indent, chomp == '+')
	if unended && chomp != '-' {
		// The file ends without a line break; one will be added, and must
		// not become part of the value.
		chomp = '-'
	}
	n.text = string(style)
	if len(n.lines) > 0 && startsWithSpace(n.lines) {
		n.text += strconv.Itoa(step)
	}
	if chomp != 0 {
		n.text += string(chomp)
	}
}

// blockLines reads the lines of a block scalar. unended tells that the last
// one has no line break.
func (r *reader) blockLines(n *node, parent, indent int, keep bool) (unended bool) {
	kept := 0 // lines that belong to the scalar whatever follows
	end := r.pos
	for at := r.pos; at < len(r.src); {
		line, _, more := strings.Cut(r.src[at:], "\n")
		next := at + len(line) + 1
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		blank := spaces == len(line)
		if indent == 0 && !blank {
			indent = max(spaces, parent+1)
		}
		if !blank && spaces < indent {
			break
		}
		text := ""
		if indent > 0 && len(line) > indent {
			text = line[indent:]
		}
		n.lines = append(n.lines, text)
		if text != "" || keep && more {
			kept, end, unended = len(n.lines), min(next, len(r.src)), !more
		}
		at = next
	}
	n.lines = n.lines[:kept]
	r.pos = end
	return unended
}

// startsWithSpace tells whether the first line with text begins with white space,
// so that the header must say where the text begins.
func startsWithSpace(lines []string) bool {
	for _, l := range lines {
		if l != "" {
			return l[0] == ' ' || l[0] == '\t'
		}
	}
	return false
}

func runes(s string) int { return utf8.RuneCountInString(s) }

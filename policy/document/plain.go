package document

import (
	"strings"
	"unicode/utf8"
)

// plainReader reads YAML as policies are written: block mappings and lists,
// flow collections, comments, and scalars of one line or in blocks. It gives
// the nodes that the YAML library gives, in a fraction of the time, or gives
// up: with what it does not know, with what is refused and with every fault,
// so that the library alone says what is wrong. A test holds the two against
// each other.
type plainReader struct {
	src     *source
	nursery nursery
	stack   []*Node // children of the collections that are open
	scratch []byte
	number  int    // of the current line
	text    string // of the current line
	indent  int    // of the current line; -1 at the end of a document
	depth   int

	short           bool // the current line is not long, or of ASCII
	counted, column int  // runes of the current line are counted up to this byte, and their number
}

// mostNested is how deep the plain reader goes. It leaves what is deeper than
// may be to others.
const mostNested = MaxDepth - 2

// longestKey is the longest key that is read. YAML has a limit of 1024
// characters.
const longestKey = 1000

// documents gives the root of each document. ok is false when the reader is
// not certain about the file.
func (r *plainReader) documents(src *source) (roots []*Node, ok bool) {
	r.src, r.stack, r.depth, r.number = src, r.stack[:0], 0, 0
	for r.advance(); ; {
		if r.number > src.count() {
			return roots, len(roots) > 0
		}
		if r.indent < 0 {
			if strings.TrimRight(r.text, " ") != "---" {
				return nil, false
			}
			if r.advance(); r.indent < 0 {
				return nil, false // a document that holds nothing
			}
		}
		root, ok := r.block(r.indent)
		if !ok || root.kind == scalarNode || r.indent >= 0 {
			return nil, false
		}
		roots = append(roots, root)
	}
}

// enter makes a line the current one.
func (r *plainReader) enter(number int) {
	r.number, r.counted, r.column = number, 0, 0
	r.text = r.src.text(number)
	r.short = r.src.in.ascii || len(r.text) < longLine
}

// advance goes to the next line that holds more than a comment. After the last
// line, and at the marks between documents, the indentation is -1.
func (r *plainReader) advance() {
	for {
		r.enter(r.number + 1)
		if r.number > r.src.count() {
			r.indent = -1
			return
		}
		if i := skip(r.text, 0); i < len(r.text) && r.text[i] != '#' {
			r.indent = i
			if i == 0 && (strings.HasPrefix(r.text, "---") || strings.HasPrefix(r.text, "...")) {
				r.indent = -1
			}
			return
		}
	}
}

// skip passes over blanks.
func skip(text string, at int) int {
	for at < len(text) && text[at] == ' ' {
		at++
	}
	return at
}

// blankAt tells whether a blank or the end of the line is at a place.
func blankAt(text string, at int) bool { return at >= len(text) || text[at] == ' ' }

// ends tells whether nothing but a comment follows a value.
func ends(text string, at int) bool {
	i := skip(text, at)
	return i == len(text) || i > at && text[i] == '#'
}

// node makes one that begins at a byte of the current line.
func (r *plainReader) node(k kind, at int) *Node {
	n := r.nursery.node()
	column := at + 1
	if !r.src.in.ascii {
		if at < r.counted {
			r.counted, r.column = 0, 0
		}
		r.column += utf8.RuneCountInString(r.text[r.counted:at])
		r.counted = at
		column = r.column + 1
	}
	*n = Node{src: r.src, kind: k, line: int32(r.number), column: int32(column), from: int32(at)} // a file is far shorter than an int32
	return n
}

// open begins a collection; closed gives it what was pushed since.
func (r *plainReader) open(k kind, at int) (n *Node, base int, ok bool) {
	r.depth++
	return r.node(k, at), len(r.stack), r.depth <= mostNested
}

func (r *plainReader) closed(n *Node, base int) *Node {
	n.content = r.nursery.content(r.stack[base:])
	r.stack = r.stack[:base]
	r.depth--
	return n
}

func (r *plainReader) dash(at int) bool {
	return at < len(r.text) && r.text[at] == '-' && blankAt(r.text, at+1)
}

// block reads the value that begins at a byte of the current line with nothing
// but blanks and dashes before it, and goes to the line after it.
func (r *plainReader) block(at int) (*Node, bool) {
	if r.dash(at) {
		return r.list(at, false)
	}
	if c := r.text[at]; c == '[' || c == '{' {
		return r.inline(at)
	}
	first, end, ok := r.scalar(at, false)
	if !ok {
		return nil, false
	}
	if value, is := r.colon(at, end); is {
		return r.mapping(at, first, value)
	}
	return r.endOfLine(first, end)
}

func (r *plainReader) endOfLine(n *Node, end int) (*Node, bool) {
	if !ends(r.text, end) {
		return nil, false
	}
	r.advance()
	return n, true
}

// colon gives the place after the colon that makes a key of the scalar before
// it, which began and ended at these places.
func (r *plainReader) colon(began, at int) (after int, is bool) {
	at = skip(r.text, at)
	if at < len(r.text) && r.text[at] == ':' && blankAt(r.text, at+1) && at-began <= longestKey {
		return at + 1, true
	}
	return 0, false
}

// mapping reads the mapping whose first key has been read; value is the place
// after its colon.
func (r *plainReader) mapping(indent int, key *Node, value int) (*Node, bool) {
	m, base, ok := r.open(mapNode, indent)
	for ok {
		r.stack = append(r.stack, key)
		var v *Node
		if v, ok = r.after(indent, value, true); !ok {
			break
		}
		if r.stack = append(r.stack, v); r.indent < indent {
			return r.closed(m, base), true
		}
		if r.indent > indent {
			break
		}
		var end int
		if key, end, ok = r.scalar(indent, false); !ok {
			break
		}
		value, ok = r.colon(indent, end)
	}
	return nil, false
}

// list reads a block list. One without an indentation of its own stands below
// a key of the same indentation, and ends with the next key.
func (r *plainReader) list(indent int, bare bool) (*Node, bool) {
	l, base, ok := r.open(listNode, indent)
	for ok {
		var item *Node
		if item, ok = r.after(indent, indent+1, false); !ok {
			break
		}
		r.stack = append(r.stack, item)
		if r.indent < indent || r.indent == indent && bare && !r.dash(indent) {
			return r.closed(l, base), true
		}
		ok = r.indent == indent && r.dash(indent)
	}
	return nil, false
}

// after reads what follows a key's colon or an item's dash, and goes to the
// line after it. An empty value is left to others.
func (r *plainReader) after(indent, at int, ofKey bool) (*Node, bool) {
	i := skip(r.text, at)
	switch {
	case i == len(r.text), r.text[i] == '#' && i > at:
		r.advance()
		switch {
		case r.indent > indent:
			return r.block(r.indent)
		case r.indent == indent && ofKey && r.dash(indent):
			return r.list(indent, true)
		}
		return nil, false
	case r.text[i] == '|', r.text[i] == '>':
		return r.blockScalar(indent, i)
	case !ofKey:
		return r.block(i)
	}
	return r.inline(i)
}

// inline reads a value that ends on its line, or a flow collection.
func (r *plainReader) inline(at int) (*Node, bool) {
	var n *Node
	var end int
	var ok bool
	if c := r.text[at]; c == '[' || c == '{' {
		n, end, ok = r.flow(at)
	} else {
		n, end, ok = r.scalar(at, false)
	}
	if !ok {
		return nil, false
	}
	return r.endOfLine(n, end)
}

package format

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// reader walks a source text along the values that the strict reader found in
// it. It knows at each step what must come next, so it needs no grammar of
// its own; whatever does not match ends the reading.
type reader struct {
	path     string
	src      string
	pos      int
	cel      *grammar // nil: conditions are not looked at
	blank    bool     // a blank line stands directly before pos
	broken   bool     // a line break stands between the last token and pos
	passed   int      // where the last gap ended; there it is not read again
	pending  []comment
	comments []string // all of them, in order
	found    policy.Diagnostics
	err      error
}

// failed stops the reading at pos.
func (r *reader) failed(why string) {
	if !r.stopped() {
		line, column := placeOf(r.src, r.pos)
		r.err = fmt.Errorf("%s:%d:%d: the layout is not understood: %s", r.path, line, column, why)
	}
	r.pos = len(r.src)
}

// unsupported reports YAML that is legal and never laid out.
func (r *reader) unsupported(what, hint string) {
	r.report("layout_unsupported", what+" has no canonical layout", hint)
}

// report ends the reading at pos with a finding.
func (r *reader) report(code, what, hint string) {
	if !r.stopped() {
		d := findingAt(r.path, r.src, r.pos, code, what, hint)
		r.found = append(r.found, d)
	}
	r.pos = len(r.src)
}

func (r *reader) stopped() bool { return r.err != nil || r.found.HasErrors() }

func (r *reader) peek() byte {
	if r.pos < len(r.src) {
		return r.src[r.pos]
	}
	return 0
}

func (r *reader) column() int { return r.pos - strings.LastIndexByte(r.src[:r.pos], '\n') - 1 }

// expect passes over one byte of punctuation.
func (r *reader) expect(c byte) {
	if r.peek() != c || r.pos >= len(r.src) {
		r.failed(fmt.Sprintf("expected %q", c))
		return
	}
	r.pos++
}

// gap passes over white space and comments. A comment on the line of the last
// token is given back; those on lines of their own wait in pending.
func (r *reader) gap() (beside *comment) {
	if r.pos > 0 && r.pos == r.passed {
		return nil
	}
	defer func() { r.passed = r.pos }()
	breaks := 0
	if r.pos == 0 || r.src[r.pos-1] == '\n' {
		breaks = 1
	}
	r.broken = breaks > 0
	for ; r.pos < len(r.src); r.pos++ {
		switch r.src[r.pos] {
		case ' ', '\t':
		case '\n':
			breaks++
			r.broken = true
		case '#':
			end := len(r.src)
			if i := strings.IndexByte(r.src[r.pos:], '\n'); i >= 0 {
				end = r.pos + i
			}
			c := comment{text: strings.TrimRight(r.src[r.pos:end], " \t"), column: r.column(), blank: breaks > 1}
			r.comments = append(r.comments, c.text)
			if breaks == 0 {
				beside = &c
			} else {
				r.pending = append(r.pending, c)
			}
			breaks = 0
			r.pos = end - 1
		default:
			r.blank = breaks > 1
			return beside
		}
	}
	r.blank = breaks > 1
	return beside
}

// take gives the waiting comments.
func (r *reader) take() []comment {
	out := r.pending
	r.pending = nil
	return out
}

// takeFrom gives the waiting comments up to the first that stands left of a
// column: the foot of a block that has ended.
func (r *reader) takeFrom(column int) []comment {
	n := 0
	for n < len(r.pending) && r.pending[n].column >= column {
		n++
	}
	out := r.pending[:n:n]
	r.pending = r.pending[n:]
	return out
}

// pages reads the documents of the file.
func (r *reader) pages(docs []content) []*page {
	var out []*page
	for i, d := range docs {
		p := &page{body: &entry{}}
		if beside := r.gap(); beside != nil {
			r.failed("a comment beside nothing")
		}
		p.blank = r.blank
		switch {
		case r.peek() == '%' && r.column() == 0:
			r.unsupported("a directive", "remove it; files are read as YAML without directives")
		case r.marker("---"):
			r.pos += len("---")
			above := len(r.pending)
			beside := r.gap()
			if i > 0 {
				p.marker = beside
			} else if beside != nil {
				// The first marker is dropped, its comment is not.
				r.pending = slices.Insert(r.pending, above, *beside)
			}
		case i > 0:
			r.failed("expected ---")
		}
		r.value(p.body, d.root, trailOf(d.kind), -1)
		p.foot = r.take()
		if r.marker("...") {
			r.unsupported("the end marker ...", "remove it, or write --- between documents")
		}
		out = append(out, p)
	}
	if !r.stopped() && r.pos < len(r.src) {
		r.failed("text behind the last document")
	}
	return out
}

// marker tells whether a document marker stands here.
func (r *reader) marker(text string) bool {
	rest, ok := strings.CutPrefix(r.src[r.pos:], text)
	return ok && r.column() == 0 && (rest == "" || strings.ContainsRune(" \t\n", rune(rest[0])))
}

// value reads what follows a colon, a dash or a document marker. parent is
// the column of the block that it stands in.
func (r *reader) value(e *entry, v policy.Value, at trail, parent int) {
	if beside := r.gap(); beside != nil {
		e.mid = beside
	}
	r.refuseTag()
	c := r.peek()
	switch {
	case r.stopped():
	case v.Kind == document.Map && c != '{':
		e.value = r.mapping(v, at, parent)
		return
	case v.Kind == document.List && c != '[':
		e.value = r.list(v, at, parent)
		return
	case v.Kind == document.Map || v.Kind == document.List:
		e.before = r.take()
		e.value = &node{value: v}
		r.flow(e.value, v, at)
	default:
		e.before = r.take()
		e.value = r.scalar(v, at, parent, false)
	}
	e.tail = r.gap()
}

func (r *reader) mapping(v policy.Value, at trail, parent int) *node {
	n := &node{value: v, block: true, column: r.column()}
	if n.column <= parent {
		r.failed("a mapping that is not indented")
	}
	for _, x := range v.Entries {
		e := r.begin(n)
		if r.stopped() {
			return n
		}
		if e.key = r.key(x.Key); r.stopped() {
			return n
		}
		r.expect(':')
		r.value(e, x.Value, at.key(x.Key.Value()), n.column)
		n.entries = append(n.entries, e)
	}
	n.foot = r.takeFrom(n.column)
	return n
}

func (r *reader) list(v policy.Value, at trail, parent int) *node {
	n := &node{value: v, block: true, column: r.column()}
	if n.column < parent {
		r.failed("a list that is not indented")
	}
	for _, x := range v.Items {
		e := r.begin(n)
		if r.stopped() {
			return n
		}
		r.expect('-')
		r.value(e, x, at.item(), n.column)
		n.entries = append(n.entries, e)
	}
	from := n.column
	if from == parent {
		// The dashes stand under the key: a comment there belongs to the next key.
		from++
	}
	n.foot = r.takeFrom(from)
	return n
}

// begin starts an entry of a block.
func (r *reader) begin(n *node) *entry {
	if r.column() != n.column {
		r.failed("an entry in another column than the one before")
	}
	return &entry{lead: r.take(), blank: r.blank}
}

// refuseTag reports a tag: nothing else begins with an exclamation mark.
// YAML drops a lone one without a trace, and a condition its negation.
func (r *reader) refuseTag() {
	if r.peek() == '!' {
		r.report("yaml_tag", "! is read by YAML as a tag, not as text", "put the whole value in double quotes")
	}
}

// key reads a key up to its colon.
func (r *reader) key(t policy.Text) *node {
	r.refuseTag()
	if r.peek() == '?' && !strings.HasPrefix(t.Value(), "?") {
		r.unsupported("a key marked with ?", "write key: value")
	}
	n := &node{text: r.inline(t)}
	for r.peek() == ' ' || r.peek() == '\t' {
		r.pos++
	}
	return n
}

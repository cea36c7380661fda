package format

import (
	"fmt"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// flow reads a value of a flow collection, or a whole one, into the tokens of
// the outermost node.
func (r *reader) flow(n *node, v policy.Value, at trail) {
	t := r.token()
	r.refuseTag()
	c := r.peek()
	switch {
	case r.stopped():
	case v.Kind == document.Map && c == '{':
		r.punctuation(n, t, '{')
		for i, x := range v.Entries {
			if i > 0 {
				r.punctuation(n, r.token(), ',')
			}
			t := r.token()
			if t.scalar = r.key(x.Key); r.stopped() {
				return
			}
			n.tokens = append(n.tokens, t)
			colon := r.token()
			if colon.beside != nil || colon.own != nil {
				r.failed("a comment between a key and its colon")
			}
			r.punctuation(n, colon, ':')
			r.flow(n, x.Value, at.key(x.Key.Value()))
		}
		r.closing(n, '}')
	case v.Kind == document.List && c == '[':
		r.punctuation(n, t, '[')
		for i, x := range v.Items {
			if i > 0 {
				r.punctuation(n, r.token(), ',')
			}
			r.flow(n, x, at.item())
		}
		r.closing(n, ']')
	case v.Kind == document.Map:
		r.unsupported("a mapping without braces inside brackets", "write {key: value}")
	case v.Kind == document.List:
		r.failed(fmt.Sprintf("expected a list, not %q", c))
	default:
		t.scalar = r.scalar(v, at, -1, true)
		n.tokens = append(n.tokens, t)
	}
}

// token begins a token: what stands before it.
func (r *reader) token() token {
	t := token{beside: r.gap(), own: r.take()}
	t.brk, t.blank = r.broken, r.blank
	return t
}

func (r *reader) punctuation(n *node, t token, c byte) {
	if r.expect(c); r.stopped() {
		return
	}
	t.text = string(c)
	n.tokens = append(n.tokens, t)
}

// closing reads a closing bracket, and the comma before it where there is one.
func (r *reader) closing(n *node, c byte) {
	t := r.token()
	if r.peek() == ',' {
		r.punctuation(n, t, ',')
		t = r.token()
	}
	r.punctuation(n, t, c)
}

package engine

import (
	"strconv"
	"strings"
	"sync"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// interned keeps one of each among equal things that resource types and
// policies of a set have: most say what others say, too. What is one is
// compiled, planned and kept once, and of a large set it is what every request
// finds close at hand.
type interned struct {
	attrs   map[string]*slot.Attr
	layouts map[string]*slot.Layout

	mu     sync.Mutex
	scopes map[*slot.Layout]*celenv.Scope // of policies that define nothing
}

func newInterned() *interned {
	return &interned{attrs: map[string]*slot.Attr{}, layouts: map[string]*slot.Layout{}, scopes: map[*slot.Layout]*celenv.Scope{}}
}

// layout extends a layout by attributes, which may be replaced by equal ones.
func (n *interned) layout(base *slot.Layout, groups ...[]*slot.Attr) *slot.Layout {
	var key strings.Builder
	for _, group := range groups {
		for i, a := range group {
			line := attrKey(a)
			if first := n.attrs[line]; first != nil {
				group[i] = first
			} else {
				n.attrs[line] = a
			}
			writeKey(&key, line)
		}
	}
	l := n.layouts[key.String()]
	if l == nil {
		l = base.Extend(groups...)
		n.layouts[key.String()] = l
	}
	return l
}

// scope is the scope over a layout of all policies without variables,
// constants and libraries of their own.
func (n *interned) scope(l *slot.Layout, newScope func() *celenv.Scope) *celenv.Scope {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.scopes[l]
	if s == nil {
		s = newScope()
		n.scopes[l] = s
	}
	return s
}

// attrKey is all about an attribute, so that different ones never look alike.
func attrKey(a *slot.Attr) string {
	var b strings.Builder
	writeAttr(&b, a)
	return b.String()
}

func writeAttr(b *strings.Builder, a *slot.Attr) {
	writeKey(b, a.Name)
	for _, is := range []bool{a.Optional, a.Sensitive, a.Demanded} {
		b.WriteString(strconv.FormatBool(is))
	}
	for _, n := range []int{int(a.Root), a.MaxItems, a.MaxEntries, a.MaxLength, len(a.From)} {
		writeNumber(b, n)
	}
	for _, f := range a.From {
		writeNumber(b, int(f))
	}
	writeNumber(b, len(a.For))
	for _, f := range a.For {
		writeKey(b, f)
	}
	if a.Pattern != nil {
		writeKey(b, a.Pattern.String())
	}
	b.WriteByte('|')
	writeNumber(b, len(a.Enum))
	for _, v := range append([]slot.Value{a.Min, a.Max}, a.Enum...) {
		writeNumber(b, int(v.Kind()))
		writeKey(b, string(v.AppendJSON(nil)))
	}
	writeType(b, a.Type)
}

func writeType(b *strings.Builder, t *slot.Type) {
	if t.Kind != slot.Object {
		writeKey(b, t.String())
		return
	}
	writeKey(b, "object "+t.Name)
	writeNumber(b, len(t.Fields))
	for _, f := range t.Fields {
		writeAttr(b, f)
	}
}

func writeNumber(b *strings.Builder, n int) {
	b.WriteString(strconv.Itoa(n))
	b.WriteByte(':')
}

func writeKey(b *strings.Builder, s string) {
	writeNumber(b, len(s))
	b.WriteString(s)
}

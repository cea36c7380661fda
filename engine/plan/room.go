package plan

import (
	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/slot"
)

// maxItems is how many items the lists that one rule makes may have at a time.
// It bounds memory; the steps that CEL's checks allow a rule are used up long
// before, unless it makes lists of lists.
const maxItems = 1 << 17

// keptItems is how much room for lists a machine keeps for the next request.
const keptItems = 1 << 10

// room gives places for the items of a list and, at the front, for the list.
// ok is false when there are too many.
func (m *Machine) room(items int) (places []slot.Value, ok bool) {
	n := items + 1
	if m.items -= n; m.items < 0 {
		m.exhaust()
		return nil, false
	}
	if cap(m.made)-len(m.made) < n {
		m.made = make([]slot.Value, 0, max(2*cap(m.made), n, 16)) // lists made before keep the old places
	}
	at := len(m.made)
	m.made = m.made[:at+n]
	return m.made[at : at+n : at+n], true
}

// finish makes the list of the first items in its places. Those that are left
// over are given back, if nothing was made since.
func (m *Machine) finish(places []slot.Value, items int) slot.Ref {
	places[0] = slot.ListValue(places[1 : 1+items : 1+items])
	if at := len(m.made) - len(places); at >= 0 && &m.made[at] == &places[0] {
		m.made = m.made[:at+1+items]
		m.items += len(places) - 1 - items
	}
	return slot.RefTo(&places[0])
}

// mark is a moment in the making of lists.
type mark struct {
	made   []slot.Value
	items  int
	filled int
}

func (m *Machine) mark() mark { return mark{m.made, m.items, m.filled} }

// release gives back what was made since a moment and cannot be read any more,
// unless a variable was evaluated: it may hold some of it.
func (m *Machine) release(k mark) {
	switch {
	case m.filled != k.filled || len(m.made) == 0:
		return
	case cap(k.made) > 0 && &m.made[:1][0] == &k.made[:1][0]:
		m.made = k.made
	default:
		m.made = m.made[:0]
	}
	m.items = k.items
}

// forgetful plans a part whose result is no list: those that it makes are gone
// afterwards.
func forgetful[T any](b *builder, plan func(ast.Expr) operand[T], x ast.Expr) fn[T] {
	makes := b.makes
	part := plan(x).eval
	if b.makes == makes {
		return part
	}
	return func(m *Machine) (T, bool) {
		at := m.mark()
		v, ok := part(m)
		m.release(at)
		return v, ok
	}
}

package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gwctl/gwctl/engine/slot"
)

// stepsPerItem is what an item of a list that an expression makes takes, and
// the list itself: they need room until the request is done.
const stepsPerItem = 8

// making is an item of a list that an expression makes: ok is false when it
// failed.
type making func(m *Machine) (v slot.Value, ok bool)

// item plans an item of a list.
func (p planner[T]) item(b *builder, x ast.Expr) making {
	eval := p.again(b, x).eval
	if eval == nil {
		return nil
	}
	value := p.value
	return func(m *Machine) (v slot.Value, ok bool) {
		x, ok := eval(m)
		if !ok {
			return v, false
		}
		return value(x), true
	}
}

func (b *builder) item(x ast.Expr) making {
	if p := planOf(b.typeOf(x)); p != nil {
		return p.item(b, x)
	}
	return nil
}

// ownValue plans what makes lists. Lists of times are left to CEL: a slot
// would lose their zone.
func (b *builder) ownValue(x ast.Expr) fn[slot.Ref] {
	if x.Kind() != ast.ListKind && x.Kind() != ast.ComprehensionKind {
		return nil
	}
	if zoned(b.typeOf(x)) {
		return nil
	}
	if x.Kind() == ast.ListKind {
		return b.list(x.AsList())
	}
	return b.collect(x.AsComprehension())
}

// list plans [x, y].
func (b *builder) list(list ast.ListExpr) fn[slot.Ref] {
	if len(list.OptionalIndices()) > 0 {
		return nil
	}
	var items []making
	for _, x := range list.Elements() {
		item := b.item(x)
		if item == nil {
			return nil
		}
		items = append(items, item)
	}
	return func(m *Machine) (slot.Ref, bool) {
		if !m.charge(stepsPerItem * (len(items) + 1)) {
			return slot.Ref{}, false
		}
		room := m.room(len(items))
		for i, item := range items {
			v, ok := item(m)
			if !ok {
				return slot.Ref{}, false
			}
			room[i+1] = v
		}
		return m.finish(room, len(items)), true
	}
}

// room gives places for the items of a list and, at the front, for the list.
func (m *Machine) room(items int) []slot.Value {
	n := items + 1
	if cap(m.made)-len(m.made) < n {
		m.made = make([]slot.Value, 0, max(2*cap(m.made), n, 16)) // lists made before keep the old room
	}
	at := len(m.made)
	m.made = m.made[:at+n]
	return m.made[at : at+n : at+n]
}

// finish makes the list of the first items in the room. Places that are left
// over are given back, if nothing was made since.
func (m *Machine) finish(room []slot.Value, items int) slot.Ref {
	room[0] = slot.ListValue(room[1 : 1+items : 1+items])
	if at := len(m.made) - len(room); at >= 0 && &m.made[at] == &room[0] {
		m.made = m.made[:at+1+items]
	}
	return slot.RefTo(&room[0])
}

// collect plans map and filter.
func (b *builder) collect(c ast.ComprehensionExpr) fn[slot.Ref] {
	step := c.LoopStep()
	var test ast.Expr
	if args, ok := callOf(step, operators.Conditional, 3); ok && isAccu(args[2], c) {
		test, step = args[0], args[1]
	}
	more, ok := callOf(step, operators.Add, 2)
	if !ok || !isAccu(more[0], c) || !isAccu(c.Result(), c) || !isLiteral(c.LoopCondition(), true) ||
		c.AccuInit().Kind() != ast.ListKind || c.AccuInit().AsList().Size() != 0 {
		return nil
	}
	one := more[1]
	if one.Kind() != ast.ListKind || one.AsList().Size() != 1 || len(one.AsList().OptionalIndices()) > 0 {
		return nil
	}
	l, leave := b.enter(c)
	if leave == nil {
		return nil
	}
	defer leave()
	keep := literal(true).eval
	if test != nil {
		keep = b.truth(test).eval
	}
	item := b.item(one.AsList().Elements()[0])
	if item == nil {
		return nil
	}
	return func(m *Machine) (slot.Ref, bool) { return l.collect(m, keep, item) }
}

// collect gathers what is kept. It absorbs no error: the first of an item
// stands unless a later test fails, too.
func (l *loop) collect(m *Machine, keep fn[bool], item making) (slot.Ref, bool) {
	in, ok := l.over(m)
	if !ok {
		return slot.Ref{}, false
	}
	if !m.charge(stepsPerItem) {
		return slot.Ref{}, false
	}
	var failed error
	room, n := m.room(in.Len()), 0
	for i := range in.Len() {
		if m.steps--; !l.turn(m, in, i) {
			return slot.Ref{}, false
		}
		v, ok := keep(m)
		if ok && v && failed == nil && m.charge(stepsPerItem) {
			if room[n+1], ok = item(m); ok {
				n++
			}
		}
		if m.spent {
			return slot.Ref{}, false
		}
		if !ok {
			failed = m.err
		}
	}
	if failed != nil {
		m.fail(failed)
		return slot.Ref{}, false
	}
	return m.finish(room, n), true
}

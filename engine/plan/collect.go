package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gwctl/gwctl/engine/slot"
)

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
	b.makes++
	return func(m *Machine) (slot.Ref, bool) {
		room, ok := m.room(len(items))
		if !ok {
			return slot.Ref{}, false
		}
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
		keep = forgetful(b, b.truth, test)
	}
	item := b.item(one.AsList().Elements()[0])
	if item == nil {
		return nil
	}
	b.makes++
	return func(m *Machine) (slot.Ref, bool) { return l.collect(m, keep, item) }
}

// collect gathers what is kept. It absorbs no error: the first of an item
// stands unless a later test fails, too.
func (l *loop) collect(m *Machine, keep fn[bool], item making) (slot.Ref, bool) {
	in, ok := l.over(m)
	if !ok {
		return slot.Ref{}, false
	}
	room, ok := m.room(in.Len())
	if !ok {
		return slot.Ref{}, false
	}
	var failed error
	n := 0
	for i := range in.Len() {
		if m.steps--; !l.turn(m, in, i) {
			return slot.Ref{}, false
		}
		v, ok := keep(m)
		if ok && v && failed == nil {
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

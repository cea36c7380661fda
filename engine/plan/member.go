package plan

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/slot"
)

// in plans x in y, where y is a list or a map.
func (b *builder) in(x, y ast.Expr) fn[bool] {
	switch t := b.typeOf(y); {
	case t.Kind() == types.MapKind && kindOf(t) == composite:
		return b.inMap(x, y)
	case t.Kind() != types.ListKind:
		return nil
	}
	switch p := planOf(b.typeOf(x)); {
	case p == nil:
		return nil
	case kindOf(b.typeOf(x)) == text:
		return b.inTexts(x, y)
	default:
		return p.in(b, x, y)
	}
}

func (b *builder) inMap(x, y ast.Expr) fn[bool] {
	key, in := b.text(x), b.value(y)
	if in.eval == nil {
		return nil
	}
	return func(m *Machine) (bool, bool) {
		name, ok := key.eval(m)
		if !ok {
			return false, false
		}
		r, ok := in.eval(m)
		if !ok {
			return false, false
		}
		_, some := r.Entry(name)
		return some, true
	}
}

// fewItems are compared one by one, which is faster than hashing.
const fewItems = 8

// setOf gives a test for being in a list that does not change.
func setOf[T comparable](list []T) func(T) bool {
	if len(list) <= fewItems {
		return func(x T) bool { return slices.Contains(list, x) }
	}
	set := make(map[T]struct{}, len(list))
	for _, x := range list {
		set[x] = struct{}{}
	}
	return func(x T) bool {
		_, ok := set[x]
		return ok
	}
}

// scanOf is setOf for what cannot be hashed.
func scanOf[T any](equal func(a, b T) bool) func([]T) func(T) bool {
	return func(list []T) func(T) bool {
		return func(x T) bool { return slices.ContainsFunc(list, func(y T) bool { return equal(x, y) }) }
	}
}

// in plans x in y for a list of one type.
func (p planner[T]) in(b *builder, x, y ast.Expr) fn[bool] {
	item := p.again(b, x)
	if item.eval == nil {
		return nil
	}
	if y.Kind() == ast.ListKind && (b.free[y.ID()] != 0 || zoned(b.typeOf(y))) {
		return inWritten(b, item, y.AsList(), p)
	}
	list := b.value(y)
	switch {
	case list.eval == nil:
		return nil
	case list.literal:
		among := amongLiteral(b, y, list.value, &p.form)
		return func(m *Machine) (bool, bool) {
			v, ok := item.eval(m)
			return ok && among(v), ok
		}
	}
	of, equal, charge := p.of, p.equal, b.turns > 0
	return func(m *Machine) (bool, bool) {
		v, ok := item.eval(m)
		if !ok {
			return false, false
		}
		r, ok := list.eval(m)
		if !ok || charge && !m.charge(r.Len()) {
			return false, false
		}
		for i := range r.Len() {
			if equal(v, of(r.Item(i))) {
				return true, true
			}
		}
		return false, true
	}
}

// amongLiteral gives a test for being in a list that does not change. Rules
// that ask for the same constant have it in common.
func amongLiteral[T any](b *builder, x ast.Expr, list slot.Ref, f *form[T]) func(T) bool {
	if held, ok := b.sets[list].(func(T) bool); ok {
		return held
	}
	items := make([]T, list.Len())
	for i := range items {
		items[i] = f.of(list.Item(i))
	}
	among := f.among(items)
	if _, isConstant := b.common(x); isConstant {
		b.sets[list] = among
	}
	return among
}

// inWritten plans x in [y, z]. All items are evaluated before any is compared,
// so that an error of the last one counts.
func inWritten[T any](b *builder, item operand[T], list ast.ListExpr, p planner[T]) fn[bool] {
	if len(list.OptionalIndices()) > 0 {
		return nil
	}
	var items []fn[T]
	for _, x := range list.Elements() {
		f := p.again(b, x).eval
		if f == nil {
			return nil
		}
		items = append(items, f)
	}
	equal := p.equal
	return func(m *Machine) (found, ok bool) {
		v, ok := item.eval(m)
		if !ok {
			return false, false
		}
		for _, f := range items {
			w, ok := f(m)
			if !ok {
				return false, false
			}
			found = found || equal(v, w)
		}
		return found, true
	}
}

// inTexts is inList for texts: nearly every rule asks for a role or a group.
func (b *builder) inTexts(x, y ast.Expr) fn[bool] {
	if y.Kind() != ast.ListKind || b.free[y.ID()] == 0 {
		if f := b.inJoined(x, y); f != nil {
			return f
		}
	}
	r := b.attribute(y)
	if r == nil || b.turns > 0 {
		return textPlan().in(b, x, y)
	}
	item := b.text(x)
	if item.literal {
		text := item.value
		return func(m *Machine) (bool, bool) {
			list, state := m.values.Ref(r.index)
			if state != slot.Present {
				m.miss(r, state)
				return false, false
			}
			return list.Holds(text), true
		}
	}
	return func(m *Machine) (bool, bool) {
		v, ok := item.eval(m)
		if !ok {
			return false, false
		}
		list, state := m.values.Ref(r.index)
		if state != slot.Present {
			m.miss(r, state)
			return false, false
		}
		return list.Holds(v), true
	}
}

package plan

import (
	"cmp"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gwctl/gwctl/engine/slot"
)

// equal plans x == y. Both have the same type.
func (b *builder) equal(x, y ast.Expr) fn[bool] {
	k := kindOf(b.typeOf(x))
	if k != kindOf(b.typeOf(y)) {
		return nil
	}
	switch k {
	case truth:
		return same(b.truth(x), b.truth(y))
	case whole:
		return same(b.whole(x), b.whole(y))
	case real:
		return same(b.real(x), b.real(y))
	case text:
		if f := b.sameJoined(x, y); f != nil {
			return f
		}
		return sameText(b.text(x), b.text(y))
	case instant:
		return alike(b.instant(x), b.instant(y), moment.equal)
	case span:
		return same(b.span(x), b.span(y))
	case addr:
		return same(b.addr(x), b.addr(y))
	case network:
		return same(b.network(x), b.network(y))
	case composite:
		return b.sameValue(b.value(x), b.value(y))
	case optional:
		return b.equalOptions(x, y)
	}
	return nil
}

// same compares what Go compares as CEL does, NaN included.
func same[T comparable](x, y operand[T]) fn[bool] {
	if x.literal {
		x, y = y, x
	}
	if y.literal {
		return func(m *Machine) (bool, bool) {
			v, ok := x.eval(m)
			return v == y.value, ok
		}
	}
	return func(m *Machine) (bool, bool) {
		v, ok := x.eval(m)
		if !ok {
			return false, false
		}
		w, ok := y.eval(m)
		return v == w, ok
	}
}

// alike compares what needs a function for it.
func alike[T any](x, y operand[T], equal func(a, b T) bool) fn[bool] {
	return func(m *Machine) (bool, bool) {
		v, ok := x.eval(m)
		if !ok {
			return false, false
		}
		w, ok := y.eval(m)
		return ok && equal(v, w), ok
	}
}

func (b *builder) sameValue(x, y operand[slot.Ref]) fn[bool] {
	if x.eval == nil || y.eval == nil {
		return nil
	}
	if b.turns == 0 {
		return alike(x, y, slot.Ref.Equal)
	}
	return func(m *Machine) (bool, bool) {
		v, ok := x.eval(m)
		if !ok {
			return false, false
		}
		w, ok := y.eval(m)
		if !ok || !m.charge(min(v.Len(), w.Len())/itemsPerStep) {
			return false, false
		}
		return v.Equal(w), true
	}
}

// itemsPerStep is how many pairs of items of two lists are compared in one
// step.
const itemsPerStep = 16

// sameText is same for texts, most of which are attributes.
func sameText(x, y operand[string]) fn[bool] {
	if x.literal {
		x, y = y, x
	}
	left, right := x.slot, y.slot
	switch {
	case left != nil && y.literal:
		text := y.value
		return func(m *Machine) (bool, bool) {
			v, state := m.values.Ref(left.index)
			if state != slot.Present {
				m.miss(left, state)
				return false, false
			}
			return v.Str() == text, true
		}
	case left != nil && right != nil:
		return func(m *Machine) (bool, bool) {
			v, state := m.values.Ref(left.index)
			if state != slot.Present {
				m.miss(left, state)
				return false, false
			}
			w, state := m.values.Ref(right.index)
			if state != slot.Present {
				m.miss(right, state)
				return false, false
			}
			return v.Str() == w.Str(), true
		}
	}
	return same(x, y)
}

// order plans <, <=, > and >= of two values of one type.
func (b *builder) order(operator string, x, y ast.Expr) fn[bool] {
	k := kindOf(b.typeOf(x))
	if k != kindOf(b.typeOf(y)) {
		return nil
	}
	switch k {
	case whole:
		return ordered(operator, b.whole(x), b.whole(y))
	case real:
		return ordered(operator, b.real(x), b.real(y))
	case text:
		return ordered(operator, b.text(x), b.text(y))
	case span:
		return ordered(operator, b.span(x), b.span(y))
	case instant:
		return ordered(operator, compareTimes(b.instant(x), b.instant(y)), literal(0))
	}
	return nil
}

// compareTimes is negative where x is before y, and positive where it is after.
func compareTimes(x, y operand[moment]) operand[int] {
	return operand[int]{eval: func(m *Machine) (int, bool) {
		v, ok := x.eval(m)
		if !ok {
			return 0, false
		}
		w, ok := y.eval(m)
		return v.compare(w), ok
	}}
}

// ordered plans an order. NaN is neither less nor greater than anything, and
// that is no error.
func ordered[T cmp.Ordered](operator string, x, y operand[T]) fn[bool] {
	if y.literal {
		return orderedTo(operator, x.eval, y.value)
	}
	both := func(m *Machine) (v, w T, ok bool) {
		if v, ok = x.eval(m); ok {
			w, ok = y.eval(m)
		}
		return v, w, ok
	}
	switch operator {
	case operators.Less:
		return func(m *Machine) (bool, bool) { v, w, ok := both(m); return v < w, ok }
	case operators.LessEquals:
		return func(m *Machine) (bool, bool) { v, w, ok := both(m); return v <= w, ok }
	case operators.Greater:
		return func(m *Machine) (bool, bool) { v, w, ok := both(m); return v > w, ok }
	}
	return func(m *Machine) (bool, bool) { v, w, ok := both(m); return v >= w, ok }
}

// orderedTo is ordered for a value that is known at load.
func orderedTo[T cmp.Ordered](operator string, x fn[T], w T) fn[bool] {
	switch operator {
	case operators.Less:
		return func(m *Machine) (bool, bool) { v, ok := x(m); return v < w, ok }
	case operators.LessEquals:
		return func(m *Machine) (bool, bool) { v, ok := x(m); return v <= w, ok }
	case operators.Greater:
		return func(m *Machine) (bool, bool) { v, ok := x(m); return v > w, ok }
	}
	return func(m *Machine) (bool, bool) { v, ok := x(m); return v >= w, ok }
}

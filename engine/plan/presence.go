package plan

import "cel.dev/cel-go/common/ast"

// hasValue plans x.hasValue() and x.hasValue(y).
func (b *builder) hasValue(call ast.CallExpr) fn[bool] {
	if p := planOf(inside(b.typeOf(call.Target()))); p != nil {
		return p.asked(b, call)
	}
	return nil
}

func (p planner[T]) asked(b *builder, call ast.CallExpr) fn[bool] {
	o := option(b, call.Target(), p)
	if o == nil {
		return nil
	}
	if len(call.Args()) == 0 {
		return func(m *Machine) (bool, bool) {
			_, some, ok := o(m)
			return some, ok
		}
	}
	other := p.again(b, call.Args()[0]).eval
	if other == nil {
		return nil
	}
	equal := p.equal
	return func(m *Machine) (bool, bool) {
		v, some, ok := o(m)
		if !ok {
			return false, false
		}
		w, ok := other(m)
		return ok && some && equal(v, w), ok
	}
}

// equalOptions plans x == y of optionals.
func (b *builder) equalOptions(x, y ast.Expr) fn[bool] {
	if p := planOf(inside(b.typeOf(x))); p != nil {
		return p.sameOption(b, x, y)
	}
	return nil
}

func (p planner[T]) sameOption(b *builder, x, y ast.Expr) fn[bool] {
	l, r := option(b, x, p), option(b, y, p)
	if l == nil || r == nil {
		return nil
	}
	equal := p.equal
	return func(m *Machine) (bool, bool) {
		v, has, ok := l(m)
		if !ok {
			return false, false
		}
		w, some, ok := r(m)
		return has == some && (!has || equal(v, w)), ok
	}
}

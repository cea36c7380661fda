package plan

import (
	"errors"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gwctl/gwctl/engine/slot"
)

// option plans a part of an optional type; nil if there is no closure.
func option[T any](b *builder, x ast.Expr, p planner[T]) opt[T] {
	if b.free[x.ID()] == 0 {
		if o := foldOption(b, x, p); o != nil {
			return o
		}
	}
	known := len(b.fallbacks)
	if o := optionSource(b, x, p); o != nil {
		return o
	}
	b.fallbacks = b.fallbacks[:known]
	if inner := b.typeOf(x).Parameters()[0]; kindOf(inner) == composite && zoned(inner) {
		return nil
	}
	run := b.leave(x)
	return func(m *Machine) (v T, some, ok bool) {
		r, ok := run(m)
		if !ok {
			return v, false, false
		}
		return unwrap(m, r, p.cel)
	}
}

// unwrap takes apart an optional that CEL made.
func unwrap[T any](m *Machine, r ref.Val, of func(ref.Val) (T, bool)) (v T, some, ok bool) {
	o, ok := r.(*types.Optional)
	if ok && o.HasValue() {
		v, ok = of(o.GetValue())
		some = ok
	}
	if !ok {
		m.fail(errUnheld)
	}
	return v, some, ok
}

func foldOption[T any](b *builder, x ast.Expr, p planner[T]) opt[T] {
	r, err, ok := b.evaluate(x)
	switch {
	case !ok:
		return nil
	case err != nil:
		return func(m *Machine) (v T, some, ok bool) {
			m.fail(err)
			return v, false, false
		}
	}
	v, some, ok := unwrap(NewMachine(), r, p.cel)
	if !ok {
		return nil
	}
	return func(*Machine) (T, bool, bool) { return v, some, true }
}

func optionSource[T any](b *builder, x ast.Expr, p planner[T]) opt[T] {
	b.refuse(unplanned(x))
	switch x.Kind() {
	case ast.IdentKind:
		if l, ok := b.lookup(x.AsIdent()); ok && !l.item {
			at, get := l.at, p.get
			return func(m *Machine) (v T, some, ok bool) {
				c := &m.locals[at]
				if !c.some {
					return v, false, true
				}
				return get(c), true, true
			}
		}
	case ast.SelectKind:
		if x.AsSelect().IsTestOnly() {
			return nil
		}
		if scope, name, ok := b.variable(x); ok {
			return readOptional(b, scope, name, p)
		}
		return reach(b, x, p)
	case ast.CallKind:
		return optionCall(b, x, x.AsCall(), p)
	case ast.ComprehensionKind:
		return letOption(b, x, p)
	}
	return nil
}

func optionCall[T any](b *builder, x ast.Expr, call ast.CallExpr, p planner[T]) opt[T] {
	args := call.Args()
	switch call.FunctionName() {
	case operators.OptSelect:
		if name, ok := args[1].AsLiteral().(types.String); ok {
			if r := b.member(args[0], string(name)); r != nil {
				return optionalSlot(r, p.of)
			}
		}
		return reach(b, x, p)
	case operators.OptIndex, operators.Index:
		return reach(b, x, p)
	case "header", "param":
		o, _ := any(b.single(call)).(opt[T])
		return o
	case "optional.of":
		if v := p.again(b, args[0]).eval; v != nil {
			return func(m *Machine) (T, bool, bool) {
				x, ok := v(m)
				return x, ok, ok
			}
		}
	case "optional.none":
		return func(*Machine) (v T, some, ok bool) { return v, false, true }
	case "or":
		first, second := option(b, call.Target(), p), option(b, args[0], p)
		if first == nil || second == nil {
			return nil
		}
		return func(m *Machine) (T, bool, bool) {
			if v, some, ok := first(m); some || !ok {
				return v, some, ok
			}
			return second(m)
		}
	case operators.Conditional:
		cond, yes, no := b.truth(args[0]).eval, option(b, args[1], p), option(b, args[2], p)
		if yes == nil || no == nil {
			return nil
		}
		return func(m *Machine) (v T, some, ok bool) {
			c, ok := cond(m)
			switch {
			case !ok:
				return v, false, false
			case c:
				return yes(m)
			}
			return no(m)
		}
	}
	return nil
}

// optionalSlot plans user.?x.
func optionalSlot[T any](r *read, of func(slot.Ref) T) opt[T] {
	return func(m *Machine) (v T, some, ok bool) {
		ref, state := m.values.Ref(r.index)
		switch state {
		case slot.Present:
			return of(ref), true, true
		case slot.Absent:
			return v, false, true
		}
		m.miss(r, state)
		return v, false, false
	}
}

// reach plans an access that gives an optional: x.?name and x[?i], and x.name
// and x[i] where x is an optional made by such an access.
func reach[T any](b *builder, x ast.Expr, p planner[T]) opt[T] {
	operand, next := b.step(x)
	if next.find == nil {
		return nil
	}
	from := b.from(operand)
	if from == nil {
		return nil
	}
	find, of := next.find, p.of
	return func(m *Machine) (v T, some, ok bool) {
		r, some, ok := from(m)
		if !some || !ok {
			return v, false, ok
		}
		if r, some, ok = find(m, r, false); !some || !ok {
			return v, false, ok
		}
		return of(r), true, true
	}
}

// from plans what an optional access starts at. CEL reads on only through an
// optional that an access makes, not through one that is the value of a
// variable or an item, which is left to it.
func (b *builder) from(x ast.Expr) opt[slot.Ref] {
	t := b.typeOf(x)
	switch {
	case kindOf(t) == composite:
		if v := b.value(x).eval; v != nil {
			return func(m *Machine) (slot.Ref, bool, bool) {
				r, ok := v(m)
				return r, ok, ok
			}
		}
	case isOptional(t) && kindOf(inside(t)) == composite && b.makesOptional(x):
		return option(b, x, valuePlan())
	}
	return nil
}

// makesOptional recognises x.?name and x[?i], and x.name and x[i] of an
// optional.
func (b *builder) makesOptional(x ast.Expr) bool {
	switch x.Kind() {
	case ast.SelectKind:
		return isOptional(b.typeOf(x.AsSelect().Operand()))
	case ast.CallKind:
		switch call := x.AsCall(); call.FunctionName() {
		case operators.OptSelect, operators.OptIndex:
			return true
		case operators.Index:
			return isOptional(b.typeOf(call.Args()[0]))
		}
	}
	return false
}

var errNone = errors.New("optional.none() dereference")

// optionalValue plans x.value().
func optionalValue[T any](b *builder, call ast.CallExpr, p planner[T]) fn[T] {
	o := option(b, call.Target(), p)
	if o == nil {
		return nil
	}
	return func(m *Machine) (v T, ok bool) {
		v, some, ok := o(m)
		if ok && !some {
			m.fail(errNone)
		}
		return v, some && ok
	}
}

// orValue plans x.orValue(y). It evaluates y only for none, and hides no
// error.
func orValue[T any](b *builder, call ast.CallExpr, p planner[T]) fn[T] {
	o, other := option(b, call.Target(), p), p.again(b, call.Args()[0])
	switch {
	case o == nil || other.eval == nil:
		return nil
	case other.literal:
		return func(m *Machine) (T, bool) {
			v, some, ok := o(m)
			if ok && !some {
				return other.value, true
			}
			return v, ok
		}
	}
	return func(m *Machine) (T, bool) {
		v, some, ok := o(m)
		if ok && !some {
			return other.eval(m)
		}
		return v, ok
	}
}

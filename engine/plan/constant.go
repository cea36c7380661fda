package plan

import (
	"errors"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// constant gives the value of consts.x or library.x.
func (b *builder) constant(x ast.Expr) (ref.Val, bool) {
	sel := x.AsSelect()
	if sel.IsTestOnly() || sel.Operand().Kind() != ast.IdentKind {
		return nil, false
	}
	scope := b.expr.Scope()
	root := sel.Operand().AsIdent()
	if lib, isLib := scope.Library(root); isLib {
		if _, isVar := lib.Var(sel.FieldName()); isVar {
			return nil, false
		}
		return lib.Const(sel.FieldName())
	}
	if root != "consts" {
		return nil, false
	}
	return scope.Const(sel.FieldName())
}

// written gives the value of a literal or a constant.
func (b *builder) written(x ast.Expr) (ref.Val, bool) {
	switch x.Kind() {
	case ast.LiteralKind:
		return x.AsLiteral(), true
	case ast.SelectKind:
		return b.constant(x)
	}
	return nil, false
}

// fold plans a part that comes to the same in every request: it is evaluated
// now, by closures or, if it has none, by CEL. A part that takes too many steps
// for that is planned like any other.
func fold[T any](b *builder, x ast.Expr, p planner[T]) operand[T] {
	if v, ok := b.written(x); ok {
		if t, ok := p.cel(v); ok {
			return literal(t)
		}
		return operand[T]{}
	}
	if kindOf(b.typeOf(x)) == composite && zoned(b.typeOf(x)) {
		return operand[T]{}
	}
	known := len(b.fallbacks)
	o := source(b, x, p)
	switch {
	case b.broken:
		return o
	case o.eval == nil || len(b.fallbacks) > known:
		b.fallbacks = b.fallbacks[:known]
		return foldByCEL(b, x, p)
	}
	m := &b.folder
	m.Reset(b.nothing, 0)
	m.made = nil // it belongs to the constant
	m.begin()
	v, ok := o.eval(m)
	switch {
	case m.spent:
		return o
	case !ok:
		return failing[T](m.err)
	}
	return literal(v)
}

func foldByCEL[T any](b *builder, x ast.Expr, p planner[T]) operand[T] {
	v, err, ok := b.evaluate(x)
	switch {
	case !ok:
		return operand[T]{eval: fallback(b, x, &p)}
	case err != nil:
		return failing[T](err)
	}
	if t, ok := p.cel(v); ok {
		return literal(t)
	}
	return operand[T]{}
}

// evaluate makes CEL evaluate a part that reads nothing of a request. ok is
// false if it takes too many steps.
func (b *builder) evaluate(x ast.Expr) (v ref.Val, err error, ok bool) {
	f, err := b.expr.Fragment(x)
	if err != nil {
		b.broken = true
		return nil, nil, false
	}
	v, _, err = f.Eval(b.expr.Scope().NewFrame(b.nothing))
	return v, err, !errors.Is(err, celenv.ErrBudget)
}

// common gives a list or map of the scope's constants. There is one copy of
// it, however many rules read it.
func (b *builder) common(x ast.Expr) (slot.Ref, bool) {
	if x.Kind() != ast.SelectKind {
		return slot.Ref{}, false
	}
	v, ok := b.constant(x)
	if !ok {
		return slot.Ref{}, false
	}
	held := b.constants[v]
	if held == nil {
		held = new(slot.Value)
		if *held, ok = celenv.SlotValue(v); !ok {
			return slot.Ref{}, false
		}
		b.constants[v] = held
	}
	return slot.RefTo(held), true
}

// operand is a planned part. Its eval is nil when there is no closure.
type operand[T any] struct {
	eval    fn[T]
	literal bool // it always comes to value
	value   T
	slot    *read // it is just an attribute
}

func literal[T any](v T) operand[T] {
	return operand[T]{literal: true, value: v, eval: func(*Machine) (T, bool) { return v, true }}
}

// failing is a part that always fails.
func failing[T any](err error) operand[T] {
	return operand[T]{eval: func(m *Machine) (v T, ok bool) {
		m.fail(err)
		return v, false
	}}
}

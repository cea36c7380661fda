package plan

import (
	"errors"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gwctl/gwctl/engine/celenv"
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

// fold gives the value, or the error, of a part that comes to the same in
// every request. CEL evaluates it, now.
func (b *builder) fold(x ast.Expr) (v ref.Val, err error, ok bool) {
	if b.free[x.ID()] != 0 {
		return nil, nil, false
	}
	switch x.Kind() {
	case ast.LiteralKind:
		return x.AsLiteral(), nil, true
	case ast.SelectKind:
		if v, ok := b.constant(x); ok {
			return v, nil, true
		}
	}
	f, err := b.expr.Fragment(x)
	if err != nil {
		return nil, nil, false
	}
	v, _, err = f.Eval(b.expr.Scope().NewFrame(b.nothing))
	if errors.Is(err, celenv.ErrBudget) {
		return nil, nil, false
	}
	return v, err, true
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

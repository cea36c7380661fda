package plan

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// step goes from a list, map or object to something in it. some tells whether
// it is there; if must is set, it is an error when it is not.
type step func(m *Machine, in slot.Ref, must bool) (out slot.Ref, some, ok bool)

// step plans the last part of x.name, x[i], x.?name or x[?i].
func (b *builder) step(x ast.Expr) (operand ast.Expr, s step) {
	if x.Kind() == ast.SelectKind {
		sel := x.AsSelect()
		return sel.Operand(), b.field(b.typeOf(sel.Operand()), sel.FieldName())
	}
	args := x.AsCall().Args()
	operand = args[0]
	in := b.typeOf(operand)
	if isOptional(in) {
		in = in.Parameters()[0]
	}
	if x.AsCall().FunctionName() == operators.OptSelect {
		name, ok := args[1].AsLiteral().(types.String)
		if !ok {
			return operand, nil
		}
		return operand, b.field(in, string(name))
	}
	switch in.Kind() {
	case types.ListKind:
		return operand, b.index(args[1])
	case types.MapKind:
		return operand, b.key(args[1])
	}
	return operand, nil
}

// field plans the entry of a map, or the field of an object, with a known name.
func (b *builder) field(in *types.Type, name string) step {
	if isOptional(in) {
		in = in.Parameters()[0]
	}
	missing := errNoKey(name)
	if in.Kind() == types.StructKind {
		missing = &celenv.AttributeError{Attribute: in.TypeName()[1:] + "." + name, State: slot.Absent}
	}
	return func(m *Machine, in slot.Ref, must bool) (slot.Ref, bool, bool) {
		out, some := in.Entry(name)
		if !some && must {
			m.fail(missing)
			return out, false, false
		}
		return out, some, true
	}
}

func errNoKey(name string) error { return errors.New("no such key: " + name) }

func (b *builder) key(x ast.Expr) step {
	key := b.text(x)
	switch {
	case key.eval == nil:
		return nil
	case key.literal:
		return b.field(types.NewMapType(types.StringType, types.StringType), key.value)
	}
	return func(m *Machine, in slot.Ref, must bool) (out slot.Ref, some, ok bool) {
		name, ok := key.eval(m)
		if !ok {
			return out, false, false
		}
		out, some = in.Entry(name)
		if !some && must {
			m.fail(errNoKey(name))
			return out, false, false
		}
		return out, some, true
	}
}

func (b *builder) index(x ast.Expr) step {
	index := b.whole(x).eval
	return func(m *Machine, in slot.Ref, must bool) (out slot.Ref, some, ok bool) {
		i, ok := index(m)
		switch {
		case !ok:
			return out, false, false
		case i >= 0 && i < int64(in.Len()):
			return in.Item(int(i)), true, true
		case must:
			m.fail(fmt.Errorf("index out of bounds: %d", i))
			return out, false, false
		}
		return out, false, true
	}
}

// entry plans x.name and x[i] where x is a list, a map or an object.
func entry[T any](b *builder, x ast.Expr, f *form[T]) fn[T] {
	operand, next := b.step(x)
	if next == nil || kindOf(b.typeOf(operand)) != composite {
		return nil
	}
	in := b.value(operand).eval
	if in == nil {
		return nil
	}
	of := f.of
	return func(m *Machine) (v T, ok bool) {
		r, ok := in(m)
		if !ok {
			return v, false
		}
		if r, _, ok = next(m, r, true); !ok {
			return v, false
		}
		return of(r), true
	}
}

// has plans has(x.name).
func (b *builder) has(sel ast.SelectExpr) fn[bool] {
	if r := b.member(sel.Operand(), sel.FieldName()); r != nil {
		return hasSlot(r)
	}
	if root, isRoot := b.rootOf(sel.Operand()); isRoot {
		if root == slot.Request.String() && sel.FieldName() == "body" {
			return func(m *Machine) (bool, bool) { return m.values.HasBody(), true }
		}
		return nil
	}
	t := b.typeOf(sel.Operand())
	if kindOf(t) != composite || t.Kind() == types.ListKind {
		return nil
	}
	in := b.value(sel.Operand()).eval
	if in == nil {
		return nil
	}
	name := sel.FieldName()
	return func(m *Machine) (bool, bool) {
		r, ok := in(m)
		if !ok {
			return false, false
		}
		_, some := r.Entry(name)
		return some, true
	}
}

// hasSlot asks for an attribute. Only an answer tells that it is absent.
func hasSlot(r *read) fn[bool] {
	return func(m *Machine) (bool, bool) {
		switch _, state := m.values.Ref(r.index); state {
		case slot.Present:
			return true, true
		case slot.Absent:
			return false, true
		default:
			m.miss(r, state)
			return false, false
		}
	}
}

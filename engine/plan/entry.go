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

// step goes from a list, map or object to something in it.
type step struct {
	// find looks for it. some tells whether it is there; if must is set, it is
	// an error when it is not.
	find func(m *Machine, in slot.Ref, must bool) (out slot.Ref, some, ok bool)
	// missing is set where the entry's name is known; it is the error when it
	// is not there.
	missing error
	name    string
}

// step plans the last part of x.name, x[i], x.?name or x[?i].
func (b *builder) step(x ast.Expr) (operand ast.Expr, s step) {
	if x.Kind() == ast.SelectKind {
		sel := x.AsSelect()
		return sel.Operand(), field(b.typeOf(sel.Operand()), sel.FieldName())
	}
	args := x.AsCall().Args()
	operand = args[0]
	in := b.typeOf(operand)
	if x.AsCall().FunctionName() == operators.OptSelect {
		name, ok := args[1].AsLiteral().(types.String)
		if !ok {
			return operand, step{}
		}
		return operand, field(in, string(name))
	}
	if inner := inside(in); inner != nil {
		in = inner
	}
	switch in.Kind() {
	case types.ListKind:
		return operand, step{find: b.index(args[1])}
	case types.MapKind:
		return operand, b.key(in, args[1])
	}
	return operand, step{}
}

// field plans the entry of a map, or the field of an object, with a known name.
func field(in *types.Type, name string) step {
	if inner := inside(in); inner != nil {
		in = inner
	}
	missing := errNoKey(name)
	if in.Kind() == types.StructKind {
		missing = &celenv.AttributeError{Attribute: in.TypeName()[1:] + "." + name, State: slot.Absent}
	}
	return step{name: name, missing: missing, find: func(m *Machine, in slot.Ref, must bool) (slot.Ref, bool, bool) {
		out, some := in.Entry(name)
		if !some && must {
			m.fail(missing)
			return out, false, false
		}
		return out, some, true
	}}
}

func errNoKey(name string) error { return errors.New("no such key: " + name) }

func (b *builder) key(in *types.Type, x ast.Expr) step {
	key := b.text(x)
	if key.literal {
		return field(in, key.value)
	}
	return step{find: func(m *Machine, in slot.Ref, must bool) (out slot.Ref, some, ok bool) {
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
	}}
}

func (b *builder) index(x ast.Expr) func(m *Machine, in slot.Ref, must bool) (out slot.Ref, some, ok bool) {
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
	if next.find == nil || kindOf(b.typeOf(operand)) != composite {
		return nil
	}
	in := b.value(operand)
	switch {
	case in.eval == nil:
		return nil
	case in.slot != nil && next.missing != nil:
		return entryOfSlot(in.slot, next.name, next.missing, f.of)
	}
	from, find, of := in.eval, next.find, f.of
	return func(m *Machine) (v T, ok bool) {
		r, ok := from(m)
		if !ok {
			return v, false
		}
		if r, _, ok = find(m, r, true); !ok {
			return v, false
		}
		return of(r), true
	}
}

// entryOfSlot is entry for user.x.name.
func entryOfSlot[T any](r *read, name string, missing error, of func(slot.Ref) T) fn[T] {
	return func(m *Machine) (v T, ok bool) {
		in, state := m.values.Ref(r.index)
		if state != slot.Present {
			m.miss(r, state)
			return v, false
		}
		out, some := in.Entry(name)
		if !some {
			m.fail(missing)
			return v, false
		}
		return of(out), true
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

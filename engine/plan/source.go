package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gwctl/gwctl/engine/slot"
)

// planner is all about one type that planning a part of it needs.
type planner[T any] struct {
	form[T]
	again func(b *builder, x ast.Expr) operand[T] // plans a part of the same type
	own   func(b *builder, x ast.Expr) fn[T]      // plans what only this type has; nil if there is no closure
}

// plan plans a part: as a constant, by closures, or by what CEL makes of it.
func plan[T any](b *builder, x ast.Expr, p planner[T]) operand[T] {
	if b.free[x.ID()] == 0 {
		return fold(b, x, p)
	}
	known := len(b.fallbacks)
	if o := source(b, x, p); o.eval != nil {
		return o
	}
	b.fallbacks = b.fallbacks[:known]
	return operand[T]{eval: fallback(b, x, &p)}
}

// source plans what any type can come from.
func source[T any](b *builder, x ast.Expr, p planner[T]) operand[T] {
	b.refuse(unplanned(x))
	if f := p.own(b, x); f != nil {
		return operand[T]{eval: f}
	}
	switch x.Kind() {
	case ast.IdentKind:
		if l, ok := b.lookup(x.AsIdent()); ok {
			return operand[T]{eval: readLocal(l, &p.form)}
		}
	case ast.SelectKind:
		if x.AsSelect().IsTestOnly() {
			return operand[T]{}
		}
		if r := b.attribute(x); r != nil {
			return operand[T]{eval: p.slot(r), slot: r}
		}
		if scope, name, ok := b.variable(x); ok {
			return operand[T]{eval: readVariable(b, scope, name, p)}
		}
		return operand[T]{eval: entry(b, x, &p.form)}
	case ast.CallKind:
		switch call := x.AsCall(); call.FunctionName() {
		case operators.Index:
			return operand[T]{eval: entry(b, x, &p.form)}
		case operators.Conditional:
			return operand[T]{eval: conditional(b, call.Args(), p)}
		case "orValue":
			return operand[T]{eval: orValue(b, call, p)}
		case "value":
			return operand[T]{eval: optionalValue(b, call, p)}
		}
	case ast.ComprehensionKind:
		return operand[T]{eval: let(b, x, p)}
	}
	return operand[T]{}
}

// rootOf gives the root that a name means, if it is one.
func (b *builder) rootOf(x ast.Expr) (string, bool) {
	if x.Kind() != ast.IdentKind {
		return "", false
	}
	if _, isLocal := b.lookup(x.AsIdent()); isLocal {
		return "", false
	}
	return x.AsIdent(), b.expr.Scope().IsRoot(x.AsIdent())
}

// attribute recognises user.x, request.body.x and their like.
func (b *builder) attribute(x ast.Expr) *read {
	if x.Kind() != ast.SelectKind {
		return nil
	}
	return b.member(x.AsSelect().Operand(), x.AsSelect().FieldName())
}

// member is the attribute of a name that an operand has, if it is a root.
func (b *builder) member(operand ast.Expr, name string) *read {
	at := slot.Body
	if !b.isBody(operand) {
		root, ok := b.rootOf(operand)
		if !ok {
			return nil
		}
		for at = 0; at < slot.Body && at.String() != root; at++ {
		}
		if at == slot.Body {
			return nil
		}
	}
	i, ok := b.layout.Lookup(at, name)
	if !ok {
		return nil
	}
	return &b.reads[i]
}

// isBody recognises request.body.
func (b *builder) isBody(x ast.Expr) bool {
	if x.Kind() != ast.SelectKind || x.AsSelect().FieldName() != "body" || x.AsSelect().IsTestOnly() {
		return false
	}
	root, ok := b.rootOf(x.AsSelect().Operand())
	return ok && root == slot.Request.String()
}

// readSlot reads an attribute of a type that is read seldom.
func readSlot[T any](of func(slot.Ref) T) func(r *read) fn[T] {
	return func(r *read) fn[T] {
		return func(m *Machine) (v T, ok bool) {
			ref, state := m.values.Ref(r.index)
			if state != slot.Present {
				m.miss(r, state)
				return v, false
			}
			return of(ref), true
		}
	}
}

func readText(r *read) fn[string] {
	return func(m *Machine) (string, bool) {
		ref, state := m.values.Ref(r.index)
		if state != slot.Present {
			m.miss(r, state)
			return "", false
		}
		return ref.Str(), true
	}
}

func readWhole(r *read) fn[int64] {
	return func(m *Machine) (int64, bool) {
		ref, state := m.values.Ref(r.index)
		if state != slot.Present {
			m.miss(r, state)
			return 0, false
		}
		return ref.Int(), true
	}
}

func readTruth(r *read) fn[bool] {
	return func(m *Machine) (bool, bool) {
		ref, state := m.values.Ref(r.index)
		if state != slot.Present {
			m.miss(r, state)
			return false, false
		}
		return ref.Bool(), true
	}
}

func readValue(r *read) fn[slot.Ref] {
	return func(m *Machine) (slot.Ref, bool) {
		ref, state := m.values.Ref(r.index)
		if state != slot.Present {
			m.miss(r, state)
			return slot.Ref{}, false
		}
		return ref, true
	}
}

// readLocal reads a variable of a loop.
func readLocal[T any](l local, f *form[T]) fn[T] {
	at := l.at
	if l.item {
		if f.local != nil {
			return f.local(at)
		}
		of := f.of
		return func(m *Machine) (T, bool) { return of(m.locals[at].ref), true }
	}
	get := f.get
	return func(m *Machine) (T, bool) { return get(&m.locals[at]), true }
}

// conditional plans c ? x : y.
func conditional[T any](b *builder, args []ast.Expr, p planner[T]) fn[T] {
	cond, yes, no := b.truth(args[0]).eval, p.again(b, args[1]).eval, p.again(b, args[2]).eval
	if cond == nil || yes == nil || no == nil {
		return nil
	}
	return choose(cond, yes, no)
}

func choose[T any](cond fn[bool], yes, no fn[T]) fn[T] {
	return func(m *Machine) (v T, ok bool) {
		c, ok := cond(m)
		switch {
		case !ok:
			return v, false
		case c:
			return yes(m)
		}
		return no(m)
	}
}

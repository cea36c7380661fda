package plan

import (
	"cel.dev/cel-go/common/ast"
)

// A macro such as optMap binds a name to a value: a comprehension over nothing
// whose result reads it. CEL evaluates the value when the name is first read.
// Here it is evaluated before, so only those are planned of which the name is
// read at once, or whose value cannot fail.

// store evaluates a value into a cell.
type store func(m *Machine, c *cell) (ok bool)

// bound plans the value that a macro binds a name to, and brings the name into
// sight; the caller unbinds it. store is nil if there is no closure.
func (b *builder) bound(x ast.Expr) (c ast.ComprehensionExpr, at int, set store) {
	c = x.AsComprehension()
	if c.IterRange().Kind() != ast.ListKind || c.IterRange().AsList().Size() != 0 || !isLiteral(c.LoopCondition(), false) || !isAccu(c.LoopStep(), c) {
		return c, 0, nil
	}
	value := c.AccuInit()
	isValue := value.Kind() == ast.CallKind && value.AsCall().FunctionName() == "value" && value.AsCall().IsMemberFunction() && isTarget(value.AsCall().Target())
	if c.AccuVar() != targetName && !isValue {
		return c, 0, nil
	}
	set = b.stored(value)
	if set == nil {
		return c, 0, nil
	}
	at, ok := b.bind(c.AccuVar(), b.typeOf(value), false)
	if !ok {
		return c, 0, nil
	}
	return c, at, set
}

// targetName is what optMap and optFlatMap call the optional that they are
// called on. No author can write it.
const targetName = "@target"

func isTarget(x ast.Expr) bool { return x.Kind() == ast.IdentKind && x.AsIdent() == targetName }

// stored plans evaluating a part of any type into a cell.
func (b *builder) stored(x ast.Expr) store {
	t := b.typeOf(x)
	if inner := planOf(inside(t)); isOptional(t) && inner != nil {
		return inner.storeOption(b, x)
	}
	if p := planOf(t); p != nil {
		return p.store(b, x)
	}
	return nil
}

func (p planner[T]) storeOption(b *builder, x ast.Expr) store {
	o := option(b, x, p)
	if o == nil {
		return nil
	}
	put := p.put
	return func(m *Machine, c *cell) bool {
		v, some, ok := o(m)
		if c.some = some; some && ok {
			put(c, v)
		}
		return ok
	}
}

func (p planner[T]) store(b *builder, x ast.Expr) store {
	f := p.again(b, x).eval
	if f == nil {
		return nil
	}
	put := p.put
	return func(m *Machine, c *cell) bool {
		v, ok := f(m)
		if ok {
			put(c, v)
		}
		return ok
	}
}

// let plans what is made of a bound value.
func let[T any](b *builder, x ast.Expr, p planner[T]) fn[T] {
	c, at, set := b.bound(x)
	if set == nil {
		return nil
	}
	result := p.again(b, c.Result()).eval
	b.unbind(1)
	if result == nil {
		return nil
	}
	return func(m *Machine) (v T, ok bool) {
		if !set(m, &m.locals[at]) {
			return v, false
		}
		return result(m)
	}
}

// letOption is let for an optional result.
func letOption[T any](b *builder, x ast.Expr, p planner[T]) opt[T] {
	c, at, set := b.bound(x)
	if set == nil {
		return nil
	}
	result := option(b, c.Result(), p)
	b.unbind(1)
	if result == nil {
		return nil
	}
	return func(m *Machine) (v T, some, ok bool) {
		if !set(m, &m.locals[at]) {
			return v, false, false
		}
		return result(m)
	}
}

package plan

import (
	"slices"

	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/celenv"
)

type variableKey struct {
	scope *celenv.Scope
	name  string
}

// shared is a variable that was read at least once, as some *variable[T] or
// *optionalVariable[T].
type shared struct {
	cell      int // of the Machine's memo
	expr      *celenv.Expr
	planned   any
	most      int // cells of locals that it and the variables it reads use
	fallbacks []Fallback
}

// variable recognises vars.x and library.x.
func (b *builder) variable(x ast.Expr) (*celenv.Scope, string, bool) {
	root, ok := b.rootOf(x.AsSelect().Operand())
	if !ok {
		return nil, "", false
	}
	scope := b.expr.Scope()
	if lib, isLib := scope.Library(root); isLib {
		return lib, x.AsSelect().FieldName(), true
	}
	return scope, x.AsSelect().FieldName(), root == "vars"
}

// share finds a variable, or enters it. plan is asked once.
func (b *builder) share(scope *celenv.Scope, name string, plan func(inner *builder, root ast.Expr) any) *shared {
	key := variableKey{scope, name}
	v, ok := b.variables[key]
	if !ok {
		e, declared := scope.Var(name)
		if !declared {
			return nil
		}
		inner := newBuilder(b.Compiler, e)
		planned := plan(inner, e.AST().Expr())
		if inner.broken {
			planned = nil
		}
		v = &shared{cell: b.memo, expr: e, planned: planned, most: inner.most, fallbacks: inner.fallbacks}
		b.memo++
		b.variables[key] = v
	}
	if v.planned == nil {
		b.refuse("it reads a variable that has no closure")
		return nil
	}
	b.most = max(b.most, v.most)
	for _, f := range v.fallbacks {
		if f.Offset = -1; !slices.Contains(b.fallbacks, f) {
			b.fallbacks = append(b.fallbacks, f)
		}
	}
	return v
}

// variable is a variable of one type.
type variable[T any] struct {
	cell  int
	clash int // cells of locals that both the variable and its reader use
	eval  fn[T]
	put   func(*cell, T)
}

// readVariable plans reading a variable: it is evaluated when it is first
// read, once per request.
func readVariable[T any](b *builder, scope *celenv.Scope, name string, p planner[T]) fn[T] {
	s := b.share(scope, name, func(inner *builder, root ast.Expr) any {
		if f := p.again(inner, root).eval; f != nil {
			return f
		}
		return nil
	})
	if s == nil {
		return nil
	}
	eval, ok := s.planned.(fn[T])
	if !ok {
		return nil
	}
	return p.memo(&variable[T]{cell: s.cell, clash: min(s.most, len(b.locals)), eval: eval, put: p.put})
}

// fill evaluates the variable into its cell. Its budget is its own, so that it
// comes to the same whoever reads it first.
func (v *variable[T]) fill(m *Machine, c *cell) {
	l := m.enter(v.clash)
	x, ok := v.eval(m)
	m.leave(l)
	c.keep(m, ok)
	if ok {
		v.put(c, x)
	}
}

// left is what a reader goes on with after a variable was evaluated.
type left struct{ steps, items, locals int }

// enter prepares for evaluating a variable amid the evaluation of its reader,
// whose first few locals it would overwrite.
func (m *Machine) enter(locals int) left {
	l := left{m.steps, m.items, len(m.saved)}
	if locals > 0 {
		m.saved = append(m.saved, m.locals[:locals]...)
	}
	m.steps, m.items = m.budget, maxItems
	m.filled++
	return l
}

func (m *Machine) leave(l left) {
	m.steps, m.items = l.steps, l.items
	if len(m.saved) > l.locals {
		copy(m.locals[:], m.saved[l.locals:])
		m.saved = m.saved[:l.locals]
	}
}

// keep stores how an evaluation went.
func (c *cell) keep(m *Machine, ok bool) {
	c.request, c.failed, c.spent = m.request, !ok, m.spent
	if !ok {
		c.err = m.err
	}
}

// again makes the failure of a variable that of its reader.
func (c *cell) again(m *Machine) {
	m.err = c.err
	m.spent = m.spent || c.spent
}

// readMemo reads a variable of a type that is read seldom.
func readMemo[T any](get func(*cell) T) func(v *variable[T]) fn[T] {
	return func(v *variable[T]) fn[T] {
		return func(m *Machine) (x T, ok bool) {
			c := &m.memo[v.cell]
			if c.request != m.request {
				v.fill(m, c)
			}
			if c.failed {
				c.again(m)
				return x, false
			}
			return get(c), true
		}
	}
}

func memoTruth(v *variable[bool]) fn[bool] {
	return func(m *Machine) (bool, bool) {
		c := &m.memo[v.cell]
		if c.request != m.request {
			v.fill(m, c)
		}
		if c.failed {
			c.again(m)
			return false, false
		}
		return c.truth, true
	}
}

func memoText(v *variable[string]) fn[string] {
	return func(m *Machine) (string, bool) {
		c := &m.memo[v.cell]
		if c.request != m.request {
			v.fill(m, c)
		}
		if c.failed {
			c.again(m)
			return "", false
		}
		return c.text, true
	}
}

// readOptional plans reading a variable of an optional type.
func readOptional[T any](b *builder, scope *celenv.Scope, name string, p planner[T]) opt[T] {
	s := b.share(scope, name, func(inner *builder, root ast.Expr) any {
		if o := option(inner, root, p); o != nil {
			return o
		}
		return nil
	})
	if s == nil {
		return nil
	}
	eval, ok := s.planned.(opt[T])
	if !ok {
		return nil
	}
	at, clash, get, put := s.cell, min(s.most, len(b.locals)), p.get, p.put
	return func(m *Machine) (v T, some, ok bool) {
		c := &m.memo[at]
		if c.request != m.request {
			l := m.enter(clash)
			v, some, ok = eval(m)
			m.leave(l)
			c.keep(m, ok)
			if c.some = some; some {
				put(c, v)
			}
		}
		switch {
		case c.failed:
			c.again(m)
			return v, false, false
		case !c.some:
			return v, false, true
		}
		return get(c), true, true
	}
}

package plan

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"github.com/gwctl/gwctl/engine/celenv"
)

// fallback leaves a part to CEL. It is nil for a part whose value could not be
// held here; then what it is in is left to CEL.
func fallback[T any](b *builder, x ast.Expr, p *planner[T]) fn[T] {
	if _, isRoot := b.rootOf(x); isRoot || b.isBody(x) || kindOf(b.typeOf(x)) == composite && zoned(b.typeOf(x)) {
		return nil
	}
	run := b.leave(x)
	of := p.cel
	return func(m *Machine) (v T, ok bool) {
		r, ok := run(m)
		if !ok {
			return v, false
		}
		if v, ok = of(r); !ok {
			m.fail(errUnheld)
		}
		return v, ok
	}
}

// errUnheld cannot happen to a checked expression.
var errUnheld = errors.New("a part of the expression gave a value of another type than it has")

// leave makes CEL evaluate a part.
func (b *builder) leave(x ast.Expr) fn[ref.Val] {
	fragment, err := b.expr.Fragment(x)
	if err != nil {
		b.broken = true
		return nil
	}
	b.fallbacks = append(b.fallbacks, b.describe(x))
	scope := b.expr.Scope()
	var locals []local
	if b.free[x.ID()]&^varies != 0 {
		locals = append(locals, b.locals...)
	}
	return func(m *Machine) (ref.Val, bool) {
		var over cel.Activation = m.frame(scope)
		if len(locals) > 0 {
			over = &around{Activation: over, m: m, locals: locals}
		}
		v, steps, err := fragment.Eval(over)
		if errors.Is(err, celenv.ErrBudget) {
			m.exhaust()
			return nil, false
		}
		if !m.charge(int(min(steps, StepBudget+1))) {
			return nil, false
		}
		if err != nil {
			m.fail(err)
			return nil, false
		}
		return v, true
	}
}

func (b *builder) describe(x ast.Expr) Fallback {
	info := b.expr.AST().SourceInfo()
	f := Fallback{Reason: b.why, Text: "(expression)"}
	if text, err := parser.Unparse(x, info, parser.WrapOnColumn(celenv.MaxExpressionSize*4)); err == nil {
		f.Text = text
	}
	if at, ok := info.GetOffsetRange(x.ID()); ok {
		f.Offset = int(at.Start)
	}
	return f
}

// unplanned is why a part has no closure, where nothing closer is known.
func unplanned(x ast.Expr) string {
	switch x.Kind() {
	case ast.CallKind:
		name := x.AsCall().FunctionName()
		if operator, ok := operators.FindReverse(name); ok && operator != "" {
			return "no closure for " + operator + " of these types"
		}
		// What the macros math.greatest and math.least become.
		name = strings.Replace(strings.Replace(name, "@max", "greatest", 1), "@min", "least", 1)
		return "no closure for " + strings.Trim(name, "_[]?") + "() of these types"
	case ast.MapKind:
		return "no closure for a map that an expression makes"
	case ast.ListKind:
		return "no closure for a list with optional items, or with items of this type"
	case ast.ComprehensionKind:
		return "no closure for a loop of this form"
	}
	return "no closure for a value of this type"
}

// around adds the variables of the loops around a part to the request.
type around struct {
	cel.Activation
	m      *Machine
	locals []local
}

// ResolveName implements CEL's Activation.
func (a *around) ResolveName(name string) (any, bool) {
	for i := len(a.locals) - 1; i >= 0; i-- {
		if l := a.locals[i]; l.name == name {
			return l.value(&a.m.locals[l.at]), true
		}
	}
	return a.Activation.ResolveName(name)
}

// value is what a local holds, for CEL.
func (l local) value(c *cell) ref.Val {
	if l.item {
		return celenv.CELValue(c.ref.Value())
	}
	t := l.typ
	if isOptional(t) {
		if !c.some {
			return types.OptionalNone
		}
		return types.OptionalOf(local{typ: t.Parameters()[0]}.value(c))
	}
	switch kindOf(t) {
	case truth:
		return types.Bool(c.truth)
	case whole:
		return types.Int(c.whole)
	case real:
		return types.Double(c.real)
	case text:
		return types.String(c.text)
	case instant:
		return types.Timestamp{Time: c.at.time()}
	case span:
		return types.Duration{Duration: spans.get(c)}
	case addr:
		return celenv.CELValue(addrs.value(c.addr))
	case network:
		return celenv.CELValue(networks.value(c.network))
	case composite:
		return celenv.CELValue(c.ref.Value())
	}
	return types.NewErr("%s", fmt.Sprintf("no value of type %s", t))
}

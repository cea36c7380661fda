package celenv

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gwctl/gwctl/engine/slot"
)

// proved tells whether a comparison of a default with an attribute comes out
// as wanted whatever the attribute's value is, by its enum, bounds or pattern.
func (g *guard) proved(e, used ast.Expr, want bool) bool {
	if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
		return false
	}
	args := e.AsCall().Args()
	side, other, op := args[0], args[1], e.AsCall().FunctionName()
	if !contains(side, used) {
		side, other, op = args[1], args[0], mirrored(op)
	}
	a, isAttr := g.attr(other)
	if !isAttr || op == "" {
		return false
	}
	d, ok := g.valueWhenAbsent(side)
	if !ok {
		return false
	}
	switch op {
	case "_==_", "_!=_":
		return want == (op == "_!=_") && excludes(a, d)
	case "@in":
		return !want && (a.Type.Kind == slot.List) && excludesElement(a, d)
	}
	return g.ordered(op, d, a, want)
}

func contains(e, part ast.Expr) bool {
	found := false
	each(e, func(x ast.Expr) { found = found || x.ID() == part.ID() })
	return found
}

// mirrored turns a comparison around; "" if it cannot be.
func mirrored(op string) string {
	switch op {
	case "_==_", "_!=_":
		return op
	case "_<_":
		return "_>_"
	case "_<=_":
		return "_>=_"
	case "_>_":
		return "_<_"
	case "_>=_":
		return "_<=_"
	}
	return ""
}

func (g *guard) valueWhenAbsent(e ast.Expr) (ref.Val, bool) {
	program, err := g.scope.lib.env.PlanProgram(g.part(e), cel.CostLimit(StepBudget))
	if err != nil || g.readsLoop(e) {
		return nil, false
	}
	out, _, err := program.Eval(g.scope.NewFrame(slot.NewValues(g.scope.layout)))
	return out, err == nil
}

// excludes tells whether an attribute can never have a value.
func excludes(a *slot.Attr, d ref.Val) bool {
	if d.Equal(types.String("")) == types.True && a.EmptyIsAbsent() && a.Type.Kind == slot.String {
		return true
	}
	switch a.Type.Kind {
	case slot.List, slot.Map, slot.Object:
		return false
	}
	return excludesElement(a, d)
}

func excludesElement(a *slot.Attr, d ref.Val) bool {
	if len(a.Enum) > 0 {
		for _, x := range a.Enum {
			if celValue(x).Equal(d) == types.True {
				return false
			}
		}
		return true
	}
	if s, ok := d.(types.String); ok && a.Pattern != nil && !a.Pattern.MatchString(string(s)) {
		return true
	}
	return less(d, a.Min) || more(d, a.Max)
}

// ordered judges default <op> attribute by the attribute's bounds.
func (g *guard) ordered(op string, d ref.Val, a *slot.Attr, want bool) bool {
	if !want {
		op = map[string]string{"_<_": "_>=_", "_<=_": "_>_", "_>_": "_<=_", "_>=_": "_<_"}[op]
	}
	switch op {
	case "_<_":
		return less(d, a.Min)
	case "_<=_":
		return less(d, a.Min) || same(d, a.Min)
	case "_>_":
		return more(d, a.Max)
	case "_>=_":
		return more(d, a.Max) || same(d, a.Max)
	}
	return false
}

func less(d ref.Val, bound slot.Value) bool { return compare(d, bound) == types.IntNegOne }
func more(d ref.Val, bound slot.Value) bool { return compare(d, bound) == types.IntOne }
func same(d ref.Val, bound slot.Value) bool { return compare(d, bound) == types.IntZero }

func compare(d ref.Val, bound slot.Value) ref.Val {
	c, ok := d.(traits.Comparer)
	if !ok || bound.Kind() == slot.Invalid {
		return types.NewErr("not comparable")
	}
	return c.Compare(celValue(bound))
}

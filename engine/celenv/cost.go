package celenv

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// Limits of the shape of one expression.
const (
	MaxNodes = 4096 // after macros are written out
	MaxLoops = 2    // nested in each other
)

// CostBound is the most that evaluating the expression can cost, in the unit
// of StepBudget, with every variable that it can read evaluated once. It
// follows from the sizes that the Schema allows.
func (e *Expr) CostBound() uint64 {
	sum := e.static.cost
	for _, x := range e.static.uses {
		sum = cost.SafeAdd(sum, x.static.cost)
	}
	return sum
}

// costModels correct what CEL charges for comparing, joining and searching texts. It
// counts ten characters as a step, and for contains() the product of both
// lengths, where a machine takes them by the hundred; two lists of 200 names
// each could then not be compared one by one.
func costModels() []cel.EnvOption {
	const perCharacter = 1.0 / 128
	scan := func(terms ...cost.QuantityExpr) cost.OverloadModelOption {
		return cost.EvalCost(cost.Scale(cost.Sum(terms...), perCharacter))
	}
	shorter := cost.Min(cost.Arg(0), cost.Arg(1))
	var models []cost.OverloadModel
	for _, id := range []string{
		overloads.Equals, overloads.NotEquals,
		overloads.LessString, overloads.LessEqualsString, overloads.GreaterString, overloads.GreaterEqualsString,
	} {
		models = append(models, cost.Overload(id, scan(shorter)))
	}
	return []cel.EnvOption{cel.CostModel(append(models,
		cost.MemberOverload(overloads.StartsWithString, scan(cost.Arg(0))),
		cost.MemberOverload(overloads.EndsWithString, scan(cost.Arg(0))),
		cost.MemberOverload(overloads.ContainsString, scan(cost.Target(), cost.Arg(0))),
		cost.Overload(overloads.AddString, scan(cost.Arg(0), cost.Arg(1)), cost.ResultSize(cost.Sum(cost.Arg(0), cost.Arg(1)))),
	)...)}
}

// checkCost bounds an expression. It also keeps the bound, for those who read
// the expression as a variable.
func checkCost(v *view) []Problem {
	if n := ast.NodeCount(v.ast); n > MaxNodes {
		return []Problem{{Length: len(v.runes), Code: "too_large", Message: fmt.Sprintf("the expression has %d parts, more than %d", n, MaxNodes),
			Hint: "move what repeats into vars, and long lists into consts"}}
	}
	var out []Problem
	if p, deep := v.tooNested(v.root(), 0); deep {
		out = append(out, p)
	}
	own, err := v.bound(v.expr.tree(), v.root())
	if err != nil {
		return append(out, v.problem(v.root(), "cost_over_budget", fmt.Sprintf("the cost cannot be bounded: %s", err), ""))
	}
	v.expr.static.cost, v.expr.static.uses = own, v.uses()
	switch bound := v.expr.CostBound(); {
	case own > StepBudget:
		out = append(out, v.overBudget())
	case bound > StepBudget:
		e, x := v.costliest()
		out = append(out, v.problem(e, "cost_over_budget", fmt.Sprintf("with its variables the expression can take %s steps, more than %d", steps(bound), StepBudget),
			fmt.Sprintf("%s alone can take %s", v.path(e), steps(x.CostBound()))))
	}
	if len(out) == 0 {
		v.expr.static.shapes, v.expr.static.sizes = v.shapes(v.root()), v.resultSizes()
	}
	return out
}

// costliest is the variable that costs most of those that the expression
// names.
func (v *view) costliest() (at ast.Expr, most *Expr) {
	each(v.root(), func(e ast.Expr) {
		if x, ok := v.variable(e); ok && (most == nil || x.CostBound() > most.CostBound()) {
			at, most = e, x
		}
	})
	return at, most
}

// steps writes a cost for people.
func steps(n uint64) string {
	if n == ^uint64(0) {
		return "any number of"
	}
	return fmt.Sprint(n)
}

// tooNested finds a loop in a loop in a loop.
func (v *view) tooNested(e ast.Expr, depth int) (Problem, bool) {
	type part struct {
		expr  ast.Expr
		depth int
	}
	var parts []part
	add := func(depth int, list ...ast.Expr) {
		for _, x := range list {
			parts = append(parts, part{x, depth})
		}
	}
	switch e.Kind() {
	case ast.SelectKind:
		add(depth, e.AsSelect().Operand())
	case ast.CallKind:
		if e.AsCall().IsMemberFunction() {
			add(depth, e.AsCall().Target())
		}
		add(depth, e.AsCall().Args()...)
	case ast.ListKind:
		add(depth, e.AsList().Elements()...)
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			add(depth, x.AsMapEntry().Key(), x.AsMapEntry().Value())
		}
	case ast.StructKind:
		for _, x := range e.AsStruct().Fields() {
			add(depth, x.AsStructField().Value())
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		add(depth, c.IterRange(), c.AccuInit())
		if !isBind(c) {
			depth++
		}
		if depth > MaxLoops {
			return v.problem(e, "too_nested", fmt.Sprintf("loops are nested more than %d deep", MaxLoops), "move the inner loop into a variable, or test with `in`"), true
		}
		add(depth, c.LoopCondition(), c.LoopStep(), c.Result())
	}
	for _, x := range parts {
		if p, deep := v.tooNested(x.expr, x.depth); deep {
			return p, true
		}
	}
	return Problem{}, false
}

// uses lists the variables that the expression can read, each once.
func (v *view) uses() []*Expr {
	var out []*Expr
	each(v.root(), func(e ast.Expr) {
		if x, ok := v.variable(e); ok {
			for _, y := range append([]*Expr{x}, x.static.uses...) {
				if !slices.Contains(out, y) {
					out = append(out, y)
				}
			}
		}
	})
	return out
}

// overBudget names the smallest part that is too costly by itself, and the
// sizes that make it so.
func (v *view) overBudget() Problem {
	culprit, at := v.root(), v.expr.static.cost
	for {
		next := culprit
		for _, x := range standalone(culprit) {
			if n, ok := v.partCost(x); ok && n > StepBudget {
				next, at = x, n
				break
			}
		}
		if next == culprit {
			break
		}
		culprit = next
	}
	hint := "test with `in`, or lower the sizes that the Schema allows"
	if caps := v.caps(culprit); len(caps) > 0 {
		hint = strings.Join(caps, "; ") + ": " + hint
	}
	return v.problem(culprit, "cost_over_budget", fmt.Sprintf("%s can take %s steps, more than %d", v.text(culprit), steps(at), StepBudget), hint)
}

// standalone are the parts of a node that can be costed without it: not those
// that read the variable of its loop.
func standalone(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.CallKind:
		out := slices.Clone(e.AsCall().Args())
		if e.AsCall().IsMemberFunction() {
			out = append(out, e.AsCall().Target())
		}
		return out
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.ComprehensionKind:
		return []ast.Expr{e.AsComprehension().IterRange()}
	}
	return nil
}

func (v *view) partCost(e ast.Expr) (uint64, bool) {
	part, ok := v.asAST(v.part(e))
	if !ok {
		return 0, false
	}
	n, err := v.bound(part, e)
	return n, err == nil
}

// asAST wraps a tree for CEL's front door.
func (v *view) asAST(a *ast.AST) (*cel.Ast, bool) {
	pb, err := ast.ToProto(a)
	if err != nil {
		return nil, false
	}
	out, err := cel.CheckedExprToAstWithSource(pb, common.NewTextSource(v.expr.Source))
	return out, err == nil
}

// resultSizes measures what the expression gives at most, by shape, for those
// who read it as a variable. It asks the estimator for the size of an
// argument.
func (v *view) resultSizes() (out [shapes]*cost.SizeEstimate) {
	switch v.expr.typ.Kind() {
	case types.BoolKind, types.IntKind, types.DoubleKind, types.TimestampKind, types.DurationKind:
		return out
	}
	id := ast.MaxID(v.ast) + 1
	call := ast.NewExprFactory().NewCall(id, "optional.of", v.root())
	wrapped := ast.NewCheckedAST(ast.NewAST(call, v.ast.SourceInfo()), v.ast.TypeMap(), v.ast.ReferenceMap())
	wrapped.SetType(id, types.NewOptionalType(v.expr.typ))
	wrapped.SetReference(id, ast.NewFunctionReference(overloads.OptionalOf))
	probe, ok := v.asAST(wrapped)
	if !ok {
		return out
	}
	for in := range shapes {
		capture := cost.OverloadCostEstimate(overloads.OptionalOf, func(est cost.Estimator, _ *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
			if args[0].Expr().ID() == v.root().ID() {
				n := cost.EstimateSize(est, args[0])
				out[in] = &n
			}
			return cost.NewCallEstimate(cost.FixedCostEstimate(1), nil)
		})
		if _, err := v.scope.lib.env.EstimateCost(probe, &sizes{view: v, shape: in}, append(splitModels(in), capture)...); err != nil {
			out[in] = nil
		}
	}
	return out
}

package celenv

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// guard follows every path through an expression and demands that what may be
// absent is tested before it is read: with has(x) && …, with !has(x) || …, in
// a branch of ?:, or by a variable that is such a test. Only what stands to
// the left counts, so that reader and machine agree on the order.
type guard struct {
	*view
	mode
	problems []Problem
	needs    []string
	muted    bool // only the findings of deny rules are wanted
	judged   map[judgement]*Problem
}

// visit gives what is known when a node is true and when it is false. have is
// what is known before it is evaluated.
func (g *guard) visit(e ast.Expr, have facts, p polarity) (yes, no facts) {
	if p != free && !g.isLogic(e) {
		g.atom(e, have, p)
		p = free
	}
	switch e.Kind() {
	case ast.LiteralKind:
		if isLiteral(e, types.True) {
			return have, facts{never: true}
		}
		if isLiteral(e, types.False) {
			return facts{never: true}, have
		}
	case ast.SelectKind:
		return g.visitSelect(e, have, p)
	case ast.CallKind:
		return g.visitCall(e, have, p)
	case ast.ListKind:
		g.visitAll(e.AsList().Elements(), have)
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			g.visitAll([]ast.Expr{x.AsMapEntry().Key(), x.AsMapEntry().Value()}, have)
		}
	case ast.StructKind:
		for _, x := range e.AsStruct().Fields() {
			g.visit(x.AsStructField().Value(), have, free)
		}
	case ast.ComprehensionKind:
		return g.visitComprehension(e.AsComprehension(), have, p)
	}
	return have, have
}

func (g *guard) visitAll(list []ast.Expr, have facts) {
	for _, x := range list {
		g.visit(x, have, free)
	}
}

func (g *guard) visitSelect(e ast.Expr, have facts, p polarity) (yes, no facts) {
	if x, ok := g.variable(e); ok {
		g.need(e, x, have)
		if p != free {
			g.restsOn(e, x, have, p)
		}
		yes, no := x.static.yes, x.static.no
		if x.scope != g.scope {
			yes, no = yes.shared(), no.shared()
		}
		return have.and(yes), have.and(no)
	}
	g.visitOperand(e.AsSelect().Operand(), have)
	if e.AsSelect().IsTestOnly() {
		return have.with(found(g.path(e))...), have
	}
	if a, ok := g.attr(e); ok {
		g.read(e, a, have)
	}
	return have, have
}

// found is what a successful test of a path says: the attribute is there, and
// so is what it is a part of. All of request but the body comes together.
func found(path string) []string {
	var out []string
	for p := path; strings.Contains(p, "."); p = p[:strings.LastIndex(p, ".")] {
		out = append(out, p)
	}
	if strings.HasPrefix(path, "request.") && !slices.Contains(out, bodyPath) {
		out = append(out, httpPath)
	}
	return out
}

const (
	bodyPath = "request.body"
	httpPath = "request" // any part of a request but the body
)

func (g *guard) visitCall(e ast.Expr, have facts, p polarity) (yes, no facts) {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); {
	case name == "_&&_":
		yes, no = have, facts{never: true}
		for _, a := range args {
			y, n := g.visit(a, yes, p)
			yes, no = y, no.or(n)
		}
		return yes, no
	case name == "_||_":
		yes, no = facts{never: true}, have
		for _, a := range args {
			y, n := g.visit(a, no, p)
			yes, no = yes.or(y), n
		}
		return yes, no
	case name == "!_":
		yes, no = g.visit(args[0], have, p.flipped())
		return no, yes
	case name == "_?_:_":
		cy, cn := g.visit(args[0], have, p*sense(args))
		ay, an := g.visit(args[1], cy, p)
		by, bn := g.visit(args[2], cn, p)
		return ay.or(by), an.or(bn)
	case name == "_==_" || name == "_!=_":
		if side, truth, ok := comparedWithBool(args); ok {
			if truth == (name == "_==_") {
				return g.visit(side, have, p)
			}
			yes, no = g.visit(side, have, p.flipped())
			return no, yes
		}
		if side, ok := comparedWithNone(args); ok {
			g.visit(side, have, free)
			yes, no = have, have.with(g.holding(side)...)
			if name == "_!=_" {
				return no, yes
			}
			return yes, no
		}
	case name == "_?._":
		g.visitOperand(args[0], have)
		return have, have
	case (name == "header" || name == "param") && call.IsMemberFunction() && isIdent(call.Target(), "request"):
		g.demand(e, httpPath, have, "request."+name+"(…)")
		return have, have
	}
	if yes, no, ok := g.visitOptional(e, have); ok {
		return yes, no
	}
	if call.IsMemberFunction() {
		g.visit(call.Target(), have, free)
	}
	g.visitAll(args, have)
	return have, have
}

// comparedWithBool recognises x == true and its like.
func comparedWithBool(args []ast.Expr) (side ast.Expr, truth, ok bool) {
	for i, a := range args {
		if a.Kind() == ast.LiteralKind {
			if b, isBool := a.AsLiteral().(types.Bool); isBool {
				return args[1-i], bool(b), true
			}
		}
	}
	return nil, false, false
}

// visitComprehension goes through a loop. What is known outside is known
// inside; what a loop finds out is known after it if it says so of one
// element (exists) or, when false, of one (all), unless it is about the
// element.
func (g *guard) visitComprehension(c ast.ComprehensionExpr, have facts, p polarity) (yes, no facts) {
	g.visit(c.IterRange(), have, free)
	g.visit(c.AccuInit(), have, free)
	if isBind(c) {
		yes, no = g.visit(c.Result(), g.bound(c, have), p)
		return have.and(yes.without(c.AccuVar())), have.and(no.without(c.AccuVar()))
	}
	names := []string{c.AccuVar(), c.IterVar()}
	if c.HasIterVar2() {
		names = append(names, c.IterVar2())
	}
	inner := have.without(names...)
	g.visit(c.LoopCondition(), inner, free)
	if test, some, ok := quantified(c); ok {
		yes, no = g.visit(test, inner, p)
		if some {
			return have.and(yes.without(names...)), have
		}
		return have, have.and(no.without(names...))
	}
	g.visit(c.LoopStep(), inner, free)
	g.visit(c.Result(), inner, free)
	return have, have
}

// isBind recognises a comprehension that only names a value.
func isBind(c ast.ComprehensionExpr) bool {
	return c.IterRange().Kind() == ast.ListKind && c.IterRange().AsList().Size() == 0 && isLiteral(c.LoopCondition(), types.False)
}

// quantified recognises exists and all by their shape, and gives the test.
func quantified(c ast.ComprehensionExpr) (test ast.Expr, some, ok bool) {
	step := c.LoopStep()
	some = isCall(step, "_||_") && isLiteral(c.AccuInit(), types.False)
	every := isCall(step, "_&&_") && isLiteral(c.AccuInit(), types.True)
	if !some && !every || !isIdent(c.Result(), c.AccuVar()) {
		return nil, false, false
	}
	args := step.AsCall().Args()
	if len(args) != 2 || !isIdent(args[0], c.AccuVar()) {
		return nil, false, false
	}
	return args[1], some, true
}

// visitOperand visits what a field is selected of, unless that is a root.
func (g *guard) visitOperand(e ast.Expr, have facts) {
	if e.Kind() != ast.IdentKind && !isBody(e) {
		g.visit(e, have, free)
	}
}

func (g *guard) report(e ast.Expr, message, hint string) {
	if !g.muted {
		g.problems = append(g.problems, g.problem(e, "unguarded_optional", message, hint))
	}
}

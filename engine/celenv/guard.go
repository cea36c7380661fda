package celenv

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/slot"
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
		return have.and(x.static.yes), have.and(x.static.no)
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
	case name == "_?._":
		g.visitOperand(args[0], have)
		return have, have
	case name == "hasValue" && call.IsMemberFunction():
		g.visit(call.Target(), have, free)
		if _, path, ok := g.optionalField(call.Target()); ok {
			return have.with(found(path)...), have
		}
		return have, have
	case (name == "header" || name == "param") && call.IsMemberFunction() && isIdent(call.Target(), "request"):
		g.demand(e, httpPath, have, "request."+name+"(…)")
		return have, have
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
// element (exists) or, when false, of one (all).
func (g *guard) visitComprehension(c ast.ComprehensionExpr, have facts, p polarity) (yes, no facts) {
	g.visit(c.IterRange(), have, free)
	g.visit(c.AccuInit(), have, free)
	if isBind(c) {
		return g.visit(c.Result(), have, p)
	}
	g.visit(c.LoopCondition(), have, free)
	if test, some, ok := quantified(c); ok {
		yes, no = g.visit(test, have, p)
		if some {
			return yes, have
		}
		return have, no
	}
	g.visit(c.LoopStep(), have, free)
	g.visit(c.Result(), have, free)
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

// read demands that an attribute which may be absent is known to be there.
func (g *guard) read(e ast.Expr, a *slot.Attr, have facts) {
	path := g.path(e)
	switch {
	case path != "" && have.know(path):
	case g.ofRule(e, a):
		g.demand(e, path, have, path)
	case a.Optional && !g.presumed(a):
		g.unguarded(e, a, path)
	}
}

// ofRule tells whether it depends on the rule that an attribute is there: what
// only HTTP has, what only some bodies have, and what only some actions have.
func (g *guard) ofRule(e ast.Expr, a *slot.Attr) bool {
	operand := e.AsSelect().Operand()
	if isBody(operand) {
		return true
	}
	return operand.Kind() == ast.IdentKind && (a.Root == slot.Request || a.Root == slot.Action && a.Optional || a == g.scope.layout.Attr(slot.EnvIP))
}

// demand is a read of what depends on the rule. An expression that has no rule
// yet passes the demand on to its readers.
func (g *guard) demand(e ast.Expr, path string, have facts, what string) {
	switch http := g.onlyHTTP(path); {
	case have.know(path) || http != "" && (g.HTTPOnly || have.know(http)):
	case g.unplaced:
		if !slices.Contains(g.needs, path) {
			g.needs = append(g.needs, path)
		}
	case http == httpPath && path == httpPath:
		g.report(e, what+" is absent outside HTTP, and reading it then is an error", "add transports: [http] to the rule, or write has(request.path) && … before it")
	case http != "":
		g.report(e, what+" is absent outside HTTP, and reading it then is an error", fmt.Sprintf("add transports: [http] to the rule, or write has(%s) && … before it", path))
	default:
		g.report(e, what+" may be absent, and reading it then is an error", fmt.Sprintf("write has(%s) && … or !has(%s) || … before it; it is always there if each action of the rule declares it", path, path))
	}
}

// onlyHTTP gives what tells that an attribute is there, if it is wherever HTTP
// is; "" for what can be absent there too.
func (g *guard) onlyHTTP(path string) string {
	if name, ok := strings.CutPrefix(path, bodyPath+"."); ok {
		if i, found := g.scope.layout.Lookup(slot.Body, name); found && g.scope.layout.Attr(i).Optional {
			return ""
		}
		return bodyPath
	}
	switch {
	case path == httpPath || strings.HasPrefix(path, "request."):
		return httpPath
	case path == "env.ip":
		return path
	}
	return ""
}

// presumed are built-in attributes that a few kinds of requests lack and that
// the language does not call optional. Reading one where it is absent is an
// evaluation error, as with any attribute.
func (g *guard) presumed(a *slot.Attr) bool {
	return a == g.scope.layout.Attr(slot.ResourceID) || a == g.scope.layout.Attr(slot.UserIssuer)
}

func (g *guard) unguarded(e ast.Expr, a *slot.Attr, path string) {
	if path == "" {
		g.report(e, fmt.Sprintf("the field %s may be absent, and reading it then is an error", a.Name), "read it as .?"+a.Name)
		return
	}
	message := fmt.Sprintf("%s may be absent, and reading it then is an error", path)
	if len(a.For) > 0 {
		message = fmt.Sprintf("only users of type %s have %s, and reading it of others is an error", strings.Join(a.For, ", "), path)
	}
	at := strings.LastIndex(path, ".")
	g.report(e, message, fmt.Sprintf("write has(%s) && … or !has(%s) || … before it, or read %s.?%s", path, path, path[:at], path[at+1:]))
}

// need holds the reader of a variable to what the variable itself needs.
func (g *guard) need(e ast.Expr, x *Expr, have facts) {
	before := len(g.problems)
	for _, path := range x.static.needs {
		if len(g.problems) == before { // one finding a read is enough
			g.demand(e, path, have, fmt.Sprintf("what %s reads of %s", g.path(e), path))
		}
	}
}

func (g *guard) report(e ast.Expr, message, hint string) {
	if !g.muted {
		g.problems = append(g.problems, g.problem(e, "unguarded_optional", message, hint))
	}
}

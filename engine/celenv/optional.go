package celenv

import (
	"fmt"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/slot"
)

// visitOptional deals with the functions of optional values: hasValue is a
// test, value a read. ok is false for any other call.
func (g *guard) visitOptional(e ast.Expr, have facts) (yes, no facts, ok bool) {
	call := e.AsCall()
	if !call.IsMemberFunction() || !isOptional(g.ast.GetType(call.Target().ID())) {
		return facts{}, facts{}, false
	}
	switch call.FunctionName() {
	case "hasValue":
		g.visit(call.Target(), have, free)
		g.visitAll(call.Args(), have)
		return have.with(g.holding(call.Target())...), have, true
	case "value":
		g.visit(call.Target(), have, free)
		if !g.present(call.Target(), have) {
			g.valueless(e, call.Target(), have)
		}
		return have, have, true
	}
	return facts{}, facts{}, false
}

// holding is what is known where an optional has a value.
func (g *guard) holding(e ast.Expr) []string {
	if _, _, ok := g.attribute(e); ok {
		return found(g.path(e))
	}
	return []string{spelling(e)}
}

// present tells whether an optional is known to have a value.
func (g *guard) present(e ast.Expr, have facts) bool {
	if have.know(spelling(e)) {
		return true
	}
	if operand, a, ok := g.attribute(e); ok {
		return have.know(g.path(e)) || !g.ofRule(operand, a) && len(g.tests(e, have)) == 0
	}
	if x, ok := g.variable(e); ok {
		inner := guard{view: newView(x)}
		return inner.present(inner.root(), facts{})
	}
	switch {
	case e.Kind() == ast.ComprehensionKind && isBind(e.AsComprehension()): // what optMap makes of its target
		c := e.AsComprehension()
		return g.present(c.Result(), g.bound(c, have))
	case e.Kind() != ast.CallKind:
		return false
	}
	switch call := e.AsCall(); call.FunctionName() {
	case "optional.of":
		return true
	case "or":
		return g.present(call.Target(), have) || g.present(call.Args()[0], have)
	case "_?_:_":
		test := call.Args()[0]
		certain := isCall(test, "hasValue") && len(test.AsCall().Args()) == 0 && g.present(test.AsCall().Target(), have)
		return g.present(call.Args()[1], have) && (certain || g.present(call.Args()[2], have))
	}
	return false
}

// bound is what is known where a name stands for a value.
func (g *guard) bound(c ast.ComprehensionExpr, have facts) facts {
	inner := have.without(c.AccuVar())
	if g.present(c.AccuInit(), have) {
		return inner.with(spelled + c.AccuVar())
	}
	return inner
}

func (g *guard) valueless(e, target ast.Expr, have facts) {
	path := g.path(target)
	switch operand, a, ok := g.attribute(target); {
	case ok && g.ofRule(operand, a):
		g.demand(e, path, have, path)
	case ok:
		g.report(e, path+" may be absent, and value() is an error then", g.test(target, have)+", or orValue(…) in its place")
	default:
		text := g.text(target)
		g.report(e, text+" may be empty, and value() is an error then", fmt.Sprintf("write %s.hasValue() && … before it, or orValue(…) in its place", text))
	}
}

// attribute gives the attribute that an optional is about, and what that is
// read of.
func (v *view) attribute(e ast.Expr) (operand ast.Expr, a *slot.Attr, ok bool) {
	if a, _, ok = v.optionalField(e); ok {
		return e.AsCall().Args()[0], a, true
	}
	if a, ok = v.attr(e); ok {
		return e.AsSelect().Operand(), a, true
	}
	return nil, nil, false
}

// spelled begins the fact that an optional has a value, where it has no path.
const spelled = "?"

// spelling writes an expression so that two that say the same are the same
// text, wherever they stand.
func spelling(e ast.Expr) string { return spelled + spell(e) }

func spell(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.LiteralKind:
		v := e.AsLiteral()
		return v.Type().TypeName() + strconv.QuoteToASCII(fmt.Sprint(v.Value()))
	case ast.SelectKind:
		return fmt.Sprintf("%s.%s %t", spell(e.AsSelect().Operand()), e.AsSelect().FieldName(), e.AsSelect().IsTestOnly())
	case ast.CallKind:
		target := ""
		if e.AsCall().IsMemberFunction() {
			target = spell(e.AsCall().Target())
		}
		return fmt.Sprintf("%s~%s(%s)", target, e.AsCall().FunctionName(), spellAll(e.AsCall().Args()...))
	case ast.ListKind:
		return fmt.Sprintf("[%s]%v", spellAll(e.AsList().Elements()...), e.AsList().OptionalIndices())
	case ast.MapKind:
		var out []string
		for _, x := range e.AsMap().Entries() {
			out = append(out, fmt.Sprintf("%s: %t", spellAll(x.AsMapEntry().Key(), x.AsMapEntry().Value()), x.AsMapEntry().IsOptional()))
		}
		return "{" + strings.Join(out, ", ") + "}"
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		return fmt.Sprintf("loop(%s, %s, %s: %s)", c.IterVar(), c.IterVar2(), c.AccuVar(), spellAll(c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()))
	}
	return fmt.Sprintf("node %d", e.ID())
}

func spellAll(list ...ast.Expr) string {
	var out []string
	for _, x := range list {
		out = append(out, spell(x))
	}
	return strings.Join(out, ", ")
}

// comparedWithNone recognises x == optional.none() and its like, and gives x.
func comparedWithNone(args []ast.Expr) (side ast.Expr, ok bool) {
	for i, a := range args {
		if isCall(a, "optional.none") {
			return args[1-i], true
		}
	}
	return nil, false
}

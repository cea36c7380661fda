package celenv

import (
	"fmt"
	"net/netip"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// literals finds what is written down wrong: patterns, networks, zones, times,
// and values that an attribute never has. A constant counts as written down,
// and so does the variable of a loop over constants.
type literals struct {
	*view
	problems []Problem
	reported map[int64]bool // one finding a token is enough
}

func checkLiterals(v *view) []Problem {
	l := &literals{view: v, reported: map[int64]bool{}}
	l.visit(v.root(), locals{})
	v.expr.static.domain, v.expr.static.elements = l.domain(v.root(), locals{}), l.elementDomain(v.root(), locals{})
	return l.problems
}

// known is a value that stands in the source, or in a constant, and the node
// to point at.
type known struct {
	value ref.Val
	at    ast.Expr
}

// local is what is known of a loop's variable.
type local struct {
	values []known
	domain *domain
}

// locals are the variables of loops, by name.
type locals map[string]local

func (l locals) with(name string, v local) locals {
	out := make(locals, len(l)+1)
	for k, x := range l {
		out[k] = x
	}
	out[name] = v
	return out
}

func (l *literals) visit(e ast.Expr, in locals) {
	switch e.Kind() {
	case ast.SelectKind:
		l.visit(e.AsSelect().Operand(), in)
	case ast.CallKind:
		call := e.AsCall()
		l.call(call, in)
		if call.IsMemberFunction() {
			l.visit(call.Target(), in)
		}
		for _, a := range call.Args() {
			l.visit(a, in)
		}
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			l.visit(x, in)
		}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			l.visit(x.AsMapEntry().Key(), in)
			l.visit(x.AsMapEntry().Value(), in)
		}
	case ast.StructKind:
		for _, x := range e.AsStruct().Fields() {
			l.visit(x.AsStructField().Value(), in)
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		l.visit(c.IterRange(), in)
		l.visit(c.AccuInit(), in)
		inner := l.enter(c, in)
		l.visit(c.LoopCondition(), inner)
		l.visit(c.LoopStep(), inner)
		l.visit(c.Result(), inner)
	}
}

// enter gives a loop's variables what is known of the list that it goes over.
func (l *literals) enter(c ast.ComprehensionExpr, in locals) locals {
	if isBind(c) {
		return in.with(c.AccuVar(), local{l.values(c.AccuInit(), in), l.domain(c.AccuInit(), in)})
	}
	out := in.with(c.AccuVar(), local{})
	element := local{}
	if l.ast.GetType(c.IterRange().ID()).Kind() == types.ListKind {
		element = local{l.elements(c.IterRange(), in), l.elementDomain(c.IterRange(), in)}
	}
	if c.HasIterVar2() {
		return out.with(c.IterVar(), local{}).with(c.IterVar2(), element)
	}
	return out.with(c.IterVar(), element)
}

func (l *literals) call(call ast.CallExpr, in locals) {
	name, args := call.FunctionName(), call.Args()
	switch name {
	case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_":
		l.compare(args[0], args[1], name, in)
		l.compare(args[1], args[0], name, in)
	case "@in":
		l.member(args[0], args[1], in)
	case "sets.contains", "sets.intersects", "sets.equivalent":
		l.lists(args[0], args[1], in)
		l.lists(args[1], args[0], in)
	case "date", "clock", "weekday":
		l.zoneName(name, args[1], in)
	}
	subject := -1 // which argument the check of the function speaks about
	switch {
	case name == "matches":
		subject = len(args) - 1
	case len(args) == 1 && (isZoneGetter(name) || isParsed(name)):
		subject = 0
	}
	if subject < 0 || l.ast.GetType(args[subject].ID()).Kind() != types.StringKind {
		return
	}
	values := l.values(args[subject], in)
	if isZoneGetter(name) && len(values) == 0 {
		l.report(args[subject], Problem{Code: "literal_required", Message: name + " takes a literal time zone", Hint: quotedZone})
	}
	for _, k := range values {
		if text, ok := k.value.(types.String); ok {
			l.report(k.at, checkText(name, string(text)))
		}
	}
}

// zoneName holds the zone of date, clock and weekday to the IANA names. It is
// written down, so that a decision can be replayed and a misspelt zone found.
func (l *literals) zoneName(function string, e ast.Expr, in locals) {
	values := l.values(e, in)
	if len(values) == 0 {
		l.report(e, Problem{Code: "literal_required", Message: function + " takes a literal time zone", Hint: quotedZone})
	}
	for _, k := range values {
		name, _ := k.value.(types.String)
		if _, err := l.scope.lib.zones.load(string(name)); err != nil {
			l.report(k.at, Problem{Code: "bad_literal", Message: err.Error(), Hint: zoneHint})
		}
	}
}

const (
	zoneHint   = "zones are IANA names such as 'Europe/Berlin', or 'UTC'"
	quotedZone = "write its IANA name in quotes, as in 'Europe/Berlin'"
)

func isZoneGetter(name string) bool {
	switch name {
	case "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds":
		return true
	}
	return false
}

// isParsed tells whether a function reads its text as a value of some format.
func isParsed(name string) bool {
	switch name {
	case "cidr", "ip", "containsIP", "containsCIDR", "ip.isCanonical", "timestamp", "duration":
		return true
	}
	return false
}

// checkText checks a text that a function is given; the zero Problem means that
// it is fine.
func checkText(function, text string) Problem {
	switch function {
	case "matches":
		return checkPattern(text)
	case "cidr", "containsCIDR":
		return checkNetwork(text)
	case "ip", "containsIP", "ip.isCanonical":
		return checkAddress(text)
	case "timestamp":
		if types.IsError(types.String(text).ConvertToType(types.TimestampType)) {
			return Problem{Code: "bad_literal", Message: fmt.Sprintf("%q is not a timestamp", text), Hint: "write it as in '2026-01-15T10:00:00Z'"}
		}
	case "duration":
		if types.IsError(types.String(text).ConvertToType(types.DurationType)) {
			return Problem{Code: "bad_literal", Message: fmt.Sprintf("%q is not a duration", text), Hint: "write it as in '90s', '1h30m' or '250ms'; there are no days"}
		}
	default:
		return checkGetterZone(text)
	}
	return Problem{}
}

// checkGetterZone checks the zone of getHours and its like, where CEL allows
// offsets too.
func checkGetterZone(text string) Problem {
	digits := strings.TrimLeft(text, "+-")
	if strings.Contains(text, ":") {
		var h, m int
		if n, err := fmt.Sscanf(digits, "%2d:%2d", &h, &m); err == nil && n == 2 && len(digits) == 5 && len(text)-len(digits) <= 1 && h <= 23 && m <= 59 {
			return Problem{}
		}
		return Problem{Code: "bad_literal", Message: fmt.Sprintf("%q is not an offset", text), Hint: "offsets are written as in '+01:00'; a name such as 'Europe/Berlin' knows daylight saving"}
	}
	if _, err := (&zones{}).load(text); err != nil {
		return Problem{Code: "bad_literal", Message: err.Error(), Hint: zoneHint}
	}
	return Problem{}
}

func checkNetwork(text string) Problem {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || p.Addr().Is4In6():
		return Problem{Code: "bad_literal", Message: fmt.Sprintf("%q is not a network", text), Hint: "write it as in '192.0.2.0/24' or '2001:db8::/32'"}
	case p.Masked() != p:
		return Problem{Code: "bad_literal", Message: fmt.Sprintf("%q has bits set behind its prefix", text), Hint: fmt.Sprintf("the network is '%s', the address alone '%s/%d'", p.Masked(), p.Addr(), p.Addr().BitLen())}
	}
	return Problem{}
}

func checkAddress(text string) Problem {
	if a, err := netip.ParseAddr(text); err != nil || a.Zone() != "" || a.Is4In6() {
		return Problem{Code: "bad_literal", Message: fmt.Sprintf("%q is not an IP address", text), Hint: "write it as in '192.0.2.1' or '2001:db8::1'"}
	}
	return Problem{}
}

// report places a problem on a node; the zero one is none.
func (l *literals) report(at ast.Expr, p Problem) {
	if p.Code == "" || l.reported[at.ID()] {
		return
	}
	l.reported[at.ID()] = true
	p.Offset, p.Length = l.token(at)
	l.problems = append(l.problems, p)
}

// badLiteral words a finding of CEL's own literal checks our way: placed on
// the whole literal, and named by what it is given to.
func (s *Scope) badLiteral(p *Problem, runes []rune, parsed *ast.AST, literal ast.Expr) {
	p.Length = literalLength(runes, p.Offset)
	text, _ := literal.AsLiteral().(types.String)
	each(parsed.Expr(), func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		for _, a := range e.AsCall().Args() {
			if name := e.AsCall().FunctionName(); a.ID() == literal.ID() && (isParsed(name) || name == "matches") {
				if found := checkText(name, string(text)); found.Code != "" {
					found.Offset, found.Length = p.Offset, p.Length
					*p = found
				}
			}
		}
	})
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

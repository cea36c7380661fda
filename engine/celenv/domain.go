package celenv

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy/document"
)

// domain is the set of values that an expression can have, where the Schema or
// a function leaves only some.
type domain struct {
	name   string // of the attribute or function
	values []ref.Val
	valid  func(v ref.Val, op string) bool // instead of values
	shape  string                          // what a valid value looks like
}

// values are what a node certainly is, as far as it is written down.
func (l *literals) values(e ast.Expr, in locals) []known {
	if v, ok := l.constant(e); ok {
		return []known{{v, e}}
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return []known{{e.AsLiteral(), e}}
	case ast.IdentKind:
		return in[e.AsIdent()].values
	case ast.CallKind:
		if isCall(e, "optional.of") {
			return l.values(e.AsCall().Args()[0], in)
		}
	}
	return nil
}

// written tells whether values, or elements of a list, gives all that a node
// can be.
func (l *literals) written(e ast.Expr, in locals) bool {
	if _, ok := l.constant(e); ok {
		return true
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return true
	case ast.IdentKind:
		return in[e.AsIdent()].all
	case ast.ListKind:
		return !slices.ContainsFunc(e.AsList().Elements(), func(x ast.Expr) bool { return !l.written(x, in) })
	}
	return false
}

// elements are the values of a list that are written down.
func (l *literals) elements(e ast.Expr, in locals) []known {
	var out []known
	if v, ok := l.constant(e); ok {
		if list, isList := v.(traits.Lister); isList {
			for it := list.Iterator(); it.HasNext() == types.True; {
				out = append(out, known{it.Next(), e})
			}
		}
		return out
	}
	if e.Kind() == ast.ListKind {
		for _, x := range e.AsList().Elements() {
			out = append(out, l.values(x, in)...)
		}
	}
	return out
}

// domain gives the possible values of a node; nil if they are not limited.
func (l *literals) domain(e ast.Expr, in locals) *domain {
	if x, ok := l.variable(e); ok {
		return x.static.domain
	}
	switch e.Kind() {
	case ast.IdentKind:
		return in[e.AsIdent()].domain
	case ast.SelectKind:
		if a, ok := l.attr(e); ok && !e.AsSelect().IsTestOnly() {
			return l.attrDomain(a, l.path(e), false)
		}
	case ast.CallKind:
		return l.callDomain(e, in)
	}
	return nil
}

func (l *literals) callDomain(e ast.Expr, in locals) *domain {
	call := e.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case "_?._":
		if a, path, ok := l.optionalField(e); ok {
			return l.attrDomain(a, path, false)
		}
	case "value":
		if call.IsMemberFunction() {
			return l.domain(call.Target(), in)
		}
	case "first", "last":
		if call.IsMemberFunction() {
			return l.elementDomain(call.Target(), in)
		}
	case "orValue":
		return l.joined(call.Target(), args[0], in)
	case "_?_:_":
		return l.joined(args[1], args[2], in)
	case "_[_]", "_[?_]":
		return l.elementDomain(args[0], in)
	case "weekday", "clock", "date":
		return calendarDomain(name)
	}
	return nil
}

// joined are the values of either of two nodes.
func (l *literals) joined(a, b ast.Expr, in locals) *domain {
	x, y := l.domain(a, in), l.domain(b, in)
	if x == nil {
		x, y, a, b = y, x, b, a
	}
	if x == nil || x.valid != nil {
		return nil
	}
	out := &domain{name: x.name}
	add := func(v ref.Val) {
		if !out.has(v, "") {
			out.values = append(out.values, v)
		}
	}
	written := l.values(b, in)
	if y == nil && len(written) == 0 || y != nil && y.valid != nil {
		return nil
	}
	for _, v := range x.values {
		add(v)
	}
	if y != nil {
		for _, v := range y.values {
			add(v)
		}
	}
	for _, k := range written {
		add(k.value)
	}
	return out
}

// elementDomain gives the possible elements of a list.
func (l *literals) elementDomain(e ast.Expr, in locals) *domain {
	if x, ok := l.variable(e); ok {
		return x.static.elements
	}
	if a, ok := l.attr(e); ok {
		return l.attrDomain(a, l.path(e), true)
	}
	if a, path, ok := l.optionalField(e); ok {
		return l.attrDomain(a, path, true)
	}
	if from, ok := filtered(e); ok {
		return l.elementDomain(from, in)
	}
	if e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction() {
		switch e.AsCall().FunctionName() {
		case "value", "sort", "distinct", "reverse", "slice":
			return l.elementDomain(e.AsCall().Target(), in)
		case "orValue":
			if d := e.AsCall().Args()[0]; d.Kind() == ast.ListKind && d.AsList().Size() == 0 {
				return l.elementDomain(e.AsCall().Target(), in)
			}
		}
	}
	return nil
}

// filtered recognises list.filter(x, …) by its shape, and gives the list.
func filtered(e ast.Expr) (list ast.Expr, ok bool) {
	if e.Kind() != ast.ComprehensionKind {
		return nil, false
	}
	c := e.AsComprehension()
	step := c.LoopStep()
	if !isCall(step, "_?_:_") || !isIdent(step.AsCall().Args()[2], c.AccuVar()) || !isIdent(c.Result(), c.AccuVar()) {
		return nil, false
	}
	more := step.AsCall().Args()[1]
	if !isCall(more, "_+_") || !isIdent(more.AsCall().Args()[0], c.AccuVar()) {
		return nil, false
	}
	kept := more.AsCall().Args()[1]
	return c.IterRange(), kept.Kind() == ast.ListKind && kept.AsList().Size() == 1 && isIdent(kept.AsList().Elements()[0], c.IterVar()) && !c.HasIterVar2()
}

// attrDomain is an attribute's enum, the literals of the Scope, or what its
// pattern and bounds leave. Of a list they are those of the elements.
func (l *literals) attrDomain(a *slot.Attr, path string, element bool) *domain {
	if (a.Type.Kind == slot.List) != element || a.Type.Kind == slot.Map {
		return nil
	}
	d := &domain{name: path}
	for _, x := range a.Enum {
		d.values = append(d.values, celValue(x))
	}
	if i, ok := l.scope.layout.Lookup(a.Root, a.Name); ok && l.scope.layout.Attr(i) == a {
		for _, x := range l.scope.literals[a.FullName()] {
			d.values = append(d.values, types.String(x))
		}
	}
	if len(d.values) > 0 {
		return d
	}
	return boundedDomain(a, path)
}

// boundedDomain is what an attribute's pattern and bounds leave, for values
// that it is said to be equal to.
func boundedDomain(a *slot.Attr, path string) *domain {
	var shape []string
	if a.Pattern != nil {
		shape = append(shape, "its pattern is "+strings.TrimSuffix(strings.TrimPrefix(a.Pattern.String(), "^(?:"), ")$"))
	}
	if a.Min.Kind() != slot.Invalid {
		shape = append(shape, "its min is "+render(celValue(a.Min)))
	}
	if a.Max.Kind() != slot.Invalid {
		shape = append(shape, "its max is "+render(celValue(a.Max)))
	}
	if len(shape) == 0 {
		return nil
	}
	return &domain{name: path, shape: strings.Join(shape, ", "), valid: func(v ref.Val, op string) bool {
		return op != "_==_" && op != "_!=_" && op != "@in" || !excludesElement(a, v)
	}}
}

func calendarDomain(function string) *domain {
	switch function {
	case "weekday":
		d := &domain{name: "weekday"}
		for day := range 7 {
			d.values = append(d.values, types.String(strings.ToLower(time.Weekday((day+1)%7).String())))
		}
		return d
	case "clock":
		return &domain{name: "clock", shape: "clock gives 24 hours and two digits each, as in '09:00'", valid: func(v ref.Val, op string) bool {
			text, _ := v.Value().(string)
			_, err := time.Parse(clockLayout, text)
			return len(text) == len(clockLayout) && err == nil || text == "24:00" && op != "_==_" && op != "@in"
		}}
	case "date":
		return &domain{name: "date", shape: "date gives year, month and day as in '2026-01-15'", valid: func(v ref.Val, _ string) bool {
			text, _ := v.Value().(string)
			_, err := time.Parse(time.DateOnly, text)
			return err == nil
		}}
	}
	return nil
}

// compare holds the values of one side to the domain of the other.
func (l *literals) compare(a, b ast.Expr, op string, in locals) {
	if d := l.domain(a, in); d != nil {
		if ordered := op != "_==_" && op != "_!=_"; ordered && d.valid == nil && d.name != "weekday" {
			return
		}
		l.hold(d, l.values(b, in), op)
	}
	if op == "_==_" || op == "_!=_" {
		l.lists(a, b, in)
	}
}

// member holds x in list to the domains of both.
func (l *literals) member(x, list ast.Expr, in locals) {
	if d := l.domain(x, in); d != nil {
		l.hold(d, l.elements(list, in), "@in")
	}
	if d := l.elementDomain(list, in); d != nil {
		l.hold(d, l.values(x, in), "@in")
	}
}

// headerName names the domain of header names, which are lower-case.
const headerName = "header"

func headerDomain() *domain {
	return &domain{name: headerName, valid: func(v ref.Val, _ string) bool {
		text, _ := v.Value().(string)
		return text == strings.ToLower(text)
	}}
}

// keyDomain gives the possible keys of a map, if they are limited.
func (l *literals) keyDomain(e ast.Expr, in locals) *domain {
	if x, ok := l.variable(e); ok {
		return x.static.keys
	}
	if isCall(e, "orValue") {
		return l.keyDomain(e.AsCall().Target(), in)
	}
	if l.path(e) == l.scope.layout.Attr(slot.RequestHeaders).FullName() {
		return headerDomain()
	}
	return nil
}

// keys holds what a map is asked for to its keys, and the keys of a map that
// is written in place to the domain of what is looked up in it. A constant may
// have others, such as a default.
func (l *literals) keys(of, key ast.Expr, in locals) {
	if d := l.keyDomain(of, in); d != nil {
		l.hold(d, l.values(key, in), "@in")
	}
	d := l.domain(key, in)
	if d == nil || of.Kind() != ast.MapKind {
		return
	}
	for _, x := range of.AsMap().Entries() {
		l.hold(d, l.values(x.AsMapEntry().Key(), in), "@in")
	}
}

func (l *literals) lists(a, b ast.Expr, in locals) {
	if d := l.elementDomain(a, in); d != nil {
		l.hold(d, l.elements(b, in), "_==_")
	}
}

func (l *literals) hold(d *domain, values []known, op string) {
	for _, k := range values {
		if !d.has(k.value, op) {
			l.report(k.at, d.problem(k.value))
		}
	}
}

func (d *domain) has(v ref.Val, op string) bool {
	if d.valid != nil {
		return d.valid(v, op)
	}
	return slices.ContainsFunc(d.values, func(x ref.Val) bool { return x.Equal(v) == types.True })
}

// problem is what is wrong with a value outside the domain. Its code is the same
// whether a name stands in a condition or in a list of the rule.
func (d *domain) problem(v ref.Val) Problem {
	p := Problem{Code: "undeclared_value", Message: fmt.Sprintf("%s is never %s", d.name, render(v)), Hint: d.hint(v)}
	switch d.name {
	case headerName:
		text, _ := v.Value().(string)
		return Problem{Code: "header_case", Message: fmt.Sprintf("header names are lower-case here: %q never matches", text), Hint: "write " + strings.ToLower(text)}
	case "weekday", "clock", "date":
		return Problem{Code: "bad_literal", Message: fmt.Sprintf("%s(…) is never %s", d.name, render(v)), Hint: p.Hint}
	case "user.roles":
		return Problem{Code: "undeclared_role", Message: fmt.Sprintf("role %s is not declared", render(v)), Hint: p.Hint}
	case "resource.type":
		return Problem{Code: "undeclared_resource", Message: fmt.Sprintf("resource %s is not declared", render(v)), Hint: p.Hint}
	case "action.name":
		return Problem{Code: "undeclared_action", Message: fmt.Sprintf("action %s is not declared", render(v)), Hint: p.Hint}
	}
	return p
}

func (d *domain) hint(v ref.Val) string {
	if d.valid != nil {
		return d.shape
	}
	const most = 30 // values of an enum, or names of a set, are listed or looked through
	if len(d.values) > 20*most {
		return fmt.Sprintf("%d are declared", len(d.values))
	}
	var names []string
	for _, x := range d.values {
		names = append(names, strings.Trim(render(x), `"`))
	}
	wrong := strings.Trim(render(v), `"`)
	if near, ok := document.Closest(wrong, names); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	for _, name := range names {
		if len(wrong) >= 2 && strings.HasPrefix(name, strings.ToLower(wrong)) {
			return fmt.Sprintf("did you mean %q?", name)
		}
	}
	if len(names) > most {
		return fmt.Sprintf("declared: %s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return "declared: " + strings.Join(names, ", ")
}

package celenv

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/slot"
)

// reader finds out what an expression looks at, and refuses uses of a root
// that reading cannot follow.
type reader struct {
	scope    *Scope
	source   string
	ast      *ast.AST
	found    Reads
	problems []Problem
}

func (r *reader) reads() Reads {
	for _, name := range r.found.Vars {
		r.found = union(r.found, r.scope.vars[name].reads)
	}
	slices.Sort(r.found.Slots)
	r.found.Slots = slices.Compact(r.found.Slots)
	for _, list := range []*[]string{&r.found.Headers, &r.found.Params, &r.found.Vars} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return r.found
}

// union adds what another expression looks at; its variables are its own.
func union(a, b Reads) Reads {
	a.Slots = append(a.Slots, b.Slots...)
	a.Headers = append(a.Headers, b.Headers...)
	a.Params = append(a.Params, b.Params...)
	return a
}

// isRoot tells whether a name is one that conditions read attributes from.
func (r *reader) isRoot(name string) bool {
	_, isRoot := rootNamed(name)
	_, isLib := r.scope.libs[name]
	return isRoot || isLib || name == "vars" || name == "consts"
}

// isBody recognises request.body.
func isBody(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && e.AsSelect().FieldName() == "body" && isIdent(e.AsSelect().Operand(), "request")
}

// walk visits an expression; locals are the names that comprehensions bind.
func (r *reader) walk(e ast.Expr, locals []string) {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		if r.isRoot(name) && !slices.Contains(locals, name) {
			r.report(e, "whole_root", fmt.Sprintf("%s cannot be used as a value", name), "read what it holds, as in "+name+"."+r.scope.example(name))
		}
	case ast.SelectKind:
		sel := e.AsSelect()
		r.intoOptional(e, sel.Operand())
		if isBody(sel.Operand()) && !slices.Contains(locals, "request") {
			r.selects("request.body", sel.FieldName())
			return
		}
		if isBody(e) && !slices.Contains(locals, "request") {
			if !sel.IsTestOnly() {
				r.report(e, "whole_root", "request.body cannot be used as a value", "read one of its fields, as in request.body.amount")
			}
			return
		}
		if sel.IsTestOnly() {
			r.alwaysThere(sel.Operand(), sel.FieldName(), locals)
		}
		if sel.Operand().Kind() == ast.IdentKind && !slices.Contains(locals, sel.Operand().AsIdent()) && r.selects(sel.Operand().AsIdent(), sel.FieldName()) {
			return
		}
		r.walk(sel.Operand(), locals)
	case ast.CallKind:
		r.walkCall(e, locals)
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			r.walk(x, locals)
		}
	case ast.MapKind:
		for _, x := range e.AsMap().Entries() {
			r.walk(x.AsMapEntry().Key(), locals)
			r.walk(x.AsMapEntry().Value(), locals)
		}
	case ast.StructKind:
		for _, x := range e.AsStruct().Fields() {
			r.walk(x.AsStructField().Value(), locals)
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		r.walk(c.IterRange(), locals)
		r.walk(c.AccuInit(), locals)
		inner := append(slices.Clone(locals), c.IterVar(), c.AccuVar())
		if c.HasIterVar2() {
			inner = append(inner, c.IterVar2())
		}
		for _, name := range inner[len(locals):] {
			if r.isRoot(name) {
				r.report(r.loopVariable(e, name), "shadowed_root", fmt.Sprintf("%q names a variable of a loop and a root", name), "give the loop's variable another name")
			}
		}
		r.walk(c.LoopCondition(), inner)
		r.walk(c.LoopStep(), inner)
		r.walk(c.Result(), inner)
	}
}

// selects records root.field; it is false when root is no root of ours.
func (r *reader) selects(root, field string) bool {
	switch root {
	case "vars":
		r.found.Vars = append(r.found.Vars, field)
		return true
	case "consts":
		return true
	}
	if lib, ok := r.scope.libs[root]; ok {
		if v, isVar := lib.vars[field]; isVar {
			r.found = union(r.found, v.reads)
		}
		return true
	}
	at, ok := rootNamed(root)
	if !ok {
		return false
	}
	if i, found := r.scope.layout.Lookup(at, field); found {
		r.found.Slots = append(r.found.Slots, i)
	}
	return true
}

// alwaysThere refuses has() of a variable or constant: it does not ask for the
// value, so `has(vars.is_owner)` would let everybody in.
func (r *reader) alwaysThere(operand ast.Expr, field string, locals []string) {
	for _, root := range []string{"vars", "consts"} {
		if isIdent(operand, root) && !slices.Contains(locals, root) {
			r.report(operand, "always_present", fmt.Sprintf("%s.%s is always there", root, field), fmt.Sprintf("read its value: write %s.%s", root, field))
		}
	}
}

// optionalType is the name of CEL's type of optionals.
const optionalType = "optional_type"

// intoOptional refuses to go on into an optional that was a field or an item
// itself, such as a variable: CEL looks at the optional there and not at what it
// holds, so that the answer is always that there is nothing.
func (r *reader) intoOptional(e, operand ast.Expr) {
	field := operand.Kind() == ast.SelectKind && !operand.AsSelect().IsTestOnly() || isCall(operand, "_[_]")
	if field && r.ast.GetType(operand.ID()).TypeName() == optionalType {
		r.report(e, "stored_optional", "CEL does not look into an optional that is itself a field, variable or item", "write the whole chain in one place, as in user.?labels.?k, or take the value out with orValue(…) or optMap(…)")
	}
}

// loopVariable is where a comprehension's macro names its variable.
func (r *reader) loopVariable(e ast.Expr, name string) ast.Expr {
	if macro, ok := r.ast.SourceInfo().GetMacroCall(e.ID()); ok && macro.Kind() == ast.CallKind {
		for _, a := range macro.AsCall().Args() {
			if isIdent(a, name) {
				return a
			}
		}
	}
	return e
}

func (r *reader) walkCall(e ast.Expr, locals []string) {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case "_[_]", "_[?_]":
		r.intoOptional(e, args[0])
	case "_?._": // user.?country
		r.intoOptional(e, args[0])
		field, isLiteral := literalText(args[1])
		if isLiteral && isBody(args[0]) && !slices.Contains(locals, "request") {
			r.selects("request.body", field)
			return
		}
		if isLiteral {
			r.alwaysThere(args[0], field, locals)
		}
		if args[0].Kind() == ast.IdentKind && args[1].Kind() == ast.LiteralKind && !slices.Contains(locals, args[0].AsIdent()) {
			if field, ok := args[1].AsLiteral().Value().(string); ok && r.selects(args[0].AsIdent(), field) {
				return
			}
		}
	case "header", "param":
		if call.IsMemberFunction() && isIdent(call.Target(), "request") {
			r.requestCall(e, call)
			return
		}
	}
	if call.IsMemberFunction() {
		r.walk(call.Target(), locals)
	}
	for _, a := range args {
		r.walk(a, locals)
	}
}

// requestCall records request.header('x'). The name is a literal so that it
// is known before any rule runs which headers a decision depends on.
func (r *reader) requestCall(e ast.Expr, call ast.CallExpr) {
	arg := call.Args()[0]
	if arg.Kind() != ast.LiteralKind {
		r.report(arg, "literal_required", fmt.Sprintf("request.%s takes a literal name", call.FunctionName()), "write the name in quotes")
		return
	}
	name, _ := arg.AsLiteral().Value().(string)
	if call.FunctionName() == "param" {
		r.found.Params = append(r.found.Params, name)
		r.found.Slots = append(r.found.Slots, slot.RequestQuery)
		return
	}
	if name != strings.ToLower(name) {
		r.report(arg, "header_case", fmt.Sprintf("header names are lower-case here: %q never matches", name), "write "+strings.ToLower(name))
	}
	r.found.Headers = append(r.found.Headers, name)
	r.found.Slots = append(r.found.Slots, slot.RequestHeaders)
}

func (r *reader) report(e ast.Expr, code, message, hint string) {
	at, _ := r.ast.SourceInfo().GetOffsetRange(e.ID())
	runes := []rune(r.source)
	p := Problem{Offset: int(at.Start), Length: tokenLength(runes, int(at.Start)), Code: code, Message: message, Hint: hint}
	switch e.Kind() {
	case ast.SelectKind: // placed at its dot; the whole of root.name says more
		if sel := e.AsSelect(); sel.Operand().Kind() == ast.IdentKind {
			from, _ := r.ast.SourceInfo().GetOffsetRange(sel.Operand().ID())
			end := indexRunes(runes, sel.FieldName(), p.Offset) + len([]rune(sel.FieldName()))
			p.Offset, p.Length = int(from.Start), end-int(from.Start)
		}
	case ast.LiteralKind:
		p.Length = runesIn(runes[min(p.Offset, len(runes)):], int(at.Stop-at.Start))
	case ast.CallKind:
		name := e.AsCall().FunctionName()
		if p.Offset = calledAt(runes, p.Offset, name); p.Offset != int(at.Start) {
			p.Length = len([]rune(name))
		}
	}
	r.problems = append(r.problems, p)
}

// runesIn counts the runes in the first n bytes; CEL gives the length of a
// token in bytes and its place in runes.
func runesIn(runes []rune, n int) int {
	text := string(runes)
	return max(1, utf8.RuneCountInString(text[:min(n, len(text))]))
}

func rootNamed(name string) (slot.Root, bool) {
	for r := range slot.Roots {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

package celenv

import (
	"fmt"
	"slices"
	"strings"

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
		inner := r.scope.vars[name].reads
		r.found.Slots = append(r.found.Slots, inner.Slots...)
		r.found.Headers = append(r.found.Headers, inner.Headers...)
		r.found.Params = append(r.found.Params, inner.Params...)
	}
	slices.Sort(r.found.Slots)
	r.found.Slots = slices.Compact(r.found.Slots)
	for _, list := range []*[]string{&r.found.Headers, &r.found.Params, &r.found.Vars} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return r.found
}

// walk visits an expression; locals are the names that comprehensions bind.
func (r *reader) walk(e ast.Expr, locals []string) {
	switch e.Kind() {
	case ast.IdentKind:
		name := e.AsIdent()
		if _, isRoot := rootNamed(name); isRoot && !slices.Contains(locals, name) {
			r.report(e, "whole_root", fmt.Sprintf("%s cannot be used as a value", name), "read one of its attributes, as in "+name+".id")
		}
	case ast.SelectKind:
		sel := e.AsSelect()
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
			if _, isRoot := rootNamed(name); isRoot {
				r.report(e, "shadowed_root", fmt.Sprintf("%q names a variable of a loop and a root", name), "give the loop's variable another name")
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
	at, ok := rootNamed(root)
	if !ok {
		return false
	}
	if i, found := r.scope.layout.Lookup(at, field); found {
		r.found.Slots = append(r.found.Slots, i)
	}
	return true
}

func (r *reader) walkCall(e ast.Expr, locals []string) {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case "_?._": // user.?country
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
		r.report(e, "literal_required", fmt.Sprintf("request.%s takes a literal name", call.FunctionName()), "write the name in quotes")
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
	r.problems = append(r.problems, Problem{Offset: int(at.Start), Length: tokenLength([]rune(r.source), int(at.Start)), Code: code, Message: message, Hint: hint})
}

func rootNamed(name string) (slot.Root, bool) {
	for r := slot.Root(0); r < slot.Roots; r++ {
		if r.String() == name {
			return r, true
		}
	}
	return 0, false
}

package celenv

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy/document"
)

// Problem is something wrong with an expression, at a rune offset into it.
type Problem struct {
	Offset, Length      int
	Code, Message, Hint string
}

// problems turns CEL's findings into ours: placed on the token they are
// about, named by the kind of node rather than by their text.
func (s *Scope) problems(source string, parsed *ast.AST, errs []*common.Error) []Problem {
	runes := []rune(source)
	if parsed == nil {
		return []Problem{syntaxProblem(source, runes, errs[0])} // what follows comes of the first
	}
	unknown := s.unknownCalls(parsed, errs)
	var out []Problem
	for _, e := range errs {
		offset := Offset(source, e.Location)
		p := Problem{Offset: offset, Length: tokenLength(runes, offset), Code: "type_mismatch", Message: operators.Replace(e.Message)}
		node := find(parsed, e.ExprID)
		operand, field, selects := selection(node)
		if selects && operand.Kind() == ast.IdentKind && s.isBroken(operand.AsIdent(), field) {
			continue
		}
		switch {
		case node == nil:
		case node.Kind() == ast.LiteralKind:
			s.badLiteral(&p, runes, parsed, node)
		case node.Kind() == ast.IdentKind && !isRoot(node.AsIdent()):
			if unknown.explains(node) {
				continue
			}
			s.undeclared(&p, node.AsIdent())
		case selects:
			s.noField(&p, runes, operand, field)
		case node.Kind() == ast.CallKind && s.unknownFunction(node.AsCall().FunctionName()):
			s.noFunction(&p, parsed, runes, node.AsCall())
		case node.Kind() == ast.CallKind:
			p.Offset, p.Length = callToken(runes, p.Offset)
			p.Hint = s.mismatchHint(node.AsCall())
		}
		out = append(out, p)
	}
	return out
}

// isBroken tells whether a name is declared and wrong, here or in a library.
func (s *Scope) isBroken(root, name string) bool {
	if lib, ok := s.libs[root]; ok {
		return lib.broken["vars."+name] || lib.broken["consts."+name]
	}
	return s.broken[root+"."+name]
}

// unknownCalls are the calls of functions that are not there.
type unknownCalls []ast.CallExpr

func (s *Scope) unknownCalls(parsed *ast.AST, errs []*common.Error) (out unknownCalls) {
	for _, e := range errs {
		if node := find(parsed, e.ExprID); node != nil && node.Kind() == ast.CallKind && s.unknownFunction(node.AsCall().FunctionName()) {
			out = append(out, node.AsCall())
		}
	}
	return out
}

// explains tells whether a name is undeclared only because such a call was
// meant to be a macro that declares it, or stands in the function's namespace.
func (u unknownCalls) explains(e ast.Expr) bool {
	for _, call := range u {
		if call.IsMemberFunction() && call.Target().ID() == e.ID() {
			return true
		}
		if args := call.Args(); len(args) > 1 && isIdent(args[0], e.AsIdent()) {
			for _, a := range args {
				if contains(a, e) {
					return true
				}
			}
		}
	}
	return false
}

func isRoot(name string) bool {
	_, ok := rootNamed(name)
	return ok || name == "vars" || name == "consts"
}

func (s *Scope) undeclared(p *Problem, name string) {
	known := []string{"user", "resource", "env", "action", "request", "vars", "consts"}
	for lib := range s.libs {
		known = append(known, lib)
	}
	slices.Sort(known[len(known)-len(s.libs):])
	p.Code, p.Message, p.Length = "undeclared_name", fmt.Sprintf("%q is not declared", name), len([]rune(name))
	if place, ok := s.declaredAs(name); ok {
		p.Hint = fmt.Sprintf("did you mean %s?", place)
		return
	}
	p.Hint = "conditions read " + strings.Join(known, ", ") + "; a text stands in quotes"
	if near, ok := document.Closest(name, known); ok {
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	}
}

// declaredAs finds a name that was written without its root.
func (s *Scope) declaredAs(name string) (string, bool) {
	for _, root := range []string{"vars", "consts", "user", "resource", "env", "action", "request"} {
		if slices.Contains(s.fields(root), name) {
			return root + "." + name, true
		}
	}
	if near, ok := document.Closest(name, s.fields("vars")); ok && len(name) > 4 {
		return "vars." + near, true
	}
	return "", false
}

// selection takes user.country and user.?country apart.
func selection(e ast.Expr) (operand ast.Expr, field string, ok bool) {
	switch {
	case e == nil:
	case e.Kind() == ast.SelectKind:
		return e.AsSelect().Operand(), e.AsSelect().FieldName(), true
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "_?._":
		field, ok = literalText(e.AsCall().Args()[1])
		return e.AsCall().Args()[0], field, ok
	}
	return nil, "", false
}

func (s *Scope) noField(p *Problem, runes []rune, operand ast.Expr, field string) {
	if at := indexRunes(runes, field, p.Offset); at >= 0 {
		p.Offset, p.Length = at, len([]rune(field))
	}
	root := chain(operand)
	known, isObject := s.within(root)
	if !isObject || slices.Contains(known, field) {
		return // it exists and has the wrong type here
	}
	p.Code, p.Message = "undeclared_attribute", fmt.Sprintf("%s.%s is not declared", root, field)
	if near, ok := document.Closest(field, known); ok {
		p.Hint = fmt.Sprintf("did you mean %s.%s?", root, near)
	} else if len(known) > 0 && len(known) <= 20 {
		p.Hint = "declared: " + strings.Join(known, ", ")
	}
}

// chain spells user.address or user.?address; it is empty for anything else.
func chain(e ast.Expr) string {
	if e.Kind() == ast.IdentKind {
		return e.AsIdent()
	}
	if operand, field, ok := selection(e); ok {
		return path2(chain(operand), field)
	}
	return ""
}

// within lists what can be selected from a root, from request.body or from an
// attribute that is an object.
func (s *Scope) within(path string) (known []string, ok bool) {
	switch path {
	case "vars", "consts", slot.Body.String():
		return s.fields(path), true
	}
	if known = s.fields(path); known != nil {
		return known, true
	}
	if t := s.typeOf(path); t != nil && t.Kind == slot.Object {
		for _, f := range t.Fields {
			known = append(known, f.Name)
		}
		slices.Sort(known)
		return known, true
	}
	return nil, false
}

// typeOf gives the declared type of an attribute, or of a field of one.
func (s *Scope) typeOf(path string) *slot.Type {
	for root := range slot.Roots {
		rest, ok := strings.CutPrefix(path, root.String()+".")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(rest, ".")
		i, ok := s.layout.Lookup(root, name)
		if !ok {
			continue
		}
		a := s.layout.Attr(i)
		for rest != "" && a.Type.Kind == slot.Object {
			if name, rest, _ = strings.Cut(rest, "."); name == "" {
				return nil
			}
			if a, ok = a.Type.Field(name); !ok {
				return nil
			}
		}
		if rest == "" {
			return a.Type
		}
	}
	return nil
}

func (s *Scope) unknownFunction(name string) bool { return !s.lib.env.HasFunction(name) }

func (s *Scope) noFunction(p *Problem, parsed *ast.AST, runes []rune, call ast.CallExpr) {
	name := call.FunctionName()
	p.Offset, p.Length = calledAt(runes, p.Offset, name), len([]rune(name))
	if call.IsMemberFunction() && call.Target().Kind() == ast.IdentKind && !s.isName(call.Target().AsIdent()) {
		name = call.Target().AsIdent() + "." + name
		if at, ok := parsed.SourceInfo().GetOffsetRange(call.Target().ID()); ok {
			p.Offset, p.Length = int(at.Start), p.Offset+p.Length-int(at.Start)
		}
	}
	p.Code, p.Message = "undeclared_function", fmt.Sprintf("there is no function %q", name)
	if hint, ok := functionHint(name); ok {
		p.Hint = hint
		return
	}
	known := []string{"has"}
	for f := range s.lib.env.Functions() {
		known = append(known, f)
	}
	for _, m := range s.lib.env.Macros() {
		known = append(known, m.Function())
	}
	if near, ok := document.Closest(name, known); ok {
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	}
}

// isName tells whether a name can be read, and is no namespace of functions.
func (s *Scope) isName(name string) bool { return isRoot(name) || s.libs[name] != nil }

// calledAt is where a function's name stands; CEL places a call at its bracket.
func calledAt(runes []rune, offset int, name string) int {
	if offset < len(runes) && runes[offset] == '(' {
		return max(0, offset-len([]rune(name)))
	}
	return offset
}

func find(a *ast.AST, id int64) ast.Expr {
	var found ast.Expr
	if a != nil && id != 0 {
		ast.PostOrderVisit(a.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
			if e.ID() == id {
				found = e
			}
		}))
	}
	return found
}

// operators gives CEL's internal operator names back their spelling.
var operators = strings.NewReplacer("'_==_'", "==", "'_!=_'", "!=", "'_&&_'", "&&", "'_||_'", "||", "'!_'", "!", "'-_'", "-",
	"'_<_'", "<", "'_<=_'", "<=", "'_>_'", ">", "'_>=_'", ">=", "'_+_'", "+", "'_-_'", "-", "'_*_'", "*", "'_/_'", "/", "'_%_'", "%",
	"'@in'", "in", "'_?_:_'", "?:", "'_[_]'", "[]",
	"(@", "(", ", @", ", ", "'@", "'") // and the names of our own types

// Offset gives the rune offset of a place that CEL names by line and column.
func Offset(source string, at common.Location) int {
	runes := []rune(source)
	line, offset := 1, 0
	for offset < len(runes) && line < at.Line() {
		if runes[offset] == '\n' {
			line++
		}
		offset++
	}
	return min(offset+max(0, at.Column()), len(runes)) // -1 is CEL's "nowhere"
}

func tokenLength(runes []rune, offset int) int {
	class := func(r rune) int {
		switch {
		case r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			return 1
		case strings.ContainsRune("=!<>&|", r):
			return 2
		}
		return 0
	}
	if offset >= len(runes) || class(runes[offset]) == 0 {
		return 1
	}
	n := 1
	for offset+n < len(runes) && class(runes[offset+n]) == class(runes[offset]) {
		n++
	}
	return n
}

func indexRunes(runes []rune, word string, from int) int {
	if from > len(runes) {
		return -1
	}
	i := strings.Index(string(runes[from:]), word)
	if i < 0 {
		return -1
	}
	return from + len([]rune(string(runes[from:])[:i]))
}

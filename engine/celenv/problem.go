package celenv

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"

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
		case parsed == nil:
			p.Code = "cel_syntax"
			p.Message = strings.TrimPrefix(p.Message, "Syntax error: ")
			if offset < len(runes) && runes[offset] == '=' {
				p.Hint = "write == to compare"
			}
		case node == nil:
		case node.Kind() == ast.LiteralKind:
			s.badLiteral(&p, runes, parsed, node)
		case node.Kind() == ast.IdentKind && !isRoot(node.AsIdent()):
			s.undeclared(&p, node.AsIdent())
		case selects:
			s.noField(&p, runes, operand, field)
		case node.Kind() == ast.CallKind && s.unknownFunction(node.AsCall().FunctionName()):
			s.noFunction(&p, runes, node.AsCall().FunctionName())
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

func isRoot(name string) bool {
	_, ok := rootNamed(name)
	return ok || name == "vars" || name == "consts"
}

func (s *Scope) undeclared(p *Problem, name string) {
	known := []string{"user", "resource", "env", "action", "request", "vars", "consts"}
	p.Code, p.Message, p.Length = "undeclared_name", fmt.Sprintf("%q is not declared", name), len([]rune(name))
	p.Hint = "conditions read " + strings.Join(known, ", ")
	if near, ok := document.Closest(name, known); ok {
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	}
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
	if operand.Kind() != ast.IdentKind {
		return
	}
	root := operand.AsIdent()
	known := s.fields(root)
	if slices.Contains(known, field) || known == nil && root != "vars" && root != "consts" {
		return // it exists and has the wrong type here
	}
	p.Code, p.Message = "undeclared_attribute", fmt.Sprintf("%s.%s is not declared", root, field)
	if near, ok := document.Closest(field, known); ok {
		p.Hint = fmt.Sprintf("did you mean %s.%s?", root, near)
	} else if len(known) > 0 && len(known) <= 20 {
		p.Hint = "declared: " + strings.Join(known, ", ")
	}
}

func (s *Scope) unknownFunction(name string) bool { return !s.lib.env.HasFunction(name) }

func (s *Scope) noFunction(p *Problem, runes []rune, name string) {
	p.Code, p.Message = "undeclared_function", fmt.Sprintf("there is no function %q", name)
	p.Offset, p.Length = calledAt(runes, p.Offset, name), len([]rune(name))
	if hint, removed := removedHint(name); removed {
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
	"(@", "(", ", @", ", ") // and the names of our own types

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

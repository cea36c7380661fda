package celenv

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy/document"
)

// Expr is a checked expression, ready to be evaluated any number of times.
type Expr struct {
	Source  string
	scope   *Scope
	checked *cel.Ast
	program cel.Program
	typ     *types.Type
	reads   Reads
}

// Reads is what an expression can look at, its variables included.
type Reads struct {
	Slots   []slot.Index
	Headers []string // named by request.header
	Params  []string // named by request.param
	Vars    []string // named directly
}

// Problem is something wrong with an expression, at a rune offset into it.
type Problem struct {
	Offset, Length      int
	Code, Message, Hint string
}

// Compile checks an expression against the scope. want is the type that the
// result must have, or nil for any. Either the expression or problems are
// returned.
func (s *Scope) Compile(source string, want *slot.Type) (*Expr, []Problem) {
	parsed, issues := s.env.Parse(source)
	if issues.Err() != nil {
		return nil, s.problems(source, nil, issues)
	}
	checked, issues := s.env.Check(parsed)
	if issues.Err() != nil {
		return nil, s.problems(source, parsed.NativeRep(), issues)
	}
	e := &Expr{Source: source, scope: s, checked: checked, typ: checked.OutputType()}
	r := reader{scope: s, source: source, ast: checked.NativeRep()}
	r.walk(checked.NativeRep().Expr(), nil)
	if want != nil && !e.typ.IsExactType(celType(want)) {
		r.problems = append(r.problems, Problem{Length: len([]rune(source)), Code: "type_mismatch",
			Message: fmt.Sprintf("the expression gives %s, not %s", e.TypeName(), want), Hint: comparisonHint(want)})
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	e.reads = r.reads()
	program, err := s.env.Program(checked, cel.CostLimit(StepBudget))
	if err != nil {
		return nil, []Problem{{Length: len([]rune(source)), Code: "cel_invalid", Message: err.Error()}}
	}
	e.program = program
	return e, nil
}

func comparisonHint(want *slot.Type) string {
	if want.Kind == slot.Bool {
		return "compare it with something, as in … == 'x', or test it with has(…)"
	}
	return ""
}

// VarRefs lists the variables that an unchecked expression names, so that
// they can be compiled in an order in which each finds its own.
func (s *Scope) VarRefs(source string) []string {
	parsed, issues := s.env.Parse(source)
	if issues.Err() != nil {
		return nil
	}
	var out []string
	ast.PostOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.SelectKind && isIdent(e.AsSelect().Operand(), "vars") && !slices.Contains(out, e.AsSelect().FieldName()) {
			out = append(out, e.AsSelect().FieldName())
		}
	}))
	return out
}

func isIdent(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }

// problems turns CEL's findings into ours: placed on the token they are
// about, named by the kind of node rather than by their text.
func (s *Scope) problems(source string, parsed *ast.AST, issues *cel.Issues) []Problem {
	runes := []rune(source)
	var out []Problem
	for _, e := range issues.Errors() {
		offset := runeOffset(runes, e.Location)
		p := Problem{Offset: offset, Length: tokenLength(runes, offset), Code: "type_mismatch", Message: operators.Replace(e.Message)}
		node := find(parsed, e.ExprID)
		switch {
		case parsed == nil:
			p.Code = "cel_syntax"
			p.Message = strings.TrimPrefix(p.Message, "Syntax error: ")
		case node == nil:
		case node.Kind() == ast.IdentKind && !isRoot(node.AsIdent()):
			s.undeclared(&p, node.AsIdent())
		case node.Kind() == ast.SelectKind:
			s.noField(&p, runes, node.AsSelect())
		case node.Kind() == ast.CallKind && s.unknownFunction(node.AsCall().FunctionName()):
			s.noFunction(&p, runes, node.AsCall().FunctionName())
		}
		out = append(out, p)
	}
	return out
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

func (s *Scope) noField(p *Problem, runes []rune, sel ast.SelectExpr) {
	field := sel.FieldName()
	if at := indexRunes(runes, field, p.Offset); at >= 0 {
		p.Offset, p.Length = at, len([]rune(field))
	}
	if sel.Operand().Kind() != ast.IdentKind {
		return
	}
	root := sel.Operand().AsIdent()
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

func (s *Scope) unknownFunction(name string) bool { return !s.env.HasFunction(name) }

func (s *Scope) noFunction(p *Problem, runes []rune, name string) {
	p.Code, p.Message = "undeclared_function", fmt.Sprintf("there is no function %q", name)
	if p.Offset < len(runes) && runes[p.Offset] == '(' {
		p.Offset = max(0, p.Offset-len([]rune(name)))
	}
	p.Length = len([]rune(name))
	var known []string
	for f := range s.env.Functions() {
		known = append(known, f)
	}
	if near, ok := document.Closest(name, known); ok {
		p.Hint = fmt.Sprintf("did you mean %q?", near)
	}
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
	"'@in'", "in", "'_?_:_'", "?:", "'_[_]'", "[]")

func runeOffset(runes []rune, at common.Location) int {
	line, offset := 1, 0
	for offset < len(runes) && line < at.Line() {
		if runes[offset] == '\n' {
			line++
		}
		offset++
	}
	return min(offset+at.Column(), len(runes))
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

// TypeName is the CEL type of the expression's result.
func (e *Expr) TypeName() string { return cel.FormatCELType(e.typ) }

// Reads is everything the expression can look at.
func (e *Expr) Reads() Reads { return e.reads }

// AST is the checked tree, for reading only.
func (e *Expr) AST() *ast.AST { return e.checked.NativeRep() }

func (e *Expr) eval(f *Frame) (ref.Val, error) {
	v, _, err := e.program.Eval(f)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// errNotBool cannot happen to a checked expression.
var errNotBool = errors.New("the condition did not give a bool")

// EvalBool evaluates a condition. The error may wrap an *AttributeError.
func (e *Expr) EvalBool(f *Frame) (bool, error) {
	v, err := e.eval(f)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, errNotBool
	}
	return bool(b), nil
}

// Constant tells whether an expression has the same value for every request,
// and which. It follows && and || as far as constants decide them; any part
// that reads an attribute is not constant.
func (e *Expr) Constant() (value, ok bool) { return e.constant(e.AST().Expr()) }

func (e *Expr) constant(x ast.Expr) (value, ok bool) {
	if x.Kind() == ast.CallKind {
		call := x.AsCall()
		if name := call.FunctionName(); name == "_&&_" || name == "_||_" {
			decides := name == "_||_"
			all := true
			for _, a := range call.Args() {
				v, isConst := e.constant(a)
				if isConst && v == decides {
					return decides, true
				}
				all = all && isConst
			}
			return !decides, all
		}
	}
	if x.Kind() == ast.SelectKind && isIdent(x.AsSelect().Operand(), "vars") {
		if v, found := e.scope.vars[x.AsSelect().FieldName()]; found && v.typ == types.BoolType {
			return v.Constant()
		}
	}
	text, err := parser.Unparse(x, e.AST().SourceInfo())
	if err != nil {
		return false, false
	}
	part, problems := e.scope.Compile(text, nil)
	if len(problems) > 0 || part.typ != types.BoolType || len(part.reads.Slots) > 0 || len(part.reads.Vars) > 0 {
		return false, false
	}
	v, err := part.EvalBool(e.scope.NewFrame(slot.NewValues(e.scope.layout)))
	return v, err == nil
}

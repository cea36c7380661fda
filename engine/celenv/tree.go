package celenv

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// AST is the checked tree, for reading only. It is kept until [Expr.Forget]
// and made anew for each call after that.
func (e *Expr) AST() *ast.AST { return e.tree().NativeRep() }

func (e *Expr) tree() *cel.Ast {
	if t := e.checked.Load(); t != nil {
		return t
	}
	t, problems := e.scope.checkedTree(e.Source)
	if len(problems) > 0 {
		panic(problems) // it compiled before, in the same scope
	}
	return t
}

// Forget drops what only compiling needs; a tree weighs more than all else of
// an expression, and few are ever looked at again.
func (e *Expr) Forget() {
	cost := e.CostBound()
	e.static = &static{cost: cost}
	e.checked.Store(nil)
}

// Remember keeps the checked trees of an expression and of all that it can
// read, so that a second compiler can go through them.
func (e *Expr) Remember() {
	e.remember()
	e.scope.remember()
}

func (e *Expr) remember() {
	if e.checked.Load() == nil {
		e.checked.Store(e.tree())
	}
}

func (s *Scope) remember() {
	for _, e := range s.vars {
		e.remember()
	}
	for _, lib := range s.libs {
		lib.remember()
	}
}

// Forget forgets what only compiling needs of the variables, those of imported
// libraries included. No rule can be compiled in the scope after that.
func (s *Scope) Forget() {
	s.rules.forget()
	for _, e := range s.vars {
		e.Forget()
	}
	for _, lib := range s.libs {
		lib.Forget()
	}
}

// checkedTree parses and checks an expression.
func (s *Scope) checkedTree(source string) (*cel.Ast, []Problem) {
	parsed, errs := s.lib.parse(source)
	if len(errs) > 0 {
		return nil, s.problems(source, nil, errs)
	}
	if strangers := s.strangers(parsed); len(strangers) > maxStrangers {
		return nil, s.namesOf(source, parsed, strangers[:maxStrangers])
	}
	front, err := s.lib.takeFront(s)
	if err != nil {
		return nil, []Problem{{Length: len([]rune(source)), Code: "cel_invalid", Message: err.Error()}}
	}
	defer s.lib.returnFront(front)
	checked, issues := front.check(parsed)
	if issues.Err() != nil {
		return nil, s.problems(source, parsed, issues.Errors())
	}
	return checked, nil
}

// maxStrangers is how many names of an expression may be unknown for it to be
// checked: CEL looks through all that it knows for each.
const maxStrangers = 50

// strangers are the names that nothing declares. A name that a loop binds
// somewhere is none, nor is one that may be a namespace.
func (s *Scope) strangers(parsed *ast.AST) []ast.Expr {
	bound, called := map[string]bool{}, map[int64]bool{}
	each(parsed.Expr(), func(e ast.Expr) {
		switch e.Kind() {
		case ast.ComprehensionKind:
			c := e.AsComprehension()
			bound[c.IterVar()], bound[c.IterVar2()], bound[c.AccuVar()] = true, true, true
		case ast.CallKind:
			if e.AsCall().IsMemberFunction() {
				called[e.AsCall().Target().ID()] = true
			}
		}
	})
	var out []ast.Expr
	each(parsed.Expr(), func(e ast.Expr) {
		if e.Kind() != ast.IdentKind || called[e.ID()] || bound[e.AsIdent()] {
			return
		}
		if name := strings.TrimPrefix(e.AsIdent(), "."); !s.isName(name) {
			out = append(out, e)
		}
	})
	return out
}

func (s *Scope) namesOf(source string, parsed *ast.AST, strangers []ast.Expr) []Problem {
	var out []Problem
	for _, e := range strangers {
		at, _ := parsed.SourceInfo().GetOffsetRange(e.ID())
		p := Problem{Offset: min(int(at.Start), len([]rune(source)))}
		s.undeclared(&p, e.AsIdent())
		out = append(out, p)
	}
	return out
}

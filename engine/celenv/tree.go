package celenv

import (
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
	e.static = static{cost: cost}
	e.checked.Store(nil)
}

// Forget forgets what only compiling needs of the variables, those of imported
// libraries included. No rule can be compiled in the scope after that.
func (s *Scope) Forget() {
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

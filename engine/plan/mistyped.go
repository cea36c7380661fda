package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gwctl/gwctl/engine/celenv"
)

// mistyped tells whether CEL may give a part of an expression a value of another
// type than it has: where x or y of c ? x : y is has(o.name) of an optional, it
// makes an optional of the test. That is an error in one place and just a
// difference in another, so the whole expression is left to CEL, and whatever
// reads it.
func (c *Compiler) mistyped(e *celenv.Expr) bool {
	found := false
	ast.PostOrderVisit(e.AST().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		switch {
		case found:
		case x.Kind() == ast.CallKind && x.AsCall().FunctionName() == operators.Conditional:
			yes, no := x.AsCall().Args()[1], x.AsCall().Args()[2]
			found = testsOptional(e, yes) || testsOptional(e, no)
		case x.Kind() == ast.SelectKind:
			v, isVariable := variableOf(e, x.AsSelect())
			found = isVariable && c.mistypedVariable(v)
		}
	}))
	return found
}

func (c *Compiler) mistypedVariable(v *celenv.Expr) bool {
	mistyped, known := c.mistypes[v]
	if !known {
		mistyped = c.mistyped(v)
		c.mistypes[v] = mistyped
	}
	return mistyped
}

func testsOptional(e *celenv.Expr, x ast.Expr) bool {
	if x.Kind() != ast.SelectKind || !x.AsSelect().IsTestOnly() {
		return false
	}
	t := e.AST().GetType(x.AsSelect().Operand().ID())
	return t != nil && isOptional(t)
}

// variableOf gives the variable that vars.x or library.x means.
func variableOf(e *celenv.Expr, sel ast.SelectExpr) (*celenv.Expr, bool) {
	if sel.Operand().Kind() != ast.IdentKind {
		return nil, false
	}
	scope, root := e.Scope(), sel.Operand().AsIdent()
	if lib, isLibrary := scope.Library(root); isLibrary {
		return lib.Var(sel.FieldName())
	}
	if root != "vars" {
		return nil, false
	}
	return scope.Var(sel.FieldName())
}

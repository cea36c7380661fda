package celenv

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"github.com/gwctl/gwctl/engine/slot"
)

// view is a checked expression in the eyes of the checks: which attribute a
// node reads, and where in the source it stands.
type view struct {
	expr  *Expr
	scope *Scope
	ast   *ast.AST
	runes []rune
}

func newView(e *Expr) *view {
	return &view{expr: e, scope: e.scope, ast: e.AST(), runes: []rune(e.Source)}
}

// attr is the attribute or field that a select reads or tests.
func (v *view) attr(e ast.Expr) (*slot.Attr, bool) {
	if e.Kind() != ast.SelectKind {
		return nil, false
	}
	return v.field(e.AsSelect().Operand(), e.AsSelect().FieldName())
}

func (v *view) field(operand ast.Expr, name string) (*slot.Attr, bool) {
	if operand.Kind() == ast.IdentKind || isBody(operand) {
		root := slot.Body
		if operand.Kind() == ast.IdentKind {
			r, ok := rootNamed(operand.AsIdent())
			if !ok {
				return nil, false
			}
			root = r
		}
		i, ok := v.scope.layout.Lookup(root, name)
		if !ok {
			return nil, false
		}
		return v.scope.layout.Attr(i), true
	}
	if shape, ok := v.scope.shapes[v.ast.GetType(operand.ID()).TypeName()]; ok {
		return shape.Field(name)
	}
	return nil, false
}

// optionalField is the attribute that x.?field reads.
func (v *view) optionalField(e ast.Expr) (a *slot.Attr, path string, ok bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != "_?._" {
		return nil, "", false
	}
	args := e.AsCall().Args()
	if len(args) != 2 || args[1].Kind() != ast.LiteralKind {
		return nil, "", false
	}
	name, isString := args[1].AsLiteral().Value().(string)
	if !isString {
		return nil, "", false
	}
	a, ok = v.field(args[0], name)
	return a, path2(v.path(args[0]), name), ok
}

// path spells a chain of selects from a root, such as user.address.city; it
// is empty for anything else.
func (v *view) path(e ast.Expr) string {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent()
	case ast.SelectKind:
		return path2(v.path(e.AsSelect().Operand()), e.AsSelect().FieldName())
	}
	return ""
}

func path2(parent, field string) string {
	if parent == "" {
		return ""
	}
	return parent + "." + field
}

// variable is the variable that vars.x or library.x reads.
func (v *view) variable(e ast.Expr) (*Expr, bool) {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() || e.AsSelect().Operand().Kind() != ast.IdentKind {
		return nil, false
	}
	from := v.scope
	if name := e.AsSelect().Operand().AsIdent(); name != "vars" {
		from = v.scope.libs[name]
	}
	if from == nil {
		return nil, false
	}
	x, ok := from.vars[e.AsSelect().FieldName()]
	return x, ok
}

// constant is the value that consts.x or library.x reads.
func (v *view) constant(e ast.Expr) (ref.Val, bool) {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() || e.AsSelect().Operand().Kind() != ast.IdentKind {
		return nil, false
	}
	from := v.scope
	if name := e.AsSelect().Operand().AsIdent(); name != "consts" {
		from = v.scope.libs[name]
	}
	if from == nil {
		return nil, false
	}
	x, ok := from.consts[e.AsSelect().FieldName()]
	return x, ok
}

// part makes an expression of its own of a node.
func (v *view) part(e ast.Expr) *ast.AST {
	return ast.NewCheckedAST(ast.NewAST(e, v.ast.SourceInfo()), v.ast.TypeMap(), v.ast.ReferenceMap())
}

// spelled writes a node on one line.
func (v *view) spelled(e ast.Expr) (string, bool) {
	s, err := parser.Unparse(e, v.ast.SourceInfo(), parser.WrapOnColumn(1<<16))
	return s, err == nil
}

// text writes a node for messages, shortened if it is long.
func (v *view) text(e ast.Expr) string {
	const most = 80
	s, ok := v.spelled(e)
	if !ok {
		return "the expression"
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// each visits a node and all below it.
func each(e ast.Expr, visit func(ast.Expr)) {
	ast.PreOrderVisit(e, ast.NewExprVisitor(visit))
}

func isLiteral(e ast.Expr, want ref.Val) bool {
	return e.Kind() == ast.LiteralKind && e.AsLiteral().Equal(want) == types.True
}

func isCall(e ast.Expr, name string) bool {
	return e.Kind() == ast.CallKind && e.AsCall().FunctionName() == name
}

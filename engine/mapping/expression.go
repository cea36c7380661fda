package mapping

import (
	"cmp"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy/document"
)

func compile(env *cel.Env, w *document.Walker, g Expression, want *slot.Type) (entry, bool) {
	e := entry{attribute: g.Attribute.Value(), shape: shapeOf(g.Attribute.Value())}
	parsed, issues := env.Parse(g.Expr.Value())
	unparsed := issues.Err() != nil
	var checked *cel.Ast
	if !unparsed {
		checked, issues = env.Check(parsed)
	}
	if issues.Err() != nil {
		for _, p := range celenv.ForeignProblems(g.Expr.Value(), issues.Errors(), unparsed) {
			w.Error(g.Expr.At(p.Offset, p.Length), "mapping_invalid", cmp.Or(p.Hint, "expressions read claims, as in claims.realm_access.roles"), "%s", p.Message)
		}
		return e, false
	}
	if !fits(want, checked.OutputType(), e.shape) {
		w.Error(g.Expr.Span(), "type_mismatch", "", "the expression gives %s; user.%s takes %s", checked.OutputType(), e.attribute, want)
		return e, false
	}
	if path, ok := claimPath(checked.NativeRep().Expr()); ok {
		e.path = path
		return e, true
	}
	program, err := env.Program(checked, cel.CostLimit(1<<16))
	if err != nil {
		w.Error(g.Expr.Span(), "mapping_invalid", "", "%s", err)
		return e, false
	}
	e.program = program
	e.reads = map[int64][][]string{}
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		read := []ast.Expr{x}
		if x.Kind() == ast.CallKind && slices.Contains([]string{"_[_]", "_[?_]"}, x.AsCall().FunctionName()) {
			// A claim before or in brackets, as in {'a': 1}[claims.b], is missed where
			// the brackets are.
			read = append(read, x.AsCall().Args()...)
		}
		for _, r := range read {
			if path, ok := claimPath(r); ok && len(path) > 0 {
				e.reads[x.ID()] = append(e.reads[x.ID()], path)
			}
		}
	}))
	e.named, e.whole = claimsNamed(checked.NativeRep().Expr())
	return e, true
}

// fits tells whether an expression's type can hold the attribute's values. A
// claim has no type before it is read and is checked then.
func fits(want *slot.Type, got *types.Type, s shape) bool {
	switch got.Kind() {
	case types.DynKind, types.NullTypeKind:
		return true
	case types.OpaqueKind:
		return got.TypeName() == "optional_type" && fits(want, got.Parameters()[0], s)
	case types.BoolKind:
		return want.Kind == slot.Bool
	case types.IntKind:
		return want.Kind == slot.Int || want.Kind == slot.Double
	case types.DoubleKind:
		return want.Kind == slot.Double
	case types.TimestampKind:
		return want.Kind == slot.Timestamp
	case types.DurationKind:
		return want.Kind == slot.Duration
	case types.StringKind:
		return s != asIs || slices.Contains([]slot.Kind{slot.String, slot.Timestamp, slot.Duration, slot.IP, slot.CIDR}, want.Kind)
	case types.ListKind:
		return want.Kind == slot.List && fits(want.Elem, got.Parameters()[0], asIs)
	case types.MapKind:
		return want.Kind == slot.Map && fits(want.Elem, got.Parameters()[1], asIs)
	}
	return false
}

// claimPath recognises claims.a.b and claims['a'].b.
func claimPath(e ast.Expr) ([]string, bool) {
	switch {
	case e.Kind() == ast.IdentKind && e.AsIdent() == "claims":
		return nil, true
	case e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly():
		path, ok := claimPath(e.AsSelect().Operand())
		return append(path, e.AsSelect().FieldName()), ok
	case e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "_[_]":
		args := e.AsCall().Args()
		if args[1].Kind() != ast.LiteralKind {
			return nil, false
		}
		key, isString := args[1].AsLiteral().(types.String)
		path, ok := claimPath(args[0])
		return append(path, string(key)), ok && isString
	}
	return nil, false
}

package mapping

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/slot"
)

// claimNames holds the names of claims that are not in the token (OpenID
// Connect Core 1.0 section 5.6.2). Entra ID writes it when a user has too many
// groups.
const claimNames = "_claim_names"

// elsewhere gives the names of claims whose values the token does not hold.
func elsewhere(claims slot.Input) []string {
	in, ok := claims.Member(claimNames)
	if !ok {
		return nil
	}
	var names []string
	for _, m := range in.Members() {
		names = append(names, m.Key)
	}
	return names
}

// isElsewhere gives a claim that the entry reads and the token does not hold.
func (e *entry) isElsewhere(away []string) (name string, ok bool) {
	if len(away) == 0 {
		return "", false
	}
	named, whole := e.named, e.whole
	if e.program == nil {
		named, whole = e.path[:min(len(e.path), 1)], len(e.path) == 0
	}
	if whole {
		return away[0], true
	}
	for _, name := range named {
		if slices.Contains(away, name) {
			return name, true
		}
	}
	return "", false
}

// claimsNamed gives the claims that an expression names in any way: claims.a,
// claims['a'], claims.?a, claims[?'a'] and has(claims.a). Whole tells that it
// reads claims in another way, too, so that it can see any of them.
func claimsNamed(e ast.Expr) (names []string, whole bool) {
	operands := map[int64]bool{} // nodes `claims` that a name stands after
	isClaims := func(x ast.Expr) bool { return x.Kind() == ast.IdentKind && x.AsIdent() == "claims" }
	name := func(of ast.Expr, name string) {
		operands[of.ID()] = true
		names = append(names, name)
	}
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(x ast.Expr) {
		switch {
		case isClaims(x):
			whole = whole || !operands[x.ID()]
		case x.Kind() == ast.SelectKind && isClaims(x.AsSelect().Operand()):
			name(x.AsSelect().Operand(), x.AsSelect().FieldName())
		case x.Kind() == ast.CallKind && slices.Contains([]string{"_[_]", "_?._", "_[?_]"}, x.AsCall().FunctionName()):
			args := x.AsCall().Args()
			if !isClaims(args[0]) || args[1].Kind() != ast.LiteralKind {
				return
			}
			if key, ok := args[1].AsLiteral().(types.String); ok {
				name(args[0], string(key))
			}
		}
	}))
	return names, whole
}

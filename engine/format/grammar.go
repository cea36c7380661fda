package format

import (
	"fmt"
	"strings"
	"unicode"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// grammar parses CEL without expanding macros: what a macro makes of its
// arguments depends on nothing but the tree that is compared here.
type grammar struct{ parser *parser.Parser }

func newGrammar() (*grammar, error) {
	p, err := parser.NewParser(parser.EnableOptionalSyntax(true),
		parser.MaxRecursionDepth(celenv.MaxNesting), parser.ExpressionSizeCodePointLimit(celenv.MaxExpressionSize))
	if err != nil {
		return nil, fmt.Errorf("building the CEL parser: %w", err)
	}
	return &grammar{p}, nil
}

// expr is a condition that can be laid out anew.
type expr struct {
	tree *ast.AST
	src  []rune
	flat string // on one line
}

// read parses a condition where it stands in a file.
func (g *grammar) read(t policy.Text) (*expr, policy.Diagnostics) {
	e, errs := g.expression(t.Value())
	var found policy.Diagnostics
	for _, x := range errs {
		message := strings.TrimPrefix(x.Message, "Syntax error: ")
		found = append(found, document.NewDiagnostic(t.At(offsetOf(t.Value(), x.Location), 1), document.Error, "cel_syntax", message))
	}
	return e, found
}

// expression parses CEL. One that cannot be printed faithfully, such as one
// with comments in it, gives nil: it stays as it was written.
func (g *grammar) expression(text string) (*expr, []*common.Error) {
	tree, errs := g.parse(text)
	if errs != nil {
		return nil, errs
	}
	e := &expr{tree: tree, src: []rune(text)}
	if hasComment(e.src) {
		return nil, nil
	}
	var ok bool
	if e.flat, ok = e.print(tree.Expr(), precedenceAny); !ok || strings.ContainsFunc(e.flat, unprintable) {
		return nil, nil
	}
	if e.flat != text {
		again, errs := g.parse(e.flat)
		if errs != nil || !ast.EquivExpr(tree.Expr(), again.Expr()) {
			return nil, nil
		}
	}
	return e, nil
}

func (g *grammar) parse(text string) (*ast.AST, []*common.Error) {
	tree, errs := g.parser.Parse(common.NewTextSource(text))
	if errs != nil && len(errs.GetErrors()) > 0 {
		return nil, errs.GetErrors()
	}
	return tree, nil
}

// same tells whether two texts are the same expression: equal trees, node
// numbers aside.
func (g *grammar) same(a, b string) bool {
	if a == b {
		return true
	}
	x, errs := g.parse(a)
	if errs != nil {
		return false
	}
	y, errs := g.parse(b)
	return errs == nil && ast.EquivExpr(x.Expr(), y.Expr())
}

func offsetOf(text string, at common.Location) int {
	lines := strings.SplitAfter(text, "\n")
	offset := 0
	for _, l := range lines[:min(max(0, at.Line()-1), len(lines))] {
		offset += runes(l)
	}
	return offset + max(0, at.Column())
}

// unprintable tells whether a rune cannot stand in a YAML file as itself.
func unprintable(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }

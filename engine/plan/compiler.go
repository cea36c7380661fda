package plan

import (
	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// Compiler plans the expressions over one layout. Its programs share the
// numbering of memo cells, so that a variable is evaluated once per request
// however many programs read it. A Compiler belongs to one goroutine; its
// programs may be used by many.
type Compiler struct {
	layout *slot.Layout
}

// NewCompiler makes a compiler for the expressions over a layout, which is
// the one of their scopes.
func NewCompiler(layout *slot.Layout) *Compiler { return &Compiler{layout: layout} }

// Compile plans an expression. It cannot fail: what has no closure is left to
// cel-go.
func (c *Compiler) Compile(e *celenv.Expr) *Program {
	return &Program{expr: e, fallbacks: []Fallback{{Text: e.Source, Reason: "not planned"}}}
}

// Memo is how many memo cells a Machine needs for everything compiled so far.
func (c *Compiler) Memo() int { return 0 }

package plan

import "github.com/gwctl/gwctl/engine/celenv"

// Program is a planned expression. It does not change and may be used
// concurrently, each goroutine with a Machine of its own.
type Program struct {
	expr      *celenv.Expr
	fallbacks []Fallback
}

// Fallback is a part of an expression that cel-go evaluates.
type Fallback struct {
	Text   string // of the part
	Reason string // why it has no closure
	Offset int    // of the part in the expression, in runes
}

// Bool evaluates a condition, as [celenv.Expr.EvalBool] does. The error may
// wrap a *celenv.AttributeError.
func (p *Program) Bool(m *Machine) (bool, error) { return p.expr.EvalBool(m.frame(p.expr.Scope())) }

// Text evaluates an expression of type string, as [celenv.Expr.EvalString]
// does.
func (p *Program) Text(m *Machine) (string, error) {
	return p.expr.EvalString(m.frame(p.expr.Scope()))
}

// Fallbacks lists the parts that cel-go evaluates.
func (p *Program) Fallbacks() []Fallback { return p.fallbacks }

package plan

import "github.com/gwctl/gwctl/engine/celenv"

// Program is a planned expression. It does not change and may be used
// concurrently, each goroutine with a Machine of its own.
type Program struct {
	expr      *celenv.Expr
	truth     fn[bool]   // of a condition
	text      fn[string] // of an expression of type string
	fallbacks []Fallback
	probe     *Probe
}

// Fallback is a part of an expression that CEL evaluates. It takes about ten
// times as long as a closure, and allocates.
type Fallback struct {
	Text   string // of the part
	Reason string // why it has no closure
	Offset int    // of the part in the expression, in runes; -1 if it is in a variable that the expression reads
}

// Bool evaluates a condition, as [celenv.Expr.EvalBool] does. The error may
// wrap a *celenv.AttributeError.
func (p *Program) Bool(m *Machine) (bool, error) {
	if p.truth == nil {
		return p.expr.EvalBool(m.frame(p.expr.Scope()))
	}
	m.begin()
	v, ok := p.truth(m)
	if !ok {
		return false, m.err
	}
	return v, nil
}

// Text evaluates an expression of type string, as [celenv.Expr.EvalString]
// does.
func (p *Program) Text(m *Machine) (string, error) {
	if p.text == nil {
		return p.expr.EvalString(m.frame(p.expr.Scope()))
	}
	m.begin()
	v, ok := p.text(m)
	if !ok {
		return "", m.err
	}
	return v, nil
}

// Fallbacks lists the parts that CEL evaluates, those of variables included.
func (p *Program) Fallbacks() []Fallback { return p.fallbacks }

package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gwctl/gwctl/engine/celenv"
)

// Probe watches an expression of type bool, a condition or a variable: what
// each of its atoms comes to, and what the whole does. An atom is what &&, ||, !
// and ?: are applied to. A part that comes to the same in every request is none.
type Probe struct {
	Expr  *celenv.Expr
	Atoms []ast.Expr
	index int
	from  int // its cells in a Trace: one for each atom, one for the whole
}

// Outcome is what a watched part came to.
type Outcome uint8

// The outcomes; the zero one is that of a part which was not asked.
const (
	Unasked Outcome = iota
	False
	True
	Failed
)

// Probing has the compiler make programs that watch themselves. They come to
// the same as others, and need a Machine with a Trace. It is called before the
// first expression is compiled.
func (c *Compiler) Probing() { c.probing = true }

// Probes are those of everything compiled so far, in the order in which
// [Trace.Each] numbers them.
func (c *Compiler) Probes() []*Probe { return c.probes }

// Trace is what probed programs came to in one request. It belongs to a Machine.
type Trace struct {
	cells []Outcome
	seen  []*Probe
}

// Watch gives the machine a trace for the programs of a compiler that probes.
func (m *Machine) Watch(c *Compiler) *Trace {
	m.trace = &Trace{cells: make([]Outcome, c.traced)}
	return m.trace
}

// Forget makes the trace empty.
func (t *Trace) Forget() { t.seen = t.seen[:0] }

// Each visits what was evaluated since the trace was empty: the number of the
// probe, and the outcomes of its atoms, with that of the whole behind them.
// These are good until the next evaluation.
func (t *Trace) Each(visit func(probe int, atoms []Outcome, whole Outcome)) {
	for _, p := range t.seen {
		at := p.from + len(p.Atoms)
		visit(p.index, t.cells[p.from:at:at], t.cells[at])
	}
}

// Atoms gives what the atoms of a probe came to when it was evaluated last.
func (t *Trace) Atoms(p *Probe) []Outcome { return t.cells[p.from : p.from+len(p.Atoms)] }

// Number is the probe's place among those of its compiler.
func (p *Probe) Number() int { return p.index }

// probed plans an expression with a probe.
func (b *builder) probed(x ast.Expr) fn[bool] {
	p := &Probe{Expr: b.expr}
	b.probe = p
	var atoms []*int // the cell of each, known when all are
	f := b.watched(x, &atoms)
	p.index, p.from = len(b.probes), b.traced
	b.probes = append(b.probes, p)
	for i, at := range atoms {
		*at = p.from + i
	}
	b.traced += len(atoms) + 1
	from, to := p.from, p.from+len(atoms)
	return func(m *Machine) (bool, bool) {
		clear(m.trace.cells[from:to])
		v, ok := f(m)
		m.trace.cells[to] = outcome(v, ok)
		m.trace.seen = append(m.trace.seen, p)
		return v, ok
	}
}

// Probe is that of a condition's program; nil without one. A program that is
// left to CEL as a whole has none.
func (p *Program) Probe() *Probe { return p.probe }

func outcome(v, ok bool) Outcome {
	switch {
	case !ok:
		return Failed
	case v:
		return True
	}
	return False
}

// watched plans what the operators of logic are made of, and watches the rest.
func (b *builder) watched(x ast.Expr, atoms *[]*int) fn[bool] {
	if b.free[x.ID()] == 0 {
		return b.truth(x).eval
	}
	if x.Kind() == ast.CallKind {
		call := x.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr:
			var parts []fn[bool]
			for _, t := range terms(call, nil) {
				parts = append(parts, b.watched(t, atoms))
			}
			if call.FunctionName() == operators.LogicalAnd {
				return allOf(parts)
			}
			return anyOf(parts)
		case operators.LogicalNot:
			v := b.watched(call.Args()[0], atoms)
			return func(m *Machine) (bool, bool) {
				x, ok := v(m)
				return !x, ok
			}
		case operators.Conditional:
			args := call.Args()
			return choose(b.watched(args[0], atoms), b.watched(args[1], atoms), b.watched(args[2], atoms))
		}
	}
	at := new(int)
	*atoms = append(*atoms, at)
	b.probe.Atoms = append(b.probe.Atoms, x)
	v := b.truth(x).eval
	return func(m *Machine) (bool, bool) {
		t, ok := v(m)
		m.trace.cells[*at] = outcome(t, ok)
		return t, ok
	}
}

package plan

import (
	"net/netip"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// StepBudget is how many steps one rule may take. A step is one turn of a loop;
// within a loop, functions that go through lists or texts take some, too, and
// what CEL evaluates takes CEL's cost. All of it is at most what CEL counts for
// the same work, so no rule that [celenv.Scope.CompileRule] lets through uses
// up the budget. A variable has a budget of its own, so that it does not matter
// which rule reads it first.
const StepBudget = celenv.StepBudget

// maxLocals is how many variables of loops can be visible in one place.
const maxLocals = 8

// Machine is the state of evaluating one request's conditions. It is used
// again and again, by one goroutine at a time.
type Machine struct {
	values  *slot.Values
	err     error // of the part that failed last
	budget  int   // of each rule
	steps   int   // of it that are left
	spent   bool  // the budget is used up: nothing absorbs this error
	request uint64
	memo    []cell
	locals  [maxLocals]cell
	saved   []cell       // locals of readers, while variables are evaluated
	parts   []string     // of texts that are being put together
	made    []slot.Value // items of lists that expressions made
	items   int          // that may still be made
	filled  int          // how often a variable was evaluated
	frames  map[*celenv.Scope]*celenv.Frame
	trace   *Trace // of probed programs
}

// cell holds one value of any type that expressions have: of a variable, or
// of a loop's variable.
type cell struct {
	request uint64 // of which it holds the value
	failed  bool
	spent   bool
	some    bool // of an optional
	truth   bool
	whole   int64
	real    float64
	text    string
	at      moment
	addr    netip.Addr
	network netip.Prefix
	ref     slot.Ref
	err     error
}

// NewMachine makes a Machine. It must be Reset before its first use.
func NewMachine() *Machine {
	return &Machine{budget: StepBudget, frames: map[*celenv.Scope]*celenv.Frame{}}
}

// Reset binds the machine to a request's values and forgets everything about
// the one before. memo is [Compiler.Memo] of the compiler of all programs that
// will run. The values must not change until the last of them has run.
func (m *Machine) Reset(v *slot.Values, memo int) {
	m.values, m.err = v, nil
	m.request++
	if len(m.memo) < memo {
		m.memo = append(m.memo, make([]cell, memo-len(m.memo))...)
	}
	if cap(m.made) > keptItems {
		m.made = nil
	}
	m.made, m.saved, m.parts = m.made[:0], m.saved[:0], m.parts[:0]
	if len(m.frames) > 0 {
		clear(m.frames)
	}
}

// begin gives an expression its budget.
func (m *Machine) begin() { m.steps, m.items, m.spent = m.budget, maxItems, false }

// charge takes steps off the budget; ok is false once it is used up.
func (m *Machine) charge(steps int) (ok bool) {
	m.steps -= steps
	if m.steps < 0 {
		m.exhaust()
		return false
	}
	return true
}

func (m *Machine) exhaust() { m.err, m.spent = celenv.ErrBudget, true }

// fail makes err the result of the part that is being evaluated.
func (m *Machine) fail(err error) { m.err = err }

// read is a slot that is read as an attribute.
type read struct {
	index  slot.Index
	absent *celenv.AttributeError
}

// miss makes it the result that an attribute has no value to give.
func (m *Machine) miss(r *read, state slot.State) {
	if state == slot.Absent {
		m.err = r.absent
		return
	}
	m.err = &celenv.AttributeError{Attribute: r.absent.Attribute, State: state, Err: m.values.Err(r.index)}
}

// frame is the request as CEL sees it from a scope.
func (m *Machine) frame(s *celenv.Scope) *celenv.Frame {
	f := m.frames[s]
	if f == nil {
		f = s.NewFrame(m.values)
		m.frames[s] = f
	}
	return f
}

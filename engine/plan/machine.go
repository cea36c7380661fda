package plan

import (
	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// Machine is the state of evaluating one request's conditions. It is used
// again and again, by one goroutine at a time.
type Machine struct {
	values *slot.Values
	frames map[*celenv.Scope]*celenv.Frame
}

// NewMachine makes a Machine. It must be Reset before its first use.
func NewMachine() *Machine { return &Machine{frames: map[*celenv.Scope]*celenv.Frame{}} }

// Reset binds the machine to a request's values and forgets everything about
// the one before. memo is [Compiler.Memo] of the compiler of all programs that
// will run. Values must not change until the last of them has run.
func (m *Machine) Reset(v *slot.Values, memo int) {
	m.values = v
	clear(m.frames)
}

// frame is the request as cel-go sees it from a scope.
func (m *Machine) frame(s *celenv.Scope) *celenv.Frame {
	f := m.frames[s]
	if f == nil {
		f = s.NewFrame(m.values)
		m.frames[s] = f
	}
	return f
}

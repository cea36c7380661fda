package authn

import (
	"sync/atomic"

	"github.com/gwctl/gwctl/engine/slot"
)

// Memo keeps one value that somebody derived from an [Identity], so that a
// credential which is verified once is also prepared once: a decision point
// keeps the engine's subject of its policy set there. The zero Memo is empty. It
// is safe for concurrent use.
//
// A value is found by the owner it was kept for, compared as a Go value; keeping
// another one replaces it. The owner is usually a pointer to the snapshot that
// the value was made with, and stays in memory as long as the value.
type Memo struct{ kept atomic.Pointer[memo] }

type memo struct{ owner, value any }

// Load gives the value that was kept for the owner, nil without one.
func (m *Memo) Load(owner any) any {
	if kept := m.kept.Load(); kept != nil && kept.owner == owner {
		return kept.value
	}
	return nil
}

// Store keeps a value for an owner. Neither may change afterwards.
func (m *Memo) Store(owner, value any) { m.kept.Store(&memo{owner, value}) }

// Clear forgets the value, and lets go of its owner.
func (m *Memo) Clear() { m.kept.Store(nil) }

type parsedClaims struct {
	in  slot.Input
	err error
}

// Input gives the claims as input for the engine. They are parsed at the first
// call only; the result is shared and must not be changed.
func (i *Identity) Input() (slot.Input, error) {
	p := i.parsed.Load()
	if p == nil {
		p = &parsedClaims{}
		p.in, p.err = slot.ParseJSON(i.Claims)
		i.parsed.Store(p)
	}
	return p.in, p.err
}

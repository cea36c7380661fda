package fair

import (
	"net/netip"
	"sync"
)

// Share divides something scarce among clients. Nobody may hold more than twice
// of what is free: one client gets two thirds of all, two get two fifths each,
// and whoever comes next finds something left. Its methods may be called from
// any goroutine.
type Share struct {
	mu   sync.Mutex
	all  int64
	used int64
	held map[netip.Addr]int64
}

// New divides so many units.
func New(all int64) *Share { return &Share{all: all, held: map[netip.Addr]int64{}} }

// Take gives n units to a client and tells whether there were so many for it.
// The zero address stands for those who speak for many: only the whole bounds
// them.
func (s *Share) Take(who netip.Addr, n int64) bool {
	who = Network(who)
	s.mu.Lock()
	defer s.mu.Unlock()
	free := s.all - s.used
	if n > free || who.IsValid() && s.held[who]+n > 2*free {
		return false
	}
	s.used += n
	s.held[who] += n
	return true
}

// Give returns n units that Take gave.
func (s *Share) Give(who netip.Addr, n int64) {
	who = Network(who)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= n
	if s.held[who] -= n; s.held[who] <= 0 {
		delete(s.held, who)
	}
}

// Used tells how many units are given out.
func (s *Share) Used() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// Place is one unit that a client has taken, to be given back once. It belongs
// to one goroutine.
type Place struct {
	of    *Share
	who   netip.Addr
	given bool
}

// Hold is the place of a client that has taken one unit.
func (s *Share) Hold(who netip.Addr) Place { return Place{of: s, who: who} }

// Give returns the unit, unless it was returned before.
func (p *Place) Give() {
	if !p.given {
		p.given = true
		p.of.Give(p.who, 1)
	}
}

// Network is what counts as one client: an IPv4 address, or the /64 that one
// subscriber of IPv6 has at least. An address that is none is one shared client.
func Network(a netip.Addr) netip.Addr {
	if !a.Is6() || a.Is4In6() {
		return a.Unmap()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil { // 64 bits are in every IPv6 address
		return a
	}
	return p.Addr()
}

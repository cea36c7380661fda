package authn

import (
	"container/list"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of [Revocations].
const (
	maxRevocations = 100_000
	maxLogoutIDs   = 10_000 // logout tokens that are remembered
)

// Revocations are the tokens of one issuer that are refused although they are
// good: those of users who have logged out. Keep them across configuration
// reloads; a new process knows none. They are safe for concurrent use.
//
// There are at most 100,000 of them, each kept for as long as a token can live
// that it is about. When there is no space the oldest one is let go, and in its
// place every token of the issuer is refused that was issued at or before its
// moment: too many are refused then, and never too few.
type Revocations struct {
	clock func() time.Time
	limit int
	empty atomic.Bool // there is nothing to look up

	mu      sync.RWMutex
	keep    time.Duration // longest life of a token
	leeway  time.Duration
	entries map[revocationKey]*list.Element
	order   *list.List // of *revocation, oldest first
	floor   int64      // tokens issued until then are refused; 0 for none
	logouts *lru[mark, time.Time]
}

// revocationKind is what a mark is compared with.
type revocationKind byte

const (
	byID revocationKind = iota
	bySession
	bySubject
	bySubjectAlone // tokens of the user that name no session
)

type revocationKey struct {
	kind revocationKind
	mark mark
}

// revocation refuses tokens issued until a moment, in seconds of the epoch.
type revocation struct {
	key   revocationKey
	until int64
}

// NewRevocations makes an empty list. A nil clock is time.Now.
func NewRevocations(clock func() time.Time) *Revocations {
	if clock == nil {
		clock = time.Now
	}
	r := &Revocations{
		clock: clock, limit: maxRevocations, entries: map[revocationKey]*list.Element{}, order: list.New(),
		logouts: newLRU[mark, time.Time](maxLogoutIDs),
	}
	r.empty.Store(true)
	return r
}

// hold tells how long tokens can live and how far clocks may differ. The longest
// ever said counts: tokens of before may still be about.
func (r *Revocations) hold(life, leeway time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keep, r.leeway = max(r.keep, life), max(r.leeway, leeway)
}

// add refuses tokens from now on. Those of a user are refused if they were issued
// at or before the given time of the issuer, so that a new login counts; those of
// a session or of one id, which do not come back, if they were issued until now.
func (r *Revocations) add(w Whose, issued time.Time) {
	m, none := w.marks(), mark{}
	r.mu.Lock()
	defer r.mu.Unlock()
	dead := r.clock().Add(r.leeway).Unix()
	if m.id != none {
		r.put(revocationKey{byID, m.id}, dead)
	}
	switch {
	case m.session != none:
		r.put(revocationKey{bySession, m.session}, dead)
		if m.subject != none {
			r.put(revocationKey{bySubjectAlone, m.subject}, issued.Unix())
		}
	case m.subject != none:
		r.put(revocationKey{bySubject, m.subject}, issued.Unix())
	case w == (Whose{}):
		r.floor = max(r.floor, issued.Unix())
	}
	r.empty.Store(r.order.Len() == 0 && r.floor == 0)
}

// put keeps an entry. The caller holds mu.
func (r *Revocations) put(key revocationKey, until int64) {
	if e, ok := r.entries[key]; ok {
		old := e.Value.(*revocation)
		old.until = max(old.until, until)
		r.order.MoveToBack(e)
		return
	}
	now := r.clock()
	for e := r.order.Front(); e != nil; e = r.order.Front() {
		oldest := e.Value.(*revocation)
		over := now.Sub(time.Unix(oldest.until, 0)) > r.keep+2*r.leeway
		if !over && r.order.Len() < r.limit {
			break
		}
		if !over {
			r.floor = max(r.floor, oldest.until)
		}
		r.order.Remove(e)
		delete(r.entries, oldest.key)
	}
	r.entries[key] = r.order.PushBack(&revocation{key, until})
}

// covers tells whether a token is refused. One that does not say when it was
// issued counts as issued before anything.
func (r *Revocations) covers(b *bearerClaims) bool {
	if r.empty.Load() {
		return false
	}
	issued := int64(math.MinInt64)
	if !b.issued.IsZero() {
		issued = b.issued.Unix()
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.floor != 0 && issued <= r.floor {
		return true
	}
	none := mark{}
	for _, key := range [...]revocationKey{{byID, b.marks.id}, {bySession, b.marks.session}, {bySubject, b.marks.subject}, {bySubjectAlone, b.marks.subject}} {
		if key.mark == none || key.kind == bySubjectAlone && b.marks.session != none {
			continue
		}
		if e, ok := r.entries[key]; ok && issued <= e.Value.(*revocation).until {
			return true
		}
	}
	return false
}

// first tells whether a logout token comes for the first time, and remembers it
// until it would be too old. Of too many the one that came longest ago is
// forgotten; one that comes twice refuses nothing that it did not refuse before.
func (r *Revocations) first(id string, until time.Time) bool {
	m := newMark("jti", id)
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.logouts.get(m); ok && r.clock().Before(known) {
		return false
	}
	r.logouts.put(m, until)
	return true
}

// RevocationsStatus is a picture of [Revocations].
type RevocationsStatus struct {
	Entries int
	// Before, if set, is the moment at or before which all tokens of the issuer
	// must have been issued that are refused for want of space, or by an operator.
	Before time.Time
}

func (r *Revocations) status() RevocationsStatus {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := RevocationsStatus{Entries: r.order.Len()}
	if r.floor != 0 {
		s.Before = time.Unix(r.floor, 0).UTC()
	}
	return s
}

package authn

import (
	"sync"
	"time"
)

// The rules of a breaker: how many failures in a row, or which share of how many
// calls within the window, stop the calls, and for how long.
const (
	breakerInRow  = 5
	breakerCalls  = 20
	breakerWindow = 10 // seconds
	breakerMin    = 2 * time.Second
	breakerMax    = 30 * time.Second
)

// breaker stops calls to a dependency that fails. While it is open nothing is
// called; then one call at a time is a probe, and a good probe closes it. Each
// bad probe doubles the pause.
type breaker struct {
	mu      sync.Mutex
	inRow   int
	buckets [breakerWindow]breakerBucket
	pause   time.Duration // 0 while closed
	until   time.Time     // end of the pause
	probing bool
}

// breakerBucket counts the calls of one second.
type breakerBucket struct {
	second    int64
	good, bad int
}

// States of a breaker.
const (
	BreakerClosed   = "closed"
	BreakerOpen     = "open"
	BreakerHalfOpen = "half_open" // a probe is due or under way
)

// peek tells whether a call has a chance, and else for how long not.
func (b *breaker) peek(now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closedFor(now)
}

// closedFor tells how long no call is let through. The caller holds mu.
func (b *breaker) closedFor(now time.Time) (wait time.Duration, ok bool) {
	switch wait := b.until.Sub(now); {
	case b.pause == 0:
		return 0, true
	case wait > 0 && wait <= b.pause: // longer comes from a clock that was set back
		return wait, false
	case b.probing:
		return time.Second, false
	}
	return 0, true
}

// allow asks for one call. Whoever gets it must report its outcome with done.
func (b *breaker) allow(now time.Time) (probe bool, wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if wait, ok := b.closedFor(now); !ok {
		return false, wait, false
	}
	b.probing = b.pause > 0
	return b.probing, 0, true
}

// done reports a call that allow has let through, and tells whether that opened
// or closed the breaker.
func (b *breaker) done(now time.Time, probe, good bool) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case probe && good:
		b.probing, b.pause, b.inRow, b.buckets = false, 0, 0, [breakerWindow]breakerBucket{}
		return true
	case probe:
		b.probing, b.pause = false, min(2*b.pause, breakerMax)
		b.until = now.Add(b.pause)
		return false
	case b.pause > 0: // a call from before it opened
		return false
	}
	bucket := &b.buckets[uint64(now.Unix())%breakerWindow]
	if bucket.second != now.Unix() {
		*bucket = breakerBucket{second: now.Unix()}
	}
	if good {
		b.inRow = 0
		bucket.good++
		return false
	}
	b.inRow++
	bucket.bad++
	var all, bad int
	for _, s := range b.buckets {
		if age := now.Unix() - s.second; age >= 0 && age < breakerWindow {
			all, bad = all+s.good+s.bad, bad+s.bad
		}
	}
	if b.inRow < breakerInRow && (all < breakerCalls || 2*bad < all) {
		return false
	}
	b.pause, b.until = breakerMin, now.Add(breakerMin)
	return true
}

// state gives one of the Breaker constants.
func (b *breaker) state(now time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch wait := b.until.Sub(now); {
	case b.pause == 0:
		return BreakerClosed
	case wait > 0 && wait <= b.pause:
		return BreakerOpen
	}
	return BreakerHalfOpen
}

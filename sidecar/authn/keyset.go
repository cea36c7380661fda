package authn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// KeySet holds the public keys of one issuer: found by discovery, refreshed in
// the background, kept while the issuer is down, and fetched anew for a kid it
// does not know. Make one for each issuer and keep it across configuration
// reloads. It is safe for concurrent use; a request takes no lock unless its kid
// is unknown.
type KeySet struct {
	cfg      KeySetConfig
	client   *http.Client
	loopback bool

	current  atomic.Pointer[generation]
	verified verifiedCounts
	wake     chan struct{} // the time of the next refresh has changed

	mu         sync.Mutex
	life       context.Context // of Start; fetches live as long, not as a request
	flight     *flight
	jwksURI    string
	discovered time.Time // when jwksURI was
	due        time.Time
	failures   int // in a row
	lastErr    string
	fetches    map[FetchCount]uint64 // keyed with Count 0
	limits     fetchLimits
}

// generation is one good document. One with the same keys as the last has its
// keyring, too.
type generation struct {
	ring    *keyring
	ignored []IgnoredKey
	fetched time.Time
	ttl     time.Duration

	document []byte // for the file of last good keys, until it is written
}

// KeySetStatus is a picture of a [KeySet] for status pages, readiness and
// metrics. It holds no secrets.
type KeySetStatus struct {
	Issuer string
	// Ready is [KeySet.Ready].
	Ready bool
	// Degraded says that several fetches in a row have failed.
	Degraded bool
	// Keys is the number of usable keys.
	Keys int
	// Ignored lists the keys of the last good document that are not used.
	Ignored []IgnoredKey
	// Fetched is the time of the last good fetch, zero if there was none.
	Fetched time.Time
	// Age is the time since Fetched, 0 if there was none.
	Age time.Duration
	// Failures is the number of fetches that have failed since then.
	Failures int
	// LastError is the Result of the last fetch if it failed, else "".
	LastError string
	// Fetches counts by trigger and result, in their order.
	Fetches []FetchCount
	// Known counts tokens whose signature had been verified before with the
	// same keys, Looked those that had to be looked at, good or bad. Tokens of
	// methods that keep none are not counted.
	Known, Looked uint64
}

// FetchCount is one counter of [KeySetStatus].
type FetchCount struct {
	// Trigger is one of the Trigger constants.
	Trigger string
	// Result is one of the Result constants.
	Result string
	Count  uint64
}

// NewKeySet makes a key set without fetching anything; Start does. It refuses
// an issuer that is neither https nor on loopback, or is at an address that
// identity providers do not have, and numbers outside their ranges.
func NewKeySet(cfg KeySetConfig) (*KeySet, error) {
	u, err := checkIssuer(cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("key set: issuer: %w", err)
	}
	if cfg, err = cfg.withDefaults(); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	k := &KeySet{
		cfg:      cfg,
		loopback: loopbackHost(u.Hostname()),
		wake:     make(chan struct{}, 1),
		fetches:  map[FetchCount]uint64{},
		limits: fetchLimits{
			clients: newLRU[netip.Addr, []time.Time](maxClients),
			absent:  newLRU[[32]byte, time.Time](cfg.NegativeSize),
		},
	}
	if k.client, err = documentClient(cfg, k.loopback); err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	return k, nil
}

// Issuer gives the issuer as configured.
func (k *KeySet) Issuer() string { return k.cfg.Issuer }

// Start finds the issuer's keys and keeps them fresh until ctx ends. If the
// first fetch fails and there are no last good keys, it returns the error and
// goes on trying in the background.
// Call it once; a second call is an error.
func (k *KeySet) Start(ctx context.Context) error {
	k.mu.Lock()
	if k.life != nil {
		k.mu.Unlock()
		return errors.New("key set is started already")
	}
	k.life = ctx
	first := k.takeOff(TriggerStart)
	k.mu.Unlock()

	err := first.wait(ctx)
	go k.keepFresh(ctx)
	if err != nil && k.cfg.LastGood != "" {
		unfit := k.restore()
		if unfit == nil {
			k.cfg.Logger.Warn("the issuer does not answer; the keys of the last time are in force", "issuer", k.cfg.Issuer, "error", err)
			return nil
		}
		return errors.Join(err, unfit)
	}
	return err
}

// Refresh fetches the keys now, as an operator asks for after a key was
// revoked. A fetch under way may have read the old document, so it is waited for
// and not joined. The error is that of the fetch, or of ctx.
func (k *KeySet) Refresh(ctx context.Context) error {
	_, err := k.Force(ctx)
	return err
}

// Force is Refresh, and tells what has changed if the fetch has ended.
func (k *KeySet) Force(ctx context.Context) (Refresh, error) {
	for {
		k.mu.Lock()
		if k.life == nil || k.life.Err() != nil {
			k.mu.Unlock()
			return Refresh{Issuer: k.cfg.Issuer, Result: ResultCanceled}, errors.New("key set is not running")
		}
		f := k.flight
		own := f == nil
		if own {
			f = k.takeOff(TriggerManual)
		}
		k.mu.Unlock()
		err := f.wait(ctx)
		switch {
		case ctx.Err() != nil && err != nil:
			return Refresh{Issuer: k.cfg.Issuer, Result: ResultTimeout}, err
		case own:
			return f.report, err
		}
	}
}

// Ready tells whether there are keys to verify with, fresh or stale.
func (k *KeySet) Ready() bool { return k.usable(k.cfg.Clock()) != nil }

// Status gives a picture of the set.
func (k *KeySet) Status() KeySetStatus {
	g := k.current.Load()
	s := KeySetStatus{Issuer: k.cfg.Issuer, Ready: k.Ready(), Known: k.verified.hits.Load(), Looked: k.verified.misses.Load()}
	if g != nil {
		s.Keys, s.Ignored = len(g.ring.keys), slices.Clone(g.ignored)
		s.Fetched, s.Age = g.fetched, k.cfg.Clock().Sub(g.fetched)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	s.Failures, s.LastError = k.failures, k.lastErr
	s.Degraded = k.failures >= k.cfg.DegradedAfter
	for c, n := range k.fetches {
		c.Count = n
		s.Fetches = append(s.Fetches, c)
	}
	slices.SortFunc(s.Fetches, func(a, b FetchCount) int {
		if c := strings.Compare(a.Trigger, b.Trigger); c != 0 {
			return c
		}
		return strings.Compare(a.Result, b.Result)
	})
	return s
}

// usable gives the keys unless there are none or they are too old.
func (k *KeySet) usable(now time.Time) *generation {
	g := k.current.Load()
	if g == nil || now.Sub(g.fetched) > max(k.cfg.StaleFor, g.ttl) {
		return nil
	}
	return g
}

// stale tells whether the keys are older than their document allows: they are
// kept because no newer one can be had.
func (k *KeySet) stale() bool {
	g := k.current.Load()
	return g != nil && k.cfg.Clock().Sub(g.fetched) > g.ttl
}

// keepFresh fetches whenever the keys are due. A fetch for another reason moves
// the time and wakes it.
func (k *KeySet) keepFresh(ctx context.Context) {
	for {
		k.mu.Lock()
		wait := k.due.Sub(k.cfg.Clock())
		var f *flight
		if wait <= 0 {
			if f = k.flight; f == nil {
				f = k.takeOff(TriggerScheduled)
			}
		}
		k.mu.Unlock()
		if f != nil {
			_ = f.wait(ctx) // landing has logged it
			if ctx.Err() != nil {
				return
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-k.wake:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// refreshIn gives the wait after a good fetch: 70–90 % of the TTL, so that
// replicas started together do not fetch together.
func refreshIn(ttl time.Duration) time.Duration {
	return time.Duration(float64(ttl) * (0.7 + 0.2*rand.Float64()))
}

// retryIn gives the wait after the nth failure in a row: doubling, and up to a
// tenth shorter.
func (k *KeySet) retryIn(n int) time.Duration {
	wait := k.cfg.BackoffMin
	for i := 1; i < n && wait < k.cfg.BackoffMax; i++ {
		wait *= 2
	}
	return time.Duration(float64(min(wait, k.cfg.BackoffMax)) * (1 - 0.1*rand.Float64()))
}

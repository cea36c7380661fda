package sidecar

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/health"
)

// keySets keeps one key set for each issuer for as long as the configuration
// in force names it, so that a reload neither fetches keys anew nor forgets
// good ones.
type keySets struct {
	ctx     context.Context
	clock   func() time.Time
	logger  *slog.Logger
	records *keyWriter
	begun   chan struct{} // closed when the first configuration is in force

	// The lock is never held over a fetch: /readyz and /metrics take it.
	mu       sync.Mutex
	sets     map[string]runningSet
	required []string          // issuers of the configuration in force
	serving  bool              // some configuration is in force
	states   map[string]string // of the issuers, as last recorded

	// Revocations are of every issuer that ever was configured: what was refused
	// stays refused when it comes back.
	revoked map[string]*authn.Revocations
	forced  map[string]time.Time // when an operator last had keys fetched
}

type runningSet struct {
	*authn.KeySet
	stop context.CancelFunc
}

func newKeySets(ctx context.Context, clock func() time.Time, logger *slog.Logger, log *audit.Log) *keySets {
	return &keySets{
		ctx: ctx, clock: clock, logger: logger, records: newKeyWriter(ctx, log), begun: make(chan struct{}), sets: map[string]runningSet{}, states: map[string]string{},
		revoked: map[string]*authn.Revocations{}, forced: map[string]time.Time{},
	}
}

// get gives the key set of an issuer. One that is new has to be started.
func (k *keySets) get(cfg authn.KeySetConfig) (ks *authn.KeySet, isNew bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if running, ok := k.sets[cfg.Issuer]; ok {
		return running.KeySet, false, nil
	}
	cfg.Logger = k.logger
	cfg.OnRefresh = func(r authn.Refresh) { k.refreshed(ks, r) }
	ks, err = authn.NewKeySet(cfg)
	return ks, true, err
}

// start has new key sets fetch their keys. At the start of the process it does
// not wait for them: until they are there the issuer's tokens are answered with
// 503 and the process is not ready. A reload waits, so that a new issuer that
// does not answer leaves the old configuration in force.
func (k *keySets) start(fresh []*authn.KeySet) error {
	k.mu.Lock()
	serving := k.serving
	k.mu.Unlock()
	for _, ks := range fresh {
		ctx, stop := context.WithCancel(k.ctx)
		if serving {
			if err := ks.Start(ctx); err != nil {
				stop()
				return fmt.Errorf("fetching the keys of the new issuer %s: %w", ks.Issuer(), err)
			}
		} else {
			go func() {
				// The record of the process's start is the first.
				select {
				case <-k.begun:
				case <-ctx.Done():
				}
				if err := ks.Start(ctx); err != nil && ctx.Err() == nil {
					k.logger.Warn("no keys of the issuer yet; its tokens are answered with 503", "issuer", ks.Issuer(), "error", err)
				}
			}()
		}
		k.mu.Lock()
		k.sets[ks.Issuer()] = runningSet{ks, stop}
		k.mu.Unlock()
	}
	return nil
}

// require names the issuers of the configuration that has come into force: the
// process is not ready without their keys, and those of others are let go.
func (k *keySets) require(issuers []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.serving {
		close(k.begun)
	}
	k.required, k.serving = issuers, true
	for issuer, running := range k.sets {
		if !slices.Contains(issuers, issuer) {
			running.stop()
			delete(k.sets, issuer)
			delete(k.states, issuer)
		}
	}
}

// current gives the key sets of the required issuers.
func (k *keySets) current() []*authn.KeySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []*authn.KeySet
	for _, issuer := range k.required {
		out = append(out, k.sets[issuer].KeySet)
	}
	slices.SortFunc(out, func(a, b *authn.KeySet) int { return strings.Compare(a.Issuer(), b.Issuer()) })
	return out
}

// keyless names the issuers without usable keys, for /readyz.
func (k *keySets) keyless() []string {
	var out []string
	for _, ks := range k.current() {
		if !ks.Ready() {
			out = append(out, ks.Issuer())
		}
	}
	return out
}

func (k *keySets) status() []health.JWKSStatus {
	var out []health.JWKSStatus
	for _, ks := range k.current() {
		st := ks.Status()
		h := health.JWKSStatus{Issuer: st.Issuer, Age: st.Age.Seconds(), Known: st.Known, Looked: st.Looked}
		if st.Fetched.IsZero() {
			h.Age = -1
		}
		for _, f := range st.Fetches {
			h.Fetches = append(h.Fetches, health.JWKSFetch{Result: f.Result, Trigger: f.Trigger, Count: f.Count})
		}
		out = append(out, h)
	}
	return out
}

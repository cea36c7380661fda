package sidecar

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/health"
)

// keySets keeps one key set for each issuer for the life of the process, so
// that a reload neither fetches keys anew nor forgets good ones.
type keySets struct {
	ctx    context.Context
	clock  func() time.Time
	logger *slog.Logger

	mu       sync.Mutex
	sets     map[string]*authn.KeySet
	required []string // issuers of the configuration in force
}

func newKeySets(ctx context.Context, clock func() time.Time, logger *slog.Logger) *keySets {
	return &keySets{ctx: ctx, clock: clock, logger: logger, sets: map[string]*authn.KeySet{}}
}

// get gives the key set of an issuer and starts it the first time. At the start
// of the process it does not wait for keys: until they are there the issuer's
// tokens are answered with 503 and the process is not ready. A reload waits,
// so that a new issuer that does not answer leaves the old configuration in
// force.
func (k *keySets) get(issuer string, wait bool) (*authn.KeySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ks := k.sets[issuer]; ks != nil {
		return ks, nil
	}
	ks, err := authn.NewKeySet(authn.KeySetConfig{Issuer: issuer, Clock: k.clock, Logger: k.logger})
	if err != nil {
		return nil, fmt.Errorf("issuer %s: %w", issuer, err)
	}
	ctx, stop := context.WithCancel(k.ctx)
	if wait {
		if err := ks.Start(ctx); err != nil {
			stop()
			return nil, fmt.Errorf("fetching the keys of the new issuer %s: %w", issuer, err)
		}
	} else {
		go func() {
			if err := ks.Start(ctx); err != nil && ctx.Err() == nil {
				k.logger.Warn("no keys of the issuer yet; its tokens are answered with 503", "issuer", issuer, "error", err)
			}
		}()
	}
	context.AfterFunc(k.ctx, stop)
	k.sets[issuer] = ks
	return ks, nil
}

// require names the issuers that the process is not ready without.
func (k *keySets) require(issuers []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.required = issuers
}

// current gives the key sets of the required issuers.
func (k *keySets) current() []*authn.KeySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []*authn.KeySet
	for _, issuer := range k.required {
		out = append(out, k.sets[issuer])
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
		h := health.JWKSStatus{Issuer: st.Issuer, Age: st.Age.Seconds()}
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

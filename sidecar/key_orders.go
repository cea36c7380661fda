package sidecar

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gwctl/gwctl/sidecar/admin"
	"github.com/gwctl/gwctl/sidecar/authn"
)

const (
	forcedEvery   = 10 * time.Second // between fetches of an issuer's keys that operators ask for
	forcedTimeout = 20 * time.Second
)

// revocations gives the list of an issuer.
func (k *keySets) revocations(issuer string) *authn.Revocations {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.revoked[issuer]
	if r == nil {
		r = authn.NewRevocations(k.clock)
		k.revoked[issuer] = r
	}
	return r
}

// force fetches the keys of an issuer, or of all for "", each at most once in
// ten seconds. The error is admin.ErrUnknownIssuer, or an *admin.TooOften if
// nothing could be fetched.
func (k *keySets) force(ctx context.Context, issuer string) ([]admin.Refreshed, error) {
	sets := k.current()
	if issuer != "" {
		sets = slices.DeleteFunc(sets, func(ks *authn.KeySet) bool { return ks.Issuer() != issuer })
		if len(sets) == 0 {
			return nil, admin.ErrUnknownIssuer
		}
	}
	ctx, cancel := context.WithTimeout(ctx, forcedTimeout)
	defer cancel()
	out := make([]admin.Refreshed, len(sets))
	var running sync.WaitGroup
	var least time.Duration
	early := 0
	for i, ks := range sets {
		if wait := k.tooEarly(ks.Issuer()); wait > 0 {
			out[i] = admin.Refreshed{Issuer: ks.Issuer(), Result: "too_often", Keys: ks.Status().Keys, Added: []string{}, Removed: []string{}}
			if early++; least == 0 || wait < least {
				least = wait
			}
			continue
		}
		running.Go(func() {
			r, _ := ks.Force(ctx) // the report has the class of the error
			out[i] = admin.Refreshed{Issuer: r.Issuer, Result: r.Result, Keys: r.Keys, Added: append([]string{}, r.Added...), Removed: append([]string{}, r.Removed...)}
		})
	}
	running.Wait()
	if early > 0 && early == len(sets) {
		return nil, &admin.TooOften{After: least}
	}
	return out, nil
}

// tooEarly tells how long keys of an issuer must not be fetched, and else marks
// that they are.
func (k *keySets) tooEarly(issuer string) time.Duration {
	now := k.clock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if last, ok := k.forced[issuer]; ok && now.Sub(last) >= 0 && now.Sub(last) < forcedEvery {
		return forcedEvery - now.Sub(last)
	}
	k.forced[issuer] = now
	return 0
}

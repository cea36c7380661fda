package sidecar

import (
	"cmp"
	"slices"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
)

// refreshed records a fetch of keys, and what can be expected of the issuer if
// that has changed.
func (k *keySets) refreshed(ks *authn.KeySet, r authn.Refresh) {
	if r.Result == authn.ResultCanceled {
		return // the process, or the issuer's configuration, has ended
	}
	k.records.write(&record.Event{
		Kind: record.KindJWKSRefresh, Time: k.clock(), Issuer: r.Issuer,
		Refresh: &record.Refresh{
			Trigger: r.Trigger, Result: r.Result, Added: r.Added, Removed: r.Removed, Keys: r.Keys,
			Forced: r.Trigger != authn.TriggerStart && r.Trigger != authn.TriggerScheduled,
		},
	})
	state := stateOf(ks.Status())
	k.mu.Lock()
	was := k.states[r.Issuer]
	k.states[r.Issuer] = state
	k.mu.Unlock()
	if state != was {
		k.records.write(&record.Event{
			Kind: record.KindIdPState, Time: k.clock(), Issuer: r.Issuer, Provider: &record.Provider{State: state, Was: was},
		})
	}
}

// stateOf is what can be expected of an issuer: down has no usable keys,
// degraded works with those that it has, be they of the last time.
func stateOf(s authn.KeySetStatus) string {
	answered := slices.ContainsFunc(s.Fetches, func(c authn.FetchCount) bool { return c.Result == authn.ResultOK })
	switch {
	case !s.Ready:
		return "down"
	case s.Degraded, !answered:
		return "degraded"
	}
	return "up"
}

// answers gives what records that an authorization server is left alone, and
// that it is asked again.
func (b *builder) answers(i config.Introspection) func(open bool) {
	if b.keys == nil {
		return nil
	}
	return func(open bool) {
		p := &record.Provider{State: "up", Was: "down", Breaker: authn.BreakerClosed}
		if open {
			p = &record.Provider{State: "down", Was: "up", Breaker: authn.BreakerOpen}
		}
		b.keys.records.write(&record.Event{Kind: record.KindIdPState, Time: b.clock(), Issuer: cmp.Or(i.Issuer, i.Endpoint), Provider: p})
	}
}

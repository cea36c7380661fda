package sidecar

import (
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/authn"
)

// refreshed records a fetch of keys, and what can be expected of the issuer if
// that has changed.
func (k *keySets) refreshed(ks *authn.KeySet, r authn.Refresh) {
	if r.Result == authn.ResultCanceled {
		return // the process, or the issuer's configuration, has ended
	}
	k.audit.Write(&record.Event{
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
		k.audit.Write(&record.Event{
			Kind: record.KindIdPState, Time: k.clock(), Issuer: r.Issuer, Provider: &record.Provider{State: state, Was: was},
		})
	}
}

// stateOf is what can be expected of an issuer: down has no usable keys,
// degraded works with those that it has.
func stateOf(s authn.KeySetStatus) string {
	switch {
	case !s.Ready:
		return "down"
	case s.Degraded:
		return "degraded"
	}
	return "up"
}

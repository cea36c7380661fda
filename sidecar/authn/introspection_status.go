package authn

import (
	"slices"
	"strings"
)

// IntrospectionStatus is a picture of an [Introspection] for status pages and
// metrics. It holds no secrets.
type IntrospectionStatus struct {
	Name, Endpoint string
	// Breaker is one of the Breaker constants.
	Breaker string
	// LastError tells how the last exchange failed, "" if it did not.
	LastError string
	// InFlight is the number of tokens that are being asked about.
	InFlight int
	// Results counts by result, in their order.
	Results []IntrospectionCount
}

// IntrospectionCount is one counter of [IntrospectionStatus].
type IntrospectionCount struct {
	// Result is one of the Introspection result constants.
	Result string
	Count  uint64
}

// Status gives a picture of the method.
func (i *Introspection) Status() IntrospectionStatus {
	s := IntrospectionStatus{Name: i.cfg.Name, Endpoint: i.cfg.Endpoint, Breaker: i.breaker.state(i.cfg.Clock())}
	i.mu.Lock()
	defer i.mu.Unlock()
	s.LastError, s.InFlight = i.lastErr, len(i.flights)
	for result, n := range i.counts {
		s.Results = append(s.Results, IntrospectionCount{result, n})
	}
	slices.SortFunc(s.Results, func(a, b IntrospectionCount) int { return strings.Compare(a.Result, b.Result) })
	return s
}

// Renew lets go of what decision points keep with their answers. Call it when
// there is a new snapshot, which the old one must not outlive here.
func (i *Introspection) Renew() {
	now := i.cfg.Clock()
	i.active.drop(func(_ digest, a *answer) bool {
		a.id.Memo.Clear()
		return !now.Before(a.until.Add(i.cfg.StaleTTL))
	})
}

// Purge forgets the answers about tokens and gives their number. The next
// request asks the server again, and no answer counts for it that was asked for
// before.
func (i *Introspection) Purge(w Whose) int {
	i.mu.Lock()
	i.purges++
	i.mu.Unlock()
	n := i.active.drop(func(_ digest, a *answer) bool { return w.means(a.claims.marks) })
	if w == (Whose{}) {
		n += i.inactive.drop(func(digest, *answer) bool { return true })
	}
	return n
}

// Issuer gives the configured issuer, "" without one.
func (i *Introspection) Issuer() string { return i.cfg.Issuer }

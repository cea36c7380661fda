package pdp

import (
	"sync"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/canonical"
)

// strippedEvery is the time between two records about headers that were removed
// for one reason: everybody can send such headers, and each one is counted in
// the metrics.
const strippedEvery = 10 * time.Second

// stripped samples removed headers by reason.
type stripped struct {
	mu       sync.Mutex
	byReason map[string]*strippedCount // the reasons are constants of canonical
}

type strippedCount struct {
	told time.Time
	n    uint64 // since then
}

// take counts one header. It gives the number to tell, 0 for not now.
func (s *stripped) take(reason string, now time.Time) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byReason == nil {
		s.byReason = map[string]*strippedCount{}
	}
	c := s.byReason[reason]
	if c == nil {
		c = &strippedCount{}
		s.byReason[reason] = c
	}
	c.n++
	if !c.told.IsZero() && now.Sub(c.told) < strippedEvery {
		return 0
	}
	n := c.n
	c.told, c.n = now, 0
	return n
}

// noteStripped records that a header was removed, if it is time to.
func (q *question) noteStripped(d canonical.Dropped) {
	n := q.point.stripped.take(d.Reason, q.began)
	if n == 0 {
		return
	}
	q.point.o.Audit.Write(&record.Event{
		Kind: record.KindHeaderStripped, Time: q.began, RequestID: q.c.ID, Door: q.door, SourceIP: text(q.c.ClientIP),
		Stripped: &record.Stripped{Reason: d.Reason, Header: d.Name, Count: n},
	})
}

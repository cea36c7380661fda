package transport

import (
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
)

// Table is the upstreams of one configuration. It is never changed.
type Table struct {
	routes    index.Routes
	upstreams []*Upstream
}

// Upstream is a service behind the door.
type Upstream struct {
	URL       *url.URL
	Propagate config.Propagation
	Audience  string // of its assertion; "" for none
	pool      *pool
}

// Match gives the upstream of a request, nil if there is none.
func (t *Table) Match(c *canonical.Request) *Upstream {
	if t == nil {
		return nil
	}
	var storage [4]string
	m := index.Match{Captures: storage[:0]}
	t.routes.Find(&m, "*", "", c.Path, c.Segments)
	if m.Route < 0 {
		return nil
	}
	return t.upstreams[m.Route]
}

// Inform is told of an answer of status 1xx, other than 100, that comes before
// the one that counts. It may be called on another goroutine, and even when the
// exchange has failed. An error ends the exchange.
type Inform func(status int, header http.Header) error

// Exchange sends a request and gives the answer, as http.RoundTripper's
// RoundTrip does. Neither the header of r nor its values are changed, and the
// body of r is closed.
func (u *Upstream) Exchange(r *http.Request, inform Inform) (*http.Response, error) {
	return u.pool.roundTrip(r, inform)
}

// Certificates tells when those of the upstreams end.
func (t *Table) Certificates() []Certificate {
	var out []Certificate
	if t != nil {
		for _, u := range t.upstreams {
			out = append(out, u.pool.expires...)
		}
	}
	return out
}

// Pools keeps the connections to upstreams over reloads: a table that reaches a
// service as the one before did uses its connections.
type Pools struct {
	clock func() time.Time
	mu    sync.Mutex
	open  map[string]*pool
}

// NewPools makes pools without any connection.
func NewPools(clock func() time.Time) *Pools {
	return &Pools{clock: clock, open: map[string]*pool{}}
}

// Table makes the table of a configuration. With an error among the
// diagnostics there is none.
func (p *Pools) Table(list []config.Upstream, read Read) (*Table, policy.Diagnostics) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := &Table{}
	var found policy.Diagnostics
	for i, u := range list {
		pattern, err := index.ParsePattern(u.Match.Value())
		if err == nil {
			err = t.routes.Add("", pattern, "*", i)
		}
		if err != nil {
			found = append(found, document.NewDiagnostic(u.Match.Span(), document.Error, "bad_route", err.Error()))
			continue
		}
		made, more := newPool(u, read, p.clock)
		if found = append(found, more...); more.HasErrors() {
			continue
		}
		if old := p.open[made.key]; old != nil {
			made = old
		}
		p.open[made.key] = made
		t.upstreams = append(t.upstreams, &Upstream{URL: u.URL, Propagate: u.Propagate, Audience: u.Audience, pool: made})
	}
	if found.HasErrors() {
		return nil, found
	}
	return t, found
}

// Keep lets go of the connections that a table does not use. Requests on their
// way keep theirs, which end once they are idle for long enough.
func (p *Pools) Keep(t *Table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	used := map[string]bool{}
	for _, u := range t.upstreams {
		used[u.pool.key] = true
	}
	for key, pool := range p.open {
		if !used[key] {
			pool.closeIdle()
			delete(p.open, key)
		}
	}
}

// Close ends the idle connections.
func (p *Pools) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pool := range p.open {
		pool.closeIdle()
	}
}

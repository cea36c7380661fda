package pdp

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/sidecar/canonical"
)

// change tells those who wait that something is another one now.
type change struct {
	mu   sync.Mutex
	next chan struct{} // closed at the next change; nil until somebody waits
}

func (c *change) wait() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}

func (c *change) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

// Changed is closed once another snapshot is in force than that of a later
// [Point.Begin]. What stands longer than a request, such as a WebSocket, has to
// be decided again then.
func (p *Point) Changed() <-chan struct{} { return p.changed.wait() }

// allowed is the outcome of an allowed request.
func (q *question) allowed(d engine.Decision, headers http.Header) Outcome {
	out := Outcome{Allowed: true, Headers: headers, DecisionID: q.id}
	if q.identity != nil {
		out.Expires = q.identity.Expires
	}
	if !q.c.WebSocket {
		return out // nobody compares it
	}
	h := sha256.New()
	for _, o := range d.Obligations {
		fmt.Fprintf(h, "%q %q;", o.Name, o.Value)
	}
	v := q.request.Values()
	for _, i := range []slot.Index{slot.UserID, slot.UserTenant, slot.UserRoles} {
		value, state := v.Get(i)
		fmt.Fprintf(h, "%d;", state)
		if state == slot.Present {
			fmt.Fprintf(h, "%q;", value.AppendJSON(nil))
		}
	}
	out.Grant = string(h.Sum(nil))
	return out
}

// Closed writes the record of a WebSocket that has ended: why, with which code
// of its close frame (0 for none of gwctl's), and how long it was open.
func (p *Point) Closed(c *canonical.Request, door, decisionID, reason string, code int, open time.Duration) {
	e := &record.Event{
		Kind: record.KindWebSocketClosed, Time: p.o.Clock(), DecisionID: decisionID, RequestID: c.ID, Door: door, SourceIP: text(c.ClientIP),
		TrustedChain: chain(c.Trusted, c.Peer, c.Hops), HTTP: &record.HTTP{Method: c.Method, Host: c.Host, Path: c.Path, TargetSHA256: c.TargetSHA256}, Reason: reason, TotalMicros: open.Microseconds(),
	}
	if code != 0 {
		e.Detail = strconv.Itoa(code)
	}
	p.o.Audit.Write(e)
}

package pdp

import (
	"net/http"
	"net/netip"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// RuleRequests is a request beyond what is answered at a time.
const RuleRequests = "requests"

// Sender gives who a request comes from, as far as it could be read. One of c
// and rejection is nil, as canonical's readers give them.
func Sender(c *canonical.Request, rejection *canonical.Rejection) netip.Addr {
	if c == nil {
		return rejection.ClientIP
	}
	return c.ClientIP
}

// Overloaded answers a request that finds no place, and writes its record. What
// is wrong with it otherwise is not looked at. One of c and rejection is nil.
func (t Turn) Overloaded(c *canonical.Request, rejection *canonical.Rejection, door string) reply.Answer {
	if c != nil {
		rejection = c.Refuse("", "", 0)
	}
	busy := &canonical.Rejection{
		Code: reply.ReasonOverloaded, Status: http.StatusServiceUnavailable, Rule: RuleRequests,
		ID: rejection.ID, Method: rejection.Method, ClientIP: rejection.ClientIP, Peer: rejection.Peer, Trusted: rejection.Trusted, Hops: rejection.Hops,
		TargetSHA256: rejection.TargetSHA256,
	}
	a := t.Reject(busy, door, nil).Answer
	a.Header.Set("Retry-After", "1")
	return a
}

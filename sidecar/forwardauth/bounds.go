package forwardauth

import (
	"net/http"
	"net/netip"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// RuleRequests is a request beyond what is answered at a time.
const RuleRequests = "requests"

// bounds are what the door gives out at a time. Connections are those of the
// proxies, and of whoever else can reach the door; requests are those of the
// clients that a proxy vouches for, so that one of them cannot have all that
// wait for an identity provider.
type bounds struct {
	connections, requests *fair.Share
}

func newBounds(l config.Limits) bounds {
	return bounds{fair.New(int64(l.Connections)), fair.New(int64(l.Requests))}
}

// sender gives who a request comes from, as far as it could be read.
func sender(c *canonical.Request, rejection *canonical.Rejection) netip.Addr {
	if c == nil {
		return rejection.ClientIP
	}
	return c.ClientIP
}

// overloaded answers a request that finds no place. What is wrong with it
// otherwise is not looked at.
func (d *Door) overloaded(w http.ResponseWriter, carrier *http.Request, turn pdp.Turn, c *canonical.Request, rejection *canonical.Rejection) {
	if c != nil {
		rejection = c.Refuse("", "", 0)
	}
	busy := &canonical.Rejection{
		Code: reply.ReasonOverloaded, Status: http.StatusServiceUnavailable, Rule: RuleRequests,
		ID: rejection.ID, Method: rejection.Method, ClientIP: rejection.ClientIP, Peer: rejection.Peer, Trusted: rejection.Trusted, Hops: rejection.Hops,
		TargetSHA256: rejection.TargetSHA256,
	}
	a := turn.Reject(busy, Name, nil).Answer
	a.Header.Set("Retry-After", "1")
	d.deny(w, carrier, a, reply.ReasonOverloaded)
}

package forwardauth

import (
	"net/http"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reply"
)

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

// overloaded answers a request that finds no place. What is wrong with it
// otherwise is not looked at.
func (d *Door) overloaded(w http.ResponseWriter, carrier *http.Request, turn pdp.Turn, c *canonical.Request, rejection *canonical.Rejection) {
	a := turn.Overloaded(c, rejection, Name)
	d.deny(w, carrier, a, reply.ReasonOverloaded)
}

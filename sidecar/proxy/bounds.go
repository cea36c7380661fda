package proxy

import (
	"net/http"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// bodyTimeout is how long a client may be silent in the middle of a body.
const bodyTimeout = 60 * time.Second

// bounds are what the door gives out at a time, over all clients.
type bounds struct {
	connections, requests, bodies *fair.Share
}

func newBounds(l config.Limits) bounds {
	return bounds{fair.New(int64(l.Connections)), fair.New(int64(l.Requests)), fair.New(int64(l.BodyMiB) << 20)}
}

// overloaded answers a request that finds no place. What is wrong with it
// otherwise is not looked at.
func (d *Door) overloaded(w http.ResponseWriter, r *http.Request, turn pdp.Turn, c *canonical.Request, rejection *canonical.Rejection) {
	a := turn.Overloaded(c, rejection, Name)
	if r.ProtoMajor >= 2 {
		// A body could wait for a window that never opens, a header cannot.
		a.Body = nil
		a.Header.Del("Content-Type")
	}
	d.answer(w, r, cors{}, a)
}

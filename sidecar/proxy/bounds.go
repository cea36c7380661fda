package proxy

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// RuleRequests is a request beyond what is answered at a time.
const RuleRequests = "requests"

// ReasonConnections counts connections that are closed at once.
const ReasonConnections = "too_many_connections"

// bodyTimeout is how long a client may be silent in the middle of a body.
const bodyTimeout = 60 * time.Second

// bounds are what the door gives out at a time, over all clients.
type bounds struct {
	connections, requests, bodies *share
}

func newBounds(l config.Limits) bounds {
	return bounds{newShare(int64(l.Connections)), newShare(int64(l.Requests)), newShare(int64(l.BodyMiB) << 20)}
}

// boundedListener closes connections beyond those of its share, before a byte
// is read. Trusted proxies speak for many: their requests are told apart later,
// by the addresses that they vouch for.
type boundedListener struct {
	net.Listener
	share   *share
	trusted []netip.Prefix
	refused func()
}

// Accept implements net.Listener.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		who := l.client(c.RemoteAddr())
		if l.share.take(who, 1) {
			return &boundedConn{Conn: c, give: sync.OnceFunc(func() { l.share.give(who, 1) })}, nil
		}
		l.refused()
		_ = c.Close() // nothing was said on it
	}
}

func (l *boundedListener) client(a net.Addr) netip.Addr {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	who := ap.Addr().Unmap().WithZone("")
	if slices.ContainsFunc(l.trusted, func(p netip.Prefix) bool { return p.Contains(who) }) {
		return netip.Addr{}
	}
	return who
}

// boundedConn gives its place back when it is closed.
type boundedConn struct {
	net.Conn
	give func()
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	c.give()
	return c.Conn.Close()
}

// CloseWrite lets the server end an answer before it closes.
func (c *boundedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
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
func (d *Door) overloaded(w http.ResponseWriter, r *http.Request, turn pdp.Turn, c *canonical.Request, rejection *canonical.Rejection) {
	if c != nil {
		rejection = c.Refuse("", "", 0)
	}
	busy := *rejection
	busy.Code, busy.Status, busy.Rule, busy.Err = reply.ReasonOverloaded, http.StatusServiceUnavailable, RuleRequests, nil
	a := turn.Reject(&busy, Name, nil).Answer
	a.Header.Set("Retry-After", "1")
	if r.ProtoMajor >= 2 {
		// A body could wait for a window that never opens, a header cannot.
		a.Body = nil
		a.Header.Del("Content-Type")
	}
	d.answer(w, r, cors{}, a)
}

package proxy

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// RuleSyntax is the rule in the record of a request that net/http's server
// refused by itself.
const RuleSyntax = "http_syntax"

// Listener gives the listener to serve on. Its connections see the answers that
// net/http's server gives without asking the door (400 to bytes that are no
// HTTP, 417, 431, 505), so that these leave a record, too.
func (d *Door) Listener(l net.Listener) net.Listener { return listener{l, d} }

type listener struct {
	net.Listener
	door *Door
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, door: l.door}, nil
}

// connection knows whether the request at hand has reached the door, and where
// it ends.
type connection struct {
	net.Conn
	door    *Door
	reached atomic.Bool
	told    bool // of the server's own answer; it closes the connection

	framing  framing // of one reader at a time
	broken   atomic.Bool
	hijacked atomic.Bool // no HTTP any more
}

// Read implements net.Conn. What comes before an error of framing is read, so
// that the requests before it are answered.
func (c *connection) Read(p []byte) (int, error) {
	if c.broken.Load() {
		return 0, errFraming
	}
	n, err := c.Conn.Read(p)
	if n == 0 || c.hijacked.Load() {
		return n, err
	}
	good, more := c.framing.judge(p[:n])
	if more {
		return n, err
	}
	c.broken.Store(true)
	if good == 0 {
		return 0, errFraming
	}
	return good, nil
}

// connectionKey finds the connection of a request. Nothing that decides travels
// this way.
type connectionKey struct{}

func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

func reached(r *http.Request) {
	if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
		c.reached.Store(true)
	}
}

// turned forgets the request whose answer is complete, and leaves a connection
// alone that has changed its protocol.
func turned(c net.Conn, state http.ConnState) {
	own, ok := c.(*connection)
	switch {
	case !ok:
	case state == http.StateIdle:
		own.reached.Store(false)
	case state == http.StateHijacked:
		own.hijacked.Store(true)
	}
}

// Write implements net.Conn.
func (c *connection) Write(p []byte) (int, error) {
	if !c.reached.Load() && !c.told {
		c.told = true
		rule := RuleSyntax
		if c.broken.Load() {
			rule = RuleFraming
		}
		c.door.unread(rule, c.RemoteAddr().String(), p)
	}
	return c.Conn.Write(p)
}

// CloseWrite lets the server end an answer before it closes, so that a client
// that still sends can read it.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// unread writes the record of a request that no handler has seen.
func (d *Door) unread(rule, peer string, answer []byte) {
	rejection := &canonical.Rejection{Code: canonical.CodeNotCanonical, Rule: rule, Status: http.StatusBadRequest}
	if addr, err := netip.ParseAddrPort(peer); err == nil {
		rejection.Peer = addr.Addr().Unmap().WithZone("")
		rejection.ClientIP = rejection.Peer
	}
	const before, after = len("HTTP/1.1 "), len("HTTP/1.1 400")
	if len(answer) >= after {
		if status, err := strconv.Atoi(string(answer[before:after])); err == nil {
			rejection.Status = status
		}
	}
	d.o.Point.Reject(rejection, Name, nil)
}

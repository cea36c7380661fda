package syntax

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// Rule is the rule in the record of a request that net/http's server refused by
// itself.
const Rule = "http_syntax"

// Refused is told of a request that no handler has seen. It is called before
// the answer is sent, from the goroutine of the connection.
type Refused func(*canonical.Rejection)

// Attach has a server tell its connections apart. It sets ConnContext and
// ConnState.
func Attach(s *http.Server) {
	s.ConnContext, s.ConnState = withConnection, turned
}

// Listener gives the listener to serve on with a server prepared by Attach. A
// *tls.Conn that it accepts has done its handshake.
func Listener(l net.Listener, refused Refused) net.Listener { return listener{l, refused} }

type listener struct {
	net.Listener
	refused Refused
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	plain := &connection{Conn: c, refused: l.refused}
	secure, ok := c.(*tls.Conn)
	switch {
	case !ok:
		return plain, nil
	case secure.ConnectionState().NegotiatedProtocol == "h2":
		return c, nil // the server looks for just this type, and answers in frames
	}
	return &secureConnection{connection: plain, tls: secure}, nil
}

// secureConnection is a connection whose TLS the server can see.
type secureConnection struct {
	*connection
	tls *tls.Conn
}

// ConnectionState is what net/http's server takes Request.TLS from.
func (c *secureConnection) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// watched gives the connection below, nil if its answers are not seen.
func watched(c net.Conn) *connection {
	switch c := c.(type) {
	case *connection:
		return c
	case *secureConnection:
		return c.connection
	}
	return nil
}

// connection knows whether the request at hand has reached the handler.
type connection struct {
	net.Conn
	refused Refused
	reached atomic.Bool
	told    bool // of the server's own answer; it closes the connection
}

// connectionKey finds the connection of a request. Nothing that decides travels
// this way.
type connectionKey struct{}

func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, watched(c))
}

// Reached notes that a request has come to its handler, which answers from here
// on.
func Reached(r *http.Request) {
	if c, ok := r.Context().Value(connectionKey{}).(*connection); ok && c != nil {
		c.reached.Store(true)
	}
}

// turned forgets the request whose answer is complete.
func turned(c net.Conn, state http.ConnState) {
	if c := watched(c); c != nil && state == http.StateIdle {
		c.reached.Store(false)
	}
}

// Write implements net.Conn.
func (c *connection) Write(p []byte) (int, error) {
	if !c.reached.Load() && !c.told {
		c.told = true
		c.refused(rejection(c.RemoteAddr().String(), p))
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

// rejection is all that is known of a request that no handler has seen.
func rejection(peer string, answer []byte) *canonical.Rejection {
	out := &canonical.Rejection{Code: canonical.CodeNotCanonical, Rule: Rule, Status: http.StatusBadRequest}
	if addr, err := netip.ParseAddrPort(peer); err == nil {
		out.Peer = addr.Addr().Unmap().WithZone("")
		out.ClientIP = out.Peer
	}
	const before, after = len("HTTP/1.1 "), len("HTTP/1.1 400")
	if len(answer) >= after {
		if status, err := strconv.Atoi(string(answer[before:after])); err == nil {
			out.Status = status
		}
	}
	return out
}

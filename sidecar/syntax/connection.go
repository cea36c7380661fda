package syntax

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

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

// connection knows whether the request at hand has reached the handler, and
// where it ends.
type connection struct {
	net.Conn
	refused Refused
	reached atomic.Bool
	told    bool // of the server's own answer; it closes the connection

	framing  framing // of one reader at a time
	broken   atomic.Bool
	poison   string      // what is read instead of all that follows
	hijacked atomic.Bool // no HTTP any more
}

// writeTimeout is how long a client may take for one piece of an answer, 32 KiB
// at most. Nobody may hold an answer back for ever.
const writeTimeout = 60 * time.Second

// poison makes the server refuse the request at hand, in a head, a chunked body
// and trailers alike: no line can be a zero byte. An error would do the same,
// but it would also end the requests before it that are still being answered.
const poison = "\x00\r\n\x00\r\n\r\n"

// Read implements net.Conn.
func (c *connection) Read(p []byte) (int, error) {
	if c.broken.Load() {
		if c.poison == "" {
			return 0, io.EOF
		}
		n := copy(p, c.poison)
		c.poison = c.poison[n:]
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if n == 0 || c.hijacked.Load() {
		return n, err
	}
	good, more := c.framing.judge(p[:n])
	if more {
		return n, err
	}
	c.poison = poison
	c.broken.Store(true)
	if good == 0 {
		return c.Read(p)
	}
	return good, nil
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

// turned forgets the request whose answer is complete, and leaves a connection
// alone that has changed its protocol.
func turned(c net.Conn, state http.ConnState) {
	own := watched(c)
	switch {
	case own == nil:
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
		r := rejection(c.RemoteAddr().String(), p)
		if c.broken.Load() {
			r.Rule = RuleFraming
		}
		c.refused(r)
	}
	if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
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

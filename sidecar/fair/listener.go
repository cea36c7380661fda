package fair

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// ReasonConnections counts connections that are closed at once.
const ReasonConnections = "too_many_connections"

// Listener closes connections beyond those of a share, before a byte is read,
// and has refused count them. Trusted proxies speak for many: their requests are
// told apart later, by the addresses that they vouch for.
func Listener(l net.Listener, s *Share, trusted []netip.Prefix, refused func()) net.Listener {
	return &listener{l, s, trusted, refused}
}

type listener struct {
	net.Listener
	share   *Share
	trusted []netip.Prefix
	refused func()
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		who := l.client(c.RemoteAddr())
		if l.share.Take(who, 1) {
			return &conn{Conn: c, give: sync.OnceFunc(func() { l.share.Give(who, 1) })}, nil
		}
		l.refused()
		_ = c.Close() // nothing was said on it
	}
}

func (l *listener) client(a net.Addr) netip.Addr {
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

// conn gives its place back when it is closed.
type conn struct {
	net.Conn
	give func()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.give()
	return c.Conn.Close()
}

// CloseWrite lets the server end an answer before it closes.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

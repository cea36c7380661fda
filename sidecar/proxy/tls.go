package proxy

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/syntax"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// Bounds of HTTP/2 connections that have no setting. Resets and header blocks
// without end are bounded by net/http itself, the latter by maxHeaderBytes.
const (
	pingAfter        = 30 * time.Second // of silence
	pingTimeout      = 15 * time.Second
	writeTimeout     = 30 * time.Second // without a byte of progress
	streamWindow     = 256 << 10        // bytes of one body that nobody has read yet
	connectionWindow = 1 << 20
)

// Listener gives the listener to serve on. With TLS each handshake takes what
// is in force then. What net/http's server refuses without asking the door
// leaves a record, too.
func (d *Door) Listener(l net.Listener) net.Listener {
	l = fair.Listener(l, d.bounds.connections, d.o.Config.TrustedProxies, func() { d.o.Metrics.Rejected(fair.ReasonConnections) })
	if d.o.Config.TLS.On() {
		l = transport.Listen(l, func() *transport.Server {
			if s := d.o.Point.Current(); s != nil {
				return s.TLS
			}
			return nil
		}, d.o.Metrics.HandshakeFailed, d.o.Logger)
	}
	return syntax.Listener(l, func(r *canonical.Rejection) { d.o.Point.Reject(r, Name, nil) })
}

// http2 is spoken over TLS only, where a client asks for it.
func (d *Door) http2() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams: d.o.Config.HTTP2.MaxStreams, MaxReceiveBufferPerStream: streamWindow, MaxReceiveBufferPerConnection: connectionWindow,
		SendPingTimeout: pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: writeTimeout, CountError: d.frames,
	}
}

// frames counts what net/http's HTTP/2 server refuses, and writes the record of
// a request among it. All it tells is the kind of the fault.
func (d *Door) frames(kind string) {
	kind = strings.ToLower(kind)
	d.o.Metrics.HTTP2Error(kind)
	fault, ok := strings.CutPrefix(kind, "stream_protocol_error_")
	if ok && slices.Contains([]string{"bad_connect", "bad_path", "bad_path_method", "userinfo_in_authority", "trailers_bogus", "trailers_pseudo"}, fault) {
		d.o.Point.Reject(&canonical.Rejection{Code: canonical.CodeNotCanonical, Rule: syntax.Rule, Status: http.StatusBadRequest}, Name, nil)
	}
}

// misdirected finds a request that does not belong on its connection.
func (d *Door) misdirected(turn pdp.Turn, r *http.Request, c *canonical.Request) *canonical.Rejection {
	var server *transport.Server
	if s := turn.Snapshot(); s != nil {
		server = s.TLS
	}
	if rule := server.Check(r.TLS, c.Host); rule != "" {
		return transport.Misdirected(c, rule)
	}
	return nil
}

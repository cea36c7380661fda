// Package proxy is the reverse-proxy door: it decides a request and, when it
// is allowed, forwards exactly what was decided.
//
// [New] makes the door, an http.Handler. [Door.Server] gives the http.Server
// that carries it, which leaves `OPTIONS *` to the door, and [Door.Listener] what
// to serve on. The door rewrites no path and follows no redirect.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/logout"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reply"
	"github.com/gwctl/gwctl/sidecar/syntax"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// Name is the door's label in records and metrics.
const Name = "proxy"

// Bounds of the connections of clients; upstreams have settings.
const (
	readHeaderTimeout   = 5 * time.Second
	idleTimeout         = 120 * time.Second
	unwantedBodyTimeout = 5 * time.Second
	maxHeaderBytes      = 48 << 10 // above canonical's own limit, which answers with a record
)

// Options are what a door is made of.
type Options struct {
	Config   config.Proxy
	Point    *pdp.Point // its snapshot has the upstreams and the TLS in force
	Metrics  *health.Metrics
	Logger   *slog.Logger
	Clock    func() time.Time
	Draining func() bool
	Logout   *logout.Handler // nil for none
}

// Door is the reverse proxy.
type Door struct {
	o        Options
	buffers  *bufferPool
	errors   *log.Logger
	sockets  *sockets
	unwanted time.Duration // how long the rest of a body may take that nobody reads
	silent   time.Duration // how long a client may be in the middle of a body
	bounds   bounds
	dates    reply.Dates
}

// New makes a door.
func New(o Options) *Door {
	return &Door{
		o: o, buffers: newBufferPool(), sockets: newSockets(o.Config.WebSocket.Limit), unwanted: unwantedBodyTimeout, silent: bodyTimeout, bounds: newBounds(o.Config.Limits),
		errors: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
}

// Server gives the http.Server that carries the door.
func (d *Door) Server() *http.Server {
	s := &http.Server{
		Handler: d, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		DisableGeneralOptionsHandler: true, ErrorLog: d.errors, HTTP2: d.http2(),
	}
	syntax.Attach(s)
	return s
}

// Close ends the WebSockets that are open. It comes after the server has shut
// down, which leaves WebSockets alone.
func (d *Door) Close() { d.sockets.closeAll() }

// ServeHTTP decides the request first and forwards it only then.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	syntax.Reached(r)
	d.o.Metrics.InFlight(1)
	defer d.o.Metrics.InFlight(-1)
	changed := d.o.Point.Changed()
	turn := d.o.Point.Begin()
	c, rejection := turn.Reader().Read(r)
	// An answer takes its place, too: over HTTP/2 nobody need take it.
	who := pdp.Sender(c, rejection)
	if !d.bounds.requests.Take(who, 1) {
		d.overloaded(w, r, turn, c, rejection)
		return
	}
	place := d.bounds.requests.Hold(who)
	defer place.Give()
	if rejection != nil {
		var allow []string
		if rejection.Status == http.StatusMethodNotAllowed {
			allow = strings.Split(turn.Reader().Allow(), ", ")
		}
		d.answer(w, r, cors{}, turn.Reject(rejection, Name, allow).Answer)
		return
	}
	if rule := d.misdirected(turn, r, c); rule != nil {
		d.answer(w, r, cors{}, turn.Reject(rule, Name, nil).Answer)
		return
	}
	if d.preflight(w, r, turn, c) || d.metadata(w, r, turn, c) || d.loggedOut(w, r, turn, c) {
		return
	}
	body := &bufferedBody{bodies: d.bounds.bodies, who: c.ClientIP, silent: d.silent}
	defer body.release()
	f := forwarding{w: w, r: r, turn: turn, to: turn.Upstream(c), c: c, cors: newCORS(turn.CORS(c.Method, c), c), changed: changed, place: &place}
	f.out = turn.Toward(f.to).Request(r.Context(), c, body.of(w, r), Name)
	switch {
	case !f.out.Allowed:
		d.answer(w, r, f.cors, f.out.Answer)
	case f.to == nil:
		d.answer(w, r, f.cors, reply.BadGateway(http.StatusBadGateway, reply.ReasonNoUpstream, reply.Context{RequestID: c.ID}))
	case c.WebSocket:
		d.webSocket(f)
	default:
		d.forward(f)
	}
}

// closes tells whether the connection must not carry another request: whoever
// reuses it would race with the end of the process; and what follows the
// handshake of a WebSocket that did not come about may be no HTTP.
func (d *Door) closes(r *http.Request) bool { return d.o.Draining() || len(r.Header["Upgrade"]) > 0 }

// answer writes an answer of gwctl's own to a request that does not go through.
func (d *Door) answer(w http.ResponseWriter, r *http.Request, s cors, a reply.Answer) {
	d.own(w, r)
	s.allow(w.Header(), ownHeaders...)
	if err := a.Write(w, r); err != nil {
		d.o.Logger.Debug("the client did not take the answer", "error", err)
	}
}

// own prepares the connection for an answer of gwctl's own.
func (d *Door) own(w http.ResponseWriter, r *http.Request) {
	if d.closes(r) {
		w.Header().Set("Connection", "close")
	}
	if r.ProtoMajor >= 2 {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d.silent)) // every HTTP/2 stream has one
	}
	if r.ContentLength != 0 {
		// The server reads what is left of a body before it answers, so that the
		// connection can be kept. Without an end to that, a body that never comes
		// would hold the connection and the drain.
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(d.unwanted)); err != nil {
			d.o.Logger.Debug("the answer waits for the body", "error", err)
		}
	}
}

// forwarding is an allowed request and where it goes. Nothing travels in
// context values.
type forwarding struct {
	w       http.ResponseWriter
	r       *http.Request
	turn    pdp.Turn
	to      *transport.Upstream
	c       *canonical.Request
	out     pdp.Outcome
	cors    cors
	changed <-chan struct{} // the policies, since it was decided
	place   *fair.Place     // that the request takes until it is answered
}

// notForwarded answers for an exchange that failed before its answer began.
func (d *Door) notForwarded(f *forwarding, body *clientBody, err error) {
	w, r, c := f.w, f.r, f.c
	if body.failed() {
		// Not the upstream's fault: chunks that are none, or a body cut short.
		d.o.Logger.Debug("the client's body cannot be read", "error", err, "request_id", c.ID)
		d.answer(w, r, f.cors, reply.Rejected(http.StatusBadRequest, reply.ReasonNotCanonical, reply.Context{RequestID: c.ID}))
		return
	}
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		// The client has gone, or so it seems: one that has only ended what it
		// sends would be told 200 if nothing was answered.
		panic(http.ErrAbortHandler)
	}
	status, reason := http.StatusBadGateway, reply.ReasonUpstreamUnreachable
	var timeout net.Error
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		reason = reply.ReasonUpstreamUntrusted
	case errors.As(err, &timeout) && timeout.Timeout():
		status, reason = http.StatusGatewayTimeout, reply.ReasonUpstreamTimeout
	}
	d.o.Logger.Warn("the upstream failed", "error", err, "request_id", c.ID, "reason", reason)
	d.answer(w, r, f.cors, reply.BadGateway(status, reason, reply.Context{RequestID: c.ID}))
}

// Package proxy is the reverse-proxy door: it decides a request and, when it
// is allowed, forwards exactly what was decided.
//
// [New] makes the door, an http.Handler. [Door.Server] gives the http.Server
// that carries it, which leaves `OPTIONS *` to the door, and [Door.Listener] what
// to serve on. The door rewrites no path and follows no redirect.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reply"
	"github.com/gwctl/gwctl/sidecar/syntax"
)

// Name is the door's label in records and metrics.
const Name = "proxy"

// Timeouts of connections.
const (
	readHeaderTimeout     = 5 * time.Second
	idleTimeout           = 120 * time.Second
	dialTimeout           = 2 * time.Second
	responseHeaderTimeout = 30 * time.Second
	unwantedBodyTimeout   = 5 * time.Second
	maxHeaderBytes        = 48 << 10 // above canonical's own limit, which answers with a record
)

// Options are what a door is made of.
type Options struct {
	Config       config.Proxy
	ForwardToken bool
	Point        *pdp.Point
	Metrics      *health.Metrics
	Logger       *slog.Logger
	Clock        func() time.Time
	Draining     func() bool
}

// Door is the reverse proxy.
type Door struct {
	o         Options
	upstreams index.Routes
	urls      []*url.URL
	transport *http.Transport
	buffers   *bufferPool
	errors    *log.Logger
	sockets   *sockets
	unwanted  time.Duration // how long the rest of a body may take that nobody reads
}

// New makes a door.
func New(o Options) (*Door, error) {
	d := &Door{o: o, buffers: newBufferPool(), sockets: newSockets(), unwanted: unwantedBodyTimeout, errors: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)}
	for i, u := range o.Config.Upstreams {
		p, err := index.ParsePattern(u.Match.Value)
		if err == nil {
			err = d.upstreams.Add("", p, "*", i)
		}
		if err != nil {
			return nil, fmt.Errorf("making the proxy: upstream %q: %w", u.Match.Value, err)
		}
		d.urls = append(d.urls, u.URL)
	}
	d.transport = &http.Transport{
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		MaxIdleConns:          1024,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: responseHeaderTimeout,
		DisableCompression:    true,
	}
	return d, nil
}

// Server gives the http.Server that carries the door.
func (d *Door) Server() *http.Server {
	s := &http.Server{
		Handler: d, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		DisableGeneralOptionsHandler: true, ErrorLog: d.errors,
	}
	syntax.Attach(s)
	return s
}

// Listener gives the listener to serve on: what net/http's server refuses
// without asking the door leaves a record, too.
func (d *Door) Listener(l net.Listener) net.Listener {
	return syntax.Listener(l, func(r *canonical.Rejection) { d.o.Point.Reject(r, Name, nil) })
}

// Close ends the WebSockets that are open, and drops idle connections to
// upstreams. It comes after the server has shut down, which leaves WebSockets
// alone.
func (d *Door) Close() {
	d.sockets.closeAll()
	d.transport.CloseIdleConnections()
}

// ServeHTTP decides the request first and forwards it only then.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	syntax.Reached(r)
	d.o.Metrics.InFlight(1)
	defer d.o.Metrics.InFlight(-1)
	changed := d.o.Point.Changed()
	turn := d.o.Point.Begin()
	c, rejection := turn.Reader().Read(r)
	if rejection != nil {
		var allow []string
		if rejection.Status == http.StatusMethodNotAllowed {
			allow = strings.Split(turn.Reader().Allow(), ", ")
		}
		d.answer(w, r, cors{}, turn.Reject(rejection, Name, allow).Answer)
		return
	}
	if d.preflight(w, r, turn, c) || d.metadata(w, r, turn, c) {
		return
	}
	a := asks{w: w, r: r, c: c, cors: newCORS(turn.CORS(c.Method, c), c), changed: changed}
	a.out = turn.Request(r.Context(), c, buffered(r), Name)
	switch {
	case !a.out.Allowed:
		d.answer(w, r, a.cors, a.out.Answer)
	case c.WebSocket:
		d.webSocket(a)
	default:
		d.forward(a)
	}
}

// asks is one request that waits for its upstream, and all that its answer
// needs.
type asks struct {
	w       http.ResponseWriter
	r       *http.Request
	c       *canonical.Request
	out     pdp.Outcome
	cors    cors
	changed <-chan struct{} // the policies, since it was decided
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
	if r.ContentLength != 0 {
		// The server reads what is left of a body before it answers, so that the
		// connection can be kept. Without an end to that, a body that never comes
		// would hold the connection and the drain.
		if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(d.unwanted)); err != nil {
			d.o.Logger.Debug("the answer waits for the body", "error", err)
		}
	}
}

func (d *Door) forward(a asks) {
	w, r, c := a.w, a.r, a.c
	m := d.upstreams.Match("*", "", c.Path, c.Segments)
	if m.Route < 0 {
		d.answer(w, r, a.cors, reply.BadGateway(http.StatusBadGateway, reply.ReasonNoUpstream, reply.Context{RequestID: c.ID}))
		return
	}
	// A value of its own for each request: the rewrite needs what was decided,
	// and nothing travels in context values.
	body := &clientBody{}
	proxy := httputil.ReverseProxy{
		Transport:  d.transport,
		BufferPool: d.buffers,
		ErrorLog:   d.errors,
		Rewrite: func(p *httputil.ProxyRequest) {
			d.rewrite(p.Out, c, d.urls[m.Route], a.out.Headers)
			body.wrap(p.Out)
		},
		ModifyResponse: func(resp *http.Response) error {
			if resp.StatusCode == http.StatusSwitchingProtocols {
				return d.switched(a, resp)
			}
			a.cors.allow(resp.Header)
			if d.closes(r) { // asked when the answer comes: the drain may have begun since
				resp.Header.Set("Connection", "close")
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if !errors.Is(err, errSwitched) {
				d.notForwarded(a, body, err)
			}
		},
	}
	proxy.ServeHTTP(w, r)
}

// rewrite makes the outgoing request out of the canonical one. Only the body
// comes from what the client sent.
func (d *Door) rewrite(out *http.Request, c *canonical.Request, upstream *url.URL, identity http.Header) {
	out.URL = c.OutURL(upstream)
	out.Host = c.Host
	out.Trailer = nil
	h := make(http.Header, len(c.Header)+8)
	for name, values := range c.Header {
		h[name] = slices.Clone(values)
	}
	if !d.o.ForwardToken {
		h.Del("Authorization")
	}
	h.Set("X-Forwarded-Host", c.Host)
	h.Set("X-Forwarded-Proto", c.Scheme)
	if c.ClientIP.IsValid() {
		h.Set("X-Forwarded-For", c.ClientIP.String())
	}
	for name, values := range identity {
		h[name] = values
	}
	if c.WebSocket {
		upgrade(h)
	}
	out.Header = h
}

// notForwarded answers for an exchange that failed before its answer began.
func (d *Door) notForwarded(a asks, body *clientBody, err error) {
	w, r, c := a.w, a.r, a.c
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // the client has gone
	}
	if body.failed() {
		// Not the upstream's fault: chunks that are none, or a body cut short.
		d.o.Logger.Debug("the client's body cannot be read", "error", err, "request_id", c.ID)
		d.answer(w, r, a.cors, reply.Rejected(http.StatusBadRequest, reply.ReasonNotCanonical, reply.Context{RequestID: c.ID}))
		return
	}
	status, reason := http.StatusBadGateway, reply.ReasonUpstreamUnreachable
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		status, reason = http.StatusGatewayTimeout, reply.ReasonUpstreamTimeout
	}
	d.o.Logger.Warn("the upstream failed", "error", err, "request_id", c.ID, "reason", reason)
	d.answer(w, r, a.cors, reply.BadGateway(status, reason, reply.Context{RequestID: c.ID}))
}

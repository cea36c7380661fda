package forwardauth

import (
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reply"
	"github.com/gwctl/gwctl/sidecar/syntax"
)

// Name is the door's label in records and metrics.
const Name = "forward_auth"

// RulePeer is the rule in the record of a peer that may not ask.
const RulePeer = "peer"

// Bounds of connections.
const (
	readHeaderTimeout   = 5 * time.Second
	idleTimeout         = 120 * time.Second
	unwantedBodyTimeout = 5 * time.Second
	maxHeaderBytes      = 64 << 10 // canonical's own limit, the description, and the carrier's line
)

// Options are what a door is made of. All are required.
type Options struct {
	Config   config.ForwardAuth
	Point    *pdp.Point
	Metrics  *health.Metrics
	Clock    func() time.Time
	Logger   *slog.Logger
	Draining func() bool
}

// Door answers proxies that ask.
type Door struct {
	o       Options
	dialect dialect
	errors  *log.Logger
	bounds  bounds
	dates   reply.Dates
}

// New makes a door. The error is for a dialect that is not known.
func New(o Options) (*Door, error) {
	dialect, err := dialectOf(o.Config.Dialect)
	if err != nil {
		return nil, fmt.Errorf("making the forward-auth door: %w", err)
	}
	return &Door{o: o, dialect: dialect, bounds: newBounds(o.Config.Limits), errors: slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug)}, nil
}

// Server gives the http.Server that carries the door.
func (d *Door) Server() *http.Server {
	// How long an answer may take to be written is bounded for each piece, by the
	// connections of package syntax.
	s := &http.Server{
		Handler: d, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		DisableGeneralOptionsHandler: true, ErrorLog: d.errors,
	}
	syntax.Attach(s)
	return s
}

// Listener gives the listener to serve on: connections beyond the limit are
// closed, and what net/http's server refuses without asking the door leaves a
// record.
func (d *Door) Listener(l net.Listener) net.Listener {
	l = fair.Listener(l, d.bounds.connections, d.o.Config.TrustedProxies, func() { d.o.Metrics.Rejected(fair.ReasonConnections) })
	return syntax.Listener(l, func(r *canonical.Rejection) { d.o.Point.Reject(r, Name, nil) })
}

// ServeHTTP decides about the request that a carrier describes.
func (d *Door) ServeHTTP(w http.ResponseWriter, carrier *http.Request) {
	syntax.Reached(carrier)
	d.o.Metrics.InFlight(1)
	defer d.o.Metrics.InFlight(-1)
	d.prepare(w, carrier)
	turn := d.o.Point.Begin()
	c, rejection := d.read(turn, carrier)
	who := pdp.Sender(c, rejection)
	if !d.bounds.requests.Take(who, 1) {
		d.overloaded(w, carrier, turn, c, rejection)
		return
	}
	defer d.bounds.requests.Give(who, 1)
	if rejection != nil {
		var allow []string
		if rejection.Status == http.StatusMethodNotAllowed {
			allow = strings.Split(turn.ForwardedReader().Allow(), ", ")
		}
		d.deny(w, carrier, turn.Reject(rejection, Name, allow).Answer, rejection.Code)
		return
	}
	// Nobody delivers the body: a rule that reads it cannot be decided here.
	out := turn.Request(carrier.Context(), c, nil, Name)
	if !out.Allowed {
		d.deny(w, carrier, out.Answer, "")
		return
	}
	w.Header()["Date"] = d.dates.At(d.o.Clock())
	allow(w, turn.IdentityHeaders(), out.Headers)
}

// prepare sees to the carrier's connection.
func (d *Door) prepare(w http.ResponseWriter, carrier *http.Request) {
	if d.o.Draining() {
		w.Header().Set("Connection", "close") // whoever reuses it would race with its end
	}
	if carrier.ContentLength == 0 {
		return
	}
	// The server reads what is left of a body before it answers, so that the
	// connection can be kept. Without an end to that, a body that never comes
	// would hold the connection and the drain.
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(unwantedBodyTimeout)); err != nil {
		d.o.Logger.Debug("the answer waits for the body", "error", err)
	}
}

// read makes the canonical request. The peer comes first: what others say is
// not even read.
func (d *Door) read(turn pdp.Turn, carrier *http.Request) (*canonical.Request, *canonical.Rejection) {
	var peer netip.Addr
	if ap, err := netip.ParseAddrPort(carrier.RemoteAddr); err == nil {
		peer = ap.Addr().Unmap().WithZone("")
	}
	var rejection *canonical.Rejection
	var o canonical.Original
	trusted := d.trusts(peer)
	if trusted {
		o, rejection = d.dialect.describe(carrier)
	} else {
		rejection = &canonical.Rejection{Code: reply.ReasonUntrustedPeer, Status: http.StatusForbidden, Rule: RulePeer}
	}
	if rejection != nil {
		rejection.ID, rejection.Peer, rejection.Trusted, rejection.ClientIP = canonical.NewUUIDv7(d.o.Clock()), peer, trusted, peer
		return nil, rejection
	}
	o.Peer = peer
	return turn.ForwardedReader().ReadOriginal(o)
}

func (d *Door) trusts(peer netip.Addr) bool {
	for _, p := range d.o.Config.TrustedProxies {
		if p.Contains(peer) {
			return true
		}
	}
	return false
}

// deny writes a denial in the dialect of the proxy.
func (d *Door) deny(w http.ResponseWriter, carrier *http.Request, a reply.Answer, code string) {
	if code != reply.ReasonUntrustedPeer {
		// The connection is the proxy's, which serves many clients with it; one
		// bad request does not end it.
		a.Header = a.Header.Clone()
		a.Header.Del("Connection")
	}
	if d.dialect.narrow {
		a = a.Narrow()
	}
	if err := a.Write(w, carrier); err != nil {
		d.o.Logger.Debug("the proxy did not take the answer", "error", err)
	}
}

// Values of headers, which are not changed.
var (
	nothing  = []string{""}
	noStore  = []string{"no-store"}
	noLength = []string{"0"}
)

// allow answers with every header that the upstream may believe, empty where
// there is nothing to say: a proxy that copies them replaces what the client
// sent, also where the answer is that there is no such thing.
func allow(w http.ResponseWriter, names []string, headers http.Header) {
	h := w.Header()
	for _, name := range names {
		h[name] = nothing
	}
	for name, values := range headers {
		if len(values) > 0 { // what must not get to the service is answered empty, too
			h[name] = values
		}
	}
	h["Cache-Control"], h["Content-Length"] = noStore, noLength
	w.WriteHeader(http.StatusOK)
}

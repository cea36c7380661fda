package admin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// Name is the listener's label in records.
const Name = "admin"

// maxAtOnce bounds the requests that are answered at a time.
const maxAtOnce = 16

// Options are what a handler works with. All but Hosts and Port are required.
type Options struct {
	// Hosts are names accepted in Host beside localhost and loopback addresses.
	Hosts []string
	// Port is the port that Host has to name; 0 for a Unix socket, where it may
	// name any.
	Port  int
	Do    Operations
	Audit *audit.Log
	Clock func() time.Time
	NewID func() string // request ids
	// Rejected counts requests that are refused, by reason.
	Rejected func(reason string)
	Logger   *slog.Logger
}

// Operations is what operators can do to the process.
type Operations interface {
	// Status gives a picture.
	Status() Status
	// Refresh fetches the keys of an issuer, or of all for "". The error is
	// [ErrUnknownIssuer] or a [*TooOften].
	Refresh(ctx context.Context, issuer string) ([]Refreshed, error)
	// Purge forgets what is known of tokens, of all issuers for "".
	Purge(issuer string, w authn.Whose) (Purged, error)
	// Revoke refuses good tokens of an issuer from now on.
	Revoke(issuer string, w authn.Whose) (Purged, error)
}

// Refreshed is one fetch of keys.
type Refreshed struct {
	Issuer  string   `json:"iss"`
	Result  string   `json:"result"` // ok, the class of the failure, or too_often
	Keys    int      `json:"keys"`   // usable now
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// Purged counts what was forgotten.
type Purged struct {
	Tokens        int `json:"tokens"`
	Introspection int `json:"introspection"`
}

// ErrUnknownIssuer is an issuer that is not configured.
var ErrUnknownIssuer = errors.New("the issuer is not configured")

// TooOften says that an operation was done a moment ago.
type TooOften struct{ After time.Duration }

// Error says so.
func (t *TooOften) Error() string { return "try again in " + t.After.String() }

// Handler serves the operations. It is an http.Handler.
type Handler struct {
	o     Options
	slots chan struct{}
}

// New makes a handler.
func New(o Options) *Handler { return &Handler{o: o, slots: make(chan struct{}, maxAtOnce)} }

// refusal is why a request is not done. The detail is a class, for the record
// and the operator.
type refusal struct {
	status int
	reason string
	detail string
	allow  string        // methods, for a 405
	after  time.Duration // when to try again
}

// Paths of the operations.
const (
	StatusPath  = "/-/status"
	RefreshPath = "/-/jwks/refresh"
	PurgePath   = "/-/cache/purge"
	RevokePath  = "/-/revoke"
)

// ServeHTTP does what is asked for, or says why not.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		h.refuse(w, r, &refusal{status: http.StatusServiceUnavailable, reason: reply.ReasonOverloaded, detail: "concurrency", after: time.Second})
		return
	}
	answer, no := h.do(w, r)
	if no != nil {
		h.refuse(w, r, no)
		return
	}
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil { // the types of this package always encode
		text = []byte("{}")
	}
	header.Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n')) // the operator has gone
}

func (h *Handler) do(w http.ResponseWriter, r *http.Request) (any, *refusal) {
	if no := h.foreign(r); no != nil {
		return nil, no
	}
	// As it came: nothing is decoded, and a query has no meaning here.
	path := r.RequestURI
	allow := http.MethodPost
	switch path {
	case StatusPath:
		allow = "GET, HEAD"
	case RefreshPath, PurgePath, RevokePath:
	default:
		return nil, &refusal{status: http.StatusNotFound, reason: reply.ReasonAdminInvalid, detail: "path"}
	}
	if !slices.Contains(strings.Split(allow, ", "), r.Method) {
		return nil, &refusal{status: http.StatusMethodNotAllowed, reason: reply.ReasonAdminInvalid, detail: "method", allow: allow}
	}
	if path == StatusPath {
		return h.o.Do.Status(), nil
	}
	o, no := readOrder(w, r)
	if no != nil {
		return nil, no
	}
	var answer any
	var err error
	switch path {
	case RefreshPath:
		if no := o.issuerOnly(); no != nil {
			return nil, no
		}
		var done []Refreshed
		done, err = h.o.Do.Refresh(r.Context(), o.issuer)
		answer = struct {
			Refreshed []Refreshed `json:"refreshed"`
		}{done}
	case PurgePath, RevokePath:
		whose, no := o.whose(path == RevokePath)
		if no != nil {
			return nil, no
		}
		do := h.o.Do.Purge
		if path == RevokePath {
			do = h.o.Do.Revoke
		}
		var done Purged
		done, err = do(o.issuer, whose)
		answer = struct {
			Purged Purged `json:"purged"`
		}{done}
	}
	if early, ok := errors.AsType[*TooOften](err); ok {
		return nil, &refusal{status: http.StatusTooManyRequests, reason: reply.ReasonTooOften, detail: "rate", after: early.After}
	}
	if err != nil {
		return nil, invalid(http.StatusBadRequest, "iss")
	}
	return answer, nil
}

// foreign refuses what a web page could have sent, be it of a host that resolves
// to this one.
func (h *Handler) foreign(r *http.Request) *refusal {
	no := func(detail string) *refusal {
		return &refusal{status: http.StatusForbidden, reason: reply.ReasonAdminForbidden, detail: detail}
	}
	if !h.local(r.Host) {
		return no("host")
	}
	if len(r.Header["Origin"]) > 0 {
		return no("origin")
	}
	for _, site := range r.Header["Sec-Fetch-Site"] {
		if site != "none" {
			return no("fetch_site")
		}
	}
	return nil
}

// local tells whether Host names this host, by a name that nobody else can make
// resolve to it.
func (h *Handler) local(host string) bool {
	name, port := host, ""
	if n, p, err := net.SplitHostPort(host); err == nil {
		name, port = n, p
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		name = host[1 : len(host)-1]
	}
	if h.o.Port != 0 && port != itoa(h.o.Port) {
		return false
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.Zone() == "" && addr.IsLoopback()
	}
	name = strings.ToLower(name)
	return name == "localhost" || slices.Contains(h.o.Hosts, name)
}

// refuse answers and writes the one record.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, no *refusal) {
	h.o.Rejected(no.reason)
	id := h.o.NewID()
	e := &record.Event{
		Kind: record.KindRequestRejected, Time: h.o.Clock(), RequestID: id, Door: Name, Reason: no.reason, Detail: no.detail, Status: no.status,
		HTTP: &record.HTTP{Method: method(r.Method)},
	}
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		e.SourceIP = a.Addr().Unmap().String()
	}
	h.o.Audit.Write(e)
	c := reply.Context{RequestID: id}
	if no.allow != "" {
		c.Allow = strings.Split(no.allow, ", ")
	}
	a := reply.Rejected(no.status, no.reason, c)
	if no.after > 0 {
		a.Header.Set("Retry-After", itoa(max(1, int((no.after+time.Second-1)/time.Second))))
	}
	if err := a.Write(w, r); err != nil {
		h.o.Logger.Debug("the operator did not take the answer", "error", err)
	}
}

// method gives a method as a record may hold it: a client chooses it.
func method(s string) string { return s[:min(len(s), 20)] }

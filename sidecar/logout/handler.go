package logout

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// Name is the door's label in records and metrics.
const Name = "backchannel_logout"

const (
	maxForm     = 16 << 10 // bytes of a body
	formTimeout = 5 * time.Second
)

// Options are what a handler works with. All are required.
type Options struct {
	// Accept verifies a logout token and refuses the tokens it is about. Its error
	// is a *authn.Refused or a *authn.Broken.
	Accept func(ctx context.Context, token string, client netip.Addr) (authn.Logout, error)
	// Ended hears of every logout, before the issuer is answered.
	Ended   func(authn.Logout)
	Audit   *audit.Log
	Metrics *health.Metrics
	Clock   func() time.Time
	NewID   func() string // request ids
	Logger  *slog.Logger
}

// Handler takes logout tokens.
type Handler struct {
	o     Options
	tries *tries
}

// New makes a handler.
func New(o Options) *Handler { return &Handler{o: o, tries: newTries()} }

// ServeHTTP serves the handler on a listener of its own, where there is nothing
// but its path.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr) // an address that is none is one shared client
	x := exchange{h: h, w: w, r: r, client: peer.Addr().Unmap(), id: h.o.NewID()}
	if r.URL.EscapedPath() != config.LogoutPath {
		x.reject(http.StatusNotFound, reply.ReasonLogoutRequest, "path", 0)
		return
	}
	x.serve()
}

// Serve answers a request of a client, which was sent to the path.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, client netip.Addr, requestID string) {
	(&exchange{h: h, w: w, r: r, client: client, id: requestID}).serve()
}

// exchange is one request and its answer.
type exchange struct {
	h      *Handler
	w      http.ResponseWriter
	r      *http.Request
	client netip.Addr
	id     string
}

func (x *exchange) serve() {
	if x.r.Method != http.MethodPost {
		x.reject(http.StatusMethodNotAllowed, reply.ReasonLogoutRequest, "method", 0)
		return
	}
	now := x.h.o.Clock()
	if wait := x.h.tries.wait(x.client, now); wait > 0 {
		x.reject(http.StatusTooManyRequests, reply.ReasonTooOften, "rate", wait)
		return
	}
	// A body that does not come must not hold the connection. A server that has no
	// deadlines has one for the whole request.
	_ = http.NewResponseController(x.w).SetReadDeadline(time.Now().Add(formTimeout))
	token, status, detail := readForm(x.w, x.r)
	if status != 0 {
		x.h.tries.bad(x.client, now)
		x.reject(status, reply.ReasonLogoutRequest, detail, 0)
		return
	}
	l, err := x.h.o.Accept(x.r.Context(), token, x.client)
	if err != nil {
		x.refuse(err, now)
		return
	}
	x.h.o.Ended(l)
	x.h.o.Metrics.Authn(Name, "ok")
	e := x.event(record.KindAnswered)
	e.Reason, e.Status = Name, http.StatusOK
	x.h.o.Audit.Write(e)
	x.answer(http.StatusOK, "", 0)
}

// refuse answers a token that is not taken (section 2.8).
func (x *exchange) refuse(err error, now time.Time) {
	e := x.event(record.KindAuthnFailure)
	e.Reason, e.Status = reply.ReasonDependencyUnavailable, http.StatusServiceUnavailable
	result, after := "broken", 5*time.Second
	if refused, ok := errors.AsType[*authn.Refused](err); ok {
		x.h.tries.bad(x.client, now)
		e.Reason, e.Status = refused.Reason, http.StatusBadRequest
		result, after = "refused", 0
	}
	e.Method = authn.KindJWT
	x.h.o.Metrics.Authn(Name, result)
	x.h.o.Audit.Write(e)
	text := "invalid_request"
	if after > 0 {
		text = "temporarily_unavailable"
	}
	x.answer(e.Status, text, after)
}

// reject answers what is no request with a logout token.
func (x *exchange) reject(status int, reason, detail string, after time.Duration) {
	x.h.o.Metrics.Rejected(reason)
	e := x.event(record.KindRequestRejected)
	e.Reason, e.Detail, e.Status = reason, detail, status
	x.h.o.Audit.Write(e)
	if status == http.StatusMethodNotAllowed {
		x.w.Header().Set("Allow", http.MethodPost)
	}
	x.answer(status, "invalid_request", after)
}

func (x *exchange) event(kind record.Kind) *record.Event {
	e := &record.Event{Kind: kind, Time: x.h.o.Clock(), RequestID: x.id, Door: Name, HTTP: &record.HTTP{Method: x.r.Method[:min(len(x.r.Method), 20)]}}
	if x.client.IsValid() {
		e.SourceIP = x.client.String()
	}
	return e
}

// answer writes an answer as section 2.8 has it: never kept, and with an error
// object that says nothing of the reason.
func (x *exchange) answer(status int, fault string, after time.Duration) {
	header := x.w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Request-ID", x.id)
	if after > 0 {
		header.Set("Retry-After", strconv.Itoa(max(1, int((after+time.Second-1)/time.Second))))
	}
	var body []byte
	if fault != "" {
		header.Set("Content-Type", "application/json")
		header.Set("Connection", "close") // what is left of the body is not read
		body = []byte(`{"error":"` + fault + `"}` + "\n")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	if x.r.Method == http.MethodHead {
		return
	}
	if _, err := x.w.Write(body); err != nil {
		x.h.o.Logger.Debug("the issuer did not take the answer", "error", err)
	}
}

// readForm gives the one logout_token of a form (section 2.5). Other parameters
// mean nothing.
func readForm(w http.ResponseWriter, r *http.Request) (token string, status int, detail string) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" || len(r.Header["Content-Type"]) != 1 || r.Header.Get("Content-Encoding") != "" {
		return "", http.StatusUnsupportedMediaType, "content_type"
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return "", http.StatusRequestEntityTooLarge, "body"
	}
	if err != nil {
		return "", http.StatusBadRequest, "body"
	}
	if token, ok := parseForm(string(data)); ok {
		return token, 0, ""
	}
	return "", http.StatusBadRequest, "logout_token"
}

func parseForm(text string) (token string, ok bool) {
	form, err := url.ParseQuery(text)
	if err != nil || len(form["logout_token"]) != 1 || form["logout_token"][0] == "" {
		return "", false
	}
	return form["logout_token"][0], true
}

// Package reply writes every denial that gwctl gives: status, challenge and
// problem document.
//
// [Decided], [Refused], [Rejected] and [Unavailable] make an [Answer];
// [Answer.Write] sends it. No answer holds a value of a claim or attribute,
// CEL text, or an inner error: what the log says is not said here.
package reply

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/authn"
)

// Answer is a complete HTTP answer to a request that does not go through.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Reason string // reason code, for records and metrics
}

// Context is what an answer says about the request. All of it is gwctl's own.
type Context struct {
	Realm      string // of the WWW-Authenticate challenge
	RequestID  string
	DecisionID string
	Allow      []string // methods of the path, for a 405
	// ResourceMetadata is where a client learns which authorization servers give
	// tokens (RFC 9728 section 5.1); "" for nowhere.
	ResourceMetadata string
	Schemes          Schemes
	// DPoP tells that the request's token came under the DPoP scheme: what is
	// wrong with it is told in the challenge of that scheme.
	DPoP bool
	// Challenge is what a refusal of the credential tells the client.
	Challenge authn.Challenge
}

// problem is a problem document (RFC 9457).
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail,omitempty"`
	Code       string `json:"code"`
	Instance   string `json:"instance,omitempty"`
	DecisionID string `json:"decision_id,omitempty"`
}

// Decided answers a denial by the policies. It must not be called with an
// allow; the answer would be a 403 then.
func Decided(d engine.Decision, c Context) Answer {
	status := d.HTTPStatus()
	if status < 400 {
		status = http.StatusForbidden
	}
	reason := d.Reason
	if reason == "" {
		reason = engine.ReasonNotLoaded
	}
	a := newAnswer(status, reason, orText(d.Message, detailOf(reason)), c)
	switch {
	case d.Challenge != nil:
		a.challenge(c, stepUp(d.Challenge)...)
	case status == http.StatusUnauthorized:
		a.challenge(c)
	case reason == engine.ReasonInsufficientScope:
		a.challenge(c, "error", "insufficient_scope", "scope", strings.Join(d.Scopes, " "))
	case status == http.StatusMethodNotAllowed && len(c.Allow) > 0:
		a.Header.Set("Allow", strings.Join(c.Allow, ", "))
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		a.retry(5 * time.Second)
	}
	return a
}

// Unauthenticated answers a request without any credential: the challenge has
// no error code (RFC 6750 section 3.1).
func Unauthenticated(c Context) Answer {
	a := newAnswer(http.StatusUnauthorized, engine.ReasonUnauthenticated, detailOf(engine.ReasonUnauthenticated), c)
	a.challenge(c)
	return a
}

// Refused answers a presented credential that is not accepted. The reason goes
// to the record; the client learns only that the token, or its DPoP proof, is
// invalid, and which nonce to use.
func Refused(reason string, c Context) Answer {
	told := orText(c.Challenge.Error, ReasonInvalidToken)
	a := newAnswer(http.StatusUnauthorized, told, detailOf(told), c)
	a.challenge(c, "error", told)
	if c.Challenge.Nonce != "" {
		a.Header.Set("DPoP-Nonce", c.Challenge.Nonce)
	}
	a.Reason = reason
	return a
}

// Rejected answers a request that is malformed, before anyone is asked.
func Rejected(status int, reason string, c Context) Answer {
	a := newAnswer(status, reason, detailOf(reason), c)
	if status == http.StatusMethodNotAllowed && len(c.Allow) > 0 {
		a.Header.Set("Allow", strings.Join(c.Allow, ", "))
	}
	// Whoever sends one such request may send more of them on the connection.
	a.Header.Set("Connection", "close")
	return a
}

// Unavailable answers when something gwctl depends on does not: never 401 or
// 403, and never through.
func Unavailable(reason string, after time.Duration, c Context) Answer {
	a := newAnswer(http.StatusServiceUnavailable, reason, detailOf(reason), c)
	a.retry(after)
	return a
}

// BadGateway answers when the upstream cannot be reached or answers wrongly.
func BadGateway(status int, reason string, c Context) Answer {
	return newAnswer(status, reason, detailOf(reason), c)
}

func newAnswer(status int, reason, detail string, c Context) Answer {
	body, err := json.Marshal(problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: reason,
		Instance: c.RequestID, DecisionID: c.DecisionID,
	})
	if err != nil { // strings and an int always encode
		body = []byte(`{}`)
	}
	h := http.Header{}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	if c.RequestID != "" {
		h.Set("X-Request-ID", c.RequestID)
	}
	return Answer{Status: status, Header: h, Body: append(body, '\n'), Reason: reason}
}

// stepUp asks for stronger or more recent authentication (RFC 9470 section 3).
func stepUp(c *engine.Challenge) []string {
	code := c.Error
	if code == "" {
		code = "insufficient_user_authentication"
	}
	params := []string{"error", code, "acr_values", strings.Join(c.ACRValues, " ")}
	if c.MaxAge != nil {
		params = append(params, "max_age", strconv.FormatInt(*c.MaxAge, 10))
	}
	return params
}

func (a *Answer) retry(after time.Duration) {
	a.Header.Set("Retry-After", strconv.Itoa(max(1, int(after.Round(time.Second)/time.Second))))
}

func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// Write sends the answer: a problem document, or a page if a person looks at it
// with a browser. A HEAD request gets no body.
func (a Answer) Write(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	for name, values := range a.Header {
		h[name] = values
	}
	h.Add("Vary", "Accept, Sec-Fetch-Mode")
	if isBrowser(r) {
		a.Body = a.page()
		h.Set("Content-Type", "text/html; charset=utf-8")
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	if r.Method == http.MethodHead {
		return nil
	}
	if _, err := w.Write(a.Body); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

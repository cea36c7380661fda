package reply_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/reply"
)

var asked = reply.Context{RequestID: "0190-request", DecisionID: "0190-decision"}

// problem is the body of an answer, with every member that there may be.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	Code       string `json:"code"`
	Instance   string `json:"instance"`
	DecisionID string `json:"decision_id"`
}

// sent gives an answer as a client gets it.
func sent(t testing.TB, method string, a reply.Answer) (*http.Response, string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.Write(w, r); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	req, err := http.NewRequest(method, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// The rows of the table of answers, for the door that speaks HTTP.
func TestAnswers(t *testing.T) {
	deny := func(reason string, status int, change ...func(*engine.Decision)) reply.Answer {
		d := engine.Decision{Reason: reason, Status: status}
		for _, c := range change {
			c(&d)
		}
		return reply.Decided(d, asked)
	}
	allowing := asked
	allowing.Allow = []string{"GET", "POST"}
	const none, bad = `Bearer realm="gwctl"`, `Bearer realm="gwctl", error="invalid_token"`
	for _, tt := range []struct {
		name      string
		answer    reply.Answer
		status    int
		code      string
		reason    string // of the answer, if it is not the code
		challenge string
		retry     string
		allow     string
		closes    bool
	}{
		{name: "no credential", answer: reply.Unauthenticated(asked), status: 401, code: "unauthenticated", challenge: none},
		{name: "no rule for nobody", answer: deny("unauthenticated", 401), status: 401, code: "unauthenticated", challenge: none},
		{name: "bad token", answer: reply.Refused("token_expired", asked), status: 401, code: "invalid_token", reason: "token_expired", challenge: bad},
		{name: "scope missing", answer: deny("insufficient_scope", 403, func(d *engine.Decision) { d.Scopes = []string{"a:b", "c"} }), status: 403, code: "insufficient_scope", challenge: `Bearer realm="gwctl", error="insufficient_scope", scope="a:b c"`},
		{name: "scope that needs quotes", answer: deny("insufficient_scope", 403, func(d *engine.Decision) { d.Scopes = []string{"a\"b\r\nc"} }), status: 403, code: "insufficient_scope", challenge: `Bearer realm="gwctl", error="insufficient_scope", scope="a\"b\r\nc"`},
		{name: "policy", answer: deny("denied_by_rule", 403), status: 403, code: "denied_by_rule"},
		{name: "no rule", answer: deny("no_matching_rule", 403), status: 403, code: "no_matching_rule"},
		{name: "no route", answer: deny("no_route", 403), status: 403, code: "no_route"},
		{name: "other host", answer: deny("no_route", 421), status: 421, code: "no_route"},
		{name: "other method", answer: reply.Decided(engine.Decision{Reason: "no_route", Status: 405}, allowing), status: 405, code: "no_route", allow: "GET, POST"},
		{name: "step up", answer: deny("stronger_login", 401), status: 401, code: "stronger_login", challenge: none},
		{name: "payment", answer: deny("unpaid", 402), status: 402, code: "unpaid"},
		{name: "hidden", answer: deny("hidden", 404), status: 404, code: "hidden"},
		{name: "conflict", answer: deny("conflict", 409), status: 409, code: "conflict"},
		{name: "large body", answer: deny("body_invalid", 413), status: 413, code: "body_invalid"},
		{name: "body type", answer: deny("body_invalid", 415), status: 415, code: "body_invalid"},
		{name: "unprocessable", answer: deny("too_big", 422), status: 422, code: "too_big"},
		{name: "locked", answer: deny("locked", 423), status: 423, code: "locked"},
		{name: "precondition", answer: deny("first_read", 428), status: 428, code: "first_read"},
		{name: "law", answer: deny("embargoed", 451), status: 451, code: "embargoed"},
		{name: "overload", answer: deny("too_busy", 429), status: 429, code: "too_busy", retry: "5"},
		{name: "attribute source down", answer: deny("attribute_unavailable", 503), status: 503, code: "attribute_unavailable", retry: "5"},
		{name: "issuer down", answer: reply.Unavailable("dependency_unavailable", 7*time.Second, asked), status: 503, code: "dependency_unavailable", retry: "7"},
		{name: "no time given", answer: reply.Unavailable("dependency_unavailable", 0, asked), status: 503, code: "dependency_unavailable", retry: "1"},
		{name: "no policy", answer: deny("policy_not_loaded", 503), status: 503, code: "policy_not_loaded", retry: "5"},
		{name: "malformed", answer: reply.Rejected(400, "request_not_canonical", asked), status: 400, code: "request_not_canonical", closes: true},
		{name: "unknown method", answer: reply.Rejected(405, "method_not_allowed", allowing), status: 405, code: "method_not_allowed", allow: "GET, POST", closes: true},
		{name: "claims", answer: deny(reply.ReasonClaimsTooLarge, 403), status: 403, code: "claims_too_large"},
		{name: "upstream down", answer: reply.BadGateway(502, reply.ReasonUpstreamUnreachable, asked), status: 502, code: "upstream_unreachable"},
		{name: "upstream slow", answer: reply.BadGateway(504, reply.ReasonUpstreamTimeout, asked), status: 504, code: "upstream_timeout"},
		// What must not happen is a denial, still.
		{name: "nothing at all", answer: reply.Decided(engine.Decision{}, asked), status: 403, code: "policy_not_loaded"},
		{name: "a status that is none", answer: deny("odd", 99), status: 403, code: "odd"},
		{name: "a success", answer: deny("odd", 204), status: 403, code: "odd"},
		{name: "an allow", answer: deny("allowed", 200, func(d *engine.Decision) { d.Effect = engine.Allow }), status: 403, code: "allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
				resp, body := sent(t, method, tt.answer)
				if resp.StatusCode != tt.status || tt.answer.Status != tt.status {
					t.Fatalf("%s: status %d", method, resp.StatusCode)
				}
				for name, want := range map[string]string{
					"WWW-Authenticate": tt.challenge, "Retry-After": tt.retry, "Allow": tt.allow, "X-Request-Id": asked.RequestID,
					"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'",
				} {
					if got := resp.Header.Get(name); got != want {
						t.Errorf("%s: %s is %q, want %q", method, name, got, want)
					}
				}
				if resp.Close != tt.closes || resp.ContentLength != int64(len(tt.answer.Body)) {
					t.Errorf("%s: closes %v, length %d", method, resp.Close, resp.ContentLength)
				}
				if method == http.MethodHead {
					if body != "" {
						t.Errorf("HEAD has the body %q", body)
					}
					continue
				}
				var p problem
				dec := json.NewDecoder(strings.NewReader(body))
				dec.DisallowUnknownFields()
				if err := dec.Decode(&p); err != nil || dec.More() {
					t.Fatalf("%s: the body %q: %v", method, body, err)
				}
				if p.Code != tt.code || p.Status != tt.status || p.Type != "about:blank" || p.Title != http.StatusText(tt.status) || p.Instance != asked.RequestID || p.DecisionID != asked.DecisionID {
					t.Errorf("%s: the body says %+v", method, p)
				}
			}
			if want := orText(tt.reason, tt.code); tt.answer.Reason != want {
				t.Errorf("reason %q, want %q", tt.answer.Reason, want)
			}
		})
	}
}

func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// The reason why a token is bad is not for its bearer.
func TestRefusedTellsNothing(t *testing.T) {
	first := reply.Refused(authn.ReasonSignatureInvalid, asked)
	for _, reason := range []string{authn.ReasonTokenExpired, authn.ReasonAudienceMismatch, authn.ReasonKeyUnknown, authn.ReasonIssuerUnknown} {
		a := reply.Refused(reason, asked)
		if string(a.Body) != string(first.Body) || a.Header.Get("WWW-Authenticate") != first.Header.Get("WWW-Authenticate") || a.Reason != reason {
			t.Errorf("%s is told apart: %s", reason, a.Body)
		}
	}
}

// What a decision knows of the request and the rules stays inside.
func TestDecidedTellsNothing(t *testing.T) {
	const secret = "s3cret"
	d := engine.Decision{
		Reason: "eval_error", Status: 403, Message: "Ask the shop.", Rule: engine.RuleRef{Policy: secret, Rule: secret},
		Matched: []engine.RuleRef{{Policy: secret, Rule: secret}}, Errors: []engine.RuleError{{Message: secret, Position: secret, Code: secret}},
		Attribute: secret, Scopes: []string{secret}, Route: secret, Resource: secret, Action: secret, SetDigest: secret,
	}
	resp, body := sent(t, http.MethodGet, reply.Decided(d, asked))
	if strings.Contains(body, secret) || !strings.Contains(body, `"detail":"Ask the shop."`) {
		t.Errorf("the body is %s", body)
	}
	for name, values := range resp.Header {
		if strings.Contains(strings.Join(values, ""), secret) {
			t.Errorf("%s: %q", name, values)
		}
	}
}

// Every reason that gwctl itself gives is explained to the client.
func TestTexts(t *testing.T) {
	reasons := []string{
		engine.ReasonNoRoute, engine.ReasonUnauthenticated, engine.ReasonNoMatchingRule, engine.ReasonInsufficientScope, engine.ReasonDeniedByRule,
		engine.ReasonEvalError, engine.ReasonAttributeInvalid, engine.ReasonAttributeConflict, engine.ReasonAttributeMissing, engine.ReasonAttributeUnavailable,
		engine.ReasonBodyInvalid, engine.ReasonBodyUnavailable, engine.ReasonObligationError, engine.ReasonNotLoaded,
		reply.ReasonUpstreamUnreachable, reply.ReasonUpstreamTimeout, reply.ReasonUpstreamUntrusted, reply.ReasonNoUpstream, reply.ReasonDependencyUnavailable, reply.ReasonAuditUnavailable,
		reply.ReasonNotRepresentable, reply.ReasonClaimsTooLarge, reply.ReasonNotCanonical,
		reply.ReasonUntrustedPeer, reply.ReasonForwardingIncomplete,
		canonical.CodeNotCanonical, canonical.CodeHopByHopAbuse, canonical.CodeMethodNotAllowed, canonical.CodeMisdirected,
	}
	for _, reason := range reasons {
		var p problem
		if err := json.Unmarshal(reply.BadGateway(502, reason, asked).Body, &p); err != nil || !strings.HasSuffix(p.Detail, ".") {
			t.Errorf("%s: detail %q, %v", reason, p.Detail, err)
		}
	}
	slices.Sort(reasons)
	if n := len(slices.Compact(reasons)); n != 28 { // canonical's first is reply's last
		t.Errorf("%d reasons", n)
	}
}

// Nothing in an answer can end a header or leave the body's JSON.
func TestAnswerIsClean(t *testing.T) {
	d := engine.Decision{Reason: "odd\r\nX: y", Message: "</script>\u2028\x00\"", Status: 403}
	resp, body := sent(t, http.MethodGet, reply.Decided(d, reply.Context{Realm: "a\"b\r\nX: y", RequestID: "a", Allow: []string{"GET"}}))
	if !json.Valid([]byte(body)) || strings.Contains(body, "<") || strings.Count(body, "\n") != 1 {
		t.Errorf("the body is %q", body)
	}
	if resp.Header.Get("X") != "" {
		t.Errorf("headers %v", resp.Header)
	}
	resp, _ = sent(t, http.MethodGet, reply.Unauthenticated(reply.Context{Realm: "a\"b\r\nX: y"}))
	if got := resp.Header.Get("WWW-Authenticate"); got != `Bearer realm="a\"b\r\nX: y"` || resp.Header.Get("X") != "" {
		t.Errorf("headers %v", resp.Header)
	}
}

type brokenWriter struct{ http.ResponseWriter }

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteFails(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if err := reply.Unauthenticated(asked).Write(brokenWriter{httptest.NewRecorder()}, r); !errors.Is(err, errBroken) {
		t.Errorf("Write: %v", err)
	}
}

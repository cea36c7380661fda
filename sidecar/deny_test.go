package sidecar_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/dev"
)

// untouched makes sure that the upstream saw no byte while act ran.
func (r *rig) untouched(act func()) {
	r.Helper()
	conns := r.upstream.conns.Load()
	if seen := r.forwarded(act); seen != "" || r.upstream.conns.Load() != conns {
		r.Errorf("the upstream saw %d connections and %q", r.upstream.conns.Load()-conns, seen)
	}
}

const (
	challenge    = `Bearer realm="gwctl"`
	invalidToken = `Bearer realm="gwctl", error="invalid_token"`
)

func TestDenials(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{"roles":["customer"],"tenant":"acme"}`))
	expired, err := r.idp.issuer.Load().Token(dev.TokenSpec{Subject: "alice", Audience: "another-api"})
	if err != nil {
		t.Fatal(err)
	}
	broken := user[:len(user)-8] + "AAAAAAAA"
	torn := bearer(r.user(`{"roles":["customer"],"tenant_id":"acme","tid":"evil"}`))
	tests := []struct {
		name, line string
		headers    []string
		status     int
		code       string
		header     [2]string // one that must be there
		kind       record.Kind
		reason     string // of the record
	}{
		{"no credential, no rule for nobody", "GET /items/7", nil, 401, "unauthenticated", [2]string{"Www-Authenticate", challenge}, record.KindDecision, "unauthenticated"},
		{"bad signature", "GET /items/7", []string{broken}, 401, "invalid_token", [2]string{"Www-Authenticate", invalidToken}, record.KindAuthnFailure, "signature_invalid"},
		{"bad token where nobody needs one", "GET /public/x", []string{broken}, 401, "invalid_token", [2]string{"Www-Authenticate", invalidToken}, record.KindAuthnFailure, "signature_invalid"},
		{"other audience", "GET /items/7", []string{bearer(expired)}, 401, "invalid_token", [2]string{"Www-Authenticate", invalidToken}, record.KindAuthnFailure, "audience_mismatch"},
		{"two tenants", "GET /items/7", []string{torn}, 401, "invalid_token", [2]string{"Www-Authenticate", invalidToken}, record.KindAuthnFailure, "invalid_claims"},
		{"no token after the scheme", "GET /items/7", []string{"Authorization: Bearer "}, 401, "invalid_token", [2]string{"Www-Authenticate", invalidToken}, record.KindAuthnFailure, "token_malformed"},
		{"empty header", "GET /public/x", []string{"Authorization:"}, 401, "invalid_token", [2]string{"Www-Authenticate", invalidToken}, record.KindAuthnFailure, "credential_unsupported"},
		{"another scheme", "GET /items/7", []string{"Authorization: Basic YTpi"}, 401, "invalid_token", [2]string{"Www-Authenticate", invalidToken}, record.KindAuthnFailure, "credential_unsupported"},
		{"no rule", "GET /admin/x", []string{user}, 403, "no_matching_rule", [2]string{}, record.KindDecision, "no_matching_rule"},
		{"probes of others are nothing special", "GET /admin/healthz", []string{"User-Agent: kube-probe/1.30"}, 401, "unauthenticated", [2]string{"Www-Authenticate", challenge}, record.KindDecision, "unauthenticated"},
		{"no route", "GET /nowhere", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"health paths are not here", "GET /readyz", nil, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"method of the path", "DELETE /items/7", []string{user}, 405, "no_route", [2]string{"Allow", "GET, POST, PUT"}, record.KindDecision, "no_route"},
		{"override is no method", "POST /items/embargoed", []string{user, "X-HTTP-Method-Override: GET"}, 451, "embargoed", [2]string{}, record.KindDecision, "embargoed"},
		{"scope", "GET /export/7", []string{user}, 403, "insufficient_scope", [2]string{"Www-Authenticate", `Bearer realm="gwctl", error="insufficient_scope", scope="items:export"`}, record.KindDecision, "insufficient_scope"},
		{"reason of a rule", "GET /items/embargoed", []string{user}, 451, "embargoed", [2]string{}, record.KindDecision, "embargoed"},
		{"too much", "GET /items/busy", []string{user}, 429, "too_busy", [2]string{"Retry-After", "5"}, record.KindDecision, "too_busy"},
		{"everything at once", "OPTIONS *", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		// ATTACKS A11, A14, A15, A22, A24, A25, A36, A42
		{"query is no path", "GET /admin/x?x=/public/logo.png", []string{user}, 403, "no_matching_rule", [2]string{}, record.KindDecision, "no_matching_rule"},
		{"decoded once", "GET /%2561dmin/export.csv", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"unreserved is decoded", "GET /%61dmin/x", []string{user}, 403, "no_matching_rule", [2]string{}, record.KindDecision, "no_matching_rule"},
		{"case counts", "GET /ADMIN/x", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"encoded case counts", "GET /%41DMIN/x", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"one segment", "GET /items/1/admin", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"all of a path", "GET /admin/a*b/!$&'()+,=:@~", []string{user}, 403, "no_matching_rule", [2]string{}, record.KindDecision, "no_matching_rule"},
		{"trailing dot", "GET /admin./x", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"trailing blank", "GET /admin%20/x", []string{user}, 403, "no_route", [2]string{}, record.KindDecision, "no_route"},
		{"header that the upstream would not get", "GET /glance/7", []string{"Connection: X-Plan", "X-Plan: pro"}, 401, "unauthenticated", [2]string{"Www-Authenticate", challenge}, record.KindDecision, "unauthenticated"},
		{"parameter twice", "GET /peek/7?q=a&q=b", []string{user}, 400, "attribute_invalid", [2]string{}, record.KindDecision, "attribute_invalid"},
		{"HEAD", "HEAD /items/embargoed", []string{user}, 451, "", [2]string{"Content-Type", "application/problem+json"}, record.KindDecision, "embargoed"},
		{"HEAD without credential", "HEAD /items/7", nil, 401, "", [2]string{"Www-Authenticate", challenge}, record.KindDecision, "unauthenticated"},
	}
	r.untouched(func() {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				got := r.get(tt.line, tt.headers...)
				if got.status != tt.status {
					t.Fatalf("answer %s", got.raw)
				}
				if tt.code != "" && got.code(t) != tt.code {
					t.Errorf("code %s, want %s", got.code(t), tt.code)
				}
				if name := tt.header[0]; name != "" && got.header.Get(name) != tt.header[1] {
					t.Errorf("%s: %q, want %q", name, got.header.Get(name), tt.header[1])
				}
				for _, name := range []string{"WWW-Authenticate", "Retry-After", "Allow"} {
					if got.header.Get(name) != "" && http.CanonicalHeaderKey(name) != tt.header[0] {
						t.Errorf("%s: %q", name, got.header.Get(name))
					}
				}
				if got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("X-Request-Id") == "" {
					t.Errorf("headers %v", got.header)
				}
				if strings.Contains(got.raw, "alice") || strings.Contains(got.raw, "acme") {
					t.Errorf("the answer tells about the user: %s", got.raw)
				}
			})
		}
	})
	if got := r.get("GET /items/7", user); got.status != http.StatusOK {
		t.Errorf("the same without a fault: %s", got.raw)
	}
	events := r.stop()
	events = events[1:] // the first is of the start
	for i, tt := range tests {
		e := events[i]
		reason := e.Reason
		if e.Decision != nil {
			reason = e.Decision.Reason
		}
		if e.Kind != tt.kind || reason != tt.reason || e.Status != tt.status || e.Door != "proxy" || e.DecisionID == "" {
			t.Errorf("%s: recorded %s %s %d", tt.name, e.Kind, reason, e.Status)
		}
	}
}

// With `anonymous: deny` a request without a credential is refused at once.
func TestAnonymousDeny(t *testing.T) {
	r := start(t, setup{anonymous: "deny"})
	user := bearer(r.user(`{}`))
	r.untouched(func() {
		for _, line := range []string{"GET /public/x", "GET /nowhere", "OPTIONS *"} {
			got := r.get(line)
			if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != challenge || got.code(t) != "unauthenticated" {
				t.Errorf("%s: answer %s", line, got.raw)
			}
		}
	})
	if got := r.get("GET /public/x", user); got.status != http.StatusOK {
		t.Errorf("with a token: %s", got.raw)
	}
	if got := r.metric(`gwctl_authn_total{method="none",result="missing"}`); got != "3" {
		t.Errorf("counted %q missing credentials", got)
	}
	if e := r.stop()[1]; e.Kind != record.KindAuthnFailure || e.Reason != "unauthenticated" || e.Status != http.StatusUnauthorized {
		t.Errorf("recorded %+v", e)
	}
}

// An identity that no header can hold is not passed on (ATTACKS A51).
func TestNotRepresentable(t *testing.T) {
	r := start(t, setup{})
	long := strings.Repeat("x", 4<<10)
	tests := []struct{ name, subject, claims, code string }{
		{"comma in a role", "alice", `{"roles":["a,admin"]}`, "claim_not_representable"},
		{"line end in a role", "alice", `{"roles":["x\r\nX-User-ID: root"]}`, "claim_not_representable"},
		{"blank in a role", "alice", `{"roles":["shop admin"]}`, "claim_not_representable"},
		{"long role", "alice", `{"roles":["` + strings.Repeat("r", 129) + `"]}`, "claim_not_representable"},
		{"too many roles", "alice", `{"roles":["r` + strings.Join(numbers(101), `","r`) + `"]}`, "claim_not_representable"},
		{"roles of the wrong type", "alice", `{"roles":{"admin":true}}`, "claim_not_representable"},
		{"line end in the tenant", "alice", `{"tenant":"acme\nX: y"}`, "claim_not_representable"},
		{"blank around the tenant", "alice", `{"tenant":" acme"}`, "claim_not_representable"},
		{"line end in the id", "alice\r\nX-User-Roles: admin", `{}`, "claim_not_representable"},
		{"id that is not ASCII", "zoë", `{}`, "claim_not_representable"},
		{"long id", strings.Repeat("i", 1025), `{}`, "claim_not_representable"},
		{"large claims", "alice", `{"big":"` + long + `"}`, "claims_too_large"},
	}
	r.untouched(func() {
		for _, tt := range tests {
			got := r.get("GET /items/7", bearer(r.idp.token(t, tt.subject, tt.claims)))
			if got.status != http.StatusForbidden || got.code(t) != tt.code {
				t.Errorf("%s: answer %s, want %s", tt.name, got.raw, tt.code)
			}
		}
	})
	for _, claims := range []string{
		`{"roles":["shop:a/b.c_d@e-f","` + strings.Repeat("r", 128) + `"],"tenant":"Acme & Sons, Ltd."}`,
		`{"roles":["r` + strings.Join(numbers(100), `","r`) + `"]}`,
		`{"big":"` + long[:3000] + `"}`,
	} {
		if got := r.get("GET /items/7", bearer(r.idp.token(t, "alice", claims))); got.status != http.StatusOK {
			t.Errorf("within the bounds: %s", got.raw)
		}
	}
	events := r.stop()
	for i, tt := range tests {
		e := events[i+1]
		if e.Kind != record.KindDecision || e.Decision.Allowed() || e.Decision.Reason != tt.code || e.Status != http.StatusForbidden {
			t.Errorf("%s: recorded %s %+v", tt.name, e.Kind, e.Decision)
		}
	}
}

func numbers(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i)
	}
	return out
}

// Without keys nobody can say that a token is bad (ATTACKS A81).
func TestNoKeysYet(t *testing.T) {
	t.Parallel() // it mostly waits
	r := start(t, setup{away: true})
	user := bearer(r.user(`{}`))
	r.untouched(func() {
		for range 3 {
			got := r.get("GET /items/7", user)
			if got.status != http.StatusServiceUnavailable || got.code(t) != "dependency_unavailable" || got.header.Get("Retry-After") != "5" || got.header.Get("WWW-Authenticate") != "" {
				t.Errorf("answer %s", got.raw)
			}
		}
		if got := r.get("GET /items/7", "Authorization: Basic YTpi"); got.status != http.StatusUnauthorized {
			t.Errorf("what needs no keys: %s", got.raw)
		}
	})
	if status, text := r.health("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "no keys for issuer") || r.car.Ready() {
		t.Errorf("readiness %d %s", status, text)
	}
	if got := r.get("GET /public/x"); got.status != http.StatusOK {
		t.Errorf("who needs no keys: %s", got.raw)
	}
	r.idp.away.Store(false)
	until(t, "the keys", r.car.Ready)
	if got := r.get("GET /items/7", user); got.status != http.StatusOK {
		t.Errorf("with keys: %s", got.raw)
	}
	if got := r.metric(`gwctl_authn_total{method="jwt",result="broken"}`); got != "3" {
		t.Errorf("counted %q broken", got)
	}
	if status, text := r.health("/readyz"); status != http.StatusOK {
		t.Errorf("readiness %d %s", status, text)
	}
	if e := r.stop()[1]; e.Kind != record.KindAuthnFailure || e.Reason != "dependency_unavailable" || e.Status != http.StatusServiceUnavailable {
		t.Errorf("recorded %+v", e)
	}
}

// An issuer that goes away costs nobody with a valid token anything.
func TestIssuerAway(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{}`))
	r.idp.away.Store(true)
	for range 5 {
		if got := r.get("GET /items/7", user); got.status != http.StatusOK {
			t.Errorf("answer %s", got.raw)
		}
	}
	old := r.idp.issuer.Load()
	r.idp.rotate(t)
	unknown := bearer(r.user(`{}`))
	r.untouched(func() {
		if got := r.get("GET /items/7", unknown); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "5" {
			t.Errorf("a key that cannot be fetched: %s", got.raw)
		}
	})
	r.idp.issuer.Store(old)
	r.stop()
}

// After a refusal the connection is closed, after a denial it is kept.
func TestKeepAlive(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{}`))
	c := r.dial()
	defer c.Close()
	for _, line := range []string{"GET /items/7", "GET /items/embargoed", "POST /items/7", "GET /items/8", "GET /../x"} {
		c.write(request(line, user))
		got := c.read(false)
		if want := strings.Contains(line, ".."); got.closes != want {
			t.Errorf("%s: closes %v\n%s", line, got.closes, got.raw)
		}
	}
	if rest, err := io.ReadAll(c.in); err != nil || len(rest) > 0 {
		t.Errorf("after the refusal: %q, %v", rest, err)
	}
	if n := r.upstream.conns.Load(); n != 1 {
		t.Errorf("%d connections to the upstream", n)
	}
	r.stop()
}

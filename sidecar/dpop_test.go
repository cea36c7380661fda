package sidecar_test

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

const (
	proofAlgs = `algs="RS256 PS256 ES256 ES384 EdDSA"`
	itemURI   = "http://app.test/items/7"
)

// doors are the two ways in which a request comes: to the proxy, and in the
// words of a proxy that asks.
func (r *rig) doors() map[string]func(line string, headers ...string) answer {
	return map[string]func(string, ...string) answer{"proxy": r.get, "forward_auth": r.asks}
}

// A74: a bound token is nothing without its proof, at both doors. Each
// refusal is followed by the same request without the fault.
func TestDPoP(t *testing.T) {
	r := start(t, setup{listeners: forwardAuth})
	h, thief := newHolder(t), newHolder(t)
	bound := r.user(`{"roles":["customer"],` + h.cnf() + `}`)
	plain := r.user(`{"roles":["customer"]}`)
	other := r.user(`{"roles":["customer"],"n":1,` + h.cnf() + `}`)
	var want []string
	const (
		token = `DPoP realm="gwctl", ` + proofAlgs + `, error="invalid_token", Bearer realm="gwctl"`
		proof = `DPoP realm="gwctl", ` + proofAlgs + `, error="invalid_dpop_proof", Bearer realm="gwctl"`
	)
	used := h.shows(bound, "GET", itemURI)
	for _, tt := range []struct {
		name      string
		headers   func() []string
		reason    string
		challenge string
	}{
		{"as a bearer", func() []string { return []string{bearer(bound)} }, "scheme_mismatch", `Bearer realm="gwctl", error="invalid_token", DPoP realm="gwctl", ` + proofAlgs},
		{"as a bearer, with a proof", func() []string { return []string{bearer(bound), h.shows(bound, "GET", itemURI)[1]} }, "scheme_mismatch", `Bearer realm="gwctl", error="invalid_token", DPoP realm="gwctl", ` + proofAlgs},
		{"without a proof", func() []string { return h.shows(bound, "GET", itemURI)[:1] }, "proof_required", proof},
		{"an unbound token", func() []string { return h.shows(plain, "GET", itemURI) }, "scheme_mismatch", token},
		{"two in one header", func() []string {
			return []string{"Authorization: DPoP " + bound, "DPoP: " + h.proof(bound, "GET", itemURI) + ", " + h.proof(bound, "GET", itemURI)}
		}, "proof_malformed", proof},
		{"another key", func() []string { return thief.shows(bound, "GET", itemURI) }, "proof_key_mismatch", token},
		{"another method", func() []string { return h.shows(bound, "POST", itemURI) }, "proof_method", proof},
		{"another path", func() []string { return h.shows(bound, "GET", "http://app.test/items/8") }, "proof_uri", proof},
		{"another host", func() []string { return h.shows(bound, "GET", "http://evil.test/items/7") }, "proof_uri", proof},
		{"another scheme", func() []string { return h.shows(bound, "GET", "https://app.test/items/7") }, "proof_uri", proof},
		{"the carrier's URI", func() []string { return h.shows(bound, "GET", "http://gwctl.internal/decide") }, "proof_uri", proof},
		{"another token's", func() []string { return []string{"Authorization: DPoP " + bound, h.shows(other, "GET", itemURI)[1]} }, "proof_token", proof},
		{"old", func() []string { return h.shows(bound, "GET", itemURI, "iat", time.Now().Add(-2*time.Minute).Unix()) }, "proof_expired", proof},
		{"early", func() []string { return h.shows(bound, "GET", itemURI, "iat", time.Now().Add(time.Minute).Unix()) }, "proof_not_yet_valid", proof},
		{"used", func() []string { return used }, "", ""},
		{"used again", func() []string { return used }, "proof_replayed", proof},
	} {
		for door, ask := range r.doors() {
			if tt.reason == "" {
				if door == "proxy" {
					want = append(want, "")
					if got := ask("GET /items/7", tt.headers()...); got.status != http.StatusOK {
						t.Errorf("%s: %s", tt.name, got.raw)
					}
				}
				continue
			}
			r.untouched(func() {
				got := ask("GET /items/7?q=1", tt.headers()...)
				if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != tt.challenge || got.header.Get("DPoP-Nonce") != "" {
					t.Errorf("%s, %s: %s", tt.name, door, got.raw)
				}
				if code := got.code(t); !strings.Contains(tt.challenge, `error="`+code+`"`) {
					t.Errorf("%s, %s: code %s", tt.name, door, code)
				}
			})
			want = append(want, tt.reason, "")
			seen := r.forwarded(func() {
				if got := ask("GET /items/7?q=1", h.shows(bound, "GET", itemURI)...); got.status != http.StatusOK {
					t.Errorf("%s, %s: control: %s", tt.name, door, got.raw)
				}
			})
			if strings.Contains(strings.ToLower(seen), "\r\ndpop") || strings.Contains(strings.ToLower(seen), "\r\nauthorization") || door == "proxy" && !strings.Contains(seen, "X-User-Id: alice") {
				t.Errorf("%s, %s: the upstream saw %s", tt.name, door, seen)
			}
		}
	}
	// Two headers are nobody's to choose from: refused before the token is looked at.
	for door, ask := range r.doors() {
		if got := ask("GET /items/7", append(h.shows(bound, "GET", itemURI), h.shows(bound, "GET", itemURI)[1])...); got.status != http.StatusBadRequest {
			t.Errorf("two headers, %s: %s", door, got.raw)
		}
		want = append(want, "request_not_canonical")
	}
	// A denial is told of the scheme that was used.
	if got := r.get("GET /export/9", h.shows(bound, "GET", "http://app.test/export/9")...); got.status != http.StatusForbidden || got.header.Get("WWW-Authenticate") != `DPoP realm="gwctl", `+proofAlgs+`, error="insufficient_scope", scope="items:export", Bearer realm="gwctl"` {
		t.Errorf("a scope is missing: %s", got.raw)
	}
	want = append(want, "")
	// A proof that nobody needs is not looked at, and does not get through.
	seen := r.forwarded(func() { r.get("GET /items/7", bearer(plain), "DPoP: x") })
	if strings.Contains(strings.ToLower(seen), "\r\ndpop") {
		t.Errorf("the upstream saw %s", seen)
	}
	want = append(want, "")
	r.wantReasons(want)
}

// wantReasons ends the rig and compares the reasons of its refusals, "" for an
// allowed request.
func (r *rig) wantReasons(want []string) {
	r.Helper()
	var got []string
	for _, e := range r.stop() {
		switch e.Kind {
		case record.KindAuthnFailure, record.KindRequestRejected:
			got = append(got, e.Reason)
		case record.KindDecision:
			got = append(got, "")
		}
	}
	if !slices.Equal(got, want) {
		r.Errorf("recorded %q, want %q", got, want)
	}
}

// A nonce is asked for with the nonce to use, at both doors, and it serves for
// more than one proof. A proof that had none is not used up.
func TestDPoPNonce(t *testing.T) {
	r := start(t, setup{listeners: forwardAuth, jwt: ", dpop: {nonce: true, required: true, algorithms: [ES256]}", spec: `  resource_metadata: [{resource: "https://app.test/items"}]`})
	h := newHolder(t)
	bound := r.user(`{"roles":["customer"],` + h.cnf() + `}`)
	plain := r.user(`{"roles":["customer"]}`)
	const (
		offer = `DPoP realm="gwctl", algs="ES256"`
		about = `, resource_metadata="https://app.test/.well-known/oauth-protected-resource/items"`
	)
	var want []string
	for door, ask := range r.doors() {
		h.nonce = ""
		for _, stale := range []string{"", "made-up"} {
			h.nonce = stale
			got := ask("GET /items/7", h.shows(bound, "GET", itemURI, "jti", "once-"+door+stale)...)
			if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != offer+`, error="use_dpop_nonce"`+about || got.code(t) != "use_dpop_nonce" || got.header.Get("DPoP-Nonce") == "" {
				t.Fatalf("%s: %s", door, got.raw)
			}
			h.nonce = got.header.Get("DPoP-Nonce")
			for _, jti := range []string{"once-" + door + stale, "twice-" + door + stale} {
				if got := ask("GET /items/7", h.shows(bound, "GET", itemURI, "jti", jti)...); got.status != http.StatusOK {
					t.Errorf("%s: %s", door, got.raw)
				}
			}
			want = append(want, "proof_nonce", "", "")
		}
		got := ask("GET /items/7", bearer(plain))
		if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != offer+`, error="invalid_token"`+about {
			t.Errorf("%s: %s", door, got.raw)
		}
		got = ask("GET /admin/x")
		if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != offer {
			t.Errorf("%s: %s", door, got.raw)
		}
		want = append(want, "dpop_required", "unauthenticated")
	}
	slices.SortFunc(want, strings.Compare)
	got := r.get("GET /.well-known/oauth-protected-resource/items", "Host: app.test")
	if got.status != http.StatusOK || !strings.Contains(got.body, `"dpop_signing_alg_values_supported":["ES256"],"dpop_bound_access_tokens_required":true`) || strings.Contains(got.body, "tls_client") {
		t.Errorf("metadata %s", got.raw)
	}
	var reasons []string
	for _, e := range r.stop() {
		switch {
		case e.Kind == record.KindAuthnFailure:
			reasons = append(reasons, e.Reason)
		case e.Kind == record.KindDecision && e.Decision.Allowed():
			reasons = append(reasons, "")
		case e.Kind == record.KindDecision:
			reasons = append(reasons, e.Decision.Reason)
		}
	}
	slices.Sort(reasons)
	if !slices.Equal(reasons, want) {
		t.Errorf("recorded %q, want %q", reasons, want)
	}
}

// What was used before a reload is used after it; what the reload asks for is
// asked for.
func TestDPoPReload(t *testing.T) {
	r := start(t, setup{})
	h := newHolder(t)
	bound := r.user(`{"roles":["customer"],` + h.cnf() + `}`)
	used := h.shows(bound, "GET", itemURI)
	for _, status := range []int{http.StatusOK, http.StatusUnauthorized} {
		if got := r.get("GET /items/7", used...); got.status != status {
			t.Errorf("answer %s", got.raw)
		}
	}
	r.setup.jwt = ", dpop: {max_age: 4m}"
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	if got := r.get("GET /items/7", used...); got.status != http.StatusUnauthorized || got.code(t) != "invalid_dpop_proof" {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.get("GET /items/7", h.shows(bound, "GET", itemURI, "iat", time.Now().Add(-3*time.Minute).Unix())...); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.get("GET /admin/x"); got.header.Get("WWW-Authenticate") != `Bearer realm="gwctl", DPoP realm="gwctl", `+proofAlgs {
		t.Errorf("answer %s", got.raw)
	}
	r.setup.jwt = ", dpop: {nonce: true, nonce_key: {file: nonce.key}}"
	r.write("nonce.key", "short")
	r.reload(record.Reload{Error: "not_compiled"}, func() { r.write("gwctl.yaml", r.config()) })
	r.stopReloads()
}

// With forward_token the service gets the token and the proof that belongs to it.
func TestDPoPForwarded(t *testing.T) {
	r := start(t, setup{spec: "  forward_token: true"})
	h := newHolder(t)
	bound := r.user(`{"roles":["customer"],` + h.cnf() + `}`)
	r.secrets = nil // the upstream is told
	shown := h.shows(bound, "GET", itemURI)
	_, headers := head(t, r.forwarded(func() { r.get("GET /items/7", shown...) }))
	if got := http.Header(headers); "DPoP: "+got.Get("Dpop") != shown[1] || "Authorization: "+got.Get("Authorization") != shown[0] {
		t.Errorf("the upstream saw %v", headers)
	}
	r.stop()
}

// Behind a trusted proxy the scheme is the one that the client used. Nobody else
// says it, and the host is that of the request.
func TestDPoPBehindProxy(t *testing.T) {
	for networks, want := range map[string]map[string]int{
		"127.0.0.0/8": {"https://app.test/items/7": http.StatusOK, itemURI: http.StatusUnauthorized, "https://evil.test/items/7": http.StatusUnauthorized},
		"10.0.0.0/8":  {"https://app.test/items/7": http.StatusUnauthorized, itemURI: http.StatusOK, "http://evil.test/items/7": http.StatusUnauthorized},
	} {
		r := start(t, setup{proxy: fmt.Sprintf(", trusted_proxies: [%s]", networks)})
		h := newHolder(t)
		bound := r.user(`{"roles":["customer"],` + h.cnf() + `}`)
		for uri, status := range want {
			if got := r.get("GET /items/7", append(h.shows(bound, "GET", uri), "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test")...); got.status != status {
				t.Errorf("%s, %s: %s", networks, uri, got.raw)
			}
		}
		r.stop()
	}
}

// A WebSocket stands for as long as its token counts; that its proof gets old, and
// was used to open it, does not end it when the policies change.
func TestDPoPWebSocket(t *testing.T) {
	r := start(t, setup{more: live})
	r.upstream.answer = accepts
	h := newHolder(t)
	bound := r.user(`{"roles":["customer"],` + h.cnf() + `}`)
	shown := h.shows(bound, "GET", "http://app.test/live/7")
	c := r.open("GET /live/7", shown...)
	c.echo("hello")
	r.reload(record.Reload{}, func() { r.write("policies/set.yaml", policies+live+"# changed\n") })
	until(t, "the WebSocket to be decided again", func() bool { return strings.Count(r.out.String(), `"path":"/live/7"`) > 1 })
	c.echo("still there")
	if got := r.get("GET /live/7", append(shown, handshake)...); got.status != http.StatusUnauthorized || got.code(t) != "invalid_dpop_proof" {
		t.Errorf("opened again with the same proof: %s", got.raw)
	}
	c.Close()
}

// Over TLS, in both versions of HTTP: DPoP, and tokens that are bound to the
// certificate of the client (RFC 8705).
func TestBoundTokensOverTLS(t *testing.T) {
	clients := newAuthority(t, "clients")
	r := startTLS(t, setup{files: map[string]string{"clients.pem": clients.pem}, spec: `  resource_metadata: [{resource: "https://app.test"}]`})
	h := newHolder(t)
	mine, other := clients.pair("cli"), clients.pair("cli")
	sum := sha256.Sum256(mine.Certificate[0])
	byKey := r.user(`{"roles":["customer"],` + h.cnf() + `}`)
	byCertificate := r.user(fmt.Sprintf(`{"roles":["customer"],"cnf":{"x5t#S256":"%s"}}`, base64URL(sum[:])))
	var want []string
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		for _, tt := range []struct {
			name    string
			cert    *tls.Certificate
			headers []string
			reason  string
		}{
			{"its certificate", &mine, []string{bearer(byCertificate)}, ""},
			{"another certificate", &other, []string{bearer(byCertificate)}, "certificate_mismatch"},
			{"its certificate, as DPoP", &mine, h.shows(byCertificate, "GET", "https://app.test/items/7"), "scheme_mismatch"},
			{"a certificate in a header", &other, []string{bearer(byCertificate), "Client-Cert: :" + base64URL(mine.Certificate[0]) + ":", "X-Forwarded-Client-Cert: Hash=" + fmt.Sprintf("%x", sum)}, "certificate_mismatch"},
			{"a proof", &other, h.shows(byKey, "GET", "https://APP.test:443/items/7"), ""},
			{"a proof of plain HTTP", &mine, h.shows(byKey, "GET", itemURI), "proof_uri"},
		} {
			c, cfg := r.client(protocol)
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return tt.cert, nil }
			status, body, _ := r.ask(c, "app.test", "/items/7", tt.headers...)
			if allowed := tt.reason == ""; allowed != (status == http.StatusOK) || !allowed && status != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d %s", tt.name, protocol, status, body)
			}
			want = append(want, tt.reason)
		}
	}
	c, cfg := r.client("HTTP/2.0")
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine, nil }
	if _, body, _ := r.ask(c, "app.test", "/.well-known/oauth-protected-resource"); !strings.Contains(body, `"tls_client_certificate_bound_access_tokens":true`) || strings.Contains(body, "dpop") {
		t.Errorf("metadata %s", body)
	}
	r.wantReasons(want)
}

// A74: without a certificate on the connection there is none, whatever headers say.
func TestCertificateBoundOverPlainHTTP(t *testing.T) {
	r := start(t, setup{listeners: forwardAuth})
	token := r.user(`{"roles":["customer"],"cnf":{"x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"}}`)
	plain := r.user(`{"roles":["customer"]}`)
	var want []string
	for _, ask := range r.doors() {
		if got := ask("GET /items/7", bearer(token), "X-SSL-Client-Cert: MIIB", "Client-Cert: :MIIB:"); got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != invalidToken {
			t.Errorf("answer %s", got.raw)
		}
		if got := ask("GET /items/7", bearer(plain)); got.status != http.StatusOK {
			t.Errorf("control: %s", got.raw)
		}
		want = append(want, "certificate_required", "")
	}
	r.wantReasons(want)
}

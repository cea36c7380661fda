package sidecar_test

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

// A74: a token that is bound to a certificate is taken with the one that a trusted
// proxy forwards, and with no word of anybody else. That the token stands first
// makes its user the user.
func TestCertificateBoundForwarded(t *testing.T) {
	callers := newAuthority(t, "callers")
	mine, other := callers.client(billing, nil), callers.client(billing, nil)
	r := start(t, setup{
		proxy: ", trusted_proxies: [127.0.0.2/32]", listeners: `    forward_auth: {address: "127.0.0.1:0", dialect: traefik, trusted_proxies: [127.0.0.2/32]}`,
		authn: "    - mtls: {spiffe_trust_domain: td.test, client_ca: callers.pem, forwarded: xfcc}", files: map[string]string{"callers.pem": callers.pem},
		spec: `  resource_metadata: [{resource: "https://app.test"}]`,
	})
	sum := sha256.Sum256(mine.Certificate[0])
	user := bearer(r.user(fmt.Sprintf(`{"roles":["customer"],"cnf":{"x5t#S256":"%s"}}`, base64URL(sum[:]))))
	var want []string
	for _, tt := range []struct {
		name, peer string
		headers    []string
		reason     string
	}{
		{"its own", "127.0.0.2", []string{user, xfcc(mine)}, ""},
		{"another one", "127.0.0.2", []string{user, xfcc(other)}, "certificate_mismatch"},
		{"none", "127.0.0.2", []string{user}, "certificate_required"},
		{"its own, said by a client", "127.0.0.1", []string{user, xfcc(mine)}, "certificate_required"},
		{"its own again", "127.0.0.2", []string{user, xfcc(mine)}, ""},
	} {
		for _, door := range []net.Addr{r.car.Addr(), r.car.ForwardAuthAddr()} {
			if tt.peer == "127.0.0.1" && door == r.car.ForwardAuthAddr() {
				continue // it may not even ask
			}
			status := http.StatusOK
			if tt.reason != "" {
				status = http.StatusUnauthorized
			}
			if got := r.from(tt.peer, door, "GET /items/7", tt.headers...); got.status != status {
				t.Errorf("%s at %s: %s", tt.name, door, got.raw)
			}
			want = append(want, tt.reason)
		}
	}
	if got := r.get("GET /.well-known/oauth-protected-resource"); !strings.Contains(got.body, `"tls_client_certificate_bound_access_tokens":true`) {
		t.Errorf("metadata %s", got.raw)
	}
	r.wantReasons(want)
}

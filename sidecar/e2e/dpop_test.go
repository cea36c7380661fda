package e2e

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certified is a client whose tokens are bound to its certificate.
const certified = "certified"

// holder has a DPoP key and makes proofs with it.
type holder struct {
	testing.TB
	key   *ecdsa.PrivateKey
	nonce string
	made  int
}

func newHolder(t testing.TB) *holder { return &holder{TB: t, key: newAuthority(t).newKey()} }

// proof makes one for a request, with a token if there is one.
func (h *holder) proof(method, uri, token string) string {
	h.Helper()
	h.made++
	claims := map[string]any{"jti": fmt.Sprint(h.made, time.Now().UnixNano()), "htm": method, "htu": uri, "iat": time.Now().Unix()}
	if token != "" {
		hash := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(hash[:])
	}
	if h.nonce != "" {
		claims["nonce"] = h.nonce
	}
	point, err := h.key.PublicKey.Bytes()
	if err != nil {
		h.Fatal(err)
	}
	encode := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			h.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	part := base64.RawURLEncoding.EncodeToString
	input := encode(map[string]any{
		"typ": "dpop+jwt", "alg": "ES256", "jwk": map[string]string{"kty": "EC", "crv": "P-256", "x": part(point[1:33]), "y": part(point[33:])},
	}) + "." + encode(claims)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, h.key, sum[:])
	if err != nil {
		h.Fatal(err)
	}
	return input + "." + part(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// shows gives the headers of a GET of a path of shop.test.
func (h *holder) shows(token, path string) []string {
	h.Helper()
	return []string{"Authorization: DPoP " + token, "DPoP: " + h.proof("GET", "http://shop.test"+path, token)}
}

// bound gets a token with more headers on the request for it.
func (p *provider) bound(t testing.TB, client, kind string, headers map[string]string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {rs256}, "scope": {allScopes}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	req.SetBasicAuth(client, providerClients[client].Secret)
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || resp.StatusCode != http.StatusOK || answer.TokenType != kind || answer.AccessToken == "" {
		t.Fatalf("getting a token: %s: %s", resp.Status, body)
	}
	return answer.AccessToken
}

// boundTo gets a token that is bound to the key of a holder.
func (p *provider) boundTo(t testing.TB, h *holder) string {
	t.Helper()
	return p.bound(t, reader, "DPoP", map[string]string{"DPoP": h.proof("POST", p.issuer+"/token", "")})
}

// A token that the provider has bound to a key works with proofs of that key for
// the request, each once, and in no other way.
func TestDPoP(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL})
	h, thief := newHolder(t), newHolder(t)
	token, second := idp.boundTo(t, h), idp.boundTo(t, h)
	plain := idp.token(t, reader, rs256, allScopes)

	good := h.shows(token, order42)
	a := s.expect(t, request("GET", order42+"?full=1", good...), 200, "")
	got := service.arrived()
	if len(got.header["Dpop"])+len(got.header["Authorization"]) > 0 || got.header.Get("X-User-Id") != reader {
		t.Errorf("upstream got %v", got.header)
	}
	if e := s.record(t, a); e.Event != "decision" || e.Subject != reader {
		t.Errorf("record %+v", e)
	}
	for _, tt := range []struct {
		name    string
		headers []string
		code    string
		reason  string
	}{
		{"the same proof again", good, "invalid_dpop_proof", "proof_replayed"},
		{"without a proof", good[:1], "invalid_dpop_proof", "proof_required"},
		{"as a bearer", []string{bearer(token)}, "invalid_token", "scheme_mismatch"},
		{"as a bearer with a proof", []string{bearer(token), h.shows(token, order42)[1]}, "invalid_token", "scheme_mismatch"},
		{"of another key", thief.shows(token, order42), "invalid_token", "proof_key_mismatch"},
		{"for another path", h.shows(token, "/tenants/acme/orders/43"), "invalid_dpop_proof", "proof_uri"},
		{"for another method", []string{good[0], "DPoP: " + h.proof("POST", "http://shop.test"+order42, token)}, "invalid_dpop_proof", "proof_method"},
		{"for another host", []string{good[0], "DPoP: " + h.proof("GET", "http://evil.test"+order42, token)}, "invalid_dpop_proof", "proof_uri"},
		{"for another token", []string{good[0], "DPoP: " + h.proof("GET", "http://shop.test"+order42, second)}, "invalid_dpop_proof", "proof_token"},
		{"of a token request", []string{good[0], "DPoP: " + h.proof("POST", idp.issuer+"/token", "")}, "invalid_dpop_proof", "proof_token"},
		{"an unbound token", h.shows(plain, order42), "invalid_token", "scheme_mismatch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := s.expect(t, request("GET", order42, tt.headers...), 401, tt.code)
			if c := a.header.Get("WWW-Authenticate"); !strings.Contains(c, `error="`+tt.code+`"`) || !strings.Contains(c, `DPoP realm="gwctl", algs="RS256`) {
				t.Errorf("challenge %s", c)
			}
			if e := s.record(t, a); e.Event != "authn_failure" || e.Reason != tt.reason {
				t.Errorf("record %+v, want %s", e, tt.reason)
			}
			s.expect(t, request("GET", order42, h.shows(token, order42)...), 200, "")
			service.arrived()
		})
	}
	s.expect(t, request("GET", order42, append(h.shows(token, order42), "DPoP: "+h.proof("GET", "http://shop.test"+order42, token))...), 400, "request_not_canonical")
	s.expect(t, request("GET", order42, bearer(plain)), 200, "")
}

// The nonce that the first answer gives makes the second one good.
func TestDPoPNonce(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, jwt: ", dpop: {required: true, nonce: true}"})
	h := newHolder(t)
	token := idp.boundTo(t, h)
	a := s.expect(t, request("GET", order42, h.shows(token, order42)...), 401, "use_dpop_nonce")
	if h.nonce = a.header.Get("DPoP-Nonce"); h.nonce == "" || s.record(t, a).Reason != "proof_nonce" {
		t.Errorf("answer %v", a.header)
	}
	for range 2 {
		s.expect(t, request("GET", order42, h.shows(token, order42)...), 200, "")
	}
	plain := idp.token(t, reader, rs256, allScopes)
	a = s.expect(t, request("GET", order42, bearer(plain)), 401, "invalid_token")
	if c := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(c, "DPoP ") || strings.Contains(c, "Bearer") || s.record(t, a).Reason != "dpop_required" {
		t.Errorf("challenge %s", c)
	}
}

// A token that the provider has bound to a certificate works on connections with
// that certificate (RFC 8705).
func TestCertificateBound(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	ca, dir := newAuthority(t), t.TempDir()
	copyPolicies(t, filepath.Join(dir, "policies"))
	writeFile(t, filepath.Join(dir, "ca.pem"), ca.pem)
	writeFile(t, filepath.Join(dir, "server.pem"), ca.issue())
	plain := setup{issuer: idp.issuer, upstream: service.URL}
	s := startSidecar(t, setup{dir: dir, whole: func(proxy, health string) string {
		return strings.Replace(plain.yaml(proxy, health), "proxy: {address: ", "proxy: {tls: {cert: server.pem, key: server.pem, client_ca: ca.pem}, address: ", 1)
	}})
	mine, other := ca.pair(), ca.pair()
	token := idp.bound(t, certified, "Bearer", map[string]string{"X-Client-Certificate": base64.StdEncoding.EncodeToString(mine.Certificate[0])})
	for _, tt := range []struct {
		name   string
		cert   tls.Certificate
		scheme string
		status int
	}{
		{"the certificate", mine, "Bearer", 200},
		{"another certificate", other, "Bearer", 401},
		{"the certificate, under another scheme", mine, "DPoP", 401},
		{"the certificate again", mine, "Bearer", 200},
	} {
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: ca.pool, ServerName: "localhost", Certificates: []tls.Certificate{tt.cert}}}
		client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
		req, err := http.NewRequest(http.MethodGet, "https://"+s.proxy+order42, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "localhost"
		req.Header.Set("Authorization", tt.scheme+" "+token)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
		if err != nil || resp.StatusCode != tt.status || resp.ProtoMajor != 2 {
			t.Errorf("%s: %s %s %v", tt.name, resp.Proto, resp.Status, body)
		}
	}
}

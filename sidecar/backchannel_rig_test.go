package sidecar_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

const (
	webClient   = "shop-web"
	logoutPath  = "/.well-known/gwctl/backchannel-logout"
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// sessionProvider is an issuer that signs whatever a test wants.
type sessionProvider struct {
	testing.TB
	*httptest.Server
	key *ecdsa.PrivateKey
}

func newSessionProvider(t testing.TB) *sessionProvider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &sessionProvider{TB: t, key: key}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, p.URL, p.URL+"/keys")
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"EC","crv":"P-256","kid":"s1","alg":"ES256","use":"sig","x":%q,"y":%q}]}`, b64(point[1:33]), b64(point[33:]))
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign makes a token of a type with the claims, some of which may be nil.
func (p *sessionProvider) sign(typ string, claims map[string]any) string {
	p.Helper()
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	header, err := json.Marshal(map[string]string{"alg": "ES256", "kid": "s1", "typ": typ})
	if err != nil {
		p.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		p.Fatal(err)
	}
	input := b64(header) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		p.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + b64(signature)
}

// access gives an access token of a session that began a minute ago.
func (p *sessionProvider) access(sub, sid string) string {
	now := time.Now()
	claims := map[string]any{
		"iss": p.URL, "aud": audience, "sub": sub, "sid": sid, "jti": rand.Text(), "roles": []string{"customer"}, "tenant": "acme",
		"iat": now.Unix() - 60, "exp": now.Unix() + 3600,
	}
	if sid == "" {
		claims["sid"] = nil
	}
	return p.sign("at+jwt", claims)
}

// logoutToken gives a good logout token, changed by what is given.
func (p *sessionProvider) logoutToken(change map[string]any) string {
	now := time.Now()
	claims := map[string]any{
		"iss": p.URL, "aud": webClient, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Unix() + 120,
		"events": map[string]any{logoutEvent: map[string]any{}},
	}
	maps.Copy(claims, change)
	return p.sign("logout+jwt", claims)
}

// method is the issuer's line of authn.
func (p *sessionProvider) method() string {
	return fmt.Sprintf(`    - jwt: {issuer: "%s", audiences: [%s], backchannel_logout: {client_id: %s}}`, p.URL, audience, webClient)
}

// form is a request with a logout token.
func form(token string) string {
	body := url.Values{"logout_token": {token}}.Encode()
	return request("POST "+logoutPath, "Content-Type: application/x-www-form-urlencoded", fmt.Sprintf("Content-Length: %d", len(body))) + body
}

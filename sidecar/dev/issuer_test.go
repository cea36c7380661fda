package dev

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const issuerURL = "http://127.0.0.1:4444"

var start = time.Date(2026, 1, 15, 10, 0, 0, 999, time.UTC)

func newIssuer(t testing.TB) *Issuer {
	t.Helper()
	i, err := NewIssuer(func() time.Time { return start }, func(name string) (TokenSpec, bool) {
		switch name {
		case "alice", "a/b":
			return TokenSpec{Subject: name, Audience: "shop-api", Claims: json.RawMessage(`{"roles":["customer"]}`)}, true
		case "broken":
			return TokenSpec{Subject: name}, true
		}
		return TokenSpec{}, false
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := i.SetURL(issuerURL); err != nil {
		t.Fatal(err)
	}
	return i
}

func serve(h http.Handler, method, target, host string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	if host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// verify checks a token with nothing but what the issuer publishes.
func verify(t testing.TB, i *Issuer, token string) (claims map[string]any, header jose.Header) {
	t.Helper()
	var meta struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	w := serve(i.Handler(), "GET", "/.well-known/openid-configuration", "127.0.0.1:4444")
	if err := json.Unmarshal(w.Body.Bytes(), &meta); err != nil || meta.Issuer != issuerURL {
		t.Fatalf("discovery answers %s: %v", w.Body, err)
	}
	path, ok := strings.CutPrefix(meta.JWKS, issuerURL)
	if !ok {
		t.Fatalf("keys are elsewhere: %s", meta.JWKS)
	}
	var set jose.JSONWebKeySet
	w = serve(i.Handler(), "GET", path, "127.0.0.1:4444")
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("key set %s: %v", w.Body, err)
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	header = jws.Signatures[0].Header
	keys := set.Key(header.KeyID)
	if len(keys) != 1 || header.KeyID == "" || keys[0].Use != "sig" || keys[0].Algorithm != "ES256" || !keys[0].IsPublic() {
		t.Fatalf("keys %+v for kid %q", keys, header.KeyID)
	}
	payload, err := jws.Verify(keys[0])
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(payload)))
	dec.UseNumber()
	if err := dec.Decode(&claims); err != nil {
		t.Fatal(err)
	}
	return claims, header
}

func TestIssuerPaths(t *testing.T) {
	h := newIssuer(t).Handler()
	tests := []struct {
		method, target, host string
		status               int
		has                  string
	}{
		{"GET", "/.well-known/openid-configuration", "127.0.0.1:4444", 200, `"jwks_uri":"http://127.0.0.1:4444/jwks"`},
		{"GET", "/jwks", "127.0.0.1:4444", 200, `"kty":"EC"`},
		{"GET", "/jwks", "localhost:4444", 200, `"kty":"EC"`},
		{"GET", "/jwks", "[::1]:4444", 200, `"kty":"EC"`},
		{"GET", "/token/alice", "LOCALHOST", 200, "ey"},
		{"GET", "/token/a%2Fb", "[::1]", 200, "ey"},
		{"GET", "/token/mallet", "localhost", 404, "no such user"},
		{"GET", "/token/" + strings.Repeat("a", maxName+1), "localhost", 404, "no such user"},
		{"GET", "/token/broken", "localhost", 500, "the audience is empty"},
		{"GET", "/token/", "localhost", 404, ""},
		{"GET", "/token/alice/x", "localhost", 404, ""},
		{"POST", "/token/alice", "localhost", 405, ""},
		{"POST", "/token", "localhost", 404, ""},
		{"GET", "/", "localhost", 404, ""},
		{"GET", "/token/alice", "evil.example", 421, "loopback"},
		{"GET", "/token/alice", "127.0.0.1.evil.example:4444", 421, "loopback"},
		{"GET", "/token/alice", "localhost.evil.example", 421, "loopback"},
		{"GET", "/token/alice", "192.0.2.1:4444", 421, "loopback"},
		{"GET", "/jwks", "evil.example", 421, "loopback"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.host+tt.target, func(t *testing.T) {
			w := serve(h, tt.method, tt.target, tt.host)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.has) {
				t.Errorf("%d %q, want %d with %q", w.Code, w.Body, tt.status, tt.has)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("headers %v", w.Header())
			}
			if tt.status != 200 && strings.Contains(w.Body.String(), "ey") {
				t.Errorf("a refusal with a token: %s", w.Body)
			}
		})
	}
}

func TestIssuerAnswersToItsURL(t *testing.T) {
	i := newIssuer(t)
	if err := i.SetURL("http://gwctl:9000"); err != nil {
		t.Fatal(err)
	}
	if w := serve(i.Handler(), "GET", "/token/alice", "gwctl:9000"); w.Code != 200 {
		t.Errorf("%d for its own host", w.Code)
	}
	if w := serve(i.Handler(), "GET", "/token/alice", "gwctl:9001"); w.Code != 421 {
		t.Errorf("%d for another port", w.Code)
	}
}

func TestKeySetIsPublic(t *testing.T) {
	w := serve(newIssuer(t).Handler(), "GET", "/jwks", "localhost")
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	for name := range set.Keys[0] {
		switch name {
		case "kty", "crv", "x", "y", "kid", "alg", "use":
		default:
			t.Errorf("the key set has a member %q", name)
		}
	}
}

func TestBeforeSetURL(t *testing.T) {
	i, err := NewIssuer(time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Token(TokenSpec{Subject: "a", Audience: "b"}); !errors.Is(err, ErrNoURL) {
		t.Errorf("Token says %v", err)
	}
	if w := serve(i.Handler(), "GET", "/jwks", "localhost"); w.Code != 503 {
		t.Errorf("/jwks answers %d", w.Code)
	}
	if err := i.SetURL(issuerURL); err != nil {
		t.Fatal(err)
	}
	if _, err := i.Token(TokenSpec{Subject: "a", Audience: "b"}); err != nil {
		t.Errorf("Token says %v afterwards", err)
	}
	if w := serve(i.Handler(), "GET", "/token/alice", "localhost"); w.Code != 404 {
		t.Errorf("/token without users answers %d", w.Code)
	}
}

func TestSetURL(t *testing.T) {
	for text, ok := range map[string]bool{
		issuerURL:                     true,
		"http://[::1]:4444":           true,
		"https://dev.example":         true,
		issuerURL + "/":               false,
		issuerURL + "/realm":          false,
		issuerURL + "?x=1":            false,
		issuerURL + "#x":              false,
		"http://user@127.0.0.1:4444":  false,
		"http://:4444":                false,
		"ftp://127.0.0.1":             false,
		"127.0.0.1:4444":              false,
		"http://127.0.0.1:4444\r\nx:": false,
		"":                            false,
	} {
		i := newIssuer(t)
		if err := i.SetURL(text); (err == nil) != ok {
			t.Errorf("SetURL(%q) says %v", text, err)
		}
		if got := i.url.Load().String(); !ok && got != issuerURL {
			t.Errorf("a refused URL is in use: %q", got)
		}
	}
}

func TestConcurrentTokens(t *testing.T) {
	i := newIssuer(t)
	tokens := make(chan string, 64)
	var wg sync.WaitGroup
	for range cap(tokens) {
		wg.Go(func() {
			tokens <- strings.TrimSpace(serve(i.Handler(), "GET", "/token/alice", "localhost").Body.String())
		})
	}
	wg.Wait()
	close(tokens)
	ids := make(map[any]bool)
	for token := range tokens {
		claims, _ := verify(t, i, token)
		ids[claims["jti"]] = true
	}
	if len(ids) != cap(tokens) {
		t.Errorf("%d different jti in %d tokens", len(ids), cap(tokens))
	}
}

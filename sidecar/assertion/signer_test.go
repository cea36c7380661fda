package assertion_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gwctl/gwctl/sidecar/assertion"
)

func block(t testing.TB, kind string, key any, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var der []byte
	switch kind {
	case "PRIVATE KEY":
		der, err = x509.MarshalPKCS8PrivateKey(key)
	case "EC PRIVATE KEY":
		der, err = x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	case "PUBLIC KEY":
		der, err = x509.MarshalPKIXPublicKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func p256(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return block(t, "PRIVATE KEY", key, err)
}

func options(key []byte, publish ...[]byte) assertion.Options {
	return assertion.Options{Key: key, Publish: publish, Issuer: "gw", Lifetime: time.Minute, Clock: func() time.Time { return time.Unix(1000, 0) }}
}

func TestNew(t *testing.T) {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	good := block(t, "PRIVATE KEY", own, err)
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p384 := block(t, "PRIVATE KEY", wide, err)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	ed := block(t, "PRIVATE KEY", edwards, err)
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	rs := block(t, "PRIVATE KEY", big, err)
	public := block(t, "PUBLIC KEY", &own.PublicKey, nil)
	for _, tt := range []struct {
		name string
		o    assertion.Options
		says string
	}{
		{"PKCS #8", options(good), ""},
		{"SEC 1", options(block(t, "EC PRIVATE KEY", own, nil)), ""},
		{"SEC 1 with parameters", options(append([]byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"), block(t, "EC PRIVATE KEY", own, nil)...)), ""},
		{"with others", options(good, p256(t), public), ""},
		{"nothing", options(nil), "no key in PEM"},
		{"a public key", options(public), "not a private one"},
		{"P-384", options(p384), "not one on the curve P-256"},
		{"Ed25519", options(ed), "not one on the curve P-256"},
		{"RSA", options(rs), "not one on the curve P-256"},
		{"two keys", options(append(good, p256(t)...)), "more than one key"},
		{"another block", options(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("a")})), `a block of type "CERTIFICATE"`},
		{"a broken block", options(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("a")})), "cannot be parsed"},
		{"another that is broken", options(good, []byte("a")), "a further key: there is no key"},
		{"another that is RSA", options(good, rs), "a further key: the key is not"},
	} {
		if _, err := assertion.New(tt.o); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
	}
}

func TestSign(t *testing.T) {
	s, err := assertion.New(options(p256(t)))
	if err != nil {
		t.Fatal(err)
	}
	st := assertion.Statement{Audience: "orders", Subject: "alice", Tenant: "acme", Roles: []string{"a", "b"}, Method: "GET", Host: "app.test", Path: "/x", RequestID: "r", Decision: "d"}
	text, err := s.Sign(st)
	if err != nil {
		t.Fatal(err)
	}
	published := assertion.NewPublished(options(nil).Clock)
	published.Replace(s)
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(published.Document(), &keys); err != nil {
		t.Fatal(err)
	}
	token, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := token.Verify(keys)
	want := `{"iss":"gw","iat":1000,"exp":1060,"aud":"orders","sub":"alice","tenant":"acme","roles":["a","b"],"method":"GET","host":"app.test","path":"/x","request_id":"r","jti":"d"}`
	if err != nil || string(payload) != want {
		t.Errorf("signed %s, %v", payload, err)
	}
	for _, n := range []int{6000, 9000} {
		st.Path = strings.Repeat("a", n)
		if _, err := s.Sign(st); !errors.Is(err, assertion.ErrTooLarge) {
			t.Errorf("a path of %d bytes: %v", n, err)
		}
	}
	// The same statement twice is two tokens: nothing is kept.
	st.Path = "/x"
	if again, err := s.Sign(st); err != nil || again == text {
		t.Errorf("signed %s, %v", again, err)
	}
}

// The key before is published until its last assertion has ended.
func TestPublished(t *testing.T) {
	now := time.Unix(1000, 0)
	published := assertion.NewPublished(func() time.Time { return now })
	count := func(want int) {
		t.Helper()
		var set jose.JSONWebKeySet
		if err := json.Unmarshal(published.Document(), &set); err != nil || len(set.Keys) != want {
			t.Errorf("%d keys, want %d, %v", len(set.Keys), want, err)
		}
		for _, k := range set.Keys {
			if !k.IsPublic() {
				t.Error("a private key is published")
			}
		}
	}
	signer := func(key []byte, publish ...[]byte) *assertion.Signer {
		t.Helper()
		s, err := assertion.New(options(key, publish...))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	count(0)
	first, second := p256(t), p256(t)
	published.Replace(signer(first))
	count(1)
	published.Replace(signer(first)) // a reload without a change
	count(1)
	published.Replace(signer(second))
	count(2)
	now = now.Add(2*time.Minute - time.Second)
	count(2)
	now = now.Add(time.Second)
	count(1)
	published.Replace(signer(second, first))
	count(2)
	published.Replace(nil)
	count(1)
	now = now.Add(2 * time.Minute)
	count(0)
}

func BenchmarkSign(b *testing.B) {
	s, err := assertion.New(options(p256(b)))
	if err != nil {
		b.Fatal(err)
	}
	st := assertion.Statement{Audience: "orders", Subject: "alice", Tenant: "acme", Roles: []string{"customer", "shop:ops"}, Method: "GET", Host: "app.test", Path: "/orders/o-1", RequestID: "01a209ec-d684-76f1-8dd8-ee4b426cdeb2", Decision: "01a209ec-d684-76f1-8dd8-ee4b426cdeb3"}
	for b.Loop() {
		if _, err := s.Sign(st); err != nil {
			b.Fatal(err)
		}
	}
}

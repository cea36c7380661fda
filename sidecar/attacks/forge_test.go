package attacks_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// forge is an issuer whose private keys a test has, so that it can sign what no
// issuer would.
type forge struct {
	url   string
	rsa   *rsa.PrivateKey   // kid "r", without alg
	ec    *ecdsa.PrivateKey // kid "e"
	wrong *rsa.PrivateKey   // published nowhere

	shown []string // proofs that were made

	fetches atomic.Int64 // of the keys
	strange atomic.Int64 // of anything that only a token names
}

func newForge(t testing.TB) *forge {
	t.Helper()
	f := &forge{}
	var errs [3]error
	f.rsa, errs[0] = rsa.GenerateKey(rand.Reader, 2048)
	f.wrong, errs[1] = rsa.GenerateKey(rand.Reader, 2048)
	f.ec, errs[2] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

// ServeHTTP publishes the keys.
func (f *forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, f.url, f.url+"/jwks")
	case "/jwks":
		f.fetches.Add(1)
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: f.rsa.Public(), KeyID: "r", Use: "sig"}, {Key: f.ec.Public(), KeyID: "e", Use: "sig", Algorithm: "ES256"},
		}})
	default:
		f.strange.Add(1)
	}
}

// certificate is one of the key that is published nowhere, as x5c has it.
func (f *forge) certificate() string {
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, f.wrong.Public(), f.wrong)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// method is the line of a configuration that trusts the forge.
func (f *forge) method(more string) string {
	return fmt.Sprintf("    - jwt: {issuer: %q, audiences: [%s]%s}\n", f.url, audience, more)
}

// claims are JSON texts by name.
type claims map[string]string

func (f *forge) good() claims {
	now := time.Now()
	return claims{
		"iss": fmt.Sprintf("%q", f.url), "aud": fmt.Sprintf("%q", audience), "sub": `"alice"`, "roles": `["admin"]`,
		"iat": fmt.Sprint(now.Unix()), "exp": fmt.Sprint(now.Add(time.Hour).Unix()),
	}
}

// with changes one member, or takes it out by "".
func (c claims) with(name, value string) claims {
	c = maps.Clone(c)
	if c[name] = value; value == "" {
		delete(c, name)
	}
	return c
}

func (c claims) String() string {
	out, comma := "{", ""
	for name, value := range c {
		out += comma + fmt.Sprintf("%q:%s", name, value)
		comma = ","
	}
	return out + "}"
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signed signs any bytes with RS256, whatever the header says.
func signed(key *rsa.PrivateKey, header, payload string) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + b64(signature)
}

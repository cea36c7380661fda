package authn

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Keys are made once: RSA is slow to make.
var (
	rsaKey      = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	otherRSAKey = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	ecKey       = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	otherECKey  = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	p521Key     = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P521()) })
	edKey       = sync.OnceValue(func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return must(key, err)
	})
)

func newRSA(bits int) *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, bits)) }

func newEC(curve elliptic.Curve) *ecdsa.PrivateKey {
	return must(ecdsa.GenerateKey(curve, rand.Reader))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// jwk writes the public key of a private one.
func jwk(kid, alg string, private crypto.Signer) string {
	key := jose.JSONWebKey{Key: private.Public(), KeyID: kid, Algorithm: alg, Use: "sig"}
	return string(must(key.MarshalJSON()))
}

func jwks(keys ...string) string {
	var b bytes.Buffer
	b.WriteString(`{"keys":[`)
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(key)
	}
	b.WriteString(`]}`)
	return b.String()
}

// issuer is an identity provider whose documents a test can change.
type issuer struct {
	url string

	mu        sync.Mutex
	keys      string // the JWK Set
	status    int
	header    http.Header
	discovery string        // "" for a good one
	delay     time.Duration // of the JWK Set
	finding   time.Duration // of the discovery document

	discoveries, fetches atomic.Int64
}

func (i *issuer) set(change func(*issuer)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change(i)
}

func (i *issuer) publish(keys ...string) { i.set(func(i *issuer) { i.keys = jwks(keys...) }) }

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	keys, status, header, discovery, delay, finding := i.keys, i.status, i.header, i.discovery, i.delay, i.finding
	i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		i.discoveries.Add(1)
		time.Sleep(finding)
		if discovery == "" {
			discovery = fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, i.url, i.url+"/jwks")
		}
		_, _ = w.Write([]byte(discovery))
	case "/jwks":
		i.fetches.Add(1)
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-r.Context().Done():
				return
			}
		}
		maps.Copy(w.Header(), header)
		if status != 0 {
			w.WriteHeader(status)
		}
		_, _ = w.Write([]byte(keys))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// newIssuer serves an issuer over loopback TCP.
func newIssuer(t testing.TB, keys ...string) *issuer {
	t.Helper()
	i := &issuer{keys: jwks(keys...)}
	srv := httptest.NewServer(i)
	t.Cleanup(srv.Close)
	i.url = srv.URL
	return i
}

// inMemory serves an issuer without a network, for use in a synctest bubble.
func inMemory(keys ...string) (*issuer, *http.Client) {
	i := &issuer{url: "https://idp.test", keys: jwks(keys...)}
	return i, &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		i.ServeHTTP(rec, r)
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return rec.Result(), nil
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

const audience = "shop-api"

// newMethod makes a started key set and a method for an issuer.
func newMethod(t testing.TB, i *issuer, change func(*JWTConfig)) *JWT {
	t.Helper()
	keys := must(NewKeySet(KeySetConfig{Issuer: i.url}))
	if err := keys.Start(t.Context()); err != nil {
		t.Fatalf("Start: %v", err)
	}
	return methodOver(t, keys, change)
}

func methodOver(t testing.TB, keys *KeySet, change func(*JWTConfig)) *JWT {
	t.Helper()
	cfg := JWTConfig{Name: "main", Issuer: keys.Issuer(), Audiences: []string{audience}}
	if change != nil {
		change(&cfg)
	}
	m, err := NewJWT(cfg, keys, nil)
	if err != nil {
		t.Fatalf("NewJWT: %v", err)
	}
	return m
}

// claimSet is a payload in the making; values are JSON texts.
type claimSet map[string]string

func goodClaims(iss string, now time.Time) claimSet {
	return claimSet{
		"iss": quote(iss), "aud": quote(audience), "sub": `"alice"`, "jti": `"id-1"`,
		"iat": fmt.Sprint(now.Unix()), "exp": fmt.Sprint(now.Add(time.Hour).Unix()),
	}
}

func quote(s string) string { return string(must(json.Marshal(s))) }

// with gives a copy with one member changed, or taken out by "".
func (c claimSet) with(name, value string) claimSet {
	c = maps.Clone(c)
	c[name] = value
	if value == "" {
		delete(c, name)
	}
	return c
}

func (c claimSet) String() string {
	var b bytes.Buffer
	for i, name := range slices.Sorted(maps.Keys(c)) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s:%s", quote(name), c[name])
	}
	return "{" + b.String() + "}"
}

// sign makes a token with go-jose. typ "" leaves the parameter out.
func sign(alg jose.SignatureAlgorithm, key any, kid, typ, payload string) string {
	opts := &jose.SignerOptions{}
	if typ != "" {
		opts.WithType(jose.ContentType(typ))
	}
	if kid != "" {
		opts.WithHeader("kid", kid)
	}
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts))
	return must(must(signer.Sign([]byte(payload))).CompactSerialize())
}

// signRaw signs any header bytes with RS256, so that only the header is at
// fault.
func signRaw(key *rsa.PrivateKey, header, payload string) string {
	return signInput(key, b64(header)+"."+b64(payload))
}

// signInput signs two parts as they are.
func signInput(key *rsa.PrivateKey, input string) string {
	sum := sha256.Sum256([]byte(input))
	return input + "." + b64(string(must(rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:]))))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func bearing(token string) Credentials {
	return Credentials{Authorization: "Bearer " + token, HasAuthorization: true, ClientIP: netip.MustParseAddr("127.0.0.2")}
}

// outcome names what Authenticate did: "ok", a reason, "broken" or "not mine".
func outcome(m interface {
	Authenticate(context.Context, Credentials) (*Identity, error)
}, c Credentials) string {
	id, err := m.Authenticate(context.Background(), c)
	// A *Broken may hold a *Refused, and is none.
	if _, ok := errors.AsType[*Broken](err); ok && id == nil {
		return "broken"
	}
	if r, ok := errors.AsType[*Refused](err); ok && id == nil {
		return r.Reason
	}
	if errors.Is(err, ErrNotMine) && id == nil {
		return "not mine"
	}
	if err != nil || id == nil {
		return fmt.Sprintf("unexpected: %v, %v", id, err)
	}
	return "ok"
}

func wantOutcome(t testing.TB, m interface {
	Authenticate(context.Context, Credentials) (*Identity, error)
}, c Credentials, want string) {
	t.Helper()
	if got := outcome(m, c); got != want {
		t.Errorf("outcome %q, want %q", got, want)
	}
}

package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// zitadel is a second OpenID provider, by other people and in another language
// than the first: the library of ZITADEL, in this process. Its claims have the
// names and shapes of that product.
type zitadel struct {
	*httptest.Server
	store      *zitadelStore
	keyFetches atomic.Int64 // how often its keys were read
}

// The claims of ZITADEL that hold roles and tenant.
const (
	zitadelRoles  = "urn:zitadel:iam:org:project:roles"
	zitadelTenant = "urn:zitadel:iam:user:resourceowner:id"
)

// zitadelAttributes is what a jwt method says about them.
const zitadelAttributes = `{roles: "claims['` + zitadelRoles + `'].map(role, role)", tenant: "claims['` + zitadelTenant + `']"}`

// startZitadel starts the provider with the clients and resources of the first.
func startZitadel(t testing.TB) *zitadel {
	t.Helper()
	z := &zitadel{store: &zitadelStore{tokens: map[string]*zitadelToken{}}}
	z.rotate(t)
	var handler http.Handler
	// The issuer holds the port, so the listener comes first.
	z.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			z.keyFetches.Add(1)
		}
		// The library knows no resource indicators (RFC 8707); its storage does.
		if err := r.ParseForm(); err == nil {
			r = r.WithContext(context.WithValue(r.Context(), zitadelResource{}, r.Form.Get("resource")))
		}
		handler.ServeHTTP(w, r)
	}))
	issuer := "http://" + z.Listener.Addr().String()
	config := &op.Config{SupportedScopes: []string{"orders:read", "orders:write"}}
	_, _ = rand.Read(config.CryptoKey[:]) // it never fails
	p, err := op.NewProvider(config, z.store, op.StaticIssuer(issuer), op.WithAllowInsecure(),
		op.WithAccessTokenVerifierOpts(op.WithSupportedAccessTokenSigningAlgorithms("RS256", "ES256", "EdDSA")))
	if err != nil {
		t.Fatal(err)
	}
	handler = p
	z.Start()
	t.Cleanup(z.Close)
	return z
}

func (z *zitadel) token(t testing.TB, client, resource, scope string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {resource}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return askToken(t, z.Client(), z.URL+"/oauth/token", client, providerClients[client].Secret, form)
}

func (z *zitadel) revoke(t testing.TB, client, token string) {
	t.Helper()
	revokeAt(t, z.Client(), z.URL+"/revoke", client, providerClients[client].Secret, token)
}

// introspection is the endpoint that knows what was revoked.
func (z *zitadel) introspection() string { return z.URL + "/oauth/introspect" }

// rotate makes the provider sign with new keys; it keeps publishing the old.
func (z *zitadel) rotate(t testing.TB) {
	t.Helper()
	s := z.store
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	rsaKey, err1 := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	edPublic, edKey, err3 := ed25519.GenerateKey(rand.Reader)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	name := func(alg string) string { return fmt.Sprintf("%s-%d", alg, s.generation) }
	s.keys = append([]zitadelKey{
		{name("RS256"), jose.RS256, rsaKey, rsaKey.Public()},
		{name("ES256"), jose.ES256, ecKey, ecKey.Public()},
		{name("EdDSA"), jose.EdDSA, edKey, edPublic},
	}, s.keys...)
}

// zitadelLife is how long its tokens are valid.
const zitadelLife = 10 * time.Minute

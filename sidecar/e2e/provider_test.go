package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Resource indicators of the provider: what kind of token a client asks for.
const (
	rs256         = "urn:e2e:rs256"
	es256         = "urn:e2e:es256"
	eddsa         = "urn:e2e:eddsa"
	shortLived    = "urn:e2e:short-lived"
	otherAudience = "urn:e2e:other-audience"
	opaque        = "urn:e2e:opaque"
)

// The audience that the sidecar demands, and the scopes there are.
const (
	audience  = "orders-api"
	allScopes = "orders:read orders:write"
)

// Clients of the provider.
const (
	reader   = "reader"   // reads orders of acme
	admin    = "admin"    // deletes orders of acme, reads none
	stranger = "stranger" // reads orders of globex
	customer = "customer" // lists orders of acme, by the quickstart policies
	operator = "operator" // views /admin, by the quickstart policies
	gateway  = "gateway"  // asks about tokens of others
)

type providerClient struct {
	Secret string         `json:"secret"`
	Scope  string         `json:"scope"`
	Claims map[string]any `json:"claims"`
}

type providerResource struct {
	Audience string `json:"audience"`
	Alg      string `json:"alg,omitempty"`
	TTL      int    `json:"ttl,omitempty"`
	Opaque   bool   `json:"opaque,omitempty"`
}

var providerClients = map[string]providerClient{
	reader:    {"reader-secret-of-the-tests-0", allScopes, map[string]any{"tenant": "acme", "roles": []string{"reader"}, "plan": "pro", "cost_center": "4711"}},
	admin:     {"admin-secret-of-the-tests-01", allScopes, map[string]any{"tenant": "acme", "roles": []string{"admin"}}},
	stranger:  {"stranger-secret-of-the-tests", allScopes, map[string]any{"tenant": "globex", "roles": []string{"reader"}}},
	customer:  {"customer-secret-of-the-tests", allScopes, map[string]any{"tenant": "acme", "roles": []string{"customer"}, "plan": "pro"}},
	operator:  {"operator-secret-of-the-tests", allScopes, map[string]any{"tenant": "acme", "roles": []string{"admin"}}},
	gateway:   {"gateway-secret-of-the-tests!", "orders:read", nil},
	certified: {"certified-secret-of-the-tests", allScopes, map[string]any{"tenant": "acme", "roles": []string{"reader"}}},
}

var providerResources = map[string]providerResource{
	rs256:         {Audience: audience, Alg: "RS256"},
	es256:         {Audience: audience, Alg: "ES256"},
	eddsa:         {Audience: audience, Alg: "EdDSA"},
	shortLived:    {Audience: audience, TTL: 2},
	otherAudience: {Audience: "billing-api"},
	opaque:        {Audience: audience, Opaque: true},
}

// provider is a running OpenID provider.
type provider struct {
	*process
	issuer  string
	address string // where it listens: a URL
	client  *http.Client
}

// startProvider starts a provider on a port, 0 for a free one.
func startProvider(t testing.TB, port int) *provider {
	t.Helper()
	return startProviderAs(t, port, "")
}

// startProviderAs starts a provider that calls itself issuer, "" for where it
// listens.
func startProviderAs(t testing.TB, port int, issuer string) *provider {
	t.Helper()
	return startProviderWith(t, port, issuer, nil)
}

// startProviderWith starts one where people can log in, too, unless web is nil.
func startProviderWith(t testing.TB, port int, issuer string, web *webClient) *provider {
	t.Helper()
	cmd := exec.Command(node(t), "provider.mjs")
	cmd.Dir = "provider"
	cmd.Env = append(os.Environ(), "PORT="+strconv.Itoa(port), "CLIENTS="+asJSON(t, providerClients), "RESOURCES="+asJSON(t, providerResources), "ISSUER="+issuer)
	if web != nil {
		cmd.Env = append(cmd.Env, "WEB="+asJSON(t, web))
	}
	p := &provider{process: startProcess(t, "provider", cmd), client: &http.Client{Timeout: 10 * time.Second}}
	t.Cleanup(p.client.CloseIdleConnections)
	eventually(t, 30*time.Second, "the provider", func() bool {
		if p.hasEnded() {
			t.Fatalf("the provider has ended: %v\n%s", p.err, p.stderr.tail(15))
		}
		_, ok := p.stdout.find(0, `"listening"`)
		return ok
	})
	line, _ := p.stdout.find(0, `"listening"`)
	var said struct{ Issuer, Address string }
	if err := json.Unmarshal([]byte(line), &said); err != nil || said.Issuer == "" || said.Address == "" {
		t.Fatalf("provider said %q: %v", line, err)
	}
	p.issuer, p.address = said.Issuer, said.Address
	return p
}

// port gives the port of the issuer.
func (p *provider) port(t testing.TB) int {
	t.Helper()
	u, err := url.Parse(p.issuer)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// token gets an access token by client credentials.
func (p *provider) token(t testing.TB, client, resource, scope string) string {
	t.Helper()
	token, err := p.grant(t.Context(), client, resource, scope)
	if err != nil {
		t.Fatalf("getting a token: %v", err)
	}
	return token
}

// grant is token for other goroutines than the test's.
func (p *provider) grant(ctx context.Context, client, resource, scope string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {resource}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return grant(ctx, p.client, p.address+"/token", client, providerClients[client].Secret, form)
}

// revoke takes a token back, as its owner (RFC 7009).
func (p *provider) revoke(t testing.TB, client, token string) {
	t.Helper()
	revokeAt(t, p.client, p.address+"/token/revocation", client, providerClients[client].Secret, token)
}

// rotate makes the provider sign with new keys; it keeps publishing the old.
func (p *provider) rotate(t testing.TB) { p.republish(t, syscall.SIGHUP) }

// dropOldKeys makes the provider publish its newest keys only.
func (p *provider) dropOldKeys(t testing.TB) { p.republish(t, syscall.SIGUSR2) }

func (p *provider) republish(t testing.TB, s os.Signal) {
	t.Helper()
	seen := p.stdout.count()
	p.signal(t, s)
	p.stdout.await(t, 10*time.Second, seen, `"keys"`)
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

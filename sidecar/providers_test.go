package sidecar_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gwctl/gwctl/engine/record"
)

const providersDir = "../examples/authn/providers"

// providerKeys are the keys of two issuers. Both go by one name.
var providerKeys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var keys [2]*rsa.PrivateKey
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

// standIn is a provider on this host, at the path that the real one has.
type standIn struct {
	url string
	key *rsa.PrivateKey
}

func newStandIn(t testing.TB, issuer string, key *rsa.PrivateKey) *standIn {
	t.Helper()
	u, err := url.Parse(issuer)
	if err != nil {
		t.Fatal(err)
	}
	p := &standIn{key: key}
	mux := http.NewServeMux()
	base := strings.TrimSuffix(u.Path, "/")
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET "+base+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]string{"issuer": p.url, "jwks_uri": strings.TrimSuffix(p.url, "/") + "/keys"})
	})
	mux.HandleFunc("GET "+base+"/keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "key-1", Algorithm: "RS256", Use: "sig"}}})
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	p.url = srv.URL + u.Path
	return p
}

// sign makes a token of claims, which get their times here.
func (p *standIn) sign(t testing.TB, claims map[string]any) string {
	t.Helper()
	now := time.Now()
	claims["iat"], claims["nbf"], claims["exp"] = now.Unix(), now.Unix(), now.Add(time.Hour).Unix()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: "key-1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// claimSets is what providers put into the tokens of the same people. Others are
// tokens that end in a denial of their own.
type claimSets struct {
	Users  map[string]map[string]any `json:"users"`
	Others map[string]struct {
		Reason string         `json:"reason"`
		Claims map[string]any `json:"claims"`
	} `json:"others"`
}

var issuerLine = regexp.MustCompile(`(?m)^        issuer: (\S+)$`)

// providerRig is a sidecar with the configuration of one provider, stand-ins for
// its issuers, and the policies that all of them share.
type providerRig struct {
	*rig
	issuers map[string]*standIn // by the issuer in the claim sets
	sets    claimSets
}

func newProviderRig(t *testing.T, name string) *providerRig {
	t.Helper()
	p := &providerRig{rig: &rig{TB: t, dir: t.TempDir(), upstream: newUpstream(t), ended: make(chan struct{})}, issuers: map[string]*standIn{}}
	text := string(readExample(t, name+".yaml"))
	for i, m := range issuerLine.FindAllStringSubmatch(text, -1) {
		p.issuers[m[1]] = newStandIn(t, m[1], providerKeys()[i])
		text = strings.ReplaceAll(text, "issuer: "+m[1]+"\n", "issuer: "+p.issuers[m[1]].url+"\n")
	}
	for old, now := range map[string]string{
		"  authn:\n":                      "  drain: {delay: 0s}\n  authn:\n",
		"http://127.0.0.1:9000":           "http://" + p.upstream.addr,
		"proxy: {address: 127.0.0.1:8080": "health: {address: \"127.0.0.1:0\"}\n    proxy: {address: \"127.0.0.1:0\"",
	} {
		if strings.Count(text, old) != 1 {
			t.Fatalf("%s: %q does not stand there once", name, old)
		}
		text = strings.Replace(text, old, now, 1)
	}
	p.write("gwctl.yaml", text)
	p.write("policies/orders.yaml", string(readExample(t, "policies/orders.yaml")))
	if err := json.Unmarshal(readExample(t, "claims/"+name+".json"), &p.sets); err != nil {
		t.Fatal(err)
	}
	p.run()
	return p
}

func readExample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(providersDir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ask sends a request with a token of these claims, signed by the issuer that
// they name, or by one that is not configured.
func (p *providerRig) ask(line string, claims map[string]any) answer {
	p.Helper()
	iss, _ := claims["iss"].(string)
	issuer, known := p.issuers[iss]
	if !known {
		issuer = &standIn{url: iss, key: providerKeys()[0]}
	}
	return p.askSigned(line, claims, issuer.url, issuer.key)
}

func (p *providerRig) askSigned(line string, claims map[string]any, iss string, key *rsa.PrivateKey) answer {
	p.Helper()
	sent := map[string]any{}
	for name, v := range claims {
		sent[name] = v
	}
	sent["iss"] = iss
	return p.get(line, bearer((&standIn{key: key}).sign(p, sent)))
}

const (
	readAcme   = "GET /tenants/acme/orders/42"
	refundAcme = "POST /tenants/acme/orders/42/refund"
	readGlobex = "GET /tenants/globex/orders/7"
)

// providerCases are the same for every provider.
var providerCases = []struct{ user, line, rule, reason string }{
	{"meera", readAcme, "orders/people-read", "allowed"},
	{"meera", refundAcme, "orders/managers-refund", "allowed"},
	{"meera", readGlobex, "", "no_matching_rule"},
	{"victor", readAcme, "orders/people-read", "allowed"},
	{"victor", refundAcme, "", "no_matching_rule"},
	{"ravi", readAcme, "", "insufficient_scope"},
	{"eve", readAcme, "", "no_matching_rule"},
	{"eve", refundAcme, "", "no_matching_rule"},
	{"eve", readGlobex, "orders/people-read", "allowed"},
	{"nightly", readAcme, "orders/apps-read", "allowed"},
	{"nightly", refundAcme, "orders/apps-do-not-refund", "person_required"},
	{"nightly", readGlobex, "", "no_matching_rule"},
}

func providerNames(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(providersDir, "*.yaml"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d configurations, %v", len(files), err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	return names
}

// The same policies under the tokens of every provider, over the wire: only the
// jwt block differs, and every decision is the same, by the same rule or for the
// same reason.
func TestProviders(t *testing.T) {
	for _, name := range providerNames(t) {
		t.Run(name, func(t *testing.T) {
			p := newProviderRig(t, name)
			var want []string
			for _, c := range providerCases {
				claims := p.sets.Users[c.user]
				if claims == nil {
					t.Fatalf("no claims of %s", c.user)
				}
				status := map[bool]int{true: 200, false: 403}[c.reason == "allowed"]
				a := p.ask(c.line, claims)
				if a.status != status || status == 403 && a.code(t) != c.reason {
					t.Errorf("%s asks %s: %s", c.user, c.line, a.raw)
				}
				want = append(want, fmt.Sprintf("%s %s", c.reason, c.rule))
			}
			for what, o := range p.sets.Others {
				status := map[bool]int{true: 403, false: 401}[strings.HasPrefix(o.Reason, "attribute_") || o.Reason == "no_matching_rule"]
				if a := p.ask(readAcme, o.Claims); a.status != status {
					t.Errorf("%s: %s", what, a.raw)
				}
				want = append(want, o.Reason+" ")
			}
			// Another provider's signature under the same kid, and a token for somebody
			// else, are nobody's.
			for iss, issuer := range p.issuers {
				meera := map[string]any{}
				for k, v := range p.sets.Users["meera"] {
					meera[k] = v
				}
				other := providerKeys()[0]
				if issuer.key == other {
					other = providerKeys()[1]
				}
				if a := p.askSigned(readAcme, meera, p.issuers[iss].url, other); a.status != 401 {
					t.Errorf("signed by another: %s", a.raw)
				}
				meera["aud"], meera["client_id"] = "another-service", "another-client"
				if a := p.askSigned(readAcme, meera, p.issuers[iss].url, issuer.key); a.status != 401 {
					t.Errorf("for another service: %s", a.raw)
				}
				want = append(want, "signature_invalid ", "audience_mismatch ")
			}
			var got []string
			for _, e := range p.stop() {
				switch e.Kind {
				case record.KindDecision:
					got = append(got, fmt.Sprintf("%s %s", e.Decision.Reason, e.Decision.Rule))
				case record.KindAuthnFailure:
					got = append(got, e.Reason+" ")
				}
			}
			if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
				t.Errorf("decided\n%s\nwant\n%s", a, b)
			}
		})
	}
}

// Outside of authn the configurations of all providers are one and the same.
func TestProvidersDifferInOneBlock(t *testing.T) {
	var first string
	for i, name := range providerNames(t) {
		_, text, _ := strings.Cut(string(readExample(t, name+".yaml")), "\n") // the comment
		rest, block, ok := strings.Cut(text, "  authn:\n")
		if !ok {
			t.Fatalf("%s has no authn", name)
		}
		for line := range strings.Lines(block) {
			if !strings.HasPrefix(line, "    - jwt:\n") && !strings.HasPrefix(line, "        ") {
				t.Errorf("%s: %q is not of a jwt block", name, line)
			}
		}
		if i == 0 {
			first = rest
		}
		if rest != first {
			t.Errorf("%s differs outside of authn:\n%s", name, rest)
		}
	}
}

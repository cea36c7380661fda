package sidecar_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/examples/service/gateway"
)

const asserted = `{match: "/{rest...}", url: "%s", audience: orders, propagate: {roles: ["shop:"]}}`

// guarded is the example service, which believes nothing but the assertion.
type guarded struct {
	*httptest.Server
	verifier *gateway.Verifier
	last     string // assertion
	now      func() time.Time
}

func newGuarded(t testing.TB) *guarded {
	t.Helper()
	g := &guarded{now: time.Now}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.last = r.Header.Get("X-Gwctl-Assertion")
		g.verifier.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := json.NewEncoder(w).Encode(gateway.From(r)); err != nil {
				t.Error(err)
			}
		})).ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

// behind makes the service check with the keys of a sidecar.
func (g *guarded) behind(r *rig) {
	g.verifier = gateway.New("http://"+r.car.HealthAddr().String()+"/.well-known/gwctl-jwks.json", "https://gw.example.com", "orders",
		&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}, func() time.Time { return g.now() })
}

func (g *guarded) setup(t testing.TB) setup {
	return setup{
		upstreams: "[" + strings.Replace(asserted, "%s", g.URL, 1) + "]",
		spec:      "  assertion: {key: {file: key.pem}, issuer: \"https://gw.example.com\"}",
		files:     map[string]string{"key.pem": keyPEM(t, newKey(t))},
	}
}

// The service can check who asks, and that nobody else says so.
func TestAssertion(t *testing.T) {
	g := newGuarded(t)
	r := start(t, g.setup(t))
	g.behind(r)
	user := bearer(r.user(`{"roles":["customer","shop:ops"],"tenant":"acme"}`))
	got := r.get("POST /items/7?q=1", user, "X-Gwctl-Assertion: evil", "x_gwctl_assertion: evil", "Content-Length: 0")
	var who gateway.Identity
	if err := json.Unmarshal([]byte(got.body), &who); err != nil || got.status != http.StatusOK {
		t.Fatalf("answer %s, %v", got.raw, err)
	}
	// The rules decide by all roles, and the service sees its own.
	if got := r.get("GET /items/7%20a", user); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	if who.Subject != "alice" || who.Tenant != "acme" || strings.Join(who.Roles, ",") != "shop:ops" {
		t.Errorf("the service knows %+v", who)
	}
	replayed := g.last
	ask := func(method, path, host string, assertions ...string) int {
		t.Helper()
		req := httptest.NewRequest(method, path, nil)
		req.Host = host
		req.Header["X-Gwctl-Assertion"] = assertions
		w := httptest.NewRecorder()
		g.verifier.Require(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })).ServeHTTP(w, req)
		return w.Code
	}
	parts := strings.Split(replayed, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	forged := parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), "alice", "admin", 1))) + "." + parts[2]
	for name, tt := range map[string]struct {
		method, path, host string
		assertions         []string
		want               int
	}{
		"right":              {"GET", "/items/7%20a", "app.test", []string{replayed}, http.StatusNoContent},
		"another method":     {"POST", "/items/7%20a", "app.test", []string{replayed}, http.StatusForbidden},
		"another path":       {"GET", "/items/8", "app.test", []string{replayed}, http.StatusForbidden},
		"another host":       {"GET", "/items/7%20a", "evil.test", []string{replayed}, http.StatusForbidden},
		"none":               {"GET", "/items/7%20a", "app.test", nil, http.StatusForbidden},
		"two":                {"GET", "/items/7%20a", "app.test", []string{replayed, replayed}, http.StatusForbidden},
		"somebody else's":    {"GET", "/items/7%20a", "app.test", []string{forged}, http.StatusForbidden},
		"the user's token":   {"GET", "/items/7%20a", "app.test", []string{strings.TrimPrefix(user, "Authorization: Bearer ")}, http.StatusForbidden},
		"without signature":  {"GET", "/items/7%20a", "app.test", []string{parts[0] + "." + parts[1] + "."}, http.StatusForbidden},
		"the user's headers": {"GET", "/items/7%20a", "app.test", []string{"alice"}, http.StatusForbidden},
	} {
		if got := ask(tt.method, tt.path, tt.host, tt.assertions...); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
	for after, want := range map[time.Duration]int{89 * time.Second: http.StatusNoContent, 92 * time.Second: http.StatusForbidden, -32 * time.Second: http.StatusForbidden} {
		g.now = func() time.Time { return time.Now().Add(after) }
		if got := ask("GET", "/items/7%20a", "app.test", replayed); got != want {
			t.Errorf("after %s: %d, want %d", after, got, want)
		}
	}
	g.now = time.Now
	// Nobody asks: the assertion says that, too.
	if got := r.get("GET /public/x"); got.status != http.StatusOK || !strings.Contains(got.body, `"sub":""`) {
		t.Errorf("answer %s", got.raw)
	}
	r.secrets = append(r.secrets, parts[2])
	events := r.stop()
	i := slices.IndexFunc(events, func(e *record.Event) bool { return e.Kind == record.KindDecision })
	if e := events[i]; e.DecisionID != who.Decision || e.RequestID != who.RequestID {
		t.Errorf("the service knows %+v, recorded %s, %s", who, e.DecisionID, e.RequestID)
	}
}

// A new key signs at once, and the one before can still be checked with.
func TestAssertionRotation(t *testing.T) {
	g := newGuarded(t)
	s := g.setup(t)
	s.spec = strings.Replace(s.spec, "}, issuer", "}, publish: [{file: next.pem}], issuer", 1)
	s.files["next.pem"] = keyPEM(t, newKey(t))
	r := start(t, s)
	g.behind(r)
	keys := func() (ids []string) {
		t.Helper()
		status, text := r.health("/.well-known/gwctl-jwks.json")
		var set struct{ Keys []map[string]string }
		if err := json.Unmarshal([]byte(text), &set); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		for _, k := range set.Keys {
			if k["alg"] != "ES256" || k["use"] != "sig" || k["crv"] != "P-256" || k["d"] != "" || len(k) != 7 {
				t.Errorf("published %v", k)
			}
			ids = append(ids, k["kid"])
		}
		return ids
	}
	kid := func() string {
		t.Helper()
		if got := r.get("GET /public/x"); got.status != http.StatusOK {
			t.Fatalf("answer %s", got.raw)
		}
		head, err := base64.RawURLEncoding.DecodeString(strings.Split(g.last, ".")[0])
		if err != nil {
			t.Fatal(err)
		}
		var h struct{ Kid, Typ, Alg string }
		if err := json.Unmarshal(head, &h); err != nil || h.Typ != "gwctl-assertion+jwt" || h.Alg != "ES256" {
			t.Errorf("header %s, %v", head, err)
		}
		return h.Kid
	}
	first := keys()
	if len(first) != 2 || kid() != first[0] {
		t.Fatalf("signed with %s, published %q", kid(), first)
	}
	// The next key takes over: services know it already.
	r.reload(record.Reload{}, func() { r.write("key.pem", s.files["next.pem"]) })
	if now := keys(); kid() != first[1] || len(now) != 2 || now[0] != first[1] || now[1] != first[0] {
		t.Errorf("signed with %s, published %q, before %q", kid(), now, first)
	}
	for _, broken := range []string{"junk", keyPEM(t, newKey(t)) + keyPEM(t, newKey(t))} {
		r.reload(record.Reload{Error: "not_compiled"}, func() { r.write("key.pem", broken) })
		if kid() != first[1] {
			t.Error("a broken key has replaced the one before")
		}
	}
	r.setup.spec = ""
	r.setup.upstreams = one(g.URL, "")
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	if now := keys(); len(now) != 2 || !slices.Contains(now, first[0]) || !slices.Contains(now, first[1]) {
		t.Errorf("without a signer published %q, before %q", now, first)
	}
	if got := r.get("GET /public/x"); got.status != http.StatusForbidden || g.last != "" {
		t.Errorf("answer %s", got.raw)
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		req, err := http.NewRequest(method, "http://"+r.car.HealthAddr().String()+"/.well-known/gwctl-jwks.json", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if _ = resp.Body.Close(); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", method, resp.Status)
		}
	}
	r.stopReloads()
}

// What no header can hold is not said in part.
func TestAssertionTooLarge(t *testing.T) {
	g := newGuarded(t)
	r := start(t, g.setup(t))
	g.behind(r)
	var roles []string
	for i := range 50 {
		roles = append(roles, fmt.Sprintf("shop:%02d%s", i, strings.Repeat("a", 93)))
	}
	list, err := json.Marshal(roles)
	if err != nil {
		t.Fatal(err)
	}
	user := bearer(r.user(`{"roles":` + string(list) + `}`))
	if got := r.get("GET /public/"+strings.Repeat("a", 1000), user); got.status != http.StatusForbidden || got.code(t) != "claims_too_large" || g.last != "" {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.get("GET /public/x", user); got.status != http.StatusOK || g.last == "" {
		t.Errorf("answer %s", got.raw)
	}
	r.stop()
}

package sidecar_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/authn"
)

// authorizer is an introspection endpoint that knows some tokens.
type authorizer struct {
	*httptest.Server
	mu     sync.Mutex
	active map[string]string // answers by token
	away   atomic.Bool
	asked  atomic.Int64
}

func newAuthorizer(t testing.TB) *authorizer {
	a := &authorizer{active: map[string]string{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.asked.Add(1)
		id, secret, _ := r.BasicAuth()
		if a.away.Load() || id != "gw" || secret != "s3cret" {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		a.mu.Lock()
		answer := a.active[r.FormValue("token")]
		a.mu.Unlock()
		if answer == "" {
			answer = `{"active":false}`
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *authorizer) set(token, answer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active[token] = answer
}

func (a *authorizer) method(keys string) string {
	return fmt.Sprintf("    - introspection: {endpoint: %q, client_id: gw, client_secret: {file: secret}, active_ttl: 1s, inactive_ttl: 1s%s}", a.URL, keys)
}

// Opaque tokens beside JWTs: who is active passes, an outage is a 503 for opaque
// tokens that are not remembered and nothing for JWTs.
func TestIntrospection(t *testing.T) {
	idp := newAuthorizer(t)
	idp.set("opaque-alice", `{"active":true,"sub":"alice","client_id":"shop","plan":"pro"}`)
	idp.set("opaque-bob", `{"active":true,"sub":"bob"}`)
	r := start(t, setup{anonymous: "deny", authn: idp.method(`, id_prefix: "o:", type: service`), files: map[string]string{"secret": "s3cret\n"}})
	r.secrets = append(r.secrets, "opaque-alice", "opaque-bob", "s3cret")
	alice := "Authorization: Bearer opaque-alice"
	seen := r.forwarded(func() {
		if a := r.get("GET /items/7", alice); a.status != 200 {
			t.Fatalf("alice: %s", a.raw)
		}
	})
	if !strings.Contains(seen, "X-User-Id: o:alice\r\n") || strings.Contains(seen, "opaque-alice") {
		t.Errorf("the service saw\n%s", seen)
	}
	if a := r.get("GET /items/7", "Authorization: Bearer opaque-eve"); a.status != 401 || a.code(t) != "invalid_token" {
		t.Errorf("eve: %s", a.raw)
	}
	idp.set("opaque-alice", "")
	until(t, "alice to be refused", func() bool { return r.get("GET /items/7", alice).status == 401 })

	idp.away.Store(true)
	if a := r.get("GET /items/7", "Authorization: Bearer opaque-bob"); a.status != 503 || a.code(t) != "dependency_unavailable" || a.header.Get("Retry-After") == "" {
		t.Errorf("bob while the server is away: %s", a.raw)
	}
	if a := r.get("GET /items/7", "Authorization: Bearer "+r.user(`{}`)); a.status != 200 {
		t.Errorf("a JWT while the server is away: %s", a.raw)
	}
	for range 5 {
		r.get("GET /items/7", "Authorization: Bearer opaque-bob")
	}
	before := idp.asked.Load()
	if a := r.get("GET /items/7", "Authorization: Bearer opaque-bob"); a.status != 503 || idp.asked.Load() != before {
		t.Errorf("the server is asked while the breaker is open: %s", a.raw)
	}
	label := fmt.Sprintf("{endpoint=%q", idp.URL)
	if got := r.metric("gwctl_idp_breaker_state" + label + "}"); got != "2" {
		t.Errorf("breaker state %q", got)
	}
	// A reload keeps what is known about the server.
	r.write("gwctl.yaml", strings.Replace(r.config(), "plan, big", "plan", 1))
	until(t, "the reload", func() bool { return r.metric(`gwctl_config_reloads_total{result="ok"}`) == "2" })
	if got := r.metric("gwctl_idp_breaker_state" + label + "}"); got != "2" {
		t.Errorf("breaker state %q after the reload", got)
	}
	idp.away.Store(false)
	until(t, "bob to pass", func() bool { return r.get("GET /items/7", "Authorization: Bearer opaque-bob").status == 200 })
	if got := r.metric(`gwctl_authn_total{method="introspection",result="broken"}`); got == "" {
		t.Error("no broken introspection was counted")
	}
	for _, secret := range r.secrets {
		if strings.Contains(r.out.String()+r.log.String(), secret) {
			t.Errorf("%q is in a record or the log", secret)
		}
	}
}

// A changed secret or an unreadable one: the first makes another client, the
// second leaves the old one in force.
func TestIntrospectionSecret(t *testing.T) {
	idp := newAuthorizer(t)
	idp.set("opaque-alice", `{"active":true,"sub":"alice"}`)
	r := start(t, setup{authn: idp.method(""), files: map[string]string{"secret": "wrong"}})
	alice := "Authorization: Bearer opaque-alice"
	if a := r.get("GET /items/7", alice); a.status != 503 {
		t.Errorf("with a wrong secret: %s", a.raw)
	}
	r.write("secret", "s3cret")
	r.car.Reload()
	until(t, "the new secret to be used", func() bool { return r.get("GET /items/7", alice).status == 200 })
	r.write("secret", "")
	r.car.Reload()
	until(t, "the reload to fail", func() bool { return r.metric("gwctl_config_last_reload_successful") == "0" })
	if a := r.get("GET /items/7", alice); a.status != 200 {
		t.Errorf("after a failed reload: %s", a.raw)
	}
	if log := r.log.String(); strings.Contains(log, "s3cret") || strings.Contains(log, "wrong") {
		t.Errorf("the log has a secret:\n%s", log)
	}
}

func keyFile(records ...string) string { return authn.KeyFileHeader + strings.Join(records, "") }

func newAPIKey(t testing.TB, id string, roles ...string) (key, record string) {
	t.Helper()
	key, hash := authn.NewAPIKey(id)
	record, err := authn.KeyRecord{ID: id, Hash: hash, Expires: time.Now().Add(time.Hour), Roles: roles, Tenant: "acme"}.YAML(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return key, record
}

// API keys: who has one passes, the service never sees it, and the file is
// followed.
func TestAPIKeys(t *testing.T) {
	first, one := newAPIKey(t, "billing-job", "reader")
	second, two := newAPIKey(t, "reporting")
	r := start(t, setup{anonymous: "deny", listeners: forwardAuth, authn: "    - api_keys: {file: keys.yaml}", files: map[string]string{"keys.yaml": keyFile(one)}})
	r.secrets = append(r.secrets, first, second)
	ask := func(key string) answer { return r.get("GET /items/7", "X-API-Key: "+key) }
	seen := r.forwarded(func() {
		if a := ask(first); a.status != 200 {
			t.Fatalf("billing-job: %s", a.raw)
		}
	})
	if !strings.Contains(seen, "X-User-Id: billing-job\r\n") || !strings.Contains(seen, "X-User-Roles: reader\r\n") || !strings.Contains(seen, "X-Tenant-Id: acme\r\n") ||
		strings.Contains(strings.ToLower(seen), "x-api-key") {
		t.Errorf("the service saw\n%s", seen)
	}
	// Beside another proxy, which has the key: the empty answer takes it away.
	if a := r.asks("GET /items/7", "X-API-Key: "+first); a.status != 200 || len(a.header["X-Api-Key"]) != 1 || a.header.Get("X-Api-Key") != "" || a.header.Get("X-User-Id") != "billing-job" {
		t.Errorf("forward auth: %s", a.raw)
	}
	if a := ask(second); a.status != 401 || a.code(t) != "invalid_token" || a.header.Get("Www-Authenticate") == "" {
		t.Errorf("an unknown key: %s", a.raw)
	}
	if a := r.get("GET /items/7", "X-API-Key: "+second, "Authorization: Bearer "+r.user(`{}`)); a.status != 401 {
		t.Errorf("an unknown key beside a good token: %s", a.raw)
	}
	if a := r.get("GET /items/7"); a.status != 401 || a.code(t) != "unauthenticated" {
		t.Errorf("no key: %s", a.raw)
	}
	if a := r.get("GET /items/7", "X-API-Key: "+first, "x-api-key: "+first); a.status != 400 {
		t.Errorf("two keys: %s", a.raw)
	}
	r.write("keys.yaml", keyFile(two))
	until(t, "the file to be read", func() bool { return ask(second).status == 200 })
	if a := ask(first); a.status != 401 {
		t.Errorf("a removed key: %s", a.raw)
	}
	if r.metric(`gwctl_api_key_last_used_timestamp_seconds{id="reporting"}`) == "" || r.metric(`gwctl_api_key_expiry_timestamp_seconds{id="reporting"}`) == "" ||
		r.metric(`gwctl_api_key_last_used_timestamp_seconds{id="billing-job"}`) != "" {
		t.Error("the metrics do not tell about the keys")
	}
	for _, secret := range r.secrets {
		if strings.Contains(r.out.String()+r.log.String(), secret) {
			t.Errorf("%q is in a record or the log", secret)
		}
	}
}

package sidecar_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

const (
	taken   = "policies are in force"
	refused = "reload failed; the policies before it stay in force"
)

// reloads counts the reloads that the log tells of, the start among them. The
// log comes after metrics and readiness, and before the record.
func (r *rig) reloads() int {
	log := r.log.String()
	return strings.Count(log, taken) + strings.Count(log, refused)
}

// reload makes a change and waits for what comes of it. The outcome is
// compared at once, its record at the end.
func (r *rig) reload(want record.Reload, change func()) {
	r.Helper()
	want.OK = want.Error == ""
	if want.By == "" {
		want.By = "file"
	}
	r.wanted = append(r.wanted, want)
	before := r.reloads()
	change()
	until(r, "a reload to end", func() bool { return r.reloads() > before })
	ok := "0"
	if want.OK {
		ok = "1"
	}
	if got := r.metric("gwctl_config_last_reload_successful"); got != ok {
		r.Errorf("gwctl_config_last_reload_successful is %s, want %s", got, ok)
	}
	status, text := r.health("/readyz")
	if status != http.StatusOK || strings.Contains(text, "last reload failed at ") == want.OK {
		r.Errorf("readiness %d %s", status, text)
	}
}

// says makes sure that the log of the last failed reload has a text.
func (r *rig) says(text string) {
	r.Helper()
	log := r.log.String()
	if last := log[max(0, strings.LastIndex(log, refused)):]; !strings.Contains(last, text) {
		r.Errorf("the log does not say %q: %s", text, last)
	}
}

// stopReloads ends the sidecar and compares the records of its reloads.
func (r *rig) stopReloads() {
	r.Helper()
	var got []record.Reload
	for _, e := range r.stop() {
		if e.Kind == record.KindConfigReload {
			got = append(got, *e.Reload)
		}
	}
	want := append([]record.Reload{{OK: true, By: "start"}}, r.wanted...)
	if len(got) != len(want) {
		r.Fatalf("%d reloads are recorded, want %d: %+v", len(got), len(want), got)
	}
	inForce := ""
	for i := range got {
		if changed := i > 0 && got[i].Digest != inForce; changed != (got[i].Diff != nil) {
			r.Errorf("reload %d has the difference %+v", i, got[i].Diff)
		}
		got[i].Diff = nil
		if got[i].OK {
			inForce = got[i].Digest
		}
		want[i].Digest = inForce // a failure leaves the one before it
		if got[i] != want[i] || inForce == "" {
			r.Errorf("reload %d is recorded as %+v, want %+v", i, got[i], want[i])
		}
	}
}

// closedPolicies has the rule that lets customers read turned around.
var closedPolicies = strings.Replace(policies, "{id: reads, effect: allow, actions: [read], when: user.authenticated", "{id: reads, effect: deny, actions: [read], when: user.authenticated", 1)

func TestReloadPolicies(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{}`))
	reads := func(want int) {
		t.Helper()
		if got := r.get("GET /items/7", user); got.status != want {
			t.Errorf("answer %s, want %d", got.raw, want)
		}
	}
	reads(http.StatusOK)
	r.reload(record.Reload{}, func() { r.write("policies/set.yaml", closedPolicies) })
	reads(http.StatusForbidden)

	onlySchema, _, _ := strings.Cut(policies, "---")
	edit := func(old, new string) func() {
		return func() {
			text := strings.Replace(policies, old, new, 1)
			if text == policies {
				t.Fatalf("%q is not in the set", old)
			}
			r.write("policies/set.yaml", text)
		}
	}
	for _, f := range []struct {
		class, says string
		change      func()
	}{
		{"not_compiled", "yaml_syntax", func() { r.write("policies/set.yaml", "{") }},
		{"not_compiled", "undeclared", edit("actions: [view]", "actions: [vi]")},
		{"not_compiled", "empty_file", func() { r.write("policies/set.yaml", "") }},
		{"empty", "the policy set has no rule", func() { r.write("policies/set.yaml", onlySchema) }},
		{"not_compiled", "undeclared_attribute", edit("user.authenticated", "user.nonsense")},
		{"not_compiled", "missing_value", edit("  env:\n", "  env:\n    zone: {type: string}\n")},
		{"not_compiled", "empty_set", func() { r.remove("policies/set.yaml") }},
		{"not_readable", "not a regular file", func() { r.device("policies/set.yaml") }},
		{"not_readable", "reading the policy set", func() { r.remove("policies") }},
	} {
		r.reload(record.Reload{Error: f.class}, f.change)
		r.says(f.says)
		reads(http.StatusForbidden)
	}
	r.reload(record.Reload{}, func() { r.write("policies/set.yaml", policies) })
	reads(http.StatusOK)
	for result, want := range map[string]string{"ok": "3", "failed": "9"} {
		if got := r.metric(`gwctl_config_reloads_total{result="` + result + `"}`); got != want {
			t.Errorf("%s: %s, want %s", result, got, want)
		}
	}
	r.stopReloads()
}

func (r *rig) remove(name string) {
	r.Helper()
	if err := os.RemoveAll(filepath.Join(r.dir, name)); err != nil {
		r.Fatal(err)
	}
}

// device puts something that is no file in the place of one.
func (r *rig) device(name string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.Symlink(os.DevNull, path); err != nil {
		r.Fatal(err)
	}
}

// SIGHUP reads again though nothing has changed.
func TestKick(t *testing.T) {
	r := start(t, setup{})
	r.reload(record.Reload{By: "signal"}, r.car.Reload)
	r.reload(record.Reload{By: "file"}, func() { r.write("policies/set.yaml", closedPolicies) })
	r.reload(record.Reload{By: "signal"}, r.car.Reload)
	r.stopReloads()
}

func TestReloadConfiguration(t *testing.T) {
	r := start(t, setup{})
	config := func(old, new string) {
		t.Helper()
		text := strings.Replace(r.config(), old, new, 1)
		if text == r.config() {
			t.Fatalf("%q is not in the configuration", old)
		}
		r.write("gwctl.yaml", text)
	}
	admin := bearer(r.user(`{"groups":["admin"]}`))
	asks := func(line string, want int, headers ...string) {
		t.Helper()
		if got := r.get(line, headers...); got.status != want {
			t.Errorf("%s: answer %s, want %d", line, got.raw, want)
		}
	}
	asks("GET /admin/x", http.StatusForbidden, admin)

	audiences := "audiences: [" + audience + "]"
	r.reload(record.Reload{}, func() { config(audiences, audiences+", attributes: {roles: claims.groups}") })
	asks("GET /admin/x", http.StatusOK, admin)
	r.reload(record.Reload{}, func() { config(audiences, "audiences: [another-api]") })
	asks("GET /admin/x", http.StatusUnauthorized, admin)
	r.reload(record.Reload{}, func() { config("anonymous: allow", "anonymous: deny") })
	asks("GET /public/x", http.StatusUnauthorized)
	asks("GET /admin/x", http.StatusForbidden, admin)

	for _, f := range []struct{ class, says, old, new string }{
		{"not_compiled", "type_mismatch", audiences, audiences + ", attributes: {tenant: '1 + 1'}"},
		{"not_compiled", "unknown_key", "anonymous: deny", "anonymouse: deny"},
		{"not_compiled", "address refused", r.idp.url, "https://169.254.169.254"},
		{"not_compiled", "missing_value", "REGION", "NOWHERE"},
		{"needs_restart", "a restart is needed to change listeners.proxy.address, listeners.health", "127.0.0.1:0", "127.0.0.2:0"},
		{"needs_restart", "a restart is needed to change listeners.proxy.tls, listeners.proxy.http2", "listeners:\n    proxy: {", "listeners:\n    proxy: {tls: {cert: c.pem, key: k.pem}, http2: {max_streams: 9}, "},
		{"needs_restart", "a restart is needed to change audit", "propagate:", "audit: {overflow: drop}\n  propagate:"},
		{"not_built", "fetching the keys of the new issuer http://127.0.0.1:1", r.idp.url, "http://127.0.0.1:1"},
	} {
		r.reload(record.Reload{Error: f.class}, func() {
			text := strings.Replace(r.config(), "anonymous: allow", "anonymous: deny", 1)
			r.write("gwctl.yaml", strings.ReplaceAll(text, f.old, f.new))
		})
		r.says(f.says)
		asks("GET /public/x", http.StatusUnauthorized)
		asks("GET /admin/x", http.StatusForbidden, admin)
	}
	r.reload(record.Reload{Error: "not_readable"}, func() { r.remove("gwctl.yaml") })
	asks("GET /admin/x", http.StatusForbidden, admin)
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	asks("GET /public/x", http.StatusOK)
	r.stopReloads()
}

// Another provider takes over: the new one's tokens are good at once, the old
// one's no more, and nobody asks it for keys any longer.
func TestReloadIssuer(t *testing.T) {
	r := start(t, setup{})
	before := bearer(r.user(`{}`))
	next := newIdentityProvider(t)
	after := bearer(next.token(t, "alice", `{}`))
	asks := func(token string, want int) {
		t.Helper()
		if got := r.get("GET /items/7", token); got.status != want {
			t.Errorf("answer %s, want %d", got.raw, want)
		}
	}
	asks(before, http.StatusOK)
	asks(after, http.StatusUnauthorized)
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", strings.Replace(r.config(), r.idp.url, next.url, 1)) })
	asks(after, http.StatusOK)
	asks(before, http.StatusUnauthorized)
	if got := r.metric(`gwctl_jwks_fetch_total{issuer="` + r.idp.url + `",result="ok",trigger="start"}`); got != "" {
		t.Errorf("the old issuer is still counted: %s", got)
	}
	if got := r.metric(`gwctl_jwks_fetch_total{issuer="` + next.url + `",result="ok",trigger="start"}`); got != "1" {
		t.Errorf("the new issuer was asked %q times", got)
	}
	// The old key set is gone: coming back means asking again, not remembering.
	hits := r.idp.hits.Load()
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	if r.idp.hits.Load() == hits {
		t.Error("the keys of the issuer were not fetched anew")
	}
	asks(before, http.StatusOK)
	r.stopReloads()
}

// A configuration that is refused because of the set changes nothing about
// issuers: those in force are still the ones that count.
func TestReloadIssuerWithoutRules(t *testing.T) {
	r := start(t, setup{})
	next := newIdentityProvider(t)
	onlySchema, _, _ := strings.Cut(policies, "---")
	r.reload(record.Reload{Error: "empty"}, func() { r.write("policies/set.yaml", onlySchema) })
	r.reload(record.Reload{Error: "empty"}, func() { r.write("gwctl.yaml", strings.Replace(r.config(), r.idp.url, next.url, 1)) })
	if got := r.metric(`gwctl_jwks_fetch_total{issuer="` + r.idp.url + `",result="ok",trigger="start"}`); got != "1" {
		t.Errorf("the issuer in force was asked %q times", got)
	}
	if got := r.metric(`gwctl_jwks_fetch_total{issuer="` + next.url + `",result="ok",trigger="start"}`); got != "" {
		t.Errorf("an issuer that is not in force is counted: %q", got)
	}
	// Its key set still works: a new key is fetched.
	r.idp.rotate(t)
	r.soon("GET /items/7", bearer(r.user(`{}`)))
	r.stopReloads()
}

// While a reload waits for an issuer that does not answer, probes and metrics
// do.
func TestReloadDoesNotHoldProbes(t *testing.T) {
	r := start(t, setup{})
	next := newUpstream(t) // no issuer: it takes connections and says nothing
	asked, done := make(chan struct{}), make(chan struct{})
	next.answer = hang(asked, done)
	defer close(done)
	before := r.reloads()
	r.write("gwctl.yaml", strings.Replace(r.config(), r.idp.url, "http://"+next.addr, 1))
	<-asked
	if status, text := r.health("/readyz"); status != http.StatusOK {
		t.Errorf("readiness %d %s", status, text)
	}
	if got := r.metric("gwctl_config_last_reload_successful"); got != "1" {
		t.Errorf("successful %q", got)
	}
	if got := r.reloads(); got != before {
		t.Errorf("the probes were held until the reload had ended: %s", r.log.String())
	}
	// A sidecar that is told to end does not wait for it either.
	r.stop()
}

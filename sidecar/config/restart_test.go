package config_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/config"
)

// Every field of the configuration is either taken over by a reload or named by
// NeedsRestart. A new field has to be put into one of the two.
func TestNeedsRestart(t *testing.T) {
	began := mustRead(t, whole)
	if changed := began.NeedsRestart(mustRead(t, whole)); changed != nil {
		t.Errorf("nothing has changed but %v", changed)
	}
	restart := map[string][3]string{ // by field: what to change, and the setting
		"Policies":    {"./policies", "./others", "policies"},
		"Proxy":       {"0.0.0.0:8080", "0.0.0.0:8081", "listeners.proxy.address"},
		"ForwardAuth": {"dialect: nginx", "dialect: caddy", "listeners.forward_auth"},
		"Health":      {"9900", "9909", "listeners.health"},
		"Admin":       {"9901", "9902", "listeners.admin"},

		"LogoutAddress": {"8082", "8083", "listeners.logout"},
		"Audit":         {"keep: 10", "keep: 11", "audit"},
		"Drain":         {"timeout: 10m", "timeout: 9m", "drain"},
	}
	reload := map[string][2]string{
		"Env":            {"region: eu", "region: us"},
		"JWT":            {"leeway: 5s", "leeway: 6s"},
		"Introspection":  {"queue: 9", "queue: 10"},
		"APIKeys":        {"keys.yaml", "more.yaml"},
		"MTLS":           {"identity: dns", "identity: cn"},
		"AllowAnonymous": {"anonymous: allow", "anonymous: deny"},
		"Propagate":      {"claims: [email, department]", "claims: [email, department, phone]"},
		"ForwardToken":   {"forward_token: true", "forward_token: false"},
		"Assertion":      {"lifetime: 30s", "lifetime: 31s"},
		"Verify":         {"1/1000", "1/10"},
		"IDPrefixes":     {"opaque:", "other:"},

		"ResourceMetadata": {"name: Shop", "name: Store"},
	}
	change := func(old, new string) *config.Config {
		text := strings.Replace(whole, old, new, 1)
		if text == whole {
			t.Fatalf("%q is not in the configuration", old)
		}
		return mustRead(t, text)
	}
	known := slices.Sorted(maps.Keys(restart))
	for field, c := range restart {
		if changed := change(c[0], c[1]).NeedsRestart(began); !slices.Equal(changed, []string{c[2]}) {
			t.Errorf("%s: %v needs a restart, want %s", field, changed, c[2])
		}
	}
	for field, c := range reload {
		known = append(known, field)
		if changed := change(c[0], c[1]).NeedsRestart(began); changed != nil {
			t.Errorf("%s: %v needs a restart", field, changed)
		}
	}
	for setting, c := range map[string][2]string{
		"authn.jwt.jwks":                  {"stale_for: 0s", "stale_for: 1h"},
		"listeners.proxy.websocket":       {"idle: 1m", "idle: 2m"},
		"listeners.proxy.tls":             {"client_ca: clients.pem", "client_ca: others.pem"},
		"listeners.proxy.http2":           {"max_streams: 50", "max_streams: 51"},
		"listeners.proxy.limits":          {"body_mib: 64", "body_mib: 65"},
		"listeners.proxy.trusted_proxies": {"10.0.0.0/8", "10.0.0.0/9"},
	} {
		if changed := change(c[0], c[1]).NeedsRestart(began); !slices.Equal(changed, []string{setting}) {
			t.Errorf("%v needs a restart, want %s", changed, setting)
		}
	}
	if changed := change("http://127.0.0.1:9000", "http://127.0.0.1:9001").NeedsRestart(began); changed != nil {
		t.Errorf("an upstream: %v needs a restart", changed)
	}
	known = append(known, "Path")
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if !slices.Contains(known, f.Name) {
			t.Errorf("nobody has said whether %s needs a restart", f.Name)
		}
	}
}

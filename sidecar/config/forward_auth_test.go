package config_test

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
)

const (
	proxyListener = `{proxy: {address: "127.0.0.1:8080", upstreams: [{match: "/{rest...}", url: "http://127.0.0.1:9000"}]}}`
	forwardAuth   = `{forward_auth: {address: "127.0.0.1:8081", dialect: caddy, trusted_proxies: [127.0.0.1/32]}}`
)

// asking is the least configuration with forward_auth in place of the proxy.
func asking(t testing.TB) string {
	t.Helper()
	text := strings.Replace(least, proxyListener, forwardAuth, 1)
	if text == least {
		t.Fatal("the proxy listener is not in the least configuration")
	}
	return text
}

// One door is enough, whichever it is, and each dialect is known.
func TestForwardAuthAlone(t *testing.T) {
	for _, dialect := range config.Dialects() {
		c := mustRead(t, strings.Replace(asking(t), "caddy", dialect, 1))
		want := config.ForwardAuth{Address: "127.0.0.1:8081", Dialect: dialect, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Limits: config.Limits{Connections: 2048, Requests: 1024}}
		if !reflect.DeepEqual(c.ForwardAuth, want) || c.Proxy.Address != "" {
			t.Errorf("read %+v and %+v", c.ForwardAuth, c.Proxy)
		}
	}
	c := mustRead(t, strings.Replace(asking(t), "dialect: caddy", "dialect: caddy, limits: {connections: 16, requests: 100000}", 1))
	if c.ForwardAuth.Limits != (config.Limits{Connections: 16, Requests: 100000}) {
		t.Errorf("read %+v", c.ForwardAuth.Limits)
	}
	if now := mustRead(t, asking(t)).NeedsRestart(c); !slices.Equal(now, []string{"listeners.forward_auth"}) {
		t.Errorf("other limits need a restart, not %v", now)
	}
	if c := mustRead(t, least); c.ForwardAuth.Address != "" || c.ForwardAuth.TrustedProxies != nil {
		t.Errorf("nobody configured %+v", c.ForwardAuth)
	}
}

func TestForwardAuthRefuses(t *testing.T) {
	for _, tt := range []struct {
		old, new, code string
		at             string // what stands at the place; new if empty
	}{
		{forwardAuth, "{}", "missing_key", ""},
		{forwardAuth, `{health: {address: "127.0.0.1:9900"}}`, "missing_key", ""},
		{forwardAuth, "{forward_auth: }", "empty_value", "forward_auth"},
		{`address: "127.0.0.1:8081", `, "", "missing_key", "{dialect"},
		{"dialect: caddy, ", "", "missing_key", "{address"},
		{", trusted_proxies: [127.0.0.1/32]", "", "missing_key", "{address"},
		{`"127.0.0.1:8081"`, `"127.0.0.1"`, "bad_setting", ""},
		{"dialect: caddy", "dialect: envoy", "bad_setting", "envoy"},
		{"dialect: caddy", "dialect: NGINX", "bad_setting", "NGINX"},
		{"dialect: caddy", "dialect: [caddy, nginx]", "wrong_type", "[caddy"},
		{"[127.0.0.1/32]", "[]", "empty_list", ""},
		{"127.0.0.1/32", "0.0.0.0/0", "bad_setting", ""},
		{"127.0.0.1/32", "127.0.0.1/8", "bad_setting", ""},
		{"127.0.0.1/32", "127.0.0.1", "bad_setting", "127.0.0.1]"},
		{"dialect: caddy", "dialect: caddy, fallback: nginx", "unknown_key", "fallback"},
		{"dialect: caddy", "dialect: caddy, limits: {connections: 15}", "bad_setting", "15"},
		{"dialect: caddy", "dialect: caddy, limits: {requests: 100001}", "bad_setting", "100001"},
		{"dialect: caddy", "dialect: caddy, limits: {requests: many}", "wrong_type", "many"},
		{"dialect: caddy", "dialect: caddy, limits: {body_mib: 16}", "unknown_key", "body_mib"},
	} {
		whole := asking(t)
		text := strings.Replace(whole, tt.old, tt.new, 1)
		if text == whole {
			t.Fatalf("%q is not in the configuration", tt.old)
		}
		cfg, found := config.Read(path, []byte(text))
		i := slices.IndexFunc(found, func(d policy.Diagnostic) bool { return d.Code == tt.code })
		if cfg != nil || i < 0 {
			t.Errorf("%s: read %v, found %v, want %s", tt.new, cfg != nil, found, tt.code)
			continue
		}
		if at, want := place(text, found[i]), orText(tt.at, tt.new); !strings.HasPrefix(at, want) {
			t.Errorf("%s: found at %.40q, want it at %.40q", tt.new, at, want)
		}
	}
}

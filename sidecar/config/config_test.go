package config_test

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
)

const path = "/etc/gwctl/gwctl.yaml"

// whole has every key.
const whole = `apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: shop, description: the shop, owner: team-shop, labels: {tier: "1"}}
spec:
  policies: {dir: ./policies}
  listeners:
    proxy:
      address: 0.0.0.0:8080
      upstreams:
        - {match: "/{rest...}", url: "http://127.0.0.1:9000"}
        - {match: "/tenants/{id}", url: "https://[::1]:9443/"}
      trusted_proxies: [10.0.0.0/8, "fd00::/8"]
    health: {address: "[::]:9900"}
  env: {region: eu, zone: {env: ZONE}}
  authn:
    - jwt:
        issuer: https://idp.example.com/tenant
        audiences: [shop-api, other-api]
        algorithms: [RS256, ES512]
        profile: rfc9068
        type: service
        leeway: 5s
        max_lifetime: 1h
        attributes: {roles: claims.realm_access.roles, tenant: claims.tid}
    - jwt: {issuer: "http://localhost:9100", audiences: [dev]}
  anonymous: allow
  propagate: {claims: [email, department]}
  forward_token: true
  audit:
    sinks:
      - file: {path: audit.jsonl, rotate: 100MiB, age: 24h, keep: 10, fsync: interval, format: json, overflow: block, queue: 1000, flush: 50ms}
      - stdout: {format: ocsf, queue: 16, flush: 1s}
    overflow: drop
    required: true
  drain: {delay: 0s, timeout: 10m}
  verify: 1/1000
`

// least has what is required and nothing more.
const least = `apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: shop}
spec:
  policies: {dir: ./policies}
  listeners: {proxy: {address: "127.0.0.1:8080", upstreams: [{match: "/{rest...}", url: "http://127.0.0.1:9000"}]}}
  authn: [{jwt: {issuer: "https://idp.example.com", audiences: [shop-api]}}]
`

func mustRead(t testing.TB, text string) *config.Config {
	t.Helper()
	cfg, found := config.Read(path, []byte(text))
	if cfg == nil || len(found) > 0 {
		t.Fatalf("found %v", found)
	}
	return cfg
}

func TestReadWhole(t *testing.T) {
	c := mustRead(t, whole)
	for what, pair := range map[string][2]any{
		"path":            {c.Path, path},
		"policies":        {c.Policies, "/etc/gwctl/policies"},
		"proxy":           {c.Proxy.Address, "0.0.0.0:8080"},
		"trusted proxies": {c.Proxy.TrustedProxies, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}},
		"health":          {c.Health, "[::]:9900"},
		"anonymous":       {c.AllowAnonymous, true},
		"claims":          {c.Claims, []string{"email", "department"}},
		"forward token":   {c.ForwardToken, true},
		"audit": {c.Audit, config.Audit{Required: true, Sinks: []config.AuditSink{
			{Path: "/etc/gwctl/audit.jsonl", Format: "json", Overflow: "block", Queue: 1000, Flush: 50 * time.Millisecond, Rotate: 100 << 20, Age: 24 * time.Hour, Keep: 10, Fsync: "interval"},
			{Format: "ocsf", Overflow: "drop", Queue: 16, Flush: time.Second, Fsync: "none"},
		}}},
		"drain":           {c.Drain, config.Drain{Delay: 0, Timeout: 10 * time.Minute}},
		"verify":          {c.Verify, uint64(1000)},
		"upstreams":       {len(c.Proxy.Upstreams), 2},
		"first match":     {c.Proxy.Upstreams[0].Match.Value, "/{rest...}"},
		"second upstream": {c.Proxy.Upstreams[1].URL.Host, "[::1]:9443"},
		"env":             {[]string{c.Env[0].Name.Value, c.Env[0].Literal.Text.Value, c.Env[1].Name.Value, c.Env[1].FromEnv.Value}, []string{"region", "eu", "zone", "ZONE"}},
		"issuer":          {c.JWT[0].Issuer, "https://idp.example.com/tenant"},
		"name":            {c.JWT[0].Name, "https://idp.example.com/tenant"},
		"audiences":       {c.JWT[0].Audiences, []string{"shop-api", "other-api"}},
		"algorithms":      {c.JWT[0].Algorithms, []string{"RS256", "ES512"}},
		"profile":         {c.JWT[0].Profile, "rfc9068"},
		"type":            {c.JWT[0].Type, "service"},
		"leeway":          {c.JWT[0].Leeway, 5 * time.Second},
		"max lifetime":    {c.JWT[0].MaxLifetime, time.Hour},
		"mapping":         {[]string{c.JWT[0].Attributes[0].Attribute.Value, c.JWT[0].Attributes[0].Expr.Value}, []string{"roles", "claims.realm_access.roles"}},
		"second issuer":   {c.JWT[1].Issuer, "http://localhost:9100"},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestReadDefaults(t *testing.T) {
	c := mustRead(t, least)
	if c.Health != "" || c.Verify != 0 || c.AllowAnonymous || c.ForwardToken || c.Claims != nil || c.Env != nil || c.Proxy.TrustedProxies != nil {
		t.Errorf("read %+v", c)
	}
	if !reflect.DeepEqual(c.Audit, config.Audit{Sinks: []config.AuditSink{{Format: "json", Overflow: "block", Queue: 8192, Flush: 200 * time.Millisecond, Fsync: "none"}}}) || c.Drain != (config.Drain{Delay: 5 * time.Second, Timeout: 25 * time.Second}) {
		t.Errorf("audit %+v, drain %+v", c.Audit, c.Drain)
	}
	if j := c.JWT[0]; j.Type != "human" || j.Leeway != 30*time.Second || j.MaxLifetime != 24*time.Hour || j.Algorithms != nil || j.Profile != "" || j.Attributes != nil {
		t.Errorf("jwt %+v", j)
	}
}

func TestReadPaths(t *testing.T) {
	for _, tt := range []struct{ file, policies, want string }{
		{"/etc/gwctl/gwctl.yaml", "{dir: .}", "/etc/gwctl"},
		{"/etc/gwctl/gwctl.yaml", "{dir: ../policies}", "/etc/policies"},
		{"/etc/gwctl/gwctl.yaml", "{dir: /srv/policies}", "/srv/policies"},
		{"/etc/gwctl/gwctl.yaml", "{bundle: {file: set.tar.gz}}", "/etc/gwctl/set.tar.gz"},
		{"gwctl.yaml", "{dir: ./policies}", "policies"},
		{"conf/gwctl.yaml", "{dir: ./policies}", filepath.Join("conf", "policies")},
	} {
		c, found := config.Read(tt.file, []byte(strings.Replace(least, "{dir: ./policies}", tt.policies, 1)))
		if c == nil || c.Policies != tt.want {
			t.Errorf("%s in %s leads to %v, want %s (%v)", tt.policies, tt.file, c, tt.want, found)
		}
	}
}

// Anonymous requests alone are a configuration, too: nobody needs an issuer.
func TestReadWithoutAuthn(t *testing.T) {
	i := strings.Index(least, "  authn:")
	if c := mustRead(t, least[:i]+"  anonymous: allow\n"); len(c.JWT) != 0 || !c.AllowAnonymous {
		t.Errorf("read %+v", c)
	}
}

func TestReadVerify(t *testing.T) {
	for text, want := range map[string]uint64{"1/1": 1, "'1/7'": 7, "1/1000000000": 1_000_000_000} {
		if c := mustRead(t, least+"  verify: "+text+"\n"); c.Verify != want {
			t.Errorf("%s is read as one in %d", text, c.Verify)
		}
	}
}

package config_test

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy"
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
        - match: "/tenants/{id}"
          url: "https://[::1]:9443/"
          protocol: h2
          tls: {ca: ca.pem, server_name: tenants.internal, cert: own.pem, key: own-key.pem}
          timeouts: {connect: 1s, tls_handshake: 3s, response_header: 10s}
          connections: {idle: 8, idle_timeout: 30s}
          propagate: {claims: [email], roles: ["shop:orders:"]}
          audience: tenants
      tls: {cert: server.pem, key: server-key.pem, client_ca: clients.pem, min_version: 1.3}
      http2: {max_streams: 50}
      limits: {connections: 16, requests: 100000, body_mib: 64}
      trusted_proxies: [10.0.0.0/8, "fd00::/8"]
      websocket: {idle: 1m, lifetime: 168h, limit: 500}
    forward_auth: {address: "127.0.0.1:8081", dialect: nginx, trusted_proxies: [127.0.0.1/32, "fd01::/16"]}
    health: {address: "[::]:9900"}
    admin: {address: "127.0.0.1:9901", hosts: [gw-admin.local]}
    logout: {address: "0.0.0.0:8082"}
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
        id_prefix: "corp:"
        token_cache: 0
        jwks:
          soft_ttl: 2m
          min_ttl: 1m
          max_ttl: 3m
          stale_for: 0s
          unknown_every: 20s
          unknown_per_client: 4
          unknown_wait: 2s
          replaced_every: 10m
          negative_ttl: 40s
          negative_size: 2048
          fetch_timeout: 4s
          max_keys: 32
          last_good: keys/idp.json
        backchannel_logout: {client_id: shop-web}
        attributes: {roles: claims.realm_access.roles, tenant: claims.tid}
    - jwt: {issuer: "http://localhost:9100", audiences: [dev], audience_claim: client_id, id_prefix: "dev:"}
    - introspection:
        endpoint: https://idp.example.com/introspect
        issuer: https://idp.example.com
        audiences: [shop-api]
        client_id: gw
        client_secret: {env: INTROSPECT}
        client_auth: client_secret_post
        leeway: 1s
        active_ttl: 5m
        inactive_ttl: 1s
        stale_ttl: 1m
        ignore_no_store: true
        cache_size: 50
        timeout: 2s
        in_flight: 8
        queue: 9
        type: service
        id_prefix: "opaque:"
    - api_keys: {file: keys.yaml, header: x-shop-key, type: human, id_prefix: "key:"}
    - introspection: {endpoint: "http://127.0.0.1:9100/introspect", client_id: gw, client_auth: private_key_jwt, private_key: {file: key.pem}, key_id: k1, id_prefix: "dev:opaque:"}
    - mtls: {spiffe_trust_domain: prod.example.com, id_prefix: "cert:"}
    - mtls: {identity: dns, client_ca: callers.pem, forwarded: xfcc, type: human}
  anonymous: allow
  propagate: {claims: [email, department], roles: ["shop:", auditor], headers: {user_id: X-Forwarded-User, roles: X-Groups, tenant: X-Org, request_id: X-Trace, claims: X-Claims}}
  assertion: {key: {file: new.pem}, publish: [{file: old.pem}], header: X-Assertion, issuer: "https://gw.example.com", lifetime: 30s}
  forward_token: true
  audit:
    sinks:
      - file: {path: audit.jsonl, rotate: 100MiB, age: 24h, keep: 10, fsync: interval, format: json, overflow: block, queue: 1000, flush: 50ms}
      - stdout: {format: ocsf, queue: 16, flush: 1s}
    overflow: drop
    required: true
  drain: {delay: 0s, timeout: 10m}
  resource_metadata:
    - {resource: "https://api.example.com", scopes: ["orders:read"], name: Shop, documentation: "https://docs.example.com/shop"}
    - {resource: "http://127.0.0.1:8080/orders/v1"}
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
		"forward auth":    {c.ForwardAuth, config.ForwardAuth{Address: "127.0.0.1:8081", Dialect: "nginx", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd01::/16")}, Limits: config.Limits{Connections: 2048, Requests: 1024}}},
		"health":          {c.Health, "[::]:9900"},
		"admin":           {c.Admin, config.Admin{Address: "127.0.0.1:9901", Hosts: []string{"gw-admin.local"}}},
		"logout":          {[]string{c.LogoutAddress, c.JWT[0].Logout.ClientID, c.JWT[1].Logout.ClientID}, []string{"0.0.0.0:8082", "shop-web", ""}},
		"stale":           {[]time.Duration{c.Introspection[0].StaleTTL, c.Introspection[1].StaleTTL}, []time.Duration{time.Minute, 0}},
		"anonymous":       {c.AllowAnonymous, true},
		"claims":          {c.Propagate.Claims, []string{"email", "department"}},
		"forward token":   {c.ForwardToken, true},
		"audit": {c.Audit, config.Audit{Required: true, Sinks: []config.AuditSink{
			{Path: "/etc/gwctl/audit.jsonl", Format: "json", Overflow: "block", Queue: 1000, Flush: 50 * time.Millisecond, Rotate: 100 << 20, Age: 24 * time.Hour, Keep: 10, Fsync: "interval"},
			{Format: "ocsf", Overflow: "drop", Queue: 16, Flush: time.Second, Fsync: "none"},
		}}},
		"drain":      {c.Drain, config.Drain{Delay: 0, Timeout: 10 * time.Minute}},
		"verify":     {c.Verify, uint64(1000)},
		"websockets": {c.Proxy.WebSocket, config.WebSocket{Idle: time.Minute, Lifetime: 7 * 24 * time.Hour, Limit: 500}},
		"resources": {c.ResourceMetadata, []config.ResourceMetadata{
			{Resource: "https://api.example.com", Scheme: "https", Host: "api.example.com", Scopes: []string{"orders:read"}, Name: "Shop", Documentation: "https://docs.example.com/shop"},
			{Resource: "http://127.0.0.1:8080/orders/v1", Scheme: "http", Host: "127.0.0.1:8080", Path: "/orders/v1"},
		}},
		"upstreams":       {len(c.Proxy.Upstreams), 2},
		"first match":     {c.Proxy.Upstreams[0].Match.Value(), "/{rest...}"},
		"second upstream": {c.Proxy.Upstreams[1].URL.Host, "[::1]:9443"},
		"env":             {[]string{c.Env[0].Name.Value(), c.Env[0].Literal.Text.Value(), c.Env[1].Name.Value(), c.Env[1].FromEnv.Value()}, []string{"region", "eu", "zone", "ZONE"}},
		"issuer":          {c.JWT[0].Issuer, "https://idp.example.com/tenant"},
		"name":            {c.JWT[0].Name, "https://idp.example.com/tenant"},
		"audiences":       {c.JWT[0].Audiences, []string{"shop-api", "other-api"}},
		"algorithms":      {c.JWT[0].Algorithms, []string{"RS256", "ES512"}},
		"profile":         {c.JWT[0].Profile, "rfc9068"},
		"type":            {c.JWT[0].Type, "service"},
		"leeway":          {c.JWT[0].Leeway, 5 * time.Second},
		"max lifetime":    {c.JWT[0].MaxLifetime, time.Hour},
		"keys": {c.JWT[0].JWKS, config.JWKS{
			SoftTTL: 2 * time.Minute, MinTTL: time.Minute, MaxTTL: 3 * time.Minute, UnknownEvery: 20 * time.Second, UnknownPerClient: 4,
			UnknownWait: 2 * time.Second, ReplacedEvery: 10 * time.Minute, NegativeTTL: 40 * time.Second, NegativeSize: 2048,
			FetchTimeout: 4 * time.Second, MaxKeys: 32, LastGood: "/etc/gwctl/keys/idp.json",
		}},
		"id prefix":     {c.JWT[0].IDPrefix, "corp:"},
		"token cache":   {c.JWT[0].TokenCache, 0},
		"place":         {[]int{c.JWT[0].Place, c.JWT[1].Place}, []int{0, 1}},
		"mapping":       {[]string{c.JWT[0].Attributes[0].Attribute.Value(), c.JWT[0].Attributes[0].Expr.Value()}, []string{"roles", "claims.realm_access.roles"}},
		"second issuer": {c.JWT[1].Issuer, "http://localhost:9100"},
		"its audience":  {[]string{c.JWT[0].AudienceClaim, c.JWT[1].AudienceClaim}, []string{"aud", "client_id"}},
		"prefixes":      {c.IDPrefixes, []string{"corp:", "dev:", "opaque:", "key:", "dev:opaque:", "cert:", ""}},
		"endpoint":      {c.Introspection[0].Endpoint, "https://idp.example.com/introspect"},
		"its issuer":    {c.Introspection[0].Issuer, "https://idp.example.com"},
		"its audiences": {c.Introspection[0].Audiences, []string{"shop-api"}},
		"client":        {[]string{c.Introspection[0].ClientID, c.Introspection[0].ClientAuth, c.Introspection[0].ClientSecret.Env, c.Introspection[0].PrivateKey.Env}, []string{"gw", "client_secret_post", "INTROSPECT", ""}},
		"its times": {[]time.Duration{c.Introspection[0].Leeway, c.Introspection[0].ActiveTTL, c.Introspection[0].InactiveTTL, c.Introspection[0].Timeout},
			[]time.Duration{time.Second, 5 * time.Minute, time.Second, 2 * time.Second}},
		"its sizes":     {[]int{c.Introspection[0].CacheSize, c.Introspection[0].InFlight, c.Introspection[0].Queue, c.Introspection[0].Place}, []int{50, 8, 9, 2}},
		"its no-store":  {c.Introspection[0].IgnoreNoStore, true},
		"its users":     {[]string{c.Introspection[0].Type, c.Introspection[0].IDPrefix}, []string{"service", "opaque:"}},
		"key of client": {[]string{c.Introspection[1].PrivateKey.File, c.Introspection[1].KeyID}, []string{"/etc/gwctl/key.pem", "k1"}},
		"API keys":      {[]string{c.APIKeys[0].File, c.APIKeys[0].Header, c.APIKeys[0].Type}, []string{"/etc/gwctl/keys.yaml", "X-Shop-Key", "human"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestReadDefaults(t *testing.T) {
	c := mustRead(t, least)
	if c.Health != "" || c.Verify != 0 || c.AllowAnonymous || c.ForwardToken || c.Propagate.Claims != nil || c.Env != nil || c.Proxy.TrustedProxies != nil {
		t.Errorf("read %+v", c)
	}
	if c.ResourceMetadata != nil || c.Proxy.WebSocket != (config.WebSocket{Idle: 5 * time.Minute, Lifetime: 12 * time.Hour, Limit: 1000}) {
		t.Errorf("resources %+v, websockets %+v", c.ResourceMetadata, c.Proxy.WebSocket)
	}
	if !reflect.DeepEqual(c.Audit, config.Audit{Sinks: []config.AuditSink{{Format: "json", Overflow: "block", Queue: 8192, Flush: 200 * time.Millisecond, Fsync: "none"}}}) || c.Drain != (config.Drain{Delay: 5 * time.Second, Timeout: 25 * time.Second}) {
		t.Errorf("audit %+v, drain %+v", c.Audit, c.Drain)
	}
	if j := c.JWT[0]; j.Type != "human" || j.Leeway != 30*time.Second || j.MaxLifetime != 24*time.Hour || j.Algorithms != nil || j.Profile != "" || j.Attributes != nil || j.IDPrefix != "" || j.TokenCache != 8192 {
		t.Errorf("jwt %+v", j)
	}
	if k := c.JWT[0].JWKS; k != (config.JWKS{
		SoftTTL: 10 * time.Minute, MinTTL: 5 * time.Minute, MaxTTL: time.Hour, StaleFor: 24 * time.Hour, UnknownEvery: 10 * time.Second, UnknownPerClient: 3,
		UnknownWait: time.Second, ReplacedEvery: 5 * time.Minute, NegativeTTL: 30 * time.Second, NegativeSize: 1024, FetchTimeout: 3 * time.Second, MaxKeys: 64,
	}) {
		t.Errorf("jwks %+v", k)
	}
}

func TestReadDefaultsOfMethods(t *testing.T) {
	i := strings.Index(least, "  authn:")
	c := mustRead(t, least[:i]+`  authn:
    - introspection: {endpoint: "https://idp.example.com/introspect", client_id: gw, client_secret: {file: secret}}
    - api_keys: {file: keys.yaml, id_prefix: "key:"}
`)
	want := config.Introspection{
		Method: config.Method{Name: "introspection https://idp.example.com/introspect", Type: "human"}, Endpoint: "https://idp.example.com/introspect",
		ClientID: "gw", ClientAuth: "client_secret_basic", ClientSecret: config.Secret{File: "/etc/gwctl/secret"}, Leeway: 30 * time.Second,
		ActiveTTL: time.Minute, InactiveTTL: 10 * time.Second, CacheSize: 10_000, Timeout: time.Second, InFlight: 64, Queue: 128,
		DPoP: config.DPoP{MaxAge: time.Minute},
	}
	got := c.Introspection[0]
	got.At, got.ClientSecret.At = policy.Span{}, policy.Span{}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("introspection %+v", got)
	}
	if k := c.APIKeys[0]; k.Header != "X-Api-Key" || k.Type != "service" || k.File != "/etc/gwctl/keys.yaml" {
		t.Errorf("api_keys %+v", k)
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

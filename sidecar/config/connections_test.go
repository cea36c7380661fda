package config_test

import (
	"crypto/tls"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
)

func TestReadConnections(t *testing.T) {
	c := mustRead(t, whole)
	first, second := c.Proxy.Upstreams[0], c.Proxy.Upstreams[1]
	file := func(f config.File) string { return f.Path }
	all := config.Propagation{Claims: []string{"email", "department"}, Roles: config.Roles{Names: []string{"shop:", "auditor"}}}
	for what, pair := range map[string][2]any{
		"listener":        {[]string{file(c.Proxy.TLS.Cert), file(c.Proxy.TLS.Key), file(c.Proxy.TLS.ClientCA)}, []string{"/etc/gwctl/server.pem", "/etc/gwctl/server-key.pem", "/etc/gwctl/clients.pem"}},
		"min version":     {c.Proxy.TLS.MinVersion, uint16(tls.VersionTLS13)},
		"streams":         {c.Proxy.HTTP2.MaxStreams, 50},
		"limits":          {c.Proxy.Limits, config.Limits{Connections: 16, Requests: 100000, BodyMiB: 64}},
		"protocol":        {second.Protocol, "h2"},
		"upstream's tls":  {[]string{file(second.TLS.CA), second.TLS.ServerName, file(second.TLS.Cert), file(second.TLS.Key)}, []string{"/etc/gwctl/ca.pem", "tenants.internal", "/etc/gwctl/own.pem", "/etc/gwctl/own-key.pem"}},
		"timeouts":        {second.Timeouts, config.Timeouts{Connect: time.Second, Handshake: 3 * time.Second, ResponseHeader: 10 * time.Second}},
		"connections":     {second.Connections, config.Connections{Idle: 8, IdleTimeout: 30 * time.Second}},
		"narrowed":        {second.Propagate, config.Propagation{Claims: []string{"email"}, Roles: config.Roles{Names: []string{"shop:orders:"}}}},
		"audience":        {second.Audience, "tenants"},
		"not narrowed":    {first.Propagate, all},
		"of no upstream":  {c.Propagate.Propagation, all},
		"default times":   {first.Timeouts, config.Timeouts{Connect: 2 * time.Second, Handshake: 5 * time.Second, ResponseHeader: 30 * time.Second}},
		"default pool":    {first.Connections, config.Connections{Idle: 256, IdleTimeout: 90 * time.Second}},
		"headers":         {c.Propagate.Headers.Names(), []string{"X-Forwarded-User", "X-Groups", "X-Org", "X-Trace", "X-Claims"}},
		"set headers":     {c.SetHeaders(), []string{"X-Forwarded-User", "X-Groups", "X-Org", "X-Trace", "X-Claims", "X-Assertion"}},
		"assertion":       {[]any{c.Assertion.Issuer, c.Assertion.Lifetime, file(c.Assertion.Key), file(c.Assertion.Publish[0])}, []any{"https://gw.example.com", 30 * time.Second, "/etc/gwctl/new.pem", "/etc/gwctl/old.pem"}},
		"files":           {strings.Join(c.Files(), " "), "/etc/gwctl/ca.pem /etc/gwctl/callers.pem /etc/gwctl/clients.pem /etc/gwctl/key.pem /etc/gwctl/new.pem /etc/gwctl/old.pem /etc/gwctl/own-key.pem /etc/gwctl/own.pem /etc/gwctl/server-key.pem /etc/gwctl/server.pem"},
		"least's headers": {mustRead(t, least).SetHeaders(), []string{"X-User-Id", "X-User-Roles", "X-Tenant-Id", "X-Request-Id", "X-Auth-Claims", "X-Gwctl-Assertion"}},
		"least's tls":     {mustRead(t, least).Proxy.TLS.On(), false},
		"least's files":   {len(mustRead(t, least).Files()), 0},
		"least's roles":   {mustRead(t, least).Proxy.Upstreams[0].Propagate, config.Propagation{Roles: config.Roles{All: true}}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
		}
	}
}

func TestRolesSelect(t *testing.T) {
	for _, tt := range []struct {
		roles config.Roles
		role  string
		want  bool
	}{
		{config.Roles{}, "admin", false},
		{config.Roles{All: true}, "admin", true},
		{config.Roles{Names: []string{"shop:"}}, "shop:admin", true},
		{config.Roles{Names: []string{"shop:"}}, "shop:", true},
		{config.Roles{Names: []string{"shop:"}}, "shop", false},
		{config.Roles{Names: []string{"shop:"}}, "workshop:admin", false},
		{config.Roles{Names: []string{"admin"}}, "admin", true},
		{config.Roles{Names: []string{"admin"}}, "administrator", false},
		{config.Roles{Names: []string{"a", "b/"}}, "b/c", true},
	} {
		if got := tt.roles.Select(tt.role); got != tt.want {
			t.Errorf("%+v of %s: %v", tt.roles, tt.role, got)
		}
	}
}

// What concerns connections and propagation and cannot be used.
func TestReadRefusesConnections(t *testing.T) {
	const up = `url: "http://127.0.0.1:9000"}]`
	const end = "audiences: [shop-api]}}]\n"
	secure := func(more string) string { return `url: "https://127.0.0.1:9000", ` + more + "}]" }
	plain := func(more string) string { return `url: "http://127.0.0.1:9000", ` + more + "}]" }
	listener := func(more string) string { return up + ", " + more }
	const signs = end + "  assertion: {key: {file: a.pem}, issuer: gw"
	for _, tt := range []struct{ old, new, code, at string }{
		{up, listener("tls: {}"), "missing_key", "{}"},
		{up, listener("tls: {cert: a.pem}"), "missing_key", "{cert"},
		{up, listener("tls: {cert: a.pem, key: }"), "empty_value", "key: }"},
		{up, listener("tls: {cert: a.pem, key: b.pem, ca: c.pem}"), "unknown_key", "ca:"},
		{up, listener("tls: {cert: a.pem, key: b.pem, min_version: 1.1}"), "bad_setting", "1.1"},
		{up, listener("tls: {cert: a.pem, key: b.pem, insecure: true}"), "unknown_key", "insecure"},
		{up, listener("http2: {max_streams: 10}"), "bad_setting", "http2"},
		{up, listener("tls: {cert: a.pem, key: b.pem}, http2: {max_streams: 0}"), "bad_setting", "0}"},
		{up, listener("tls: {cert: a.pem, key: b.pem}, http2: {max_streams: 1001}"), "bad_setting", "1001"},
		{up, listener("tls: {cert: a.pem, key: b.pem}, http2: {max_streams: many}"), "wrong_type", "many"},
		{up, listener("limits: {connections: 15}"), "bad_setting", "15"},
		{up, listener("limits: {connections: 1000001}"), "bad_setting", "1000001"},
		{up, listener("limits: {requests: 0}"), "bad_setting", "0}"},
		{up, listener("limits: {requests: 100001}"), "bad_setting", "100001"},
		{up, listener("limits: {body_mib: 1}"), "bad_setting", "1}"},
		{up, listener("limits: {body_mib: 4097}"), "bad_setting", "4097"},
		{up, listener("limits: {body_mib: many}"), "wrong_type", "many"},
		{up, listener("limits: {bodies: 3}"), "unknown_key", "bodies"},
		{up, plain("protocol: h2"), "bad_setting", "h2"},
		{up, secure("protocol: h2c"), "bad_setting", "h2c"},
		{up, plain("protocol: h3"), "bad_setting", "h3"},
		{up, plain("tls: {ca: a.pem}"), "bad_setting", "tls"},
		{up, secure("tls: {cert: a.pem}"), "bad_setting", "{cert"},
		{up, secure("tls: {key: a.pem}"), "bad_setting", "{key"},
		{up, secure("tls: {server_name: Orders}"), "bad_setting", "Orders"},
		{up, secure("tls: {server_name: 'a:1'}"), "bad_setting", "'a:1'"},
		{up, secure("tls: {insecure_skip_verify: true}"), "unknown_key", "insecure"},
		{up, plain("timeouts: {connect: 5ms}"), "bad_setting", "5ms"},
		{up, plain("timeouts: {connect: 31s}"), "bad_setting", "31s"},
		{up, plain("timeouts: {tls_handshake: 31s}"), "bad_setting", "31s"},
		{up, plain("timeouts: {response_header: 11m}"), "bad_setting", "11m"},
		{up, plain("timeouts: {total: 1s}"), "unknown_key", "total"},
		{up, plain("connections: {idle: 0}"), "bad_setting", "0}"},
		{up, plain("connections: {idle: 5000}"), "bad_setting", "5000"},
		{up, plain("connections: {idle_timeout: 0s}"), "bad_setting", "0s"},
		{up, plain("propagate: {claims: [email]}"), "bad_setting", "email"},
		{up, plain("propagate: {claims: all}"), "wrong_type", "all"},
		{up, plain("propagate: {roles: []}"), "empty_list", "[]"},
		{up, plain("propagate: {roles: ['a,b']}"), "bad_setting", "'a,b'"},
		{up, plain("propagate: {headers: {}}"), "unknown_key", "headers"},
		{up, plain("audience: orders"), "bad_setting", "orders"},
		{end, end + "  propagate: {roles: [a b]}\n", "bad_setting", "a b"},
		{end, end + "  propagate: {headers: {user: X-A}}\n", "unknown_key", "user"},
		{end, end + "  propagate: {headers: {user_id: X_A}}\n", "bad_setting", "X_A"},
		{end, end + "  propagate: {headers: {user_id: Authorization}}\n", "bad_setting", "Authorization"},
		{end, end + "  propagate: {headers: {user_id: x-forwarded-for}}\n", "bad_setting", "x-forwarded-for"},
		{end, end + "  propagate: {headers: {user_id: X-Api-Key}}\n", "bad_setting", "X-Api-Key"},
		{end, end + "  propagate: {headers: {user_id: x-tenant-id}}\n", "bad_setting", "{user_id"},
		{end, end + "  propagate: {headers: {user_id: X-A, claims: X-a}}\n", "bad_setting", "{user_id"},
		{end, end + "  assertion: {}\n", "missing_key", "{}"},
		{end, end + "  assertion: {key: {file: a.pem}}\n", "missing_key", "{key"},
		{end, end + "  assertion: {key: {env: A}, issuer: gw}\n", "missing_key", "{env"},
		{end, signs + ", header: X-User-Id}\n", "bad_setting", "X-User-Id"},
		{end, signs + ", header: Cookie}\n", "bad_setting", "Cookie"},
		{end, signs + ", lifetime: 9s}\n", "bad_setting", "9s"},
		{end, signs + ", lifetime: 6m}\n", "bad_setting", "6m"},
		{end, signs + ", publish: [{}]}\n", "missing_key", "{}"},
		{end, signs + ", publish: [{file: a}, {file: b}, {file: c}, {file: d}, {file: e}]}\n", "bad_setting", "publish"},
	} {
		text := strings.Replace(least, tt.old, tt.new, 1)
		cfg, found := config.Read(path, []byte(text))
		good := false
		for _, d := range found {
			good = good || d.Code == tt.code && strings.HasPrefix(place(text, d), tt.at)
		}
		if text == least || cfg != nil || !good {
			t.Errorf("%s: read %v, found %v, want %s", tt.new, cfg != nil, found, tt.code)
		}
	}
	// The twins of those that only go too far.
	for _, tt := range [][2]string{
		{up, listener(`tls: {cert: a.pem, key: b.pem, client_ca: c.pem, min_version: "1.2"}, http2: {max_streams: 1000}`)},
		{up, plain("protocol: h2c, timeouts: {connect: 10ms, response_header: 10m}, connections: {idle: 4096, idle_timeout: 1h}")},
		{up, secure("protocol: http1, tls: {server_name: orders.internal}, propagate: {claims: none, roles: none}")},
		{end, end + "  propagate: {roles: none, headers: {user_id: X-Forwarded-User}}\n"},
		{end, signs + ", publish: [{file: b.pem}], lifetime: 10s}\n"},
	} {
		text := strings.Replace(least, tt[0], tt[1], 1)
		if cfg, found := config.Read(path, []byte(text)); cfg == nil || text == least {
			t.Errorf("%s: found %v", tt[1], found)
		}
	}
}

// Nothing widens: what no service may learn, one cannot either.
func TestNarrowing(t *testing.T) {
	const up = `url: "http://127.0.0.1:9000"}]`
	const end = "audiences: [shop-api]}}]\n"
	for _, tt := range []struct {
		whole, upstream string
		ok              bool
	}{
		{"{roles: ['shop:']}", "{roles: ['shop:orders:']}", true},
		{"{roles: ['shop:']}", "{roles: ['shop:']}", true},
		{"{roles: ['shop:']}", "{roles: [shop]}", false},
		{"{roles: ['shop:orders:']}", "{roles: ['shop:']}", false},
		{"{roles: [admin]}", "{roles: [admin]}", true},
		{"{roles: [admin]}", "{roles: ['admin:']}", false},
		{"{roles: none}", "{roles: [admin]}", false},
		{"{roles: none}", "{roles: none}", true},
		{"{claims: [email, plan]}", "{claims: [plan]}", true},
		{"{claims: [email]}", "{claims: [plan]}", false},
	} {
		text := strings.Replace(least, up, `url: "http://127.0.0.1:9000", propagate: `+tt.upstream+"}]", 1)
		text = strings.Replace(text, end, end+"  propagate: "+tt.whole+"\n", 1)
		if cfg, found := config.Read(path, []byte(text)); (cfg != nil) != tt.ok {
			t.Errorf("%s within %s: found %v", tt.upstream, tt.whole, found)
		}
	}
}

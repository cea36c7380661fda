package config_test

import (
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
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
  audit: {sinks: [{file: {path: audit.jsonl}}], overflow: drop}
  drain: {delay: 0s, timeout: 10m}
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
		"audit":           {c.Audit, config.Audit{File: "/etc/gwctl/audit.jsonl", Overflow: "drop"}},
		"drain":           {c.Drain, config.Drain{Delay: 0, Timeout: 10 * time.Minute}},
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
	if c.Health != "" || c.AllowAnonymous || c.ForwardToken || c.Claims != nil || c.Env != nil || c.Proxy.TrustedProxies != nil {
		t.Errorf("read %+v", c)
	}
	if c.Audit != (config.Audit{Overflow: "block"}) || c.Drain != (config.Drain{Delay: 5 * time.Second, Timeout: 25 * time.Second}) {
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

// Every setting that cannot be used is refused at its place.
func TestReadRefuses(t *testing.T) {
	const jwt = `{issuer: "https://idp.example.com", audiences: [shop-api]}`
	more := func(keys string) string {
		return `{issuer: "https://idp.example.com", audiences: [shop-api], ` + keys + "}"
	}
	const proxy = `{address: "127.0.0.1:8080", upstreams: [{match: "/{rest...}", url: "http://127.0.0.1:9000"}]}`
	const end = "audiences: [shop-api]}}]\n"
	for _, tt := range []struct {
		old, new, code string
		at             string // what stands at the place; new if empty
	}{
		{"apiVersion: gwctl.dev/v1\n", "", "missing_key", "kind"},
		{"gwctl.dev/v1", "gwctl.dev/v2", "unknown_version", ""},
		{"kind: Sidecar", "kind: Policy", "wrong_kind", "apiVersion"},
		{"kind: Sidecar\n", "", "wrong_kind", "apiVersion"},
		{"metadata: {name: shop}\n", "", "missing_key", "apiVersion"},
		{"{name: shop}", "{}", "missing_key", ""},
		{"{name: shop}", "{name: Shop}", "bad_name", "Shop"},
		{"{name: shop}", "{name: shop, colour: red}", "unknown_key", "colour"},
		{"{name: shop}", "{name: shop, labels: {a: }}", "empty_value", "}}"},
		{"{name: shop}", "{name: shop, name: shop}", "duplicate_key", "name: shop}"},
		{"  policies: {dir: ./policies}\n", "", "missing_key", "listeners"},
		{"{dir: ./policies}", "{}", "bad_policies", ""},
		{"{dir: ./policies}", "{dir: ./policies, bundle: {file: a}}", "bad_policies", ""},
		{"{dir: ./policies}", "{dir: }", "empty_value", "dir"},
		{"{dir: ./policies}", "{directory: ./policies}", "unknown_key", "directory"},
		{"{dir: ./policies}", "./policies", "wrong_type", ""},
		{"{proxy: " + proxy + "}", "{}", "missing_key", ""},
		{"{proxy: " + proxy + "}", "{proxy: " + proxy + ", forward_auth: {address: a}}", "unknown_key", "forward_auth"},
		{"{proxy: " + proxy + "}", "{proxy: " + proxy + ", health: {}}", "missing_key", "{}"},
		{"{proxy: " + proxy + "}", "{proxy: " + proxy + ", health: }", "empty_value", "health"},
		{`"127.0.0.1:8080"`, `"127.0.0.1"`, "bad_setting", ""},
		{`"127.0.0.1:8080"`, `"127.0.0.1:"`, "bad_setting", ""},
		{`"127.0.0.1:8080"`, `"127.0.0.1:http"`, "bad_setting", ""},
		{`"127.0.0.1:8080"`, `"127.0.0.1:65536"`, "bad_setting", ""},
		{`"127.0.0.1:8080"`, `"127.0.0.1:080"`, "bad_setting", ""},
		{`"127.0.0.1:8080"`, `"127.0.0.1:-1"`, "bad_setting", ""},
		{`"127.0.0.1:8080"`, `"::1:8080"`, "bad_setting", ""},
		{`address: "127.0.0.1:8080", `, "", "missing_key", `{upstreams`},
		{`[{match: "/{rest...}", url: "http://127.0.0.1:9000"}]`, "[]", "empty_list", ""},
		{`match: "/{rest...}", `, "", "missing_key", "{url"},
		{`, url: "http://127.0.0.1:9000"`, "", "missing_key", "{match"},
		{`"/{rest...}"`, `"rest"`, "bad_route", ""},
		{`"/{rest...}"`, `"/a/"`, "bad_route", ""},
		{`"/{rest...}"`, `"/a/../b"`, "bad_route", ""},
		{`"/{rest...}"`, `"/{rest...}/a"`, "bad_route", ""},
		{`url: "http://127.0.0.1:9000"}]`, `url: "http://127.0.0.1:9000"}, {match: "/{all...}", url: "http://127.0.0.1:9000"}]`, "bad_route", `"/{all...}"`},
		{`url: "http://127.0.0.1:9000"}]`, `url: "http://127.0.0.1:9000", propagate: {}}]`, "unknown_key", "propagate"},
		{`"http://127.0.0.1:9000"`, `"127.0.0.1:9000"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"ftp://127.0.0.1"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://127.0.0.1:9000/api"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://127.0.0.1:9000?a=1"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://127.0.0.1:9000?"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://127.0.0.1:9000#a"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://user:pass@127.0.0.1:9000"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://:9000"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://127.0.0.1:90000"`, "bad_setting", ""},
		{`"http://127.0.0.1:9000"`, `"http://"`, "bad_setting", ""},
		{proxy, proxy[:len(proxy)-1] + ", trusted_proxies: [0.0.0.0/0]}", "bad_setting", "0.0.0.0/0"},
		{proxy, proxy[:len(proxy)-1] + `, trusted_proxies: ["::/0"]}`, "bad_setting", `"::/0"`},
		{proxy, proxy[:len(proxy)-1] + ", trusted_proxies: [10.0.0.1/8]}", "bad_setting", "10.0.0.1/8"},
		{proxy, proxy[:len(proxy)-1] + ", trusted_proxies: [10.0.0.1]}", "bad_setting", "10.0.0.1]"},
		{proxy, proxy[:len(proxy)-1] + `, trusted_proxies: ["::ffff:10.0.0.0/104"]}`, "bad_setting", `"::ffff`},
		{proxy, proxy[:len(proxy)-1] + ", trusted_proxies: []}", "empty_list", "[]"},
		{proxy, proxy[:len(proxy)-1] + ", tls: {}}", "unknown_key", "tls"},
		{end, end + "  env: {region: }\n", "empty_value", "}\n"},
		{end, end + "  env: {region: {env: }}\n", "empty_value", "env: }"},
		{end, end + "  env: {region: {header: X-Region}}\n", "unknown_key", "header"},
		{end, end + "  env: {region: eu, region: us}\n", "duplicate_key", "region: us"},
		{`[{jwt: ` + jwt + `}]`, "[]", "empty_list", ""},
		{`[{jwt: ` + jwt + `}]`, "{jwt: " + jwt + "}", "wrong_type", ""},
		{`[{jwt: ` + jwt + `}]`, "[jwt]", "wrong_type", "jwt"},
		{`[{jwt: ` + jwt + `}]`, "[{mtls: {}}]", "bad_setting", "{mtls"},
		{`[{jwt: ` + jwt + `}]`, "[{jwt: }]", "empty_value", "jwt"},
		{`[{jwt: ` + jwt + `}]`, "[{jwt: " + jwt + "}, {jwt: " + jwt + "}]", "duplicate_name", `"https://idp.example.com", audiences: [shop-api]}}]`},
		{"  authn: [{jwt: " + jwt + "}]\n", "", "no_authn", "policies"},
		{jwt, `{audiences: [shop-api]}`, "missing_key", ""},
		{jwt, `{issuer: "https://idp.example.com"}`, "missing_key", ""}, // A61
		{jwt, `{issuer: "https://idp.example.com", audiences: []}`, "empty_list", "[]"},
		{jwt, `{issuer: "https://idp.example.com", audiences: [""]}`, "empty_value", `""`},
		{jwt, `{issuer: "https://idp.example.com", audiences: [a, a]}`, "duplicate_item", "a]}"},
		{`"https://idp.example.com"`, `"http://idp.example.com"`, "insecure_issuer", ""},
		{`"https://idp.example.com"`, `"http://127.0.0.1.example.com"`, "insecure_issuer", ""},
		{`"https://idp.example.com"`, `"file:///etc/keys"`, "bad_setting", ""},
		{`"https://idp.example.com"`, `"ftp://idp.example.com"`, "insecure_issuer", ""},
		{`"https://idp.example.com"`, `"https://idp.example.com?a=1"`, "bad_setting", ""},
		{`"https://idp.example.com"`, `"https://idp.example.com?"`, "bad_setting", ""},
		{`"https://idp.example.com"`, `"https://idp.example.com#a"`, "bad_setting", ""},
		{`"https://idp.example.com"`, `"https://user:pass@idp.example.com"`, "bad_setting", ""},
		{`"https://idp.example.com"`, `"https://:443"`, "bad_setting", ""},
		{`"https://idp.example.com"`, `"idp.example.com"`, "bad_setting", ""},
		{jwt, more("algorithms: [HS256]"), "bad_setting", "HS256"},
		{jwt, more("algorithms: [none]"), "bad_setting", "none"},
		{jwt, more("algorithms: [rs256]"), "bad_setting", "rs256"},
		{jwt, more("algorithms: []"), "empty_list", "[]"},
		{jwt, more("profile: rfc9069"), "bad_setting", "rfc9069"},
		{jwt, more("type: robot"), "bad_setting", "robot"},
		{jwt, more("leeway: 0s"), "bad_setting", "0s"},
		{jwt, more("leeway: 6m"), "bad_setting", "6m"},
		{jwt, more("leeway: 30"), "bad_setting", "30"},
		{jwt, more("max_lifetime: 59s"), "bad_setting", "59s"},
		{jwt, more("max_lifetime: 721h"), "bad_setting", "721h"},
		{jwt, more("max_lifetime: -1h"), "bad_setting", "-1h"},
		{jwt, more("attributes: {roles: }"), "empty_value", "}}"},
		{jwt, more("attributes: {roles: [a]}"), "wrong_type", "[a]"},
		{jwt, more("secret: s3cret"), "unknown_key", "secret"},
		{end, end + "  anonymous: yes\n", "bad_setting", "yes"},
		{end, end + "  anonymous:\n", "empty_value", "anonymous"},
		{end, end + "  propagate: {claims: []}\n", "empty_list", "[]"},
		{end, end + "  propagate: {roles: [a]}\n", "unknown_key", "roles"},
		{end, end + "  forward_token: yes\n", "wrong_type", "yes"},
		{end, end + "  forward_token: \"true\"\n", "wrong_type", `"true"`},
		{end, end + "  audit: {sinks: []}\n", "empty_list", "[]"},
		{end, end + "  audit: {sinks: [stdout, stdout]}\n", "bad_setting", "sinks"},
		{end, end + "  audit: {sinks: [stderr]}\n", "bad_setting", "stderr"},
		{end, end + "  audit: {sinks: [{}]}\n", "missing_key", "{}"},
		{end, end + "  audit: {sinks: [{file: {}}]}\n", "missing_key", "{}"},
		{end, end + "  audit: {sinks: [{otlp: {}}]}\n", "unknown_key", "otlp"},
		{end, end + "  audit: {overflow: ignore}\n", "bad_setting", "ignore"},
		{end, end + "  drain: {delay: 61s}\n", "bad_setting", "61s"},
		{end, end + "  drain: {delay: -1s}\n", "bad_setting", "-1s"},
		{end, end + "  drain: {timeout: 0s}\n", "bad_setting", "0s"},
		{end, end + "  drain: {timeout: 11m}\n", "bad_setting", "11m"},
		{end, end + "  drain: {timeout: soon}\n", "bad_setting", "soon"},
		{end, end + "  fail_open: true\n", "unknown_key", "fail_open"},
		{end, end + "---\n" + least, "wrong_kind", least},
		{end, end + "more: 1\n", "unknown_key", "more"},
		{least, "\n", "empty_file", ""},
		{least, "- a\n", "wrong_type", "- a"},
		{least, "{", "yaml_syntax", "{"},
		{"{name: shop}", "&a {name: shop}", "anchor", ""},
		{"spec:\n", "spec: !x\n", "yaml_tag", "!x"},
	} {
		t.Run(fmt.Sprintf("%.30q to %.60q", tt.old, tt.new), func(t *testing.T) {
			text := strings.Replace(least, tt.old, tt.new, 1)
			if text == least {
				t.Fatal("nothing was changed")
			}
			cfg, found := config.Read(path, []byte(text))
			i := slices.IndexFunc(found, func(d policy.Diagnostic) bool { return d.Code == tt.code && d.Severity == document.Error })
			if cfg != nil || i < 0 {
				t.Fatalf("read %v, found %v, want %s", cfg != nil, found, tt.code)
			}
			for _, d := range found {
				if d.Path != path || d.Line < 1 || d.Column < 1 {
					t.Errorf("found %s, which has no place", d)
				}
			}
			if at, want := place(text, found[i]), orText(tt.at, tt.new); !strings.HasPrefix(at, want) {
				t.Errorf("found at %.40q, want it at %.40q", at, want)
			}
		})
	}
}

// place gives the text from a finding on.
func place(text string, d policy.Diagnostic) string {
	lines := strings.SplitAfter(text, "\n")
	if d.Line > len(lines) {
		return ""
	}
	rest := strings.Join(lines[d.Line-1:], "")
	return rest[min(d.Column-1, len(rest)):]
}

func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// No message repeats a credential that somebody put where none belongs.
func TestReadKeepsSecrets(t *testing.T) {
	for _, tt := range []struct{ old, new string }{
		{`"http://127.0.0.1:9000"`, `"http://user:s3cret@127.0.0.1:9000"`},
		{`"https://idp.example.com"`, `"https://user:s3cret@idp.example.com"`},
	} {
		_, found := config.Read(path, []byte(strings.Replace(least, tt.old, tt.new, 1)))
		if len(found) == 0 {
			t.Errorf("%s is accepted", tt.new)
		}
		for _, d := range found {
			if strings.Contains(d.Message+d.Hint, "s3cret") {
				t.Errorf("found %s", d)
			}
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

// Every field of the configuration is either taken over by a reload or named by
// NeedsRestart. A new field has to be put into one of the two.
func TestNeedsRestart(t *testing.T) {
	began := mustRead(t, whole)
	if changed := began.NeedsRestart(mustRead(t, whole)); changed != nil {
		t.Errorf("nothing has changed but %v", changed)
	}
	restart := map[string][3]string{ // by field: what to change, and the setting
		"Policies":     {"./policies", "./others", "policies"},
		"Proxy":        {"0.0.0.0:8080", "0.0.0.0:8081", "listeners.proxy.address"},
		"Health":       {"9900", "9901", "listeners.health"},
		"ForwardToken": {"forward_token: true", "forward_token: false", "forward_token"},
		"Audit":        {"overflow: drop", "overflow: block", "audit"},
		"Drain":        {"timeout: 10m", "timeout: 9m", "drain"},
	}
	reload := map[string][2]string{
		"Env":            {"region: eu", "region: us"},
		"JWT":            {"leeway: 5s", "leeway: 6s"},
		"AllowAnonymous": {"anonymous: allow", "anonymous: deny"},
		"Claims":         {"[email, department]", "[email]"},
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
		"listeners.proxy.upstreams":       {"http://127.0.0.1:9000", "http://127.0.0.1:9001"},
		"listeners.proxy.trusted_proxies": {"10.0.0.0/8", "10.0.0.0/9"},
	} {
		if changed := change(c[0], c[1]).NeedsRestart(began); !slices.Equal(changed, []string{setting}) {
			t.Errorf("%v needs a restart, want %s", changed, setting)
		}
	}
	known = append(known, "Path")
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if !slices.Contains(known, f.Name) {
			t.Errorf("nobody has said whether %s needs a restart", f.Name)
		}
	}
}

// Whatever the bytes are, reading gives a configuration within its bounds or
// says why not, and where.
func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(least))
	for _, s := range []string{"", "{", "kind: Sidecar", "kind: Sidecar\nspec:", "kind: Sidecar\nspec: {authn: [jwt], listeners: [], env: []}", "- a", "a: &a b", least + "---\n" + least} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, found := config.Read(path, data)
		if (c == nil) != found.HasErrors() {
			t.Fatalf("read %v, found %v", c != nil, found)
		}
		for _, d := range found {
			if d.Path != path || d.Line < 1 || d.Column < 1 || d.Message == "" || d.Code == "" {
				t.Errorf("found %+v", d)
			}
		}
		if c == nil {
			return
		}
		if !c.AllowAnonymous && len(c.JWT) == 0 || c.Proxy.Address == "" || len(c.Proxy.Upstreams) == 0 || c.Policies == "" {
			t.Errorf("read %+v", c)
		}
		for _, u := range c.Proxy.Upstreams {
			if u.URL == nil || u.URL.Host == "" || u.URL.User != nil || !strings.HasPrefix(u.Match.Value, "/") {
				t.Errorf("upstream %+v", u)
			}
		}
		for _, p := range c.Proxy.TrustedProxies {
			if p.Bits() < 1 || p.Masked() != p {
				t.Errorf("trusted %v", p)
			}
		}
		for _, j := range c.JWT {
			if j.Issuer == "" || len(j.Audiences) == 0 || slices.Contains(j.Audiences, "") || j.Leeway < time.Second || j.MaxLifetime < time.Minute {
				t.Errorf("jwt %+v", j)
			}
		}
		if c.Drain.Timeout < time.Second || c.Drain.Delay < 0 || c.Drain.Delay > time.Minute {
			t.Errorf("drain %+v", c.Drain)
		}
	})
}

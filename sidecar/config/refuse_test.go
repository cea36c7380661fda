package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/config"
)

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
		{"{proxy: " + proxy + "}", "{proxy: " + proxy + ", ext_authz: {address: a}}", "unknown_key", "ext_authz"},
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
		{`url: "http://127.0.0.1:9000"}]`, `url: "http://127.0.0.1:9000", rewrite: {}}]`, "unknown_key", "rewrite"},
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
		{proxy, proxy[:len(proxy)-1] + ", websocket: {idle: 500ms}}", "bad_setting", "500ms"},
		{proxy, proxy[:len(proxy)-1] + ", websocket: {idle: 25h}}", "bad_setting", "25h"},
		{proxy, proxy[:len(proxy)-1] + ", websocket: {lifetime: 0s}}", "bad_setting", "0s"},
		{proxy, proxy[:len(proxy)-1] + ", websocket: {lifetime: 169h}}", "bad_setting", "169h"},
		{proxy, proxy[:len(proxy)-1] + ", websocket: {limit: 0}}", "bad_setting", "limit"},
		{proxy, proxy[:len(proxy)-1] + ", websocket: {limit: 1000001}}", "bad_setting", "limit"},
		{proxy, proxy[:len(proxy)-1] + ", websocket: true}", "wrong_type", "true"},
		{proxy, proxy[:len(proxy)-1] + ", websocket: {origins: [a]}}", "unknown_key", "origins"},
		{proxy, proxy[:len(proxy)-1] + ", http3: {}}", "unknown_key", "http3"},
		{end, end + "  env: {region: }\n", "empty_value", "}\n"},
		{end, end + "  env: {region: {env: }}\n", "empty_value", "env: }"},
		{end, end + "  env: {region: {header: X-Region}}\n", "unknown_key", "header"},
		{end, end + "  env: {region: eu, region: us}\n", "duplicate_key", "region: us"},
		{`[{jwt: ` + jwt + `}]`, "[]", "empty_list", ""},
		{`[{jwt: ` + jwt + `}]`, "{jwt: " + jwt + "}", "wrong_type", ""},
		{`[{jwt: ` + jwt + `}]`, "[jwt]", "wrong_type", "jwt"},
		{`[{jwt: ` + jwt + `}]`, "[{ldap: {}}]", "bad_setting", "{ldap"},
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
		{jwt, more("jwks: {soft_ttl: 59s}"), "bad_setting", "59s"},
		{jwt, more("jwks: {min_ttl: 2h}"), "bad_setting", "{min_ttl"},
		{jwt, more("jwks: {max_ttl: 25h}"), "bad_setting", "25h"},
		{jwt, more("jwks: {stale_for: 169h}"), "bad_setting", "169h"},
		{jwt, more("jwks: {unknown_every: 999ms}"), "bad_setting", "999ms"},
		{jwt, more("jwks: {unknown_per_client: 61}"), "bad_setting", "unknown_per_client"},
		{jwt, more("jwks: {unknown_wait: 11s}"), "bad_setting", "11s"},
		{jwt, more("jwks: {replaced_every: 9s}"), "bad_setting", "9s"},
		{jwt, more("jwks: {negative_ttl: 61s}"), "bad_setting", "61s"},
		{jwt, more("jwks: {negative_size: 0}"), "bad_setting", "negative_size"},
		{jwt, more("jwks: {fetch_timeout: 31s}"), "bad_setting", "31s"},
		{jwt, more("jwks: {max_keys: 1025}"), "bad_setting", "max_keys"},
		{jwt, more("jwks: {last_good: }"), "empty_value", "last_good"},
		{jwt, more("jwks: {url: a}"), "unknown_key", "url"},
		{jwt, more("id_prefix: "), "empty_value", "id_prefix"},
		{jwt, more("id_prefix: 'a b'"), "bad_setting", "'a b'"},
		{jwt, more("id_prefix: " + strings.Repeat("a", 65)), "bad_setting", "aaa"},
		{jwt, more("token_cache: -1"), "bad_setting", "token_cache"},
		{jwt, more("token_cache: 1000001"), "bad_setting", "token_cache"},
		{jwt, more("token_cache: '8'"), "wrong_type", "'8'"},
		{end, end + "  anonymous: yes\n", "bad_setting", "yes"},
		{end, end + "  anonymous:\n", "empty_value", "anonymous"},
		{end, end + "  propagate: {claims: []}\n", "empty_list", "[]"},
		{end, end + "  propagate: {groups: [a]}\n", "unknown_key", "groups"},
		{end, end + "  forward_token: yes\n", "wrong_type", "yes"},
		{end, end + "  forward_token: \"true\"\n", "wrong_type", `"true"`},
		{end, end + "  audit: {sinks: []}\n", "empty_list", "[]"},
		{end, end + "  audit: {sinks: [stdout, stdout]}\n", "bad_setting", "stdout"},
		{end, end + "  audit: {sinks: [{file: {path: a}}, {file: {path: ./a}}]}\n", "bad_setting", "{file: {path: ./a}}"},
		{end, end + "  audit: {sinks: [{file: {path: a}, stdout: {flush: 1s}}]}\n", "bad_setting", "{file: {path: a}, stdout: {flush: 1s}}"},
		{end, end + "  audit: {sinks: [{file: {path: a1}}, {file: {path: a2}}, {file: {path: a3}}, {file: {path: a4}}, {file: {path: a5}}, {file: {path: a6}}, {file: {path: a7}}, {file: {path: a8}}, {file: {path: a9}}]}\n", "bad_setting", "sinks"},
		{end, end + "  audit: {sinks: [{stdout: {path: a}}]}\n", "unknown_key", "path"},
		{end, end + "  audit: {sinks: [{stdout: {rotate: 1MiB}}]}\n", "unknown_key", "rotate"},
		{end, end + "  audit: {sinks: [{file: {path: a, rotate: 100MB}}]}\n", "bad_setting", "100MB"},
		{end, end + "  audit: {sinks: [{file: {path: a, rotate: 0MiB}}]}\n", "bad_setting", "0MiB"},
		{end, end + "  audit: {sinks: [{file: {path: a, rotate: 101GiB}}]}\n", "bad_setting", "101GiB"},
		{end, end + "  audit: {sinks: [{file: {path: a, rotate: 9223372036854775807GiB}}]}\n", "bad_setting", "9223372036854775807GiB"},
		{end, end + "  audit: {sinks: [{file: {path: a, rotate: -1GiB}}]}\n", "bad_setting", "-1GiB"},
		{end, end + "  audit: {sinks: [{file: {path: a, age: 59s}}]}\n", "bad_setting", "59s"},
		{end, end + "  audit: {sinks: [{file: {path: a, age: 1h, keep: 0}}]}\n", "bad_setting", "0}}]"},
		{end, end + "  audit: {sinks: [{file: {path: a, age: 1h, keep: 10001}}]}\n", "bad_setting", "10001"},
		{end, end + "  audit: {sinks: [{file: {path: a, keep: 3}}]}\n", "bad_setting", "keep"},
		{end, end + "  audit: {sinks: [{file: {path: a, fsync: sometimes}}]}\n", "bad_setting", "sometimes"},
		{end, end + "  audit: {sinks: [{file: {path: a, format: cef}}]}\n", "bad_setting", "cef"},
		{end, end + "  audit: {sinks: [{file: {path: a, queue: 15}}]}\n", "bad_setting", "15"},
		{end, end + "  audit: {sinks: [{file: {path: a, queue: 1048577}}]}\n", "bad_setting", "1048577"},
		{end, end + "  audit: {sinks: [{file: {path: a, flush: 0s}}]}\n", "bad_setting", "0s"},
		{end, end + "  audit: {sinks: [{file: {path: a, flush: 11s}}]}\n", "bad_setting", "11s"},
		{end, end + "  audit: {sinks: [{file: {path: a, overflow: lose}}]}\n", "bad_setting", "lose"},
		{end, end + "  audit: {required: yes}\n", "wrong_type", "yes"},
		{end, end + "  audit: {required: true, overflow: drop}\n", "bad_setting", "required"},
		{end, end + "  audit: {sinks: [stderr]}\n", "bad_setting", "stderr"},
		{end, end + "  audit: {sinks: [{}]}\n", "bad_setting", "{}"},
		{end, end + "  audit: {sinks: [{file: {}}]}\n", "missing_key", "{}"},
		{end, end + "  audit: {sinks: [{otlp: {}}]}\n", "unknown_key", "otlp"},
		{end, end + "  audit: {overflow: ignore}\n", "bad_setting", "ignore"},
		{end, end + "  drain: {delay: 61s}\n", "bad_setting", "61s"},
		{end, end + "  drain: {delay: -1s}\n", "bad_setting", "-1s"},
		{end, end + "  drain: {timeout: 0s}\n", "bad_setting", "0s"},
		{end, end + "  drain: {timeout: 11m}\n", "bad_setting", "11m"},
		{end, end + "  drain: {timeout: soon}\n", "bad_setting", "soon"},
		{end, end + "  verify: 1/0\n", "bad_setting", "1/0"},
		{end, end + "  verify: 0\n", "bad_setting", "0\n"},
		{end, end + "  verify: 1\n", "bad_setting", "1\n"},
		{end, end + "  verify: 2/3\n", "bad_setting", "2/3"},
		{end, end + "  verify: 0.5\n", "bad_setting", "0.5"},
		{end, end + "  verify: 1/-1\n", "bad_setting", "1/-1"},
		{end, end + "  verify: 1/+1\n", "bad_setting", "1/+1"},
		{end, end + "  verify: 1/01\n", "bad_setting", "1/01"},
		{end, end + "  verify: 1/ 2\n", "bad_setting", "1/ 2"},
		{end, end + "  verify: 1/1e3\n", "bad_setting", "1/1e3"},
		{end, end + "  verify: 1/1_0\n", "bad_setting", "1/1_0"},
		{end, end + "  verify: 1/\n", "bad_setting", "1/\n"},
		{end, end + "  verify: 1/1000000001\n", "bad_setting", "1/1000000001"},
		{end, end + "  verify: 1/18446744073709551617\n", "bad_setting", "1/18446744073709551617"},
		{end, end + "  verify: \n", "empty_value", "verify"},
		{end, end + "  verify: [1/10]\n", "wrong_type", "[1/10]"},
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

package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
)

// withListener is the least configuration with one more listener, and a method
// that takes logout tokens if asked for.
func withListener(line string, logout bool) string {
	text := strings.Replace(least, `listeners: {`, `listeners: {`+line+`, `, 1)
	if line == "" {
		text = least
	}
	if logout {
		text = strings.Replace(text, "audiences: [shop-api]", "audiences: [shop-api], backchannel_logout: {client_id: web}", 1)
	}
	return text
}

// The admin listener is for this host only.
func TestAdmin(t *testing.T) {
	for line, want := range map[string]config.Admin{
		`admin: {address: "127.0.0.1:9901"}`:                      {Address: "127.0.0.1:9901"},
		`admin: {address: "127.9.9.9:0"}`:                         {Address: "127.9.9.9:0"},
		`admin: {address: "[::1]:9901"}`:                          {Address: "[::1]:9901"},
		`admin: {address: "localhost:9901", hosts: [gw, gw.box]}`: {Address: "localhost:9901", Hosts: []string{"gw", "gw.box"}},
		`admin: {socket: run/a.sock}`:                             {Socket: "/etc/gwctl/run/a.sock"},
		`admin: {socket: /run/a.sock}`:                            {Socket: "/run/a.sock"},
	} {
		if got := mustRead(t, withListener(line, false)).Admin; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", line, got)
		}
	}
	for line, code := range map[string]string{
		`admin: {address: "0.0.0.0:9901"}`:                       "bad_setting",
		`admin: {address: ":9901"}`:                              "bad_setting",
		`admin: {address: "[::]:9901"}`:                          "bad_setting",
		`admin: {address: "10.0.0.1:9901"}`:                      "bad_setting",
		`admin: {address: "[::1%lo]:9901"}`:                      "bad_setting",
		`admin: {address: "[::ffff:10.0.0.1]:9901"}`:             "bad_setting",
		`admin: {address: "127.0.0.1.example.com:9901"}`:         "bad_setting",
		`admin: {address: "ip6-localhost:9901"}`:                 "bad_setting",
		`admin: {address: "127.0.0.1"}`:                          "bad_setting",
		`admin: {}`:                                              "bad_setting",
		`admin: {address: "127.0.0.1:9901", socket: a}`:          "bad_setting",
		`admin: {socket: ` + strings.Repeat("a", 91) + `}`:       "bad_setting",
		`admin: {address: "127.0.0.1:9901", hosts: [GW]}`:        "bad_setting",
		`admin: {address: "127.0.0.1:9901", hosts: ["gw:9901"]}`: "bad_setting",
		`admin: {address: "127.0.0.1:9901", hosts: ["*"]}`:       "bad_setting",
		`admin: {address: "127.0.0.1:9901", hosts: []}`:          "empty_list",
		`admin: {address: "127.0.0.1:9901", token: s3cret}`:      "unknown_key",
		`admin: `:                          "empty_value",
		`logout: {address: "127.0.0.1:1"}`: "bad_setting", // nobody to listen for
		`logout: {}`:                       "missing_key",
		`logout: {address: "127.0.0.1:1", path: /x}`: "unknown_key",
	} {
		wantFound(t, withListener(line, strings.Contains(code, "key")), code)
	}
}

func wantFound(t *testing.T, text, code string) {
	t.Helper()
	cfg, found := config.Read(path, []byte(text))
	if cfg != nil || !strings.Contains(codes(found), code) {
		t.Errorf("found %v, want %s\n%s", found, code, text)
	}
}

func codes(found policy.Diagnostics) string {
	var out []string
	for _, d := range found {
		out = append(out, d.Code)
	}
	return strings.Join(out, " ")
}

// Logout tokens have to arrive somewhere.
func TestLogout(t *testing.T) {
	const asked = `forward_auth: {address: "127.0.0.1:8081", dialect: nginx, trusted_proxies: [127.0.0.1/32]}`
	mustRead(t, withListener("", true))
	mustRead(t, withListener(`logout: {address: "0.0.0.0:8082"}`, true))
	alone := func(listeners string) string {
		text := withListener("", true)
		begin, end := strings.Index(text, "listeners: "), strings.Index(text, "  authn:")
		return text[:begin] + "listeners: {" + listeners + "}\n" + text[end:]
	}
	mustRead(t, alone(asked+`, logout: {address: "0.0.0.0:8082"}`))
	wantFound(t, alone(asked), "bad_setting")
	for old, code := range map[string]string{
		"{}":                     "missing_key",
		"{client_id: }":          "empty_value",
		"{client_id: [a]}":       "wrong_type",
		"{client_id: a, url: b}": "unknown_key",
		"web":                    "wrong_type",
		"{client_id: " + strings.Repeat("a", 257) + "}": "bad_setting",
	} {
		wantFound(t, strings.Replace(withListener("", true), "{client_id: web}", old, 1), code)
	}
}

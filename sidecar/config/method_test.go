package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/config"
)

// Every setting of a method that cannot be used is refused at its place, and no
// message repeats a secret.
func TestReadRefusesMethods(t *testing.T) {
	const (
		ask    = `introspection: {endpoint: "https://idp.example.com/introspect", client_id: gw, client_secret: {env: S}}`
		keys   = "api_keys: {file: keys.yaml}"
		secret = "client_secret: {env: S}"
	)
	more := func(method, key string) string { return strings.TrimSuffix(method, "}") + ", " + key + "}" }
	for _, tt := range []struct{ base, old, new, code, at string }{
		{ask, `endpoint: "https://idp.example.com/introspect", `, "", "missing_key", "{client_id"},
		{ask, "client_id: gw, ", "", "missing_key", "{endpoint"},
		{ask, ", " + secret, "", "bad_setting", "{endpoint"},
		{ask, "https://idp", "http://idp", "insecure_issuer", `"http://idp`},
		{ask, "https://idp", "https://u:s3cret@idp", "bad_setting", `"https://u`},
		{ask, "introspect\"", "introspect#a\"", "bad_setting", `"https://idp`},
		{ask, `"https://idp.example.com/introspect"`, "introspect", "bad_setting", "introspect"},
		{ask, secret, "client_secret: s3cret", "bad_setting", "client_secret"},
		{ask, secret, "client_secret: ", "empty_value", "client_secret"},
		{ask, secret, "client_secret: {}", "bad_setting", "{}"},
		{ask, secret, "client_secret: {env: S, file: s}", "bad_setting", "{env"},
		{ask, secret, "client_secret: {value: s3cret}", "unknown_key", "value"},
		{ask, secret, "private_key: {file: key.pem}", "bad_setting", "{endpoint"},
		{ask, secret, secret + ", private_key: {file: key.pem}", "bad_setting", "{endpoint"},
		{ask, secret, secret + ", client_auth: private_key_jwt", "bad_setting", "{endpoint"},
		{ask, secret, secret + ", client_auth: none", "bad_setting", "none"},
		{ask, secret, secret + `, issuer: "http://idp.example.com"`, "insecure_issuer", `"http://idp`},
		{ask, secret, secret + ", audiences: []", "empty_list", "[]"},
		{ask, secret, secret + ", active_ttl: 301s", "bad_setting", "301s"},
		{ask, secret, secret + ", active_ttl: 0s", "bad_setting", "0s"},
		{ask, secret, secret + ", inactive_ttl: 61s", "bad_setting", "61s"},
		{ask, secret, secret + ", stale_ttl: 61s", "bad_setting", "61s"},
		{ask, secret, secret + ", stale_ttl: -1s", "bad_setting", "-1s"},
		{ask, secret, secret + ", timeout: 11s", "bad_setting", "11s"},
		{ask, secret, secret + ", cache_size: 0", "bad_setting", "cache_size"},
		{ask, secret, secret + ", in_flight: 1025", "bad_setting", "in_flight"},
		{ask, secret, secret + ", queue: 0", "bad_setting", "queue"},
		{ask, secret, secret + ", ignore_no_store: yes", "wrong_type", "yes"},
		{ask, secret, secret + ", type: robot", "bad_setting", "robot"},
		{ask, secret, secret + ", token: s3cret", "unknown_key", "token"},
		{ask, ask, ask + "}, {" + ask, "duplicate_name", `"https://idp`},
		{ask, ask, ask + ", " + keys, "bad_setting", "{introspection"},
		{ask, ask, "introspection: ", "empty_value", "introspection"},
		{keys, "file: keys.yaml", "header: X-Key", "missing_key", "{header"},
		{keys, keys, more(keys, "header: Authorization"), "bad_setting", "Authorization"},
		{keys, keys, more(keys, "header: Cookie"), "bad_setting", "Cookie"},
		{keys, keys, more(keys, "header: X_Key"), "bad_setting", "X_Key"},
		{keys, keys, more(keys, "keys: [s3cret]"), "unknown_key", "keys"},
		{keys, keys, keys + "}, {" + keys, "duplicate_name", "keys.yaml}}]"},
		{keys, keys, keys + "}, {api_keys: {file: other.yaml}", "duplicate_name", "{file: other"},
	} {
		t.Run(fmt.Sprintf("%.20q to %.60q", tt.old, tt.new), func(t *testing.T) {
			i := strings.Index(least, "  authn:")
			good := least[:i] + "  authn: [{" + tt.base + "}]\n"
			if cfg, found := config.Read(path, []byte(good)); cfg == nil {
				t.Fatalf("control: %v", found)
			}
			text := strings.Replace(good, tt.old, tt.new, 1)
			cfg, found := config.Read(path, []byte(text))
			at := slices.IndexFunc(found, func(d policy.Diagnostic) bool { return d.Code == tt.code && strings.HasPrefix(place(text, d), tt.at) })
			if cfg != nil || at < 0 {
				t.Errorf("read %v, found %v, want %s", cfg != nil, found, tt.code)
			}
			for _, d := range found {
				if strings.Contains(d.Message+d.Hint, "s3cret") {
					t.Errorf("found %s", d)
				}
			}
		})
	}
}

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	getenv := func(name string) (string, bool) {
		return map[string]string{"S": "s3cret\n"}[name], name == "S" || name == "EMPTY"
	}
	for name, tt := range map[string]struct {
		secret config.Secret
		want   string
	}{
		"environment":       {config.Secret{Env: "S"}, "s3cret\n"},
		"not set":           {config.Secret{Env: "T"}, ""},
		"empty":             {config.Secret{Env: "EMPTY"}, ""},
		"file":              {config.Secret{File: write("a", "s3cret")}, "s3cret"},
		"one line break":    {config.Secret{File: write("b", "s3cret\n")}, "s3cret"},
		"one only":          {config.Secret{File: write("c", "s3cret\n\n")}, "s3cret\n"},
		"Windows":           {config.Secret{File: write("d", "s3cret\r\n")}, "s3cret"},
		"empty file":        {config.Secret{File: write("e", "\n")}, ""},
		"no file":           {config.Secret{File: filepath.Join(dir, "none")}, ""},
		"a large file":      {config.Secret{File: write("f", strings.Repeat("a", 64<<10+1))}, ""},
		"as large as it is": {config.Secret{File: write("g", strings.Repeat("a", 64<<10))}, strings.Repeat("a", 64<<10)},
	} {
		got, err := tt.secret.Read(getenv)
		if got != tt.want || (err == nil) != (tt.want != "") || err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %.20q, %v", name, got, err)
		}
		if !tt.secret.IsSet() {
			t.Errorf("%s is not set", name)
		}
	}
	if (config.Secret{}).IsSet() {
		t.Error("nothing is set")
	}
}

package sidecar_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/reload"
)

// minimal is a configuration and a set that load.
func minimal(t testing.TB) (dir, text string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "set.yaml"), []byte(policies), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, `apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: minimal}
spec:
  policies: {dir: .}
  listeners: {proxy: {address: "127.0.0.1:0", upstreams: [{match: "/{rest...}", url: "http://127.0.0.1:1"}]}}
  env: {region: eu}
  authn: [{jwt: {issuer: "http://127.0.0.1:1", audiences: [a]}}]
  drain: {delay: 0s}
`
}

func read(t testing.TB, dir, text string) *config.Config {
	t.Helper()
	cfg, found := config.Read(filepath.Join(dir, "gwctl.yaml"), []byte(text))
	if cfg == nil {
		t.Fatalf("the configuration does not load: %v", found)
	}
	return cfg
}

func noEnv(string) (string, bool) { return "", false }

func options(cfg *config.Config, out *buffer) sidecar.Options {
	return sidecar.Options{Config: cfg, Stdout: out, Clock: time.Now, Logger: slog.New(slog.DiscardHandler), Getenv: noEnv}
}

// A sidecar that cannot be built whole is not built, and nothing listens.
func TestNewRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var broken *reload.BuildError
	for _, tt := range []struct {
		name, old, new string
		set            string // in place of the set
		is             func(error) bool
	}{
		{name: "nothing", is: func(err error) bool { return err == nil }},
		{name: "a port that is taken", old: "127.0.0.1:0", new: taken.Addr().String(), is: func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "opening the proxy listener")
		}},
		{name: "a health port that is taken", old: "listeners: {", new: `listeners: {health: {address: "` + taken.Addr().String() + `"}, `, is: func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "opening the health listener")
		}},
		{name: "a broken set", set: "{", is: func(err error) bool { return errors.As(err, &broken) && strings.Contains(err.Error(), "yaml_syntax") }},
		{name: "no rule", set: "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: a}\nspec: {env: {region: {type: string}}}\n", is: func(err error) bool { return errors.Is(err, reload.ErrEmpty) }},
		{name: "no set", old: "{dir: .}", new: "{dir: ./nowhere}", is: func(err error) bool { return errors.Is(err, os.ErrNotExist) }},
		{name: "a sink that is no file", old: "env:", new: "audit: {sinks: [{file: {path: .}}]}\n  env:", is: func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "opening the audit file")
		}},
		{name: "no value for the environment", old: "env: {region: eu}", new: "env: {region: {env: NOWHERE}}", is: func(err error) bool {
			return errors.As(err, &broken) && strings.Contains(err.Error(), "missing_value")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, text := minimal(t)
			if tt.set != "" {
				if err := os.WriteFile(filepath.Join(dir, "set.yaml"), []byte(tt.set), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var out buffer
			car, err := sidecar.New(ctx, options(read(t, dir, strings.Replace(text, tt.old, tt.new, 1)), &out))
			if !tt.is(err) {
				t.Errorf("New: %v", err)
			}
			if car == nil {
				return
			}
			if car.HealthAddr() != nil {
				t.Error("a health listener without an address")
			}
			cancel()
			if err := car.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
}

// The configuration that New is given and the file that it follows are the
// same, or nothing starts.
func TestNewComparesFile(t *testing.T) {
	dir, text := minimal(t)
	path := filepath.Join(dir, "gwctl.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(text, "127.0.0.1:0", "127.0.0.2:0", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	var out buffer
	o := options(read(t, dir, text), &out)
	o.ConfigPath = path
	if _, err := sidecar.New(t.Context(), o); !errors.Is(err, reload.ErrNeedsRestart) {
		t.Errorf("New: %v", err)
	}
}

// Without a configuration file to follow, the set alone is.
func TestFixedConfiguration(t *testing.T) {
	r := start(t, setup{fixed: true})
	user := bearer(r.user(`{}`))
	r.write("gwctl.yaml", "{")
	r.reload(record.Reload{}, func() { r.write("policies/set.yaml", closedPolicies) })
	if got := r.get("GET /items/7", user); got.status != http.StatusForbidden {
		t.Errorf("answer %s", got.raw)
	}
	r.stopReloads()
}

func TestAuditFile(t *testing.T) {
	r := start(t, setup{spec: "  audit: {sinks: [{file: {path: ./audit.jsonl}}]}"})
	if got := r.get("GET /public/x"); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	r.cancel()
	<-r.ended
	data, err := os.ReadFile(filepath.Join(r.dir, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), `"event":"decision"`); n != 1 || !strings.HasPrefix(string(data), `{"seq":1,"event":"process_start"`) || r.out.String() != "" {
		t.Errorf("%s in the file, on stdout %q", data, r.out.String())
	}
	info, err := os.Stat(filepath.Join(r.dir, "audit.jsonl"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has the rights %v, %v", info.Mode(), err)
	}
}

func TestUpstreamAway(t *testing.T) {
	r := start(t, setup{})
	r.upstream.close()
	got := r.get("GET /public/x")
	if got.status != http.StatusBadGateway || got.code(t) != "upstream_unreachable" || got.header.Get("Retry-After") != "" {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.get("HEAD /public/x"); got.status != http.StatusBadGateway {
		t.Errorf("answer %s", got.raw)
	}
	r.stop()
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ name, old, new, set, code string }{
		{name: "nothing"},
		{name: "a mapping over no attribute", old: "audiences: [a]", new: "audiences: [a], attributes: {tennant: claims.tid}", code: "undeclared_attribute"},
		{name: "a mapping that is no CEL", old: "audiences: [a]", new: "audiences: [a], attributes: {tenant: 'claims.'}", code: "mapping_invalid"},
		{name: "an issuer that is nobody's", old: "http://127.0.0.1:1\", aud", new: "https://169.254.169.254\", aud", code: "bad_setting"},
		{name: "an undeclared value", old: "{region: eu}", new: "{region: eu, zone: a}", code: "undeclared_attribute"},
		{name: "a value outside the enum", old: "{region: eu}", new: "{region: mars}", code: "attribute_invalid"},
		{name: "no value", old: "  env: {region: eu}\n", new: "", code: "missing_value"},
		{name: "no rule", set: "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: a}\nspec: {env: {region: {type: string}}}\n", code: "empty_set"},
		{name: "a broken set", set: "{", code: "yaml_syntax"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, text := minimal(t)
			if tt.set != "" {
				if err := os.WriteFile(filepath.Join(dir, "set.yaml"), []byte(tt.set), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			found, err := sidecar.Check(read(t, dir, strings.Replace(text, tt.old, tt.new, 1)), noEnv)
			if err != nil {
				t.Fatal(err)
			}
			wantOnly(t, found, tt.code)
		})
	}
	dir, text := minimal(t)
	if _, err := sidecar.Check(read(t, dir, strings.Replace(text, "dir: .", "dir: ./nowhere", 1)), noEnv); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a set that is not there: %v", err)
	}
}

// wantOnly compares the errors among findings: all have the code and a place.
func wantOnly(t testing.TB, found policy.Diagnostics, code string) {
	t.Helper()
	errs := 0
	for _, d := range found {
		if d.Severity != document.Error {
			continue
		}
		errs++
		if d.Code != code || d.Path == "" {
			t.Errorf("found %s", d)
		}
	}
	if (errs > 0) != (code != "") {
		t.Errorf("found %d errors, want %q: %v", errs, code, found)
	}
}

// Every configuration among the examples is read and checked as it is. One that
// wants certificates to be made first has a test of its own.
func TestExamples(t *testing.T) {
	paths, err := filepath.Glob("../examples/*/gwctl.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "make-certs.sh")); err == nil {
			continue
		}
		t.Run(path, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			cfg, found := config.Read(path, data)
			if cfg == nil || len(found) > 0 {
				t.Fatalf("reading: %v", found)
			}
			if found, err := sidecar.Check(cfg, noEnv); err != nil || len(found) > 0 {
				t.Errorf("checking: %v, %v", found, err)
			}
		})
	}
}

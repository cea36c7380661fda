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
		"Policies":     {"./policies", "./others", "policies"},
		"Proxy":        {"0.0.0.0:8080", "0.0.0.0:8081", "listeners.proxy.address"},
		"Health":       {"9900", "9901", "listeners.health"},
		"ForwardToken": {"forward_token: true", "forward_token: false", "forward_token"},
		"Audit":        {"keep: 10", "keep: 11", "audit"},
		"Drain":        {"timeout: 10m", "timeout: 9m", "drain"},
	}
	reload := map[string][2]string{
		"Env":            {"region: eu", "region: us"},
		"JWT":            {"leeway: 5s", "leeway: 6s"},
		"AllowAnonymous": {"anonymous: allow", "anonymous: deny"},
		"Claims":         {"[email, department]", "[email]"},
		"Verify":         {"1/1000", "1/10"},
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

package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
)

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
			if u.URL == nil || u.URL.Host == "" || u.URL.User != nil || !strings.HasPrefix(u.Match.Value(), "/") {
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

package authn

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// keepLastGood runs one life of a key set with a file of last good keys, and
// gives the file.
func keepLastGood(t *testing.T, path string, keys ...string) string {
	t.Helper()
	var text string
	bubble(t, func(c *KeySetConfig) { c.LastGood = path }, func(t *testing.T, b *bench) {
		b.idp.publish(keys...)
		b.start()
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Fatalf("%v, %v", info, err)
		}
		text = string(must(os.ReadFile(path)))
	})
	return text
}

// A restart while the issuer is down: the keys of before are in force if the
// file is whole, private, young and of this issuer.
func TestLastGood(t *testing.T) {
	_, _ = ecKey(), otherECKey()
	good := func(text string, _ *KeySetConfig) string { return text }
	replace := func(old, new string) func(string, *KeySetConfig) string {
		return func(text string, _ *KeySetConfig) string {
			if !strings.Contains(text, old) {
				t.Fatalf("%q is not in %s", old, text)
			}
			return strings.Replace(text, old, new, 1)
		}
	}
	for _, tc := range []struct {
		name   string
		change func(text string, c *KeySetConfig) string
		mode   os.FileMode
		after  time.Duration
		want   string
	}{
		{"control", good, 0o600, 0, "ok"},
		{"almost a day later", good, 0o600, 24*time.Hour - time.Second, "ok"},
		{"a day later", good, 0o600, 24*time.Hour + time.Second, "broken"},
		{"older than keys may get", func(text string, c *KeySetConfig) string {
			c.StaleFor = time.Hour
			return text
		}, 0o600, time.Hour + time.Second, "broken"},
		{"from the future", replace(`"fetched":`, `"fetched":9`), 0o600, 0, "broken"},
		{"readable for the group", good, 0o640, 0, "broken"},
		{"writable for all", good, 0o602, 0, "broken"},
		{"of another issuer", replace("idp.test", "other.test"), 0o600, 0, "broken"},
		{"cut", func(text string, _ *KeySetConfig) string { return text[:len(text)-2] }, 0o600, 0, "broken"},
		{"something behind", func(text string, _ *KeySetConfig) string { return text + "{}" }, 0o600, 0, "broken"},
		{"no keys", replace(`"jwks":`, `"keys":`), 0o600, 0, "broken"},
		{"no time", replace(`"fetched":`, `"fetch":`), 0o600, 0, "broken"},
		{"empty", func(string, *KeySetConfig) string { return "" }, 0o600, 0, "broken"},
		{"too large", func(text string, _ *KeySetConfig) string { return text + strings.Repeat(" ", 300<<10) }, 0o600, 0, "broken"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "idp.json")
			text := keepLastGood(t, path, jwk("k1", "ES256", ecKey()))
			bubble(t, func(c *KeySetConfig) {
				c.LastGood = path
				if err := os.WriteFile(path, []byte(tc.change(text, c)), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, tc.mode); err != nil {
					t.Fatal(err)
				}
			}, func(t *testing.T, b *bench) {
				time.Sleep(tc.after)
				b.idp.set(func(i *issuer) { i.status = http.StatusServiceUnavailable })
				if err := b.keys.Start(b.ctx); (err == nil) != (tc.want == "ok") {
					t.Errorf("Start: %v", err)
				}
				b.want(b.good("k1"), tc.want)
			})
		})
	}
}

// The issuer's own answer comes first: keys of the file that it has withdrawn
// never count while it answers, and go when it answers again.
func TestLastGoodYields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idp.json")
	keepLastGood(t, path, jwk("k1", "ES256", ecKey()))
	before := string(must(os.ReadFile(path)))
	for _, down := range []bool{false, true} {
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		bubble(t, func(c *KeySetConfig) { c.LastGood = path }, func(t *testing.T, b *bench) {
			b.idp.publish(jwk("k2", "ES256", otherECKey()))
			if down {
				b.idp.set(func(i *issuer) { i.status = http.StatusServiceUnavailable })
			}
			b.start()
			if down {
				b.want(b.good("k1"), "ok")
				b.idp.set(func(i *issuer) { i.status = 0 })
				time.Sleep(5 * time.Second)
				synctest.Wait()
			}
			b.want(b.goodOther("k2"), "ok")
			b.want(b.good("k1"), ReasonKeyUnknown)
			if text := string(must(os.ReadFile(path))); strings.Contains(text, `"k1"`) || !strings.Contains(text, `"k2"`) {
				t.Errorf("the file holds %s", text)
			}
		})
	}
}

// A file that cannot be written costs no keys.
func TestLastGoodNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "idp.json")
	bubble(t, func(c *KeySetConfig) { c.LastGood = path }, func(t *testing.T, b *bench) {
		b.start()
		b.want(b.good("k1"), "ok")
	})
	dir := t.TempDir()
	bubble(t, func(c *KeySetConfig) { c.LastGood = dir }, func(t *testing.T, b *bench) { // a directory
		b.start()
		b.want(b.good("k1"), "ok")
	})
	left, err := os.ReadDir(filepath.Dir(dir))
	for _, e := range left {
		if strings.HasPrefix(e.Name(), ".keys-") {
			t.Errorf("%s is left, %v", e.Name(), err)
		}
	}
}

// A file of last good keys is as hostile as what is fetched.
func FuzzLastGood(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(`{"issuer":"https://idp.test","fetched":1800000000,"ttl":600,"jwks":%s}`, jwks(jwk("k1", "ES256", ecKey())))))
	f.Add([]byte(`{"issuer":"https://idp.test","fetched":1,"ttl":600,"jwks":{}}`))
	k := must(NewKeySet(KeySetConfig{Issuer: "https://idp.test", Clock: func() time.Time { return time.Unix(1_800_000_100, 0) }}))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := k.parseLastGood(data)
		if err == nil && (len(g.ring.keys) == 0 || g.ttl < 0 || g.ttl > time.Hour || g.fetched.After(time.Unix(1_800_000_200, 0))) {
			t.Fatalf("%+v", g)
		}
	})
}

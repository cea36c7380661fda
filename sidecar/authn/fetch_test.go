package authn

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestRefreshFollowsMaxAge(t *testing.T) {
	for _, tc := range []struct {
		header   string
		low, max time.Duration
	}{
		{"", 7 * time.Minute, 9 * time.Minute},
		{"public, max-age=1200", 14 * time.Minute, 18 * time.Minute},
		{"max-age=1", 3*time.Minute + 30*time.Second, 4*time.Minute + 30*time.Second},
		{"no-store", 3*time.Minute + 30*time.Second, 4*time.Minute + 30*time.Second},
		{"Max-Age=\"999999\"", 42 * time.Minute, 54 * time.Minute},
		{"max-age=-1", 7 * time.Minute, 9 * time.Minute},
		{"s-maxage=5, max-age=99999999999999999999", 7 * time.Minute, 9 * time.Minute},
	} {
		t.Run(tc.header, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, b *bench) {
				b.idp.set(func(i *issuer) { i.header = http.Header{"Cache-Control": {tc.header}} })
				b.start()
				time.Sleep(tc.low - time.Second)
				if n := b.idp.fetches.Load(); n != 1 {
					t.Errorf("%d fetches before %v", n, tc.low)
				}
				time.Sleep(tc.max - tc.low + 2*time.Second)
				if n := b.idp.fetches.Load(); n != 2 {
					t.Errorf("%d fetches by %v, want 2", n, tc.max)
				}
			})
		})
	}
}

// When discovery is due again, it finds a jwks_uri that has moved.
func TestMovedJWKS(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.idp.set(func(i *issuer) { i.discovery = `{"issuer":"https://idp.test","jwks_uri":"https://idp.test/gone"}` })
		time.Sleep(50 * time.Minute)
		if s := b.keys.Status(); s.Degraded {
			t.Errorf("rediscovered early: %+v", s)
		}
		time.Sleep(25 * time.Minute)
		if s := b.keys.Status(); !s.Degraded || s.LastError != ResultStatus {
			t.Errorf("not rediscovered: %+v", s)
		}
		b.idp.set(func(i *issuer) { i.discovery = "" })
		time.Sleep(time.Minute)
		if s := b.keys.Status(); s.Degraded || s.LastError != "" {
			t.Errorf("not recovered: %+v", s)
		}
	})
}

// A82 and the shape of discovery documents.
func TestDiscoveryDocuments(t *testing.T) {
	doc := func(uri string) string { return `{"issuer":"https://idp.test","jwks_uri":"` + uri + `"}` }
	for name, tc := range map[string]struct{ doc, want string }{
		"control":             {doc("https://idp.test/jwks"), ResultOK},
		"control: other host": {doc("https://keys.test/jwks"), ResultOK},
		"A82 metadata":        {doc("http://169.254.169.254/latest"), ResultAddress},
		"A82 metadata https":  {doc("https://169.254.169.254/latest"), ResultAddress},
		"A82 mapped metadata": {doc("https://[::ffff:a9fe:a9fe]/"), ResultAddress},
		"A82 localhost":       {doc("https://localhost/jwks"), ResultAddress},
		"A82 loopback":        {doc("http://127.0.0.1/jwks"), ResultAddress},
		"A82 loopback v6":     {doc("https://[::1]/jwks"), ResultAddress},
		"A82 file":            {doc("file:///etc/passwd"), ResultAddress},
		"A82 http":            {doc("http://idp.test/jwks"), ResultAddress},
		"A82 userinfo":        {doc("https://u:p@idp.test/jwks"), ResultAddress},
		"A82 no scheme":       {doc("/jwks"), ResultAddress},
		"no jwks_uri":         {`{"issuer":"https://idp.test"}`, ResultMalformed},
		"jwks_uri list":       {`{"issuer":"https://idp.test","jwks_uri":["https://idp.test/jwks"]}`, ResultMalformed},
		"A62 other issuer":    {`{"issuer":"https://idp.test/","jwks_uri":"https://idp.test/jwks"}`, ResultIssuer},
		"A68 issuer by case":  {`{"ISSUER":"https://idp.test","jwks_uri":"https://idp.test/jwks"}`, ResultIssuer},
		"A68 two issuers":     {`{"issuer":"https://evil.test","issuer":"https://idp.test","jwks_uri":"https://idp.test/jwks"}`, ResultMalformed},
		"A68 two jwks_uri":    {`{"issuer":"https://idp.test","jwks_uri":"https://idp.test/jwks","jwks_uri":"https://evil.test/"}`, ResultMalformed},
		"HTML":                {"<html>topsecret</html>", ResultMalformed},
		"too large":           {`{"x":"` + strings.Repeat("x", 256<<10) + `"}`, ResultTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			var logged strings.Builder
			withLog := func(c *KeySetConfig) { c.Logger = slog.New(slog.NewTextHandler(&logged, nil)) }
			bubble(t, withLog, func(t *testing.T, b *bench) {
				b.idp.set(func(i *issuer) { i.discovery = tc.doc })
				err := b.keys.Start(b.ctx)
				synctest.Wait() // the log comes last
				if got := b.count(TriggerStart, tc.want); got != 1 || (err == nil) != (tc.want == ResultOK) {
					t.Errorf("%v: %+v, want %s", err, b.keys.Status().Fetches, tc.want)
				}
				if err != nil && b.idp.fetches.Load() != 0 {
					t.Error("keys were fetched")
				}
				if strings.Contains(fmt.Sprint(err, logged.String()), "topsecret") {
					t.Errorf("body in error or log: %v %s", err, &logged)
				}
			})
		})
	}
}

// Keys that an issuer should not publish are named, and logged as a warning.
func TestIgnoredKeysAreReported(t *testing.T) {
	var logged strings.Builder
	withLog := func(c *KeySetConfig) { c.Logger = slog.New(slog.NewTextHandler(&logged, nil)) }
	bubble(t, withLog, func(t *testing.T, b *bench) {
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("dup", "ES256", ecKey()), jwk("dup", "ES256", otherECKey()),
			`{"kty":"EC","kid":"enc","use":"enc"}`)
		b.start()
		synctest.Wait() // the log comes last
		s := b.keys.Status()
		if got := fmt.Sprint(s.Keys, s.Ignored); got != "1 [{enc not_for_signatures} {dup duplicate_kid} {dup duplicate_kid}]" {
			t.Errorf("%s", got)
		}
		if n := strings.Count(logged.String(), "level=WARN"); n != 2 {
			t.Errorf("%d warnings: %s", n, &logged)
		}
		b.want(b.good("dup"), ReasonKeyUnknown)
		b.want(b.good("k1"), "ok")
	})
}

// Over real connections: an issuer that is gone, and one that sends the reader
// elsewhere (A50).
func TestKeySetOverTCP(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	elsewhere := newIssuer(t, jwk("k1", "ES256", otherECKey()))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	keys := func(issuer string) *KeySet { return must(NewKeySet(KeySetConfig{Issuer: issuer})) }
	lastError := func(k *KeySet) string {
		_ = k.Start(t.Context())
		return k.Status().LastError
	}
	if got := lastError(keys(idp.url)); got != "" {
		t.Errorf("control: %s", got)
	}
	if got := lastError(keys(gone.URL)); got != ResultNetwork {
		t.Errorf("gone: %q", got)
	}
	if got := lastError(keys(idp.url + "/realm")); got != ResultStatus {
		t.Errorf("404: %q", got)
	}
	idp.set(func(i *issuer) { i.status = 302; i.header = http.Header{"Location": {elsewhere.url + "/jwks"}} })
	if got := lastError(keys(idp.url)); got != ResultAddress || elsewhere.fetches.Load() != 0 {
		t.Errorf("redirect: %q, %d requests elsewhere", got, elsewhere.fetches.Load())
	}
}

package authn

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestNewKeySetIssuers(t *testing.T) {
	for issuer, ok := range map[string]bool{
		"https://idp.example.com":          true,
		"https://idp.example.com/realms/a": true,
		"https://10.1.2.3:8443":            true,
		"http://localhost:8080":            true,
		"http://127.0.0.1":                 true,
		"http://[::1]:9000":                true,
		"":                                 false,
		"idp.example.com":                  false,
		"http://idp.example.com":           false,
		"http://10.1.2.3":                  false,
		"http://localhost.evil.test":       false,
		"ftp://localhost":                  false,
		"file:///etc/passwd":               false,
		"https:idp.example.com":            false,
		"https://":                         false,
		"https://u:p@idp.example.com":      false,
		"https://idp.example.com?a=b":      false,
		"https://idp.example.com?":         false,
		"https://idp.example.com#a":        false,
		"https://169.254.169.254":          false,
		"https://[fe80::1]":                false,
		"https://[::ffff:169.254.169.254]": false,
		"https://0.0.0.0":                  false,
		"https://100.100.100.200":          false,
		"https://[fd00:ec2::254]":          false,
	} {
		if _, err := NewKeySet(KeySetConfig{Issuer: issuer}); (err == nil) != ok {
			t.Errorf("%q: error %v, want ok %v", issuer, err, ok)
		}
	}
}

func TestNewKeySetRanges(t *testing.T) {
	for name, change := range map[string]func(*KeySetConfig){
		"StaleFor":        func(c *KeySetConfig) { c.StaleFor = 8 * 24 * time.Hour },
		"SoftTTL":         func(c *KeySetConfig) { c.SoftTTL = time.Second },
		"MinTTL > MaxTTL": func(c *KeySetConfig) { c.MinTTL = 2 * time.Hour },
		"Backoff":         func(c *KeySetConfig) { c.BackoffMin, c.BackoffMax = time.Minute, time.Second },
		"UnknownEvery":    func(c *KeySetConfig) { c.UnknownEvery = time.Millisecond },
		"UnknownWait":     func(c *KeySetConfig) { c.UnknownWait = time.Minute },
		"NegativeTTL":     func(c *KeySetConfig) { c.NegativeTTL = time.Hour },
		"MaxBody":         func(c *KeySetConfig) { c.MaxBody = -1 },
		"MaxKeys":         func(c *KeySetConfig) { c.MaxKeys = 1 << 20 },
		"default client":  func(c *KeySetConfig) { c.HTTP = &http.Client{} },
	} {
		cfg := KeySetConfig{Issuer: "https://idp.test"}
		if _, err := NewKeySet(cfg); err != nil {
			t.Fatalf("control: %v", err)
		}
		change(&cfg)
		if _, err := NewKeySet(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A81: without keys nothing is refused and nothing is accepted; the start is
// repeated until the issuer is up.
func TestStartFailsAndRecovers(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.idp.set(func(i *issuer) { i.status = http.StatusServiceUnavailable })
		b.want(b.good("k1"), "broken") // not started
		if err := b.keys.Start(b.ctx); err == nil || !strings.Contains(err.Error(), ResultStatus) {
			t.Fatalf("Start: %v", err)
		}
		if err := b.keys.Start(b.ctx); err == nil {
			t.Fatal("second Start")
		}
		b.want(b.good("k1"), "broken")
		_, err := NewChain(b.m).Authenticate(t.Context(), bearing(b.good("k1")))
		if broken, ok := errors.AsType[*Broken](err); !ok || broken.RetryAfter != 5*time.Second || broken.Dependency != b.idp.url || broken.Method != "main" || broken.Kind != KindJWT {
			t.Fatalf("%+v", err)
		}
		if b.keys.Ready() {
			t.Error("ready without keys")
		}
		// 1, 2, 4, 8, 16, 32, 60, 60, … seconds, each up to a tenth shorter.
		time.Sleep(10 * time.Minute)
		if n := b.count(TriggerScheduled, ResultStatus); n < 13 || n > 17 {
			t.Errorf("%d retries in 10 min", n)
		}
		s := b.keys.Status()
		if !s.Degraded || s.LastError != ResultStatus || s.Ready || s.Age != 0 || !s.Fetched.IsZero() {
			t.Errorf("status %+v", s)
		}
		b.idp.set(func(i *issuer) { i.status = 0 })
		time.Sleep(61 * time.Second)
		b.want(b.good("k1"), "ok")
		if s := b.keys.Status(); !s.Ready || s.Degraded || s.LastError != "" || s.Failures != 0 || s.Keys != 1 {
			t.Errorf("status %+v", s)
		}
	})
}

// A good refresh replaces the set at once: a revoked key dies within the TTL, or
// when the operator asks.
func TestRemovedKeyDies(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.want(b.good("k1"), "ok")
		b.idp.publish(jwk("k2", "ES256", otherECKey()))
		b.want(b.good("k1"), "ok")
		time.Sleep(9*time.Minute + time.Second)
		b.want(b.good("k1"), ReasonKeyUnknown)
		b.want(b.goodOther("k2"), "ok")

		b.idp.publish(jwk("k1", "ES256", ecKey()))
		if err := b.keys.Refresh(b.ctx); err != nil {
			t.Fatal(err)
		}
		b.want(b.goodOther("k2"), ReasonKeyUnknown)
		b.want(b.good("k1"), "ok")
		if n := b.count(TriggerManual, ResultOK); n != 1 {
			t.Errorf("%d manual fetches", n)
		}
	})
}

// While the issuer is down, cached keys keep working for StaleFor and not longer.
func TestStaleIfError(t *testing.T) {
	faults := map[string]struct {
		fault  func(*issuer)
		result string
	}{
		"5xx":       {func(i *issuer) { i.status = 500 }, ResultStatus},
		"404":       {func(i *issuer) { i.status = 404 }, ResultStatus},
		"timeout":   {func(i *issuer) { i.delay = time.Hour }, ResultTimeout},
		"bad JSON":  {func(i *issuer) { i.keys = "<html>" }, ResultMalformed},
		"empty set": {func(i *issuer) { i.keys = jwks() }, ResultEmpty},
		"only bad keys": {func(i *issuer) {
			i.keys = jwks(`{"kty":"oct","k":"AAAA"}`)
		}, ResultEmpty},
		"too large":            {func(i *issuer) { i.keys = jwks(quote(strings.Repeat("x", 4<<10))) }, ResultTooLarge},
		"too many keys":        {func(i *issuer) { i.keys = jwks(strings.Split(strings.Repeat("{} ", 65), " ")[:65]...) }, ResultTooLarge},
		"discovery gone":       {func(i *issuer) { i.discovery = "<html>"; i.status = 500 }, ""},
		"redirect to nowhere":  {func(i *issuer) { i.status = 302 }, ResultStatus},
		"another issuer's doc": {func(i *issuer) { i.status = 500; i.discovery = `{"issuer":"https://evil.test"}` }, ""},
	}
	// A slow retry keeps a simulated day short.
	slow := func(c *KeySetConfig) { c.BackoffMax, c.MaxBody = 10*time.Minute, 4<<10 }
	for name, tc := range faults {
		t.Run(name, func(t *testing.T) {
			bubble(t, slow, func(t *testing.T, b *bench) {
				b.start()
				b.idp.set(tc.fault)
				time.Sleep(9*time.Minute + time.Minute)
				s := b.keys.Status()
				if !s.Ready || !s.Degraded || s.Failures < 2 || (tc.result != "" && s.LastError != tc.result) {
					t.Errorf("status %+v, want %s", s, tc.result)
				}
				b.want(b.good("k1"), "ok")
				time.Sleep(23 * time.Hour)
				b.want(b.good("k1"), "ok")
				// Nobody can say that another kid is wrong.
				b.want(b.unsigned("other"), "broken")
				time.Sleep(time.Hour)
				b.want(b.good("k1"), "broken")
				if b.keys.Ready() {
					t.Error("ready with keys of over 24 h")
				}
				b.idp.set(func(i *issuer) { i.status, i.delay, i.discovery = 0, 0, "" })
				b.idp.publish(jwk("k1", "ES256", ecKey()))
				time.Sleep(10*time.Minute + 4*time.Second)
				b.want(b.good("k1"), "ok")
			})
		})
	}
}

// Discovery and keys together have the time of one fetch.
func TestFetchTimeIsWhole(t *testing.T) {
	for _, tt := range []struct {
		finding, delay time.Duration
		want           string
	}{
		{1400 * time.Millisecond, 1500 * time.Millisecond, ""},
		{1600 * time.Millisecond, 1500 * time.Millisecond, ResultTimeout},
	} {
		bubble(t, nil, func(t *testing.T, b *bench) {
			b.idp.set(func(i *issuer) { i.finding, i.delay = tt.finding, tt.delay })
			began := time.Now()
			err := b.keys.Start(b.ctx)
			if s := b.keys.Status(); s.LastError != tt.want || s.Ready != (tt.want == "") || (err == nil) != s.Ready {
				t.Errorf("%v and %v: %v, %+v", tt.finding, tt.delay, err, s)
			}
			if took := time.Since(began); took != min(tt.finding+tt.delay, DefaultTimeout) {
				t.Errorf("%v and %v took %v", tt.finding, tt.delay, took)
			}
		})
	}
}

func TestStaleForNone(t *testing.T) {
	bubble(t, func(c *KeySetConfig) { c.StaleFor = -1 }, func(t *testing.T, b *bench) {
		b.start()
		b.idp.set(func(i *issuer) { i.status = 500 })
		time.Sleep(10 * time.Minute)
		b.want(b.good("k1"), "ok")
		time.Sleep(time.Second)
		b.want(b.good("k1"), "broken")
	})
}

// A key set ends with its context: nothing is fetched any more, keys still serve.
func TestKeySetEnds(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		ctx, cancel := context.WithCancel(b.ctx)
		if err := b.keys.Refresh(ctx); err == nil {
			t.Error("Refresh before Start")
		}
		if err := b.keys.Start(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		b.want(b.good("k1"), "ok")
		b.want(b.unsigned("other"), ReasonKeyUnknown)
		b.want(b.goodOther("k1"), ReasonSignatureInvalid)
		time.Sleep(time.Hour)
		if n := b.idp.fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

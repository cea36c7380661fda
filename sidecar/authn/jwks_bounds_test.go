package authn

import (
	"crypto/elliptic"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A76: one fetch for unknown kids in 10 s, and none saved up: after an hour in which
// nobody asked there is one as well, and the next comes 10 s later.
func TestUnknownKidInterval(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		time.Sleep(time.Hour)
		for i, step := range []struct {
			after   time.Duration
			fetches uint64
		}{
			{0, 1}, {0, 1}, {9999 * time.Millisecond, 1}, {time.Millisecond, 2}, {0, 2}, {10 * time.Second, 3},
		} {
			time.Sleep(step.after)
			ip := fmt.Sprint("127.0.0.", i+2) // each from a client of its own
			wantOutcome(t, b.m, from(ip, b.unsigned(fmt.Sprint("kid-", i))), ReasonKeyUnknown)
			if n := b.count(TriggerUnknownKey, ""); n != step.fetches {
				t.Errorf("step %d: %d fetches, want %d", i, n, step.fetches)
			}
		}
	})
}

// A78: a client gets its three fetches in each minute, and not in a minute by the
// clock on the wall.
func TestUnknownKidPerClientMinute(t *testing.T) {
	bubble(t, func(c *KeySetConfig) { c.UnknownEvery = time.Second }, func(t *testing.T, b *bench) {
		b.start()
		for i := range 3 {
			b.want(b.unsigned(fmt.Sprint("first-", i)), ReasonKeyUnknown)
			time.Sleep(10 * time.Second)
		}
		time.Sleep(29999 * time.Millisecond) // 59.999 s after the first
		b.want(b.unsigned("early"), ReasonKeyUnknown)
		if n := b.count(TriggerUnknownKey, ""); n != 3 {
			t.Errorf("%d fetches within a minute, want 3", n)
		}
		time.Sleep(time.Millisecond)
		b.want(b.unsigned("next"), ReasonKeyUnknown)
		b.want(b.unsigned("more"), ReasonKeyUnknown)
		if n := b.count(TriggerUnknownKey, ""); n != 4 {
			t.Errorf("%d fetches after a minute, want 4: only the first has left it", n)
		}
	})
}

// The memory of absent kids is bounded: the oldest goes first.
func TestNegativeKidsAreBounded(t *testing.T) {
	change := func(c *KeySetConfig) { c.UnknownEvery, c.UnknownPerClient, c.NegativeSize = time.Second, 60, 2 }
	bubble(t, change, func(t *testing.T, b *bench) {
		b.start()
		miss := func(kid string) (fetched uint64) {
			time.Sleep(time.Second)
			before := b.count(TriggerUnknownKey, "")
			b.want(b.unsigned(kid), ReasonKeyUnknown)
			return b.count(TriggerUnknownKey, "") - before
		}
		// Each good fetch clears the memory, so what is in it is put there by hand.
		for _, kid := range []string{"a", "b", "c"} {
			b.keys.remember(kid)
		}
		for _, step := range []struct {
			kid  string
			want uint64
		}{{"b", 0}, {"c", 0}, {"a", 1}} {
			if got := miss(step.kid); got != step.want {
				t.Errorf("kid %s causes %d fetches, want %d", step.kid, got, step.want)
			}
		}
	})
}

// A fetch that fails clears nothing, and a good one everything.
func TestFailedFetchKeepsNegativeKids(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.want(b.unsigned("ghost"), ReasonKeyUnknown)
		b.idp.set(func(i *issuer) { i.status = http.StatusInternalServerError })
		if err := b.keys.Refresh(b.ctx); err == nil {
			t.Fatal("refreshed")
		}
		if !b.keys.limits.isAbsent("ghost", time.Now()) {
			t.Error("a failed fetch cleared the memory")
		}
		b.want(b.unsigned("ghost"), "broken") // while fetches fail nobody knows
		b.idp.set(func(i *issuer) { i.status = 0 })
		if err := b.keys.Refresh(b.ctx); err != nil {
			t.Fatal(err)
		}
		if b.keys.limits.isAbsent("ghost", time.Now()) {
			t.Error("a good fetch left the memory")
		}
	})
}

// A single failure is nothing; two in a row are a degraded issuer, until the
// next good fetch.
func TestDegradedAfterTwoFailures(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		for _, step := range []struct {
			status   int
			degraded bool
		}{{500, false}, {0, false}, {500, false}, {500, true}, {500, true}, {0, false}} {
			b.idp.set(func(i *issuer) { i.status = step.status })
			if err := b.keys.Refresh(b.ctx); (err == nil) != (step.status == 0) {
				t.Fatalf("status %d: %v", step.status, err)
			}
			if s := b.keys.Status(); s.Degraded != step.degraded || !s.Ready {
				t.Errorf("after status %d: degraded %v after %d failures", step.status, s.Degraded, s.Failures)
			}
			b.want(b.good("k1"), "ok")
		}
	})
}

// An exchange may take 3 s, and not a moment longer.
func TestFetchTakesThreeSeconds(t *testing.T) {
	for delay, want := range map[time.Duration]string{2999 * time.Millisecond: "", 3001 * time.Millisecond: ResultTimeout} {
		bubble(t, nil, func(t *testing.T, b *bench) {
			b.start()
			b.idp.set(func(i *issuer) { i.delay = delay })
			began := time.Now()
			err := b.keys.Refresh(b.ctx)
			synctest.Wait()
			if got := b.keys.Status().LastError; got != want || (err == nil) != (want == "") {
				t.Errorf("after %v: %q, %v; want %q", delay, got, err, want)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A key set may have 256 KiB, and not a byte more.
func TestKeySetBodyBound(t *testing.T) {
	for extra, want := range map[int]string{0: "", 1: ResultTooLarge} {
		bubble(t, nil, func(t *testing.T, b *bench) {
			b.start()
			doc := jwks(jwk("k1", "ES256", ecKey()))
			b.idp.set(func(i *issuer) { i.keys = doc + strings.Repeat(" ", 256<<10-len(doc)+extra) })
			err := b.keys.Refresh(b.ctx)
			if got := b.keys.Status().LastError; got != want || (err == nil) != (want == "") {
				t.Errorf("%d bytes over the bound: %q, %v", extra, got, err)
			}
			b.want(b.good("k1"), "ok")
		})
	}
}

// The largest and smallest keys that count, and their neighbours that do not.
func TestKeySizes(t *testing.T) {
	rsaOf := func(bits uint) string {
		n := shifted(rsaKey().N, bits-2048)
		n.SetBit(n, 0, 1)
		for small := big.NewInt(3); small.Int64() < 2000; small.Add(small, big.NewInt(2)) {
			if new(big.Int).Mod(n, small).Sign() == 0 {
				n.Add(n, big.NewInt(2)) // no factor that is seen at once
				small.SetInt64(1)
			}
		}
		o := must(parseObject([]byte(jwk("r", "RS256", rsaKey()))))
		c := claimSet{}
		for _, m := range o {
			c[m.name] = string(m.raw)
		}
		return c.with("n", quote(b64(string(n.Bytes())))).String()
	}
	for _, tc := range []struct{ name, key, want string }{
		{"RSA 2048", rsaOf(2048), "r"},
		{"RSA 8192", rsaOf(8192), "r"},
		{"RSA 8193", rsaOf(8193), "!r:weak"},
		{"RSA 2047", jwk("r", "RS256", newRSA(2047)), "!r:weak"},
		{"P-256", jwk("e", "ES256", ecKey()), "e"},
		{"P-384", jwk("e", "ES384", newEC(elliptic.P384())), "e"},
		{"P-521", jwk("e", "ES512", newEC(elliptic.P521())), "e"},
		{"P-224", strings.Replace(jwk("e", "ES256", ecKey()), "P-256", "P-224", 1), "!e:unsupported"},
		{"Ed25519", jwk("d", "EdDSA", edKey()), "d"},
		{"Ed448", strings.Replace(jwk("d", "EdDSA", edKey()), "Ed25519", "Ed448", 1), "!d:unsupported"},
	} {
		if got, err := read(jwks(tc.key)); err != nil || got != tc.want {
			t.Errorf("%s: %q, %v; want %q", tc.name, got, err, tc.want)
		}
	}
}

// A78: requests that came while a fetch was under way and that it did not help have
// not used up what the limits allow: the next client still gets its own.
func TestWaitingCostsNoFetch(t *testing.T) {
	bubble(t, func(c *KeySetConfig) { c.UnknownEvery = time.Second }, func(t *testing.T, b *bench) {
		b.start()
		b.idp.set(func(i *issuer) { i.delay = 500 * time.Millisecond })
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() { wantOutcome(t, b.m, from("127.0.0.2", b.unsigned(fmt.Sprint(i))), ReasonKeyUnknown) })
		}
		all.Wait()
		if n := b.count(TriggerUnknownKey, ""); n != 1 {
			t.Errorf("%d fetches for one client at once, want 1", n)
		}
		for i := range 2 { // two more of its three
			time.Sleep(time.Second)
			wantOutcome(t, b.m, from("127.0.0.2", b.unsigned(fmt.Sprint("more-", i))), ReasonKeyUnknown)
		}
		if n := b.count(TriggerUnknownKey, ""); n != 3 {
			t.Errorf("%d fetches, want 3", n)
		}
	})
}

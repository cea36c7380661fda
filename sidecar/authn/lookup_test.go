package authn

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A79: the first token with a new kid is accepted.
func TestRotationIsSeenAtOnce(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		time.Sleep(time.Minute)
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k2", "ES256", otherECKey()))
		b.idp.set(func(i *issuer) { i.delay = 900 * time.Millisecond })
		before := time.Now()
		b.want(b.goodOther("k2"), "ok")
		if waited := time.Since(before); waited > time.Second {
			t.Errorf("waited %v", waited)
		}
		b.want(b.good("k1"), "ok")
		if got := b.idp.discoveries.Load(); got != 1 {
			t.Errorf("%d discoveries, want 1", got)
		}
	})
}

// A request waits at most 1 s, and then nobody can say that its token is bad:
// here it is a good one. What a slow fetch brings serves the next request.
func TestUnknownKidWaitsOneSecond(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k2", "ES256", otherECKey()))
		b.idp.set(func(i *issuer) { i.delay = 2 * time.Second })
		token := b.goodOther("k2")
		before := time.Now()
		b.want(token, "broken")
		if waited := time.Since(before); waited != time.Second {
			t.Errorf("waited %v", waited)
		}
		// A client that goes away stops waiting.
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		before = time.Now()
		if _, err := b.m.Authenticate(ctx, bearing(token)); err == nil || time.Since(before) > 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(before))
		}
		time.Sleep(time.Second)
		b.want(token, "ok")
	})
}

// One fetch serves all that wait for it.
func TestUnknownKidSingleFlight(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k2", "ES256", otherECKey()))
		b.idp.set(func(i *issuer) { i.delay = 500 * time.Millisecond })
		good, bad := b.goodOther("k2"), b.unsigned("k3")
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				if i%2 == 0 {
					wantOutcome(t, b.m, bearing(good), "ok")
				} else {
					wantOutcome(t, b.m, bearing(bad), ReasonKeyUnknown)
				}
			})
		}
		wg.Wait()
		if n := b.idp.fetches.Load(); n != 2 {
			t.Errorf("%d fetches, want start and one", n)
		}
	})
}

// A76: 10,000 random kids in a minute cause at most 7 fetches, and tokens
// without kid none; good tokens pass all the time.
func TestUnknownKidFlood(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k0", "ES256", otherECKey()))
		b.start()
		good, kidless := b.good("k1"), b.good("")
		for i := range 10_000 {
			ip := fmt.Sprintf("127.0.%d.%d", i%250, i%199)
			wantOutcome(t, b.m, from(ip, b.unsigned(fmt.Sprint("kid-", i))), ReasonKeyUnknown)
			if i%100 == 0 {
				b.want(good, "ok")
				b.want(kidless, ReasonKeyUnknown)
			}
			time.Sleep(6 * time.Millisecond)
		}
		unknown, all := b.count(TriggerUnknownKey, ""), b.idp.fetches.Load()
		if unknown > 7 || unknown < 6 {
			t.Errorf("%d fetches for unknown kids", unknown)
		}
		if all != int64(unknown)+1 {
			t.Errorf("%d fetches in all", all)
		}
		if n := b.idp.discoveries.Load(); n != 1 {
			t.Errorf("%d discoveries", n)
		}
	})
}

// A76: tokens without kid and with a signature of no worth fetch nothing, also
// when exactly one key fits.
func TestKidlessNeverFetches(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		bad := b.goodOther("")
		for range 100 {
			b.want(bad, ReasonSignatureInvalid)
			time.Sleep(time.Second)
		}
		b.want(b.good(""), "ok")
		if n := b.idp.fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

// One client causes at most 3 fetches in a minute; another still gets its own.
func TestUnknownKidPerClient(t *testing.T) {
	for name, ips := range map[string][2]string{
		"IPv4": {"127.0.0.2", "127.0.0.2"},
		"/64":  {"2001:db8::1", "2001:db8::ffff:1"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, b *bench) {
				b.start()
				for i := range 550 {
					wantOutcome(t, b.m, from(ips[i%2], b.unsigned(fmt.Sprint(i))), ReasonKeyUnknown)
					time.Sleep(100 * time.Millisecond)
				}
				if n := b.count(TriggerUnknownKey, ""); n != 3 {
					t.Errorf("%d fetches, want 3", n)
				}
				b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k2", "ES256", otherECKey()))
				wantOutcome(t, b.m, from(ips[0], b.goodOther("k2")), ReasonKeyUnknown)
				wantOutcome(t, b.m, from("127.0.0.3", b.goodOther("k2")), "ok")
			})
		})
	}
}

// A78: the issuer rotates while one address floods; known kids do not notice,
// and the new kid is accepted within a minute.
func TestRotationUnderFlood(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		var rotated, accepted time.Time
		for i := range 3_000 {
			wantOutcome(t, b.m, from("127.0.0.2", b.unsigned(fmt.Sprint("kid-", i))), ReasonKeyUnknown)
			if i == 751 {
				b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k2", "ES256", otherECKey()))
				rotated = time.Now()
			}
			if i%50 == 25 {
				wantOutcome(t, b.m, from("127.0.0.3", b.good("k1")), "ok")
				if !rotated.IsZero() && accepted.IsZero() && outcome(b.m, from("127.0.0.3", b.goodOther("k2"))) == "ok" {
					accepted = time.Now()
				}
			}
			time.Sleep(40 * time.Millisecond)
		}
		if accepted.IsZero() || accepted.Sub(rotated) > time.Minute {
			t.Errorf("accepted after %v", accepted.Sub(rotated))
		}
	})
}

// A kid that a fetch did not bring is refused for 30 s without another, unless a
// fetch for some other reason succeeds meanwhile.
func TestNegativeKid(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		for range 29 {
			b.want(b.unsigned("ghost"), ReasonKeyUnknown)
			time.Sleep(time.Second)
		}
		if n := b.count(TriggerUnknownKey, ""); n != 1 {
			t.Errorf("%d fetches in 29 s", n)
		}
		time.Sleep(2 * time.Second)
		b.want(b.unsigned("ghost"), ReasonKeyUnknown)
		if n := b.count(TriggerUnknownKey, ""); n != 2 {
			t.Errorf("%d fetches after 31 s", n)
		}
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("ghost", "ES256", otherECKey()))
		b.want(b.goodOther("ghost"), ReasonKeyUnknown)
		if err := b.keys.Refresh(b.ctx); err != nil {
			t.Fatal(err)
		}
		b.want(b.goodOther("ghost"), "ok")
	})
}

// A fetch for another reason voids what was learned before it: a kid that comes
// into use is not held up by an earlier miss.
func TestNegativeKidIsForgottenOnRefresh(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.want(b.unsigned("soon"), ReasonKeyUnknown)
		time.Sleep(10 * time.Second)
		if err := b.keys.Refresh(b.ctx); err != nil {
			t.Fatal(err)
		}
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("soon", "ES256", otherECKey()))
		b.want(b.goodOther("soon"), "ok")
	})
}

// A bad signature under a known kid is refused at once; one fetch in 5 min looks
// whether the key was replaced under its kid.
func TestKeyReplacedUnderItsKid(t *testing.T) {
	var seen []Refresh
	var mu sync.Mutex
	note := func(c *KeySetConfig) {
		c.OnRefresh = func(r Refresh) { mu.Lock(); seen = append(seen, r); mu.Unlock() }
	}
	bubble(t, note, func(t *testing.T, b *bench) {
		b.start()
		b.idp.publish(jwk("k1", "ES256", otherECKey()))
		token := b.goodOther("k1")
		b.want(token, ReasonSignatureInvalid)
		synctest.Wait()
		b.want(token, "ok")
		b.want(b.good("k1"), ReasonSignatureInvalid)
		for range 100 {
			b.want(b.good("k1"), ReasonSignatureInvalid)
			time.Sleep(time.Second)
		}
		if n := b.count(TriggerReplaced, ""); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
		time.Sleep(5 * time.Minute)
		b.want(b.good("k1"), ReasonSignatureInvalid)
		synctest.Wait()
		if n := b.count(TriggerReplaced, ResultOK); n != 2 {
			t.Errorf("%d fetches, want 2", n)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != 3 || seen[1].Trigger != TriggerReplaced || fmt.Sprint(seen[1].Added, seen[1].Removed) != "[k1] [k1]" || seen[1].Keys != 1 {
			t.Errorf("refreshes %+v", seen)
		}
	})
}

// A wall clock that is set back does not lock the limits.
func TestLimitsSurviveAClockSetBack(t *testing.T) {
	cfg, err := KeySetConfig{}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(2_000_000_000, 0)
	if elapsed(now.Add(5*time.Second), now, cfg.UnknownEvery) {
		t.Error("control: limit does not hold")
	}
	if !elapsed(now.Add(time.Hour), now, cfg.UnknownEvery) {
		t.Error("locked")
	}
}

// A request that looked before a fetch landed looks again instead of fetching.
func TestLateLookupLooksAgain(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		f, own := b.keys.fetchFor(lookup{keyID: "other"}, &generation{})
		if f == nil || own || f.wait(t.Context()) != nil {
			t.Errorf("%+v, own %v", f, own)
		}
		if n := b.idp.fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

// The requests that wait for one fetch are bounded. One more cannot be judged.
func TestJoinedIsBounded(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k2", "ES256", otherECKey()))
		b.idp.set(func(i *issuer) { i.delay = 500 * time.Millisecond })
		token := b.goodOther("k2")
		var wg sync.WaitGroup
		wg.Go(func() { wantOutcome(t, b.m, bearing(token), "ok") })
		synctest.Wait()
		b.keys.mu.Lock()
		b.keys.flight.joined = maxJoined - 1
		b.keys.mu.Unlock()
		wg.Go(func() { wantOutcome(t, b.m, bearing(token), "ok") })
		synctest.Wait()
		before := time.Now()
		b.want(token, "broken")
		if waited := time.Since(before); waited != 0 {
			t.Errorf("waited %v", waited)
		}
		wg.Wait()
	})
}

// What an operator asks for is not answered by a fetch that began earlier.
func TestRefreshDoesNotJoin(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		b.idp.set(func(i *issuer) { i.delay = 500 * time.Millisecond })
		var wg sync.WaitGroup
		wg.Go(func() { wantOutcome(t, b.m, bearing(b.unsigned("x")), ReasonKeyUnknown) })
		synctest.Wait()
		b.idp.publish(jwk("k2", "ES256", otherECKey()))
		if err := b.keys.Refresh(b.ctx); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		b.want(b.goodOther("k2"), "ok")
		if n := b.count(TriggerManual, ResultOK); n != 1 {
			t.Errorf("%d manual fetches", n)
		}
	})
}

package authn

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/quick"
	"testing/synctest"
	"time"
)

// How long an answer counts, to the second: the endpoint is asked at the start
// and, if the answer counts no more, once again after the wait.
func TestIntrospectionRemembers(t *testing.T) {
	exp := func(in time.Duration) func(claimSet) claimSet {
		return func(c claimSet) claimSet { return c.with("exp", fmt.Sprint(time.Now().Add(in).Unix())) }
	}
	for _, tc := range []struct {
		name    string
		answer  func(claimSet) claimSet
		header  string
		change  func(*IntrospectionConfig)
		forOnly time.Duration // that long and no longer
	}{
		{"active", nil, "", nil, time.Minute},
		{"a longer setting", nil, "", func(c *IntrospectionConfig) { c.ActiveTTL = 5 * time.Minute }, 5 * time.Minute},
		{"five seconds before exp", exp(20 * time.Second), "", nil, 15 * time.Second},
		{"about to expire", exp(5 * time.Second), "", nil, 0},
		{"no exp", func(c claimSet) claimSet { return c.with("exp", "") }, "", nil, 30 * time.Second},
		{"no exp and a shorter setting", func(c claimSet) claimSet { return c.with("exp", "") }, "", func(c *IntrospectionConfig) { c.ActiveTTL = 7 * time.Second }, 7 * time.Second},
		{"inactive", func(c claimSet) claimSet { return claimSet{"active": "false"} }, "", nil, 10 * time.Second},
		{"active but not usable", func(c claimSet) claimSet { return c.with("cnf", "{}") }, "", nil, 10 * time.Second},
		{"no-store", nil, "private, No-Store", nil, 0},
		{"no-store ignored", nil, "no-store", func(c *IntrospectionConfig) { c.IgnoreNoStore = true }, time.Minute},
		{"inactive, no-store", func(c claimSet) claimSet { return claimSet{"active": "false"} }, "no-store", nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asking(t, tc.change, func(t *testing.T, a *authorizer, m *Introspection) {
				says := activeAnswer()
				if tc.answer != nil {
					says = tc.answer(says)
				}
				a.set(func(a *authorizer) {
					a.body = says.String()
					a.header = http.Header{"Cache-Control": {tc.header}}
				})
				first := outcome(m, bearing("t"))
				if tc.forOnly > 0 {
					time.Sleep(tc.forOnly - time.Millisecond)
					wantOutcome(t, m, bearing("t"), first)
					if n := a.asked.Load(); n != 1 {
						t.Errorf("asked %d times within %v", n, tc.forOnly)
					}
					time.Sleep(time.Millisecond)
				}
				_ = outcome(m, bearing("t"))
				if n := a.asked.Load(); n != 2 {
					t.Errorf("asked %d times after %v", n, tc.forOnly)
				}
			})
		})
	}
}

// A75: a token that was revoked passes until the answer counts no more, and not a
// moment longer; purging ends it at once. Neither touches other tokens.
func TestIntrospectionRevoked(t *testing.T) {
	for claim, value := range map[string]string{"": "", "jti": "t-1", "sub": "alice", "sid": "s-1"} {
		asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
			a.says(activeAnswer().with("sid", `"s-1"`).String())
			wantOutcome(t, m, bearing("one"), "ok")
			a.says(activeAnswer().with("jti", `"t-2"`).with("sub", `"bob"`).with("sid", `"s-2"`).String())
			wantOutcome(t, m, bearing("two"), "ok")
			a.says(`{"active":false}`)
			wantOutcome(t, m, bearing("one"), "ok")
			if claim == "" {
				time.Sleep(time.Minute)
			} else if n := m.Purge(map[string]Whose{"jti": {ID: value}, "sub": {Subject: value}, "sid": {Session: value}}[claim]); n != 1 {
				t.Errorf("purging %s forgot %d answers", claim, n)
			}
			wantOutcome(t, m, bearing("one"), ReasonTokenInactive)
			if claim != "" {
				wantOutcome(t, m, bearing("two"), "ok")
			}
		})
	}
}

// Requests with one token cost one exchange, each gets the answer, and the one
// that gives up does not take it from the others.
func TestIntrospectionSingleFlight(t *testing.T) {
	asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
		a.set(func(a *authorizer) { a.delay = 500 * time.Millisecond })
		impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() { // the one that begins the exchange
			if _, err := m.Authenticate(impatient, bearing("t")); err == nil {
				t.Error("answered before there was an answer")
			}
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() { wantOutcome(t, m, bearing("t"), "ok") })
		}
		all.Wait()
		wantOutcome(t, m, bearing("t"), "ok")
		if n := a.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
		counts := map[string]uint64{}
		for _, c := range m.Status().Results {
			counts[c.Result] = c.Count
		}
		if want := map[string]uint64{IntrospectionActive: 1, IntrospectionJoined: 50, IntrospectionHit: 1}; !maps.Equal(counts, want) {
			t.Errorf("counted %v, want %v", counts, want)
		}
	})
}

// Many tokens at once: so many are asked about, so many wait, the others are
// told to come back, and nobody waits longer than the limit.
func TestIntrospectionQueue(t *testing.T) {
	asking(t, func(c *IntrospectionConfig) { c.InFlight, c.Queue = 4, 6 }, func(t *testing.T, a *authorizer, m *Introspection) {
		a.set(func(a *authorizer) { a.delay = 400 * time.Millisecond })
		var mu sync.Mutex
		seen := map[string]int{}
		began := time.Now()
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				got, after := refusedAs(m, bearing(fmt.Sprint("t-", i)))
				if got == "broken" && (after < time.Second || after > 5*time.Second) {
					t.Errorf("retry after %v", after)
				}
				mu.Lock()
				defer mu.Unlock()
				seen[fmt.Sprintf("%s after %v", got, time.Since(began))]++
			})
		}
		synctest.Wait()
		if n := m.Status().InFlight; n != 10 {
			t.Errorf("%d tokens are being asked about", n)
		}
		all.Wait()
		// Four at a time, and the last two have no time left.
		if want := map[string]int{"broken after 0s": 10, "ok after 400ms": 4, "ok after 800ms": 4, "broken after 1s": 2}; !maps.Equal(seen, want) {
			t.Errorf("%v, want %v", seen, want)
		}
		if n := m.Status().InFlight; n != 0 {
			t.Errorf("%d tokens are being asked about", n)
		}
		// Waiting in the queue is not the endpoint's failure.
		if n := m.breaker.inRow; n != 0 {
			t.Errorf("%d failures in a row", n)
		}
	})
}

// A dead endpoint is left alone: five failures, then a probe after 2, 4, 8, 16,
// 30 and 30 seconds, and it is back with the first good probe. Its tokens get 503
// all the time; a remembered one passes.
func TestIntrospectionOutage(t *testing.T) {
	asking(t, func(c *IntrospectionConfig) { c.ActiveTTL = 5 * time.Minute }, func(t *testing.T, a *authorizer, m *Introspection) {
		wantOutcome(t, m, bearing("known"), "ok")
		a.set(func(a *authorizer) { a.status = http.StatusBadGateway })
		began := time.Now()
		var asked []time.Duration
		for time.Since(began) < 100*time.Second {
			before := a.asked.Load()
			got, after := refusedAs(m, bearing(fmt.Sprint("t-", time.Since(began))))
			if got != "broken" || after <= 0 || after > 30*time.Second {
				t.Fatalf("%s, retry after %v", got, after)
			}
			if a.asked.Load() > before {
				asked = append(asked, time.Since(began))
			}
			time.Sleep(100 * time.Millisecond)
		}
		var want []time.Duration
		for _, ms := range []int{0, 100, 200, 300, 400, 2400, 6400, 14400, 30400, 60400, 90400} {
			want = append(want, time.Duration(ms)*time.Millisecond)
		}
		if !slices.Equal(asked, want) {
			t.Errorf("asked at %v, want %v", asked, want)
		}
		wantOutcome(t, m, bearing("known"), "ok")
		if s := m.Status(); s.Breaker != BreakerOpen || !strings.Contains(s.LastError, "502") {
			t.Errorf("%+v", s)
		}
		a.set(func(a *authorizer) { a.status = 0 })
		time.Sleep(time.Until(began.Add(120400 * time.Millisecond)))
		if s := m.Status(); s.Breaker != BreakerHalfOpen {
			t.Errorf("%+v", s)
		}
		for i := range 10 {
			wantOutcome(t, m, bearing(fmt.Sprint("back-", i)), "ok")
		}
		if s := m.Status(); s.Breaker != BreakerClosed || s.LastError != "" {
			t.Errorf("%+v", s)
		}
	})
}

// A client with tokens that the server does not take cannot stop the exchanges
// of others.
func TestIntrospectionBadQuestions(t *testing.T) {
	asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
		a.set(func(a *authorizer) { a.status = http.StatusBadRequest })
		for i := range 50 {
			wantOutcome(t, m, bearing(fmt.Sprint("odd-", i)), "broken")
		}
		if s := m.Status(); s.Breaker != BreakerClosed {
			t.Errorf("%+v", s)
		}
		a.set(func(a *authorizer) { a.status = 0 })
		wantOutcome(t, m, bearing("good"), "ok")
	})
}

// A flood of unknown tokens does not push out the answers about good ones.
func TestIntrospectionFlood(t *testing.T) {
	asking(t, func(c *IntrospectionConfig) { c.CacheSize = 16 }, func(t *testing.T, a *authorizer, m *Introspection) {
		wantOutcome(t, m, bearing("good"), "ok")
		a.says(`{"active":false}`)
		for i := range 200 {
			wantOutcome(t, m, bearing(fmt.Sprint("bad-", i)), ReasonTokenInactive)
		}
		before := a.asked.Load()
		wantOutcome(t, m, bearing("good"), "ok")
		if a.asked.Load() != before {
			t.Error("the good token was forgotten")
		}
	})
}

// A86: different configurations and tokens never share a key, wherever the
// parts end; equal ones always do.
func TestIntrospectionKeys(t *testing.T) {
	key := func(name, issuer, token string) digest {
		cfg := IntrospectionConfig{Name: name, Endpoint: endpoint, Auth: ClientAuth{ID: "gw"}, Issuer: issuer}
		i := &Introspection{seed: append(make([]byte, 16), newSeed(cfg)[16:]...)} // without what is random
		return i.digest(token)
	}
	if key("ab", "c", "t") == key("a", "bc", "t") || key("a", "b", "ct") == key("a", "bc", "t") || key("a", "b|c", "d") == key("a|b", "c", "d") {
		t.Error("two configurations share a key")
	}
	if one, again := key("a", "b", "c"), key("a", "b", "c"); one != again {
		t.Error("one configuration has two keys")
	}
	if err := quick.Check(func(a, b, c, x, y, z string) bool {
		return (key(a, b, c) == key(x, y, z)) == (a == x && b == y && c == z)
	}, nil); err != nil {
		t.Error(err)
	}
}

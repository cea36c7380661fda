package authn

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Without settings 64 tokens are asked about at once and 128 wait; one more is
// told to come back, at once.
func TestIntrospectionMostAtOnce(t *testing.T) {
	asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
		a.set(func(a *authorizer) { a.delay = 300 * time.Millisecond })
		var all sync.WaitGroup
		for i := range 64 + 128 {
			all.Go(func() { wantOutcome(t, m, bearing(fmt.Sprint("t-", i)), "ok") })
		}
		synctest.Wait()
		if asked, inside := a.asked.Load(), m.Status().InFlight; asked != 64 || inside != 192 {
			t.Errorf("%d are asked about and %d in all, want 64 and 192", asked, inside)
		}
		began := time.Now()
		wantOutcome(t, m, bearing("one-more"), "broken")
		if took := time.Since(began); took != 0 {
			t.Errorf("refused after %v", took)
		}
		all.Wait()
		wantOutcome(t, m, bearing("one-more"), "ok")
	})
}

// Answers that counted do not outlive that in an outage: there are no stale ones.
func TestIntrospectionServesNothingStale(t *testing.T) {
	asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
		wantOutcome(t, m, bearing("known"), "ok")
		a.set(func(a *authorizer) { a.status = http.StatusServiceUnavailable })
		time.Sleep(time.Minute - time.Millisecond)
		wantOutcome(t, m, bearing("known"), "ok")
		time.Sleep(time.Millisecond)
		wantOutcome(t, m, bearing("known"), "broken")
		a.set(func(a *authorizer) { a.status = 0 })
		wantOutcome(t, m, bearing("known"), "ok")
	})
}

// A84: an answer that says when its token begins or ends is held to that at each use,
// with the leeway.
func TestIntrospectionJudgesAtEachUse(t *testing.T) {
	for _, tc := range []struct {
		name, claim string
		in          time.Duration
		now, later  string // the outcome at once, and after ten seconds
	}{
		{"ends meanwhile, with the leeway", "exp", -25 * time.Second, "ok", ReasonTokenExpired},
		{"begins meanwhile", "nbf", 35 * time.Second, ReasonTokenNotYetValid, "ok"},
		{"has begun, with the leeway", "nbf", 25 * time.Second, "ok", "ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
				a.says(activeAnswer().with(tc.claim, fmt.Sprint(time.Now().Add(tc.in).Unix())).String())
				wantOutcome(t, m, bearing("t"), tc.now)
				time.Sleep(10 * time.Second)
				wantOutcome(t, m, bearing("t"), tc.later)
			})
		})
	}
	// What is remembered is judged, too, and not only what is asked about anew.
	asking(t, func(c *IntrospectionConfig) { c.ActiveTTL = 5 * time.Minute }, func(t *testing.T, a *authorizer, m *Introspection) {
		a.says(activeAnswer().String())
		wantOutcome(t, m, bearing("t"), "ok")
		m.active.drop(func(_ digest, kept *answer) bool {
			kept.claims.expires = time.Now().Add(-time.Hour)
			return false
		})
		wantOutcome(t, m, bearing("t"), ReasonTokenExpired)
		if n := a.asked.Load(); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

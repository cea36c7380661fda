package authn

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// asked is what a list is asked about: when it was issued, and its claims.
func asked(at time.Time, jti, sub, sid string) *bearerClaims {
	return &bearerClaims{issued: at, marks: marks{newMark("jti", jti), newMark("sub", sub), newMark("sid", sid)}}
}

// Who is meant by what, and who is not.
func TestRevoked(t *testing.T) {
	alice, session, one := Whose{Subject: "alice"}, Whose{Subject: "alice", Session: "s-1"}, Whose{ID: "t-1"}
	for _, tc := range []struct {
		name          string
		revoke        Whose
		jti, sub, sid string
		later         time.Duration // issued so long after the logout
		want          bool
	}{
		{"the user", alice, "t-1", "alice", "", 0, true},
		{"the user's session", alice, "t-1", "alice", "s-1", 0, true},
		{"another user", alice, "t-1", "bob", "s-1", 0, false},
		{"the user after a new login", alice, "t-2", "alice", "s-2", time.Second, false},
		{"the session", session, "t-1", "alice", "s-1", 0, true},
		{"the session, issued while it ended", session, "t-1", "alice", "s-1", 20 * time.Second, true},
		{"another session of the user", session, "t-1", "alice", "s-2", 0, false},
		{"no session, so that it may be this one", session, "t-1", "alice", "", 0, true},
		{"no session, issued after", session, "t-1", "alice", "", time.Second, false},
		{"another user without session", session, "t-1", "bob", "", 0, false},
		{"the session alone", Whose{Session: "s-1"}, "t-1", "bob", "s-1", 0, true},
		{"the session alone, of others nothing", Whose{Session: "s-1"}, "t-1", "alice", "", 0, false},
		{"the token", one, "t-1", "alice", "", 0, true},
		{"another token", one, "t-2", "alice", "", 0, false},
		{"a value of another claim", Whose{Subject: "t-1"}, "t-1", "alice", "t-1", 0, false},
		{"everybody", Whose{}, "t-9", "zoe", "s-9", 0, true},
		{"everybody, issued after", Whose{}, "t-9", "zoe", "s-9", time.Second, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := NewRevocations(nil)
				r.hold(time.Hour, 30*time.Second)
				token := asked(time.Now().Add(tc.later), tc.jti, tc.sub, tc.sid)
				if r.covers(token) {
					t.Error("refused before anything was revoked")
				}
				r.add(tc.revoke, time.Now())
				if got := r.covers(token); got != tc.want {
					t.Errorf("refused: %t", got)
				}
				// Without iat the answer is never a milder one.
				if ageless := asked(time.Time{}, tc.jti, tc.sub, tc.sid); tc.want && !r.covers(ageless) {
					t.Error("not refused without iat")
				}
			})
		})
	}
}

// An entry is kept as long as a token can live that it is about, and no memory
// longer.
func TestRevocationsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRevocations(nil)
		r.hold(time.Hour, 30*time.Second)
		r.hold(time.Minute, 0) // of a later configuration
		token := asked(time.Now(), "", "alice", "")
		r.add(Whose{Subject: "alice"}, time.Now())
		time.Sleep(time.Hour + time.Minute)
		r.add(Whose{Subject: "bob"}, time.Now())
		if s := r.status(); s.Entries != 2 || !r.covers(token) {
			t.Errorf("let go while such a token can live: %+v", s)
		}
		time.Sleep(time.Second)
		r.add(Whose{Subject: "carol"}, time.Now())
		if s := r.status(); s.Entries != 2 || !s.Before.IsZero() {
			t.Errorf("%+v", s)
		}
	})
}

// When there is no space, too many tokens are refused and never too few.
func TestRevocationsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRevocations(nil)
		r.limit = 3
		r.hold(time.Hour, 0)
		var revoked []*bearerClaims
		for i := range 5 {
			user := fmt.Sprint("user-", i)
			revoked = append(revoked, asked(time.Now(), "", user, ""))
			r.add(Whose{Subject: user}, time.Now())
			time.Sleep(time.Minute)
		}
		if s := r.status(); s.Entries != 3 || !s.Before.Equal(time.Now().Add(-4*time.Minute)) {
			t.Errorf("%+v", s)
		}
		for i, token := range revoked {
			if !r.covers(token) {
				t.Errorf("the token of user %d passes", i)
			}
		}
		if !r.covers(asked(time.Now().Add(-4*time.Minute), "", "bystander", "")) {
			t.Error("a token as old as what was let go passes")
		}
		if r.covers(asked(time.Now().Add(-4*time.Minute+time.Second), "", "bystander", "")) {
			t.Error("a younger token of a bystander is refused")
		}
		r.add(Whose{Subject: "user-4"}, time.Now()) // again: no new entry
		if s := r.status(); s.Entries != 3 || !r.covers(asked(time.Now(), "", "user-4", "")) {
			t.Errorf("%+v", s)
		}
	})
}

// A revoked token is refused though it is kept, though it is good, and by a
// method that a reload has made; purging alone lets it pass again (A75).
func TestRevokedTokens(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		list := NewRevocations(nil)
		m := methodOver(t, b.keys, func(c *JWTConfig) { c.Revoked = list })
		token := b.good("k1")
		other := sign(jose.ES256, ecKey(), "k1", "", goodClaims(b.idp.url, time.Now()).with("sub", `"bob"`).with("jti", `"id-2"`).String())
		wantOutcome(t, m, bearing(token), "ok")
		wantOutcome(t, m, bearing(other), "ok")
		looked := m.keys.Status().Looked
		if n := m.Purge(Whose{ID: "id-1"}); n != 1 {
			t.Errorf("%d tokens purged", n)
		}
		wantOutcome(t, m, bearing(token), "ok")
		wantOutcome(t, m, bearing(other), "ok")
		if n := m.keys.Status().Looked - looked; n != 1 {
			t.Errorf("%d tokens were verified anew", n)
		}
		m.Revoke(Whose{ID: "id-1"}, time.Now())
		wantOutcome(t, m, bearing(token), ReasonTokenRevoked)
		wantOutcome(t, m, bearing(other), "ok")
		again := methodOver(t, b.keys, func(c *JWTConfig) { c.Revoked = list })
		wantOutcome(t, again, bearing(token), ReasonTokenRevoked)
		wantOutcome(t, again, bearing(other), "ok")
		if n := m.Purge(Whose{}); n != 1 { // the revoked one went when it was refused
			t.Errorf("%d tokens purged at the end", n)
		}
		if s := m.Revoked(); s.Entries != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// With logout, a token has to say when it was issued: else it could outlive what
// is remembered of the logout.
func TestLogoutNeedsIssued(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		token := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(b.idp.url, time.Now()).with("iat", "").String()))
		wantOutcome(t, b.m, token, "ok")
		wantOutcome(t, methodOver(t, b.keys, logsOut), token, ReasonClaimInvalid)
	})
}

// An answer that was asked for before a purge serves whom it was asked for and
// is neither kept nor given to later requests.
func TestPurgeDuringExchange(t *testing.T) {
	asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
		a.set(func(a *authorizer) { a.delay = 500 * time.Millisecond })
		first := make(chan string)
		go func() { first <- outcome(m, bearing("t")) }()
		synctest.Wait()
		a.says(`{"active":false}`)
		m.Purge(Whose{Subject: "alice"})
		second := make(chan string)
		go func() { second <- outcome(m, bearing("t")) }()
		if got := <-first; got != "ok" {
			t.Errorf("the first is told %s", got)
		}
		if got := <-second; got != ReasonTokenInactive {
			t.Errorf("the second is told %s", got)
		}
		wantOutcome(t, m, bearing("t"), ReasonTokenInactive)
		if n := a.asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

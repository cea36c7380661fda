package authn

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// realistic gives claims of the size that identity providers make them.
func realistic(iss string) string {
	return goodClaims(iss, time.Now()).
		with("scope", `"openid profile email orders:read orders:write"`).
		with("realm_access", `{"roles":["offline_access","uma_authorization","customer","support"]}`).
		with("email", `"alice@example.com"`).with("name", `"Alice Example"`).with("tid", `"acme"`).
		with("azp", `"shop-frontend"`).with("sid", `"8b2f7a52-6d0e-4ac4-9a5d-2f1c5b1b8c11"`).String()
}

// A kept token costs a twentieth of a verification and no memory. The time is
// the benchmark's to measure; here it only has to be far below.
func TestKeptTokenIsCheap(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "RS256", rsaKey()))
	m := newMethod(t, idp, nil)
	c := bearing(sign(jose.RS256, rsaKey(), "k1", "", realistic(idp.url)))
	first, err := m.Authenticate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() {
		if id, err := m.Authenticate(ctx, c); err != nil || id != first {
			t.Errorf("%v, %v", id, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a kept token", n)
	}
	if s := m.keys.Status(); s.Looked != 1 || s.Known != 101 {
		t.Errorf("%+v", s)
	}
}

// What a kept token may do is judged at each use: its times, and whether its key
// is still published.
func TestKeptTokenIsJudgedAnew(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(b *bench) // between two uses of one token
		want   string
		hits   uint64
	}{
		{"control: nothing", func(*bench) {}, "ok", 1},
		{"a moment before exp and leeway", func(*bench) { time.Sleep(time.Hour + 29*time.Second) }, "ok", 1},
		{"exp and leeway", func(*bench) { time.Sleep(time.Hour + 30*time.Second) }, ReasonTokenExpired, 1},
		{"the same keys are fetched again", func(b *bench) { _ = b.keys.Refresh(b.ctx) }, "ok", 1},
		{"the key is removed", func(b *bench) {
			b.idp.publish(jwk("k2", "ES256", otherECKey()))
			_ = b.keys.Refresh(b.ctx)
		}, ReasonKeyUnknown, 0},
		{"the key is replaced under its kid", func(b *bench) {
			b.idp.publish(jwk("k1", "ES256", otherECKey()))
			_ = b.keys.Refresh(b.ctx)
		}, ReasonSignatureInvalid, 0},
		{"two keys under its kid", func(b *bench) {
			b.idp.publish(jwk("k1", "ES256", ecKey()), jwk("k1", "ES256", otherECKey()), jwk("k3", "ES256", otherECKey()))
			_ = b.keys.Refresh(b.ctx)
		}, ReasonKeyUnknown, 0},
		{"the keys are too old", func(b *bench) {
			b.idp.set(func(i *issuer) { i.status = 503 })
			time.Sleep(50 * time.Minute)
		}, "broken", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(c *KeySetConfig) { c.StaleFor = 20 * time.Minute }, func(t *testing.T, b *bench) {
				b.start()
				token := b.good("k1")
				b.want(token, "ok")
				tc.change(b)
				synctest.Wait()
				b.want(token, tc.want)
				if s := b.keys.Status(); s.Known != tc.hits {
					t.Errorf("%d hits, want %d", s.Known, tc.hits)
				}
			})
		})
	}
}

// An identity that is kept says what its keys are now, not what they were.
func TestKeptTokenAndStaleKeys(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		c := bearing(b.good("k1"))
		for i, want := range []bool{false, true, false} {
			id, err := b.m.Authenticate(b.ctx, c)
			if err != nil || id.KeysStale() != want {
				t.Errorf("use %d: %v, %v", i, id, err)
			}
			if i == 0 {
				b.idp.set(func(i *issuer) { i.status = 503 })
				time.Sleep(35 * time.Minute)
			} else {
				b.idp.set(func(i *issuer) { i.status = 200 })
				_ = b.keys.Refresh(b.ctx)
			}
			synctest.Wait()
		}
		if s := b.keys.Status(); s.Known != 2 {
			t.Errorf("%d hits", s.Known)
		}
	})
}

// nbf and iat count for a kept token too: a clock may be set back.
func TestKeptTokenAndClockSetBack(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	keys := must(NewKeySet(KeySetConfig{Issuer: idp.url}))
	if err := keys.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	m, err := NewJWT(JWTConfig{Name: "main", Issuer: idp.url, Audiences: []string{audience}}, keys, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	c := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, now).String()))
	wantOutcome(t, m, c, "ok")
	now = now.Add(-31 * time.Second)
	wantOutcome(t, m, c, ReasonTokenNotYetValid)
	now = now.Add(2 * time.Second)
	wantOutcome(t, m, c, "ok")
}

// A85, A69: only a token that is the same to the last byte is known.
func TestKeptTokenIsTheWholeToken(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := newMethod(t, idp, nil)
	claims := goodClaims(idp.url, time.Now())
	token := sign(jose.ES256, ecKey(), "k1", "", claims.String())
	wantOutcome(t, m, bearing(token), "ok")
	parts := strings.Split(token, ".")
	forged := parts[0] + "." + b64(claims.with("sub", `"root"`).String()) + "." + parts[2]
	for name, bad := range map[string]string{
		"another payload under the same header": forged,
		"a longer token":                        token + "A",
		"padding":                               token + "==",
		"a line break":                          parts[0] + ".\n" + parts[1] + "." + parts[2],
		"one more segment":                      token + ".",
	} {
		if got := outcome(m, bearing(bad)); got == "ok" {
			t.Errorf("%s: %s", name, got)
		}
	}
	wantOutcome(t, m, bearing(token), "ok")
	if s := m.keys.Status(); s.Known != 1 {
		t.Errorf("%+v", s)
	}
	id, _ := m.Authenticate(t.Context(), bearing(sign(jose.ES256, ecKey(), "k1", "", claims.with("sub", `"bob"`).String())))
	if id == nil || !strings.Contains(string(id.Claims), "bob") {
		t.Errorf("bob is %+v", id)
	}
}

// A refused token is never kept, and a method that is told so keeps none.
func TestKeptTokensAreGoodOnes(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := newMethod(t, idp, nil)
	bad := bearing(sign(jose.ES256, otherECKey(), "k1", "", goodClaims(idp.url, time.Now()).String()))
	late := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, time.Now()).with("exp", "1").String()))
	for range 3 {
		wantOutcome(t, m, bad, ReasonSignatureInvalid)
		wantOutcome(t, m, late, ReasonTokenExpired)
	}
	if s := m.keys.Status(); s.Known != 0 || s.Looked != 6 {
		t.Errorf("%+v", s)
	}
	none := newMethod(t, idp, func(c *JWTConfig) { c.Verified = -1 })
	good := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, time.Now()).String()))
	for range 2 {
		wantOutcome(t, none, good, "ok")
	}
	if s := none.keys.Status(); s.Known != 0 || s.Looked != 0 {
		t.Errorf("%+v", s)
	}
}

// Two issuers with one key do not know each other's tokens.
func TestKeptTokensOfTwoIssuers(t *testing.T) {
	one, two := newIssuer(t, jwk("k1", "ES256", ecKey())), newIssuer(t, jwk("k1", "ES256", ecKey()))
	m1, m2 := newMethod(t, one, nil), newMethod(t, two, nil)
	c := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(one.url, time.Now()).String()))
	wantOutcome(t, m1, c, "ok")
	wantOutcome(t, m2, c, "not mine")
	other := newMethod(t, one, func(c *JWTConfig) { c.Audiences = []string{"another"} })
	wantOutcome(t, other, c, ReasonAudienceMismatch)
	wantOutcome(t, m1, c, "ok")
}

// Many goroutines share a small cache while its entries push each other out.
func TestKeptTokensConcurrently(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := newMethod(t, idp, func(c *JWTConfig) { c.Verified = 4 })
	var tokens [12]Credentials
	for i := range tokens {
		tokens[i] = bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, time.Now()).with("sub", fmt.Sprintf(`"user-%d"`, i)).String()))
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for n := range 100 {
				i := (n*7 + g) % len(tokens)
				id, err := m.Authenticate(context.Background(), tokens[i])
				if err != nil || !strings.Contains(string(id.Claims), fmt.Sprintf(`"user-%d"`, i)) {
					t.Errorf("user %d is %v, %v", i, id, err)
					return
				}
			}
		})
	}
	all.Wait()
}

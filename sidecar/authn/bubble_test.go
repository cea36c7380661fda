package authn

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// bubble runs a test on a fake clock with an in-memory issuer. The key set is
// not started.
func bubble(t *testing.T, change func(*KeySetConfig), test func(t *testing.T, b *bench)) {
	t.Helper()
	_, _ = ecKey(), otherECKey() // made outside, where a mutex may block
	synctest.Test(t, func(t *testing.T) {
		idp, client := inMemory(jwk("k1", "ES256", ecKey()))
		cfg := KeySetConfig{Issuer: idp.url, HTTP: client}
		if change != nil {
			change(&cfg)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		keys := must(NewKeySet(cfg))
		tail := "." + b64(goodClaims(idp.url, time.Now()).String()) + "." + b64(strings.Repeat("x", 64))
		test(t, &bench{t, ctx, idp, keys, methodOver(t, keys, nil), tail})
	})
}

type bench struct {
	t    *testing.T
	ctx  context.Context
	idp  *issuer
	keys *KeySet
	m    *JWT
	tail string // payload and a signature of no worth
}

func (b *bench) start() {
	b.t.Helper()
	if err := b.keys.Start(b.ctx); err != nil {
		b.t.Fatalf("Start: %v", err)
	}
}

// good makes a token that is valid now, signed by k1's key or the other one.
func (b *bench) good(kid string) string {
	return sign(jose.ES256, ecKey(), kid, "", goodClaims(b.idp.url, time.Now()).String())
}

func (b *bench) goodOther(kid string) string {
	return sign(jose.ES256, otherECKey(), kid, "", goodClaims(b.idp.url, time.Now()).String())
}

// unsigned makes a token with any kid and a signature of no worth.
func (b *bench) unsigned(kid string) string {
	return b64(`{"alg":"ES256","kid":"`+kid+`"}`) + b.tail
}

func from(ip, token string) Credentials {
	c := bearing(token)
	c.ClientIP = netip.MustParseAddr(ip)
	return c
}

func (b *bench) want(token, want string) {
	b.t.Helper()
	wantOutcome(b.t, b.m, bearing(token), want)
}

func (b *bench) count(trigger, result string) (n uint64) {
	for _, c := range b.keys.Status().Fetches {
		if c.Trigger == trigger && (result == "" || c.Result == result) {
			n += c.Count
		}
	}
	return n
}

package authn

import (
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Two issuers that name their keys alike share nothing: no key, no audience, no
// algorithm, no memory of unknown keys, no allowance of fetches, no outage.
func TestIssuersApart(t *testing.T) {
	ours := newIssuer(t, jwk("k1", "ES256", ecKey()))
	theirs := newIssuer(t, jwk("k1", "ES256", otherECKey()), jwk("k2", "ES256", otherECKey()), jwk("r1", "RS256", rsaKey()))
	method := func(i *issuer, aud string, algorithms ...string) *JWT {
		return newMethod(t, i, func(c *JWTConfig) { c.Name = aud; c.Audiences = []string{aud}; c.Algorithms = algorithms })
	}
	a, b := method(ours, "a", "ES256"), method(theirs, "b", "ES256", "RS256")
	chain := NewChain(a, b)
	token := func(iss *issuer, aud, kid string, alg jose.SignatureAlgorithm, key any) Credentials {
		return bearing(sign(alg, key, kid, "", goodClaims(iss.url, time.Now()).with("aud", quote(aud)).String()))
	}
	for _, tt := range []struct {
		name string
		c    Credentials
		want string
	}{
		{"ours", token(ours, "a", "k1", jose.ES256, ecKey()), "ok"},
		{"theirs", token(theirs, "b", "k1", jose.ES256, otherECKey()), "ok"},
		{"theirs, other key", token(theirs, "b", "r1", jose.RS256, rsaKey()), "ok"},
		{"ours, signed by them under our kid", token(ours, "a", "k1", jose.ES256, otherECKey()), ReasonSignatureInvalid},
		{"theirs, signed by us under their kid", token(theirs, "b", "k1", jose.ES256, ecKey()), ReasonSignatureInvalid},
		{"ours, under a kid of theirs", token(ours, "a", "k2", jose.ES256, otherECKey()), ReasonKeyUnknown},
		{"ours, without a kid, signed by them", token(ours, "a", "", jose.ES256, otherECKey()), ReasonSignatureInvalid},
		{"ours, for their audience", token(ours, "b", "k1", jose.ES256, ecKey()), ReasonAudienceMismatch},
		{"theirs, for our audience", token(theirs, "a", "k1", jose.ES256, otherECKey()), ReasonAudienceMismatch},
		{"ours, with their algorithm", token(ours, "a", "r1", jose.RS256, rsaKey()), ReasonAlgorithmNotAllowed},
	} {
		for range 2 { // the second time, good ones are known
			if got := outcome(chain, tt.c); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
			}
		}
	}

	// k9 is unknown to us, and remembered to be; it is not unknown to them.
	if got := outcome(chain, token(ours, "a", "k9", jose.ES256, ecKey())); got != ReasonKeyUnknown {
		t.Errorf("an unknown key: %s", got)
	}
	theirs.publish(jwk("k1", "ES256", otherECKey()), jwk("k9", "ES256", otherECKey()))
	if got := outcome(chain, token(theirs, "b", "k9", jose.ES256, otherECKey())); got != "ok" {
		t.Errorf("their new key: %s", got)
	}
	// What they do not publish any more is gone there, and was never ours.
	for _, i := range []*issuer{ours, theirs} {
		if got := outcome(chain, token(i, map[*issuer]string{ours: "a", theirs: "b"}[i], "k2", jose.ES256, otherECKey())); got != ReasonKeyUnknown {
			t.Errorf("a withdrawn key of %s: %s", i.url, got)
		}
	}
}

// An issuer that never answered leaves its tokens unjudged, whoever else has a
// key of that name.
func TestIssuerAwayApart(t *testing.T) {
	away := newIssuer(t, jwk("k1", "ES256", ecKey()))
	away.set(func(i *issuer) { i.status = http.StatusBadGateway })
	there := newIssuer(t, jwk("k1", "ES256", ecKey()))
	keys := must(NewKeySet(KeySetConfig{Issuer: away.url}))
	if err := keys.Start(t.Context()); err == nil {
		t.Fatal("an issuer that is away starts")
	}
	chain := NewChain(methodOver(t, keys, nil), newMethod(t, there, func(c *JWTConfig) { c.Name = "there" }))
	for i, want := range map[*issuer]string{away: "broken", there: "ok"} {
		c := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(i.url, time.Now()).String()))
		wantOutcome(t, chain, c, want)
	}
}

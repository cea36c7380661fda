package authn

import (
	"context"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// BenchmarkJWT compares a token that is verified with one whose signature is
// known. A hit has to cost at most a twentieth of an RS256 verification.
func BenchmarkJWT(b *testing.B) {
	idp := newIssuer(b, jwk("k1", "RS256", rsaKey()), jwk("k2", "ES256", ecKey()))
	keys := must(NewKeySet(KeySetConfig{Issuer: idp.url}))
	if err := keys.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	kept := methodOver(b, keys, nil)
	none := methodOver(b, keys, func(c *JWTConfig) { c.Verified = -1 })
	claims := realistic(idp.url)
	rs := sign(jose.RS256, rsaKey(), "k1", "at+jwt", claims)
	es := sign(jose.ES256, ecKey(), "k2", "at+jwt", claims)
	for _, bm := range []struct {
		name  string
		m     *JWT
		token string
	}{
		{"RS256/verified", none, rs},
		{"RS256/kept", kept, rs},
		{"ES256/verified", none, es},
		{"ES256/kept", kept, es},
	} {
		b.Run(bm.name, func(b *testing.B) {
			c := bearing(bm.token)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bm.m.Authenticate(context.Background(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package authn

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// FuzzProof: whatever comes as a proof, it is refused with a reason of a proof,
// or it is one by the key that it holds, and then it says what a proof says.
func FuzzProof(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	good := newProving("t", now)
	for _, p := range []*proving{
		good, good.with("header", "typ", `"JWT"`), good.with("header", "alg", `"none"`), good.with("header", "jwk", `{"kty":"oct","k":"AAAA"}`),
		good.with("header", "jwk", rfc7638Key), good.with("claims", "iat", "1e9"), good.with("claims", "ath", `"A"`), good.with("claims", "nonce", `""`),
	} {
		f.Add(p.proof())
	}
	f.Add(rfc9449Proof)
	f.Add(rfc9449TokenProof)
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readProof(text, ProofAlgorithms())
		if err != nil {
			r, ok := errors.AsType[*Refused](err)
			if !ok || r.Reason == "" || r.Challenge.Error != ErrorProof {
				t.Fatalf("%v", err)
			}
			return
		}
		if p.id == "" || len(p.id) > maxProofID || p.method == "" || p.uri == "" || p.issued < 0 || p.thumbprint == [32]byte{} {
			t.Fatalf("%+v", p)
		}
		jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{"RS256", "PS256", "ES256", "ES384", "EdDSA"})
		if err != nil {
			t.Fatalf("accepted, and the library does not: %v", err)
		}
		if _, err := jws.Verify(jws.Signatures[0].Header.JSONWebKey); err != nil {
			t.Fatalf("accepted, and does not verify: %v", err)
		}
	})
}

// BenchmarkProof is what a DPoP-bound token costs more than a bearer token whose
// signature is known.
func BenchmarkProof(b *testing.B) {
	idp := newIssuer(b, jwk("k1", "RS256", rsaKey()))
	m := newMethod(b, idp, nil)
	now := time.Now()
	claims := goodClaims(idp.url, now)
	bearer := bearing(sign(jose.RS256, rsaKey(), "k1", "at+jwt", claims.String()))
	p := newProving(sign(jose.RS256, rsaKey(), "k1", "at+jwt", claims.with("cnf", `{"jkt":`+quote(jkt(ecKey()))+`}`).String()), now)
	sent := p.credentials(p.proof())
	b.Run("bearer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.Authenticate(context.Background(), bearer); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ES256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			// Making proofs costs as much as checking them; a used one goes the
			// same way, up to the last step.
			if _, err := m.Authenticate(context.Background(), sent); err != nil && reasonOf(err) != ReasonProofReplayed {
				b.Fatal(err)
			}
		}
	})
	b.Run("memory", func(b *testing.B) {
		b.ReportAllocs()
		proofs, i := NewProofs(), 0
		for b.Loop() {
			i++
			if reason := proofs.take(someKey, fmt.Sprint(i), now.Unix()+int64(i/1000), now); reason != "" {
				b.Fatal(reason)
			}
		}
	})
}

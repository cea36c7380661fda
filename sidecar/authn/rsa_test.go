package authn

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A PSS salt of another length is another signature scheme (RFC 7518 section 3.5).
func TestPSSSaltLength(t *testing.T) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "a"}}}
	for alg, hash := range map[string]crypto.Hash{"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512} {
		input := b64(`{"alg":"`+alg+`","kid":"a"}`) + "." + b64("x")
		h := hash.New()
		h.Write([]byte(input))
		for _, salt := range []int{hash.Size(), hash.Size() - 1, hash.Size() + 1, 20} {
			want := ReasonSignatureInvalid
			if salt == hash.Size() {
				want = "ok"
			}
			sig := must(rsa.SignPSS(rand.Reader, rsaKey(), hash, h.Sum(nil), &rsa.PSSOptions{SaltLength: salt}))
			_, err := VerifyCompact(input+"."+b64(string(sig)), set, []string{alg})
			if got := reasonOf(err); got != want {
				t.Errorf("%s with a salt of %d: %q, want %q", alg, salt, got, want)
			}
		}
	}
}

// Published RSA keys that anybody can factor, or too small or large to use.
func TestWeakRSA(t *testing.T) {
	if weakRSA(&rsaKey().PublicKey) {
		t.Error("a good key is weak")
	}
	for _, bits := range []uint{2048, 8192} {
		if weakRSA(&rsa.PublicKey{N: odd(shifted(rsaKey().N, bits-2048)), E: 65537}) {
			t.Errorf("%d bits are weak", bits)
		}
	}
	big := &rsa.PublicKey{N: otherRSAKey().N, E: 3}
	if weakRSA(big) {
		t.Error("e = 3 is weak")
	}
	small := newRSA(1024)
	for name, key := range map[string]*rsa.PublicKey{
		"1024 bits":     &small.PublicKey,
		"8193 bits":     {N: odd(shifted(rsaKey().N, 8193-2048)), E: 65537},
		"even modulus":  {N: shifted(small.N, 1024), E: 65537},
		"e = 1":         {N: rsaKey().N, E: 1},
		"even e":        {N: rsaKey().N, E: 65536},
		"ROCA":          {N: rocaModulus(), E: 65537},
		"missing parts": {},
	} {
		if !weakRSA(key) {
			t.Errorf("%s is not weak", name)
		}
	}
}

func odd(n *big.Int) *big.Int { return n.SetBit(n, 0, 1) }

func shifted(n *big.Int, bits uint) *big.Int { return new(big.Int).Lsh(n, bits) }

// rocaModulus makes an odd 2048-bit number that is 1 modulo each of the small
// primes, as a product of two flawed primes may be.
func rocaModulus() *big.Int {
	m := big.NewInt(2)
	for p := int64(3); p <= 167; p++ {
		if big.NewInt(p).ProbablyPrime(10) {
			m.Mul(m, big.NewInt(p))
		}
	}
	n := new(big.Int).Lsh(big.NewInt(1), 2047)
	n.Div(n, m).Add(n, big.NewInt(1)).Mul(n, m)
	return n.Add(n, big.NewInt(1))
}

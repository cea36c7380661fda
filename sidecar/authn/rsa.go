package authn

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"math"
	"math/big"

	"github.com/go-jose/go-jose/v4"
)

const (
	minRSABits = 2048
	maxRSABits = 8192
)

// weakRSA tells whether a public key must not be trusted or would cost too much.
func weakRSA(key *rsa.PublicKey) bool {
	if key == nil || key.N == nil {
		return true
	}
	bits := key.N.BitLen()
	return bits < minRSABits || bits > maxRSABits || key.N.Bit(0) == 0 ||
		key.E < 3 || key.E&1 == 0 || key.E > math.MaxInt32 || roca(key.N)
}

// roca recognises moduli made by the Infineon library, whose primes are
// k·M + (65537^a mod M) with M a product of small primes, so that they can be
// factored (CVE-2017-15361; Nemec et al., "The Return of Coppersmith's Attack",
// section 4). Modulo each small prime such a modulus is a power of 65537; a
// random one is that for all of them once in about 2^27 keys.
func roca(n *big.Int) bool {
	rest := new(big.Int)
	for _, p := range [...]uint64{
		3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
		101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
	} {
		want := rest.Mod(n, new(big.Int).SetUint64(p)).Uint64()
		power := uint64(1)
		for power != want {
			if power = power * (65537 % p) % p; power == 1 {
				return false
			}
		}
	}
	return true
}

// pssVerifier demands a salt as long as the hash (RFC 7518 section 3.5), where
// go-jose takes any length.
type pssVerifier struct{ key *rsa.PublicKey }

var _ jose.OpaqueVerifier = pssVerifier{}

func (v pssVerifier) VerifyPayload(payload, signature []byte, alg jose.SignatureAlgorithm) error {
	var hash crypto.Hash
	switch alg {
	case jose.PS256:
		hash = crypto.SHA256
	case jose.PS384:
		hash = crypto.SHA384
	case jose.PS512:
		hash = crypto.SHA512
	default:
		return errors.New("not a PSS algorithm")
	}
	h := hash.New()
	h.Write(payload)
	return rsa.VerifyPSS(v.key, hash, h.Sum(nil), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

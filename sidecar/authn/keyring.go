package authn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// keyring is an immutable set of usable keys.
type keyring struct {
	keys   []jose.JSONWebKey
	byID   map[string]int
	prints map[keyPrint]struct{}
}

// keyPrint tells one key under one kid from another.
type keyPrint struct{ keyID, print string }

// choice is the outcome of pick.
type choice int

const (
	keyAbsent    choice = iota // no such kid
	keyAmbiguous               // no kid, and not exactly one key fits
	keyUnfit                   // the key of this kid is for another alg
	keyFound
)

// newKeyring keeps the usable keys of a set and names the others. Two different
// keys under one kid are both left out: which is meant cannot be known.
func newKeyring(candidates []jose.JSONWebKey) (*keyring, []IgnoredKey) {
	var (
		ignored  []IgnoredKey
		usable   []jose.JSONWebKey
		prints   []string
		secrets  int
		printOf  = map[string]string{} // kid → the print of its first key
		conflict = map[string]bool{}
	)
	for _, key := range candidates {
		print, reason := examine(key)
		if reason != "" {
			ignored = append(ignored, IgnoredKey{printable(key.KeyID), reason})
			continue
		}
		if first, dup := printOf[key.KeyID]; dup && key.KeyID != "" && first != print {
			conflict[key.KeyID] = true
		} else if !dup {
			printOf[key.KeyID] = print
		}
		if _, secret := key.Key.([]byte); secret {
			secrets++
		}
		usable, prints = append(usable, key), append(prints, print)
	}
	ring := &keyring{byID: map[string]int{}, prints: map[keyPrint]struct{}{}}
	if secrets > 0 && secrets < len(usable) {
		for _, key := range usable {
			ignored = append(ignored, IgnoredKey{printable(key.KeyID), IgnoredMixedSet})
		}
		return ring, ignored
	}
	for i, key := range usable {
		if conflict[key.KeyID] {
			ignored = append(ignored, IgnoredKey{printable(key.KeyID), IgnoredDuplicateKeyID})
			continue
		}
		print := keyPrint{key.KeyID, prints[i]}
		if _, twice := ring.prints[print]; twice {
			continue
		}
		ring.prints[print] = struct{}{}
		if key.KeyID != "" {
			ring.byID[key.KeyID] = len(ring.keys)
		}
		ring.keys = append(ring.keys, key)
	}
	return ring, ignored
}

// pick chooses the key for a token. It never falls back from a kid to another
// key, and without a kid it takes a key only if there is no choice.
func (r *keyring) pick(kid string, hasKid bool, alg string) (jose.JSONWebKey, choice) {
	if hasKid {
		i, ok := r.byID[kid]
		switch {
		case !ok:
			return jose.JSONWebKey{}, keyAbsent
		case !fits(r.keys[i], alg):
			return jose.JSONWebKey{}, keyUnfit
		}
		return r.keys[i], keyFound
	}
	var only jose.JSONWebKey
	n := 0
	for _, key := range r.keys {
		if fits(key, alg) {
			only = key
			n++
		}
	}
	if n != 1 {
		return jose.JSONWebKey{}, keyAmbiguous
	}
	return only, keyFound
}

// fits tells whether the type of a key, and its own alg if it has one, is that
// of alg (RFC 7518 section 3.1, RFC 8037).
func fits(key jose.JSONWebKey, alg string) bool {
	if own := key.Algorithm; own != "" && own != alg && !(own == "Ed25519" && alg == "EdDSA") {
		return false
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return alg == "RS256" || alg == "RS384" || alg == "RS512" || alg == "PS256" || alg == "PS384" || alg == "PS512"
	case *ecdsa.PublicKey:
		return (alg == "ES256" && k.Curve == elliptic.P256()) ||
			(alg == "ES384" && k.Curve == elliptic.P384()) ||
			(alg == "ES512" && k.Curve == elliptic.P521())
	case ed25519.PublicKey:
		return alg == "EdDSA"
	case []byte:
		return (alg == "HS256" && len(k) >= 32) || (alg == "HS384" && len(k) >= 48) || (alg == "HS512" && len(k) >= 64)
	}
	return false
}

// examine gives a text equal only for equal keys, or the reason why a key
// cannot be used.
func examine(key jose.JSONWebKey) (print, reason string) {
	if key.KeyID != "" && !goodKeyID(key.KeyID) {
		return "", IgnoredMalformed
	}
	if key.Use != "" && key.Use != "sig" {
		return "", IgnoredUse
	}
	if k, secret := key.Key.([]byte); secret {
		if len(k) < sha256.Size {
			return "", IgnoredWeak
		}
		sum := sha256.Sum256(k)
		return "oct " + key.Algorithm + " " + string(sum[:]), ""
	}
	sum, reason := examinePublic(key)
	if reason != "" {
		return "", reason
	}
	return strings.Join([]string{"pub", key.Algorithm, string(sum[:])}, " "), ""
}

// examinePublic gives the thumbprint of a public key (RFC 7638), or the reason
// why it cannot be used.
func examinePublic(key jose.JSONWebKey) (thumbprint [sha256.Size]byte, reason string) {
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		if weakRSA(k) {
			return thumbprint, IgnoredWeak
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return thumbprint, IgnoredUnsupported
	}
	// It also refuses Ed25519 points of low order, under which anybody can sign.
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return thumbprint, IgnoredMalformed
	}
	return [sha256.Size]byte(sum), ""
}

package authn

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math"
	"math/big"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// IgnoredKey is a key of an issuer's document that is not used.
type IgnoredKey struct {
	// KeyID is escaped and cut to 64 characters.
	KeyID string
	// Reason is one of the Ignored constants.
	Reason string
}

// Reasons of [IgnoredKey].
const (
	IgnoredUse            = "not_for_signatures" // use or key_ops say so; common and harmless
	IgnoredUnsupported    = "unsupported"        // another kty or curve
	IgnoredSymmetric      = "symmetric"          // kty oct: a secret that was published
	IgnoredPrivate        = "private"            // private parts were published
	IgnoredMalformed      = "malformed"          // a member is missing or has the wrong shape
	IgnoredWeak           = "weak"               // size or structure of the key is not safe
	IgnoredDuplicateKeyID = "duplicate_kid"      // another key has the same kid
	IgnoredMixedSet       = "mixed_set"          // secrets and public keys in one set
)

// alarming tells the faults of an issuer from what every issuer publishes.
func (k IgnoredKey) alarming() bool {
	return k.Reason != IgnoredUse && k.Reason != IgnoredUnsupported
}

var errTooManyKeys = errors.New("too many keys")

// parseJWKS reads a JWK Set (RFC 7517 section 5). A bad document is an error; a
// key that cannot be used is named, and the others count.
func parseJWKS(body []byte, maxKeys int) ([]jose.JSONWebKey, []IgnoredKey, error) {
	doc, err := parseObject(body)
	if err != nil {
		return nil, nil, err
	}
	raw, ok := doc.get("keys")
	if !ok {
		return nil, nil, errors.New("no keys member")
	}
	items, err := elements(raw)
	if err != nil {
		return nil, nil, errors.New("keys is not a list")
	}
	if len(items) > maxKeys {
		return nil, nil, errTooManyKeys
	}
	var keys []jose.JSONWebKey
	var ignored []IgnoredKey
	for _, item := range items {
		key, reason := parseJWK(item)
		if reason != "" {
			ignored = append(ignored, IgnoredKey{printable(key.KeyID), reason})
			continue
		}
		keys = append(keys, key)
	}
	return keys, ignored, nil
}

// parseJWK reads one public key, or says why not; the kid is set either way.
// It is our own because the library's parser caps RSA at 4096 bits with a global
// variable, reads case-insensitively and parses certificates we do not use.
func parseJWK(raw []byte) (key jose.JSONWebKey, reason string) {
	o, err := parseObject(raw)
	if err != nil {
		return key, IgnoredMalformed
	}
	kid, _, kidErr := o.text("kid")
	kty, _, ktyErr := o.text("kty")
	alg, _, algErr := o.text("alg")
	use, _, useErr := o.text("use")
	ops, hasOps, opsErr := o.texts("key_ops")
	key = jose.JSONWebKey{KeyID: kid, Algorithm: alg, Use: use}
	if errors.Join(kidErr, ktyErr, algErr, useErr, opsErr) != nil {
		return key, IgnoredMalformed
	}
	if kty == "oct" {
		return key, IgnoredSymmetric
	}
	for _, name := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if _, present := o.get(name); present {
			return key, IgnoredPrivate
		}
	}
	if (use != "" && use != "sig") || (hasOps && !slices.Contains(ops, "verify")) {
		return key, IgnoredUse
	}
	switch kty {
	case "RSA":
		key.Key, reason = parseRSA(o)
	case "EC":
		key.Key, reason = parseEC(o)
	case "OKP":
		key.Key, reason = parseOKP(o)
	default:
		reason = IgnoredUnsupported
	}
	return key, reason
}

// parseRSA reads n and e (RFC 7518 section 6.3.1).
func parseRSA(o object) (any, string) {
	n, nErr := o.base64url("n")
	e, eErr := o.base64url("e")
	if errors.Join(nErr, eErr) != nil {
		return nil, IgnoredMalformed
	}
	exponent := new(big.Int).SetBytes(e)
	if !exponent.IsInt64() || exponent.Int64() > math.MaxInt32 {
		return nil, IgnoredWeak
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, ""
}

// parseEC reads crv, x and y (RFC 7518 section 6.2.1); the coordinates must
// have their full size and be on the curve.
func parseEC(o object) (any, string) {
	crv, _, err := o.text("crv")
	if err != nil {
		return nil, IgnoredMalformed
	}
	var curve elliptic.Curve
	switch crv {
	case "P-256":
		curve = elliptic.P256()
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	default:
		return nil, IgnoredUnsupported
	}
	x, xErr := o.base64url("x")
	y, yErr := o.base64url("y")
	size := (curve.Params().BitSize + 7) / 8
	if errors.Join(xErr, yErr) != nil || len(x) != size || len(y) != size {
		return nil, IgnoredMalformed
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, IgnoredMalformed
	}
	return key, ""
}

// parseOKP reads an Ed25519 key (RFC 8037 section 2).
func parseOKP(o object) (any, string) {
	crv, _, err := o.text("crv")
	if err != nil {
		return nil, IgnoredMalformed
	}
	if crv != "Ed25519" {
		return nil, IgnoredUnsupported
	}
	x, err := o.base64url("x")
	if err != nil || len(x) != ed25519.PublicKeySize {
		return nil, IgnoredMalformed
	}
	return ed25519.PublicKey(x), ""
}

// base64url gives the bytes of a member that must be there and not be empty.
func (o object) base64url(name string) ([]byte, error) {
	s, _, err := o.text(name)
	if err != nil {
		return nil, err
	}
	if s == "" {
		return nil, errShape
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

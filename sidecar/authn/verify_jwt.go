package authn

import (
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// VerifyJWT checks one token as a [JWT] of that configuration does, with keys at
// hand instead of an issuer's: serialization, header, type, signature, and the
// claims at the time of the clock, nil for time.Now. It gives the payload, a JSON
// object. There is no other credential and no connection, so that a token which
// is bound to one is refused.
//
// The error is a [*Refused], or says what is wrong with cfg.
func VerifyJWT(token string, keys jose.JSONWebKeySet, cfg JWTConfig, clock func() time.Time) ([]byte, error) {
	cfg.Verified = -1 // it lives for one token
	j, err := NewJWT(cfg, &KeySet{cfg: KeySetConfig{Issuer: cfg.Issuer}}, clock)
	if err != nil {
		return nil, err
	}
	if err := j.Assess(token); err != nil {
		// Whoever acts on the reason may believe it: what is wrong with claims is
		// told only of a token that is genuine.
		if _, forged := j.signature(token, keys); forged != nil {
			return nil, forged
		}
		return nil, err
	}
	return j.signature(token, keys)
}

// signature checks what needs no claims but iss.
func (j *JWT) signature(token string, keys jose.JSONWebKeySet) ([]byte, error) {
	jws, _, err := j.read(token)
	if err != nil {
		if u, ok := errors.AsType[*unclaimed](err); ok {
			return nil, u.why
		}
		return nil, err
	}
	return jws.verifyWith(keys)
}

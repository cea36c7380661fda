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
	jws, claims, err := j.read(token)
	if err != nil {
		if u, ok := errors.AsType[*unclaimed](err); ok {
			return nil, u.why
		}
		return nil, err
	}
	// Claims come after the signature: whoever acts on the reason may believe it.
	payload, err := jws.verifyWith(keys)
	if err != nil {
		return nil, err
	}
	b, err := j.readClaims(claims)
	if err != nil {
		return nil, err
	}
	if err := j.rules.judge(&b, j.clock()); err != nil {
		return nil, err
	}
	c := Credentials{Authorization: SchemeBearer + " " + token, HasAuthorization: true}
	p, _ := present(c)
	if err := j.proofs.confirm(b.cnf, p, c, j.clock()); err != nil {
		return nil, err
	}
	return payload, nil
}

package authn

import (
	"errors"
	"fmt"
	"time"
)

// TokenView is a JWT taken apart. Nothing in it is verified.
type TokenView struct {
	// Header and Claims are the two JSON objects as they stand in the token.
	Header, Claims []byte
	// Issuer is the iss claim, "" without one.
	Issuer string
	// Expires, NotBefore and Issued are exp, nbf and iat, zero without one or
	// where it is no whole number of seconds.
	Expires, NotBefore, Issued time.Time
}

// Inspect takes a JWT apart, as strictly as it would be for a request, and
// verifies nothing. The error is a [*Refused].
func Inspect(token string) (*TokenView, error) {
	jws, err := parseCompact(token, hardMaxToken)
	if err != nil {
		return nil, err
	}
	if _, err := parseObject(jws.header); err != nil {
		return nil, &Refused{Reason: ReasonTokenMalformed, Err: fmt.Errorf("header: %w", err)}
	}
	claims, err := parseObject(jws.payload)
	if err != nil {
		return nil, &Refused{Reason: ReasonTokenMalformed, Err: fmt.Errorf("payload: %w", err)}
	}
	v := &TokenView{Header: jws.header, Claims: jws.payload}
	v.Issuer, _, _ = claims.text("iss") // of another type it is no issuer
	for name, to := range map[string]*time.Time{"exp": &v.Expires, "nbf": &v.NotBefore, "iat": &v.Issued} {
		if seconds, ok, err := claims.integer(name); ok && err == nil {
			*to = time.Unix(seconds, 0).UTC()
		}
	}
	return v, nil
}

// Assess tells whether the method would take a token if its signature is good;
// it looks at no key and fetches nothing. The error is a [*Refused].
func (j *JWT) Assess(token string) error {
	_, claims, err := j.read(token)
	if err == nil {
		var b bearerClaims
		if b, err = readClaims(claims, true); err == nil {
			err = j.judge(&b, j.clock())
		}
	}
	if u, ok := errors.AsType[*unclaimed](err); ok {
		return u.why
	}
	return err
}

// Assess tells whether the method would send a token to its endpoint; it sends
// nothing. The error is a [*Refused].
func (i *Introspection) Assess(token string) error {
	err := i.addressed(token)
	if u, ok := errors.AsType[*unclaimed](err); ok {
		return u.why
	}
	return err
}

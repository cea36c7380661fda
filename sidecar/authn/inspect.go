package authn

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// TokenView is a JWT taken apart. Nothing in it is verified.
type TokenView struct {
	// Header and Claims are the two JSON objects as they stand in the token.
	Header, Claims []byte
	// KeyID is the kid of the header, "" without one.
	KeyID string
	// Issuer is the iss claim, "" without one.
	Issuer string
	// Expires, NotBefore and Issued are exp, nbf and iat, zero without one or
	// where it is no whole number of seconds.
	Expires, NotBefore, Issued time.Time
	// Bound is what cnf binds the token to, nil for nothing. BindingUnknown tells
	// that there is a cnf which gwctl does not understand, and refuses.
	Bound          *Binding
	BindingUnknown bool
}

// Inspect takes a JWT apart, as strictly as it would be for a request, and
// verifies nothing. The error is a [*Refused]; of an encrypted token it comes
// with a view that has the header only.
func Inspect(token string) (*TokenView, error) {
	jws, err := parseCompact(token, hardMaxToken)
	if err != nil {
		if header := encrypted(token); header != nil {
			return &TokenView{Header: header}, refuse(ReasonTokenMalformed, "the token is encrypted, and gwctl has no keys to decrypt with")
		}
		if _, ok := keyID(token); ok {
			return nil, refuse(ReasonTokenMalformed, "it has the form of an API key, which has a header of its own")
		}
		return nil, err
	}
	header, err := parseObject(jws.header)
	if err != nil {
		return nil, &Refused{Reason: ReasonTokenMalformed, Err: fmt.Errorf("header: %w", err)}
	}
	claims, err := parseObject(jws.payload)
	if err != nil {
		return nil, &Refused{Reason: ReasonTokenMalformed, Err: fmt.Errorf("payload: %w", err)}
	}
	v := &TokenView{Header: jws.header, Claims: jws.payload}
	v.Issuer, _, _ = claims.text("iss") // of another type it is no issuer
	v.KeyID, _, _ = header.text("kid")
	cnf, err := readConfirmation(claims)
	v.Bound, v.BindingUnknown = cnf.binding(), err != nil
	for name, to := range map[string]*time.Time{"exp": &v.Expires, "nbf": &v.NotBefore, "iat": &v.Issued} {
		if seconds, ok, err := claims.integer(name); ok && err == nil {
			*to = time.Unix(seconds, 0).UTC()
		}
	}
	return v, nil
}

// encrypted gives the header of a token in the compact serialization of a JWE
// (RFC 7516 section 7.1), nil for anything else.
func encrypted(token string) []byte {
	if len(token) > hardMaxToken || strings.Count(token, ".") != 4 {
		return nil
	}
	part, _, _ := strings.Cut(token, ".")
	header, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil
	}
	o, err := parseObject(header)
	if err != nil {
		return nil
	}
	if _, jwe := o.get("enc"); !jwe {
		return nil
	}
	return header
}

// Assess tells whether the method would take a token if its signature is good and
// what it is bound to is shown; it looks at no key and fetches nothing. The error
// is a [*Refused].
func (j *JWT) Assess(token string) error {
	_, claims, err := j.read(token)
	if err == nil {
		var b bearerClaims
		if b, err = j.readClaims(claims); err == nil {
			err = j.judge(&b, j.clock())
		}
		if err == nil && j.proofs.cfg.Required && b.cnf.member != BoundToKey {
			err = refuse(ReasonDPoPRequired, "the method takes DPoP-bound tokens only")
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

package authn

import (
	"errors"
	"slices"
	"time"
)

// bearerClaims are the claims that decide about a token whatever its user may
// do (RFC 7519 section 4.1). They are read once and judged at every use.
type bearerClaims struct {
	expires, notBefore, issued time.Time // zero for none
	audiences                  []string
	hasAudience                bool   // aud is there, if only as an empty list
	client                     string // client_id, "" without one
	jti                        string // fingerprint
	marks                      marks
	cnf                        confirmation
}

// readClaims reads the claims of a good token. A time is a whole number of
// seconds; fractions and exponents have more than one reading. A JWT must say
// when it expires and whose it is; an answer about a token need not (RFC 7662
// section 2.2), but then says which client has it.
func readClaims(claims object, jwt bool) (bearerClaims, error) {
	var b bearerClaims
	var err error
	if b.cnf, err = readConfirmation(claims); err != nil {
		return b, err
	}
	if err := b.readTimes(claims); err != nil {
		return b, err
	}
	if jwt && b.expires.IsZero() {
		return b, refuse(ReasonClaimInvalid, "exp is missing")
	}
	if b.audiences, b.hasAudience, err = claims.texts("aud"); err != nil {
		return b, refuse(ReasonClaimInvalid, "aud is not a string or a list of strings")
	}
	sub, hasSub, err := claims.text("sub")
	client, _, clientErr := claims.text("client_id")
	if err != nil || sub == "" && (jwt || hasSub || clientErr != nil || client == "") {
		return b, refuse(ReasonClaimInvalid, "sub is not a string with content")
	}
	if clientErr == nil {
		b.client = client
	}
	jti, _, err := claims.text("jti")
	if err != nil {
		return b, refuse(ReasonClaimInvalid, "jti is not a string")
	}
	if jti != "" {
		b.jti = fingerprint(jti)
	}
	b.marks = readMarks(claims)
	return b, nil
}

func (b *bearerClaims) readTimes(claims object) error {
	read := func(name string) (at time.Time, err error) {
		seconds, ok, err := claims.integer(name)
		if ok {
			at = time.Unix(seconds, 0)
		}
		return at, err
	}
	var errs [3]error
	b.expires, errs[0] = read("exp")
	b.notBefore, errs[1] = read("nbf")
	b.issued, errs[2] = read("iat")
	if errors.Join(errs[:]...) != nil {
		return refuse(ReasonClaimInvalid, "exp, nbf or iat is not a whole number of seconds")
	}
	return nil
}

// requirements are what a configuration wants of a token, whoever made it.
type requirements struct {
	leeway      time.Duration
	maxLifetime time.Duration // 0 for any
	audiences   []string      // none for any
	byClient    bool          // client_id is held to audiences, and aud where it is there
}

// judge decides at a point in time. It allocates nothing for a token that is
// good. A token without exp never expires by it.
func (r *requirements) judge(b *bearerClaims, now time.Time) error {
	latest := now.Add(r.leeway)
	expires, issued := !b.expires.IsZero(), !b.issued.IsZero()
	switch {
	case expires && !now.Before(b.expires.Add(r.leeway)):
		return refuse(ReasonTokenExpired, "exp has passed")
	case !b.notBefore.IsZero() && b.notBefore.After(latest):
		return refuse(ReasonTokenNotYetValid, "nbf lies ahead")
	case issued && b.issued.After(latest):
		return refuse(ReasonTokenNotYetValid, "iat lies ahead")
	case r.maxLifetime > 0 && !expires,
		r.maxLifetime > 0 && issued && b.expires.Sub(b.issued) > r.maxLifetime,
		r.maxLifetime > 0 && b.expires.Sub(latest) > r.maxLifetime:
		return refuse(ReasonLifetimeExceeded, "the token is valid for longer than allowed")
	}
	switch {
	case len(r.audiences) == 0:
		return nil
	case r.byClient && !slices.Contains(r.audiences, b.client):
		return refuse(ReasonAudienceMismatch, "client_id is no configured audience")
	case r.byClient && !b.hasAudience:
		return nil
	}
	for _, aud := range b.audiences {
		if slices.Contains(r.audiences, aud) {
			return nil
		}
	}
	return refuse(ReasonAudienceMismatch, "no configured audience in aud")
}

package authn

import (
	"errors"
	"slices"
	"time"
)

// bearerClaims are the claims that decide about a token whatever its user may
// do (RFC 7519 section 4.1). They are read once and judged at every use.
type bearerClaims struct {
	expires, notBefore, issued time.Time // zero for none; a token always expires
	audiences                  []string
	jti                        string // fingerprint
}

// readClaims reads the claims of a good token. A time is a whole number of
// seconds; fractions and exponents have more than one reading.
func readClaims(claims object) (bearerClaims, error) {
	var b bearerClaims
	if _, bound := claims.get("cnf"); bound {
		return b, refuse(ReasonProofRequired, "cnf binds the token to a proof (RFC 7800)")
	}
	if err := b.readTimes(claims); err != nil {
		return b, err
	}
	var err error
	if b.audiences, _, err = claims.texts("aud"); err != nil {
		return b, refuse(ReasonClaimInvalid, "aud is not a string or a list of strings")
	}
	if sub, _, err := claims.text("sub"); err != nil || sub == "" {
		return b, refuse(ReasonClaimInvalid, "sub is not a string with content")
	}
	jti, _, err := claims.text("jti")
	if err != nil {
		return b, refuse(ReasonClaimInvalid, "jti is not a string")
	}
	if jti != "" {
		b.jti = fingerprint(jti)
	}
	return b, nil
}

func (b *bearerClaims) readTimes(claims object) error {
	read := func(name string) (at time.Time, ok bool, err error) {
		seconds, ok, err := claims.integer(name)
		if ok {
			at = time.Unix(seconds, 0)
		}
		return at, ok, err
	}
	var hasExp bool
	var errs [3]error
	b.expires, hasExp, errs[0] = read("exp")
	b.notBefore, _, errs[1] = read("nbf")
	b.issued, _, errs[2] = read("iat")
	if errors.Join(errs[:]...) != nil || !hasExp {
		return refuse(ReasonClaimInvalid, "exp is missing, or exp, nbf or iat is not a whole number of seconds")
	}
	return nil
}

// judge decides at a point in time, by the requirements of the configuration.
// It allocates nothing for a token that is good.
func (j *JWT) judge(b *bearerClaims, now time.Time) error {
	latest := now.Add(j.cfg.Leeway)
	switch {
	case !now.Before(b.expires.Add(j.cfg.Leeway)):
		return refuse(ReasonTokenExpired, "exp has passed")
	case !b.notBefore.IsZero() && b.notBefore.After(latest):
		return refuse(ReasonTokenNotYetValid, "nbf lies ahead")
	case !b.issued.IsZero() && b.issued.After(latest):
		return refuse(ReasonTokenNotYetValid, "iat lies ahead")
	case !b.issued.IsZero() && b.expires.Sub(b.issued) > j.cfg.MaxLifetime, b.expires.Sub(latest) > j.cfg.MaxLifetime:
		return refuse(ReasonLifetimeExceeded, "the token is valid for longer than allowed")
	}
	for _, aud := range b.audiences {
		if slices.Contains(j.cfg.Audiences, aud) {
			return nil
		}
	}
	return refuse(ReasonAudienceMismatch, "no configured audience in aud")
}

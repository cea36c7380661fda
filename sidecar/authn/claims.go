package authn

import (
	"errors"
	"slices"
	"time"
)

// checked is what the claims of a good token yield.
type checked struct {
	expires time.Time
	jti     string // fingerprint
}

// checkClaims judges verified claims (RFC 7519 section 4.1). A time is a whole
// number of seconds; fractions and exponents have more than one reading.
func (j *JWT) checkClaims(claims object, now time.Time) (checked, error) {
	if _, bound := claims.get("cnf"); bound {
		return checked{}, refuse(ReasonProofRequired, "cnf binds the token to a proof (RFC 7800)")
	}
	expires, err := j.checkTimes(claims, now)
	if err != nil {
		return checked{}, err
	}
	audiences, _, err := claims.texts("aud")
	switch {
	case err != nil:
		return checked{}, refuse(ReasonClaimInvalid, "aud is not a string or a list of strings")
	case !slices.ContainsFunc(audiences, func(aud string) bool { return slices.Contains(j.cfg.Audiences, aud) }):
		return checked{}, refuse(ReasonAudienceMismatch, "no configured audience in aud")
	}
	if sub, _, err := claims.text("sub"); err != nil || sub == "" {
		return checked{}, refuse(ReasonClaimInvalid, "sub is not a string with content")
	}
	jti, _, err := claims.text("jti")
	if err != nil {
		return checked{}, refuse(ReasonClaimInvalid, "jti is not a string")
	}
	if jti != "" {
		jti = fingerprint(jti)
	}
	return checked{expires, jti}, nil
}

func (j *JWT) checkTimes(claims object, now time.Time) (expires time.Time, err error) {
	exp, hasExp, expErr := claims.integer("exp")
	nbf, hasNbf, nbfErr := claims.integer("nbf")
	iat, hasIat, iatErr := claims.integer("iat")
	if errors.Join(expErr, nbfErr, iatErr) != nil || !hasExp {
		return time.Time{}, refuse(ReasonClaimInvalid, "exp is missing, or exp, nbf or iat is not a whole number of seconds")
	}
	expires = time.Unix(exp, 0)
	latest := now.Add(j.cfg.Leeway)
	switch {
	case !now.Before(expires.Add(j.cfg.Leeway)):
		return expires, refuse(ReasonTokenExpired, "exp has passed")
	case hasNbf && time.Unix(nbf, 0).After(latest):
		return expires, refuse(ReasonTokenNotYetValid, "nbf lies ahead")
	case hasIat && time.Unix(iat, 0).After(latest):
		return expires, refuse(ReasonTokenNotYetValid, "iat lies ahead")
	case hasIat && expires.Sub(time.Unix(iat, 0)) > j.cfg.MaxLifetime,
		expires.Sub(latest) > j.cfg.MaxLifetime:
		return expires, refuse(ReasonLifetimeExceeded, "the token is valid for longer than allowed")
	}
	return expires, nil
}

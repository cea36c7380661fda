package authn

import "strings"

// The schemes under which a token can be presented: values of
// [Challenge.Scheme].
const (
	SchemeBearer = "Bearer" // RFC 6750
	SchemeDPoP   = "DPoP"   // RFC 9449
)

// presented is an access token with the scheme that it came under.
type presented struct{ token, scheme string }

// present takes the token out of an Authorization header (RFC 6750 section 2.1,
// RFC 9449 section 7.1). The scheme has no case (RFC 9110 section 11.1); one
// space follows it.
func present(c Credentials) (presented, bool) {
	scheme, token, _ := strings.Cut(c.Authorization, " ")
	switch {
	case !c.HasAuthorization:
	case strings.EqualFold(scheme, SchemeBearer):
		return presented{token, SchemeBearer}, true
	case strings.EqualFold(scheme, SchemeDPoP):
		return presented{token, SchemeDPoP}, true
	}
	return presented{}, false
}

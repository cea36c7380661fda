package authn

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// deniedTypes cannot be configured. They are tokens that an access token can be
// confused with: DPoP proofs (RFC 9449), logout tokens, security events (RFC
// 8417), introspection responses (RFC 9701), key bindings (RFC 9901), request
// objects (RFC 9101), workload tokens and proofs (WIMSE), client assertions and
// attestations, what a wallet proves (OpenID4VCI), statements of a federation,
// status lists, and what gwctl itself says to services.
var deniedTypes = [...]string{
	"dpop+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "kb+jwt", "oauth-authz-req+jwt",
	"wit+jwt", "wpt+jwt", "client-authentication+jwt", "oauth-client-attestation+jwt", "oauth-client-attestation-pop+jwt",
	"openid4vci-proof+jwt", "entity-statement+jwt", "statuslist+jwt", "gwctl-assertion+jwt",
}

// typeForm is a media type as typ has it, folded: a name (RFC 6838 section 4.2),
// perhaps behind another tree than application, and no parameters.
var typeForm = regexp.MustCompile(`^([a-z0-9][a-z0-9!#$&^_.+-]{0,126}/)?[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$`)

// accessType tells whether a typ may be configured as one of access tokens.
func accessType(typ string) bool {
	typ = mediaType(typ)
	return typeForm.MatchString(typ) && !slices.Contains(deniedTypes[:], typ) && !strings.HasPrefix(typ, "wimse")
}

// otherKinds are what Keycloak calls its tokens in a claim: those that are no
// access tokens and yet are signed with the same keys.
var otherKinds = [...]string{"id", "refresh", "offline", "logout"}

// readClaims reads the claims of a token and holds it to the profile.
func (j *JWT) readClaims(claims object) (bearerClaims, error) {
	b, err := readClaims(claims, true)
	if err != nil {
		return b, err
	}
	if kind, _, err := claims.text("typ"); err == nil && slices.Contains(otherKinds[:], strings.ToLower(kind)) {
		return b, refuse(ReasonTypeNotAllowed, "the claim typ is not that of an access token")
	}
	if j.cfg.Profile != ProfileRFC9068 {
		return b, nil
	}
	if client, _, err := claims.text("client_id"); err != nil || client == "" {
		return b, refuse(ReasonClaimInvalid, "client_id is not a string with content")
	}
	if b.jti == "" {
		return b, refuse(ReasonClaimInvalid, "jti is not a string with content")
	}
	if b.issued.IsZero() {
		return b, refuse(ReasonClaimInvalid, "iat is missing")
	}
	return b, nil
}

// flag notes with a refusal what the token offered as a key and was not looked
// at.
func flag(err error, ignored []string) error {
	if r, ok := errors.AsType[*Refused](err); ok {
		r.IgnoredHeaders = ignored
	}
	return err
}

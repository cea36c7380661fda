package authn

import (
	"errors"
	"fmt"
	"time"
)

// ErrNotMine says that a method did not find its credential. From
// [Chain.Authenticate] it means that the request carries no credential at all.
var ErrNotMine = errors.New("no credential for this method")

// Reasons of [Refused]. They are part of the audit format and never renamed.
const (
	ReasonTokenMalformed        = "token_malformed"        // not a canonical compact JWS over strict JSON
	ReasonTokenTooLarge         = "token_too_large"        // longer than the limit
	ReasonIssuerUnknown         = "issuer_unknown"         // iss is missing or not configured
	ReasonAlgorithmNotAllowed   = "algorithm_not_allowed"  // alg is not in the list, or not for the named key
	ReasonTypeNotAllowed        = "typ_not_allowed"        // another kind of token
	ReasonCritNotSupported      = "crit_not_supported"     // crit or b64 in the header
	ReasonNestedNotSupported    = "nested_not_supported"   // cty says that the payload is a token
	ReasonKeyUnknown            = "key_unknown"            // no key, or more than one, for this kid and alg
	ReasonSignatureInvalid      = "signature_invalid"      // the signature does not verify
	ReasonProofRequired         = "proof_required"         // cnf binds the token to a proof that was not checked
	ReasonAPIKeyUnknown         = "api_key_unknown"        // no such API key
	ReasonTokenInactive         = "token_inactive"         // the authorization server does not know it as active
	ReasonTokenExpired          = "token_expired"          // exp has passed
	ReasonTokenNotYetValid      = "token_not_yet_valid"    // nbf or iat lies ahead
	ReasonLifetimeExceeded      = "lifetime_exceeded"      // valid for longer than max_lifetime
	ReasonAudienceMismatch      = "audience_mismatch"      // no configured audience in aud
	ReasonClaimInvalid          = "claim_invalid"          // a required claim is missing or has the wrong shape
	ReasonCredentialUnsupported = "credential_unsupported" // no method takes this kind of credential
	ReasonTokenRevoked          = "token_revoked"          // its user has logged out, or an operator has revoked it
	ReasonLogoutInvalid         = "logout_token_invalid"   // not a logout token, though the issuer has signed it
	ReasonLogoutReplayed        = "logout_token_replayed"  // a logout token of this jti has come before
)

// Refused says that a credential was presented and is bad: HTTP 401.
type Refused struct {
	// Reason is one of the Reason constants.
	Reason string
	// Method is the name of the configured method, "" when none took the
	// credential.
	Method string
	// Kind is one of the Kind constants, "" when no method took the credential.
	Kind string
	// Err is the detail for the log. It holds no token and no claim value.
	Err error
}

// Error gives reason and detail, for logs only.
func (r *Refused) Error() string {
	if r.Err == nil {
		return "credential refused: " + r.Reason
	}
	return fmt.Sprintf("credential refused: %s: %v", r.Reason, r.Err)
}

// Unwrap gives the detail.
func (r *Refused) Unwrap() error { return r.Err }

// Broken says that a credential cannot be judged now: HTTP 503, never 401.
type Broken struct {
	// Dependency is what is missing: the issuer whose keys are needed.
	Dependency string
	// Method is the name of the configured method.
	Method string
	// Kind is one of the Kind constants.
	Kind string
	// RetryAfter is what to tell the client.
	RetryAfter time.Duration
	// Err is the detail for the log.
	Err error
}

// Error gives dependency and detail, for logs only.
func (b *Broken) Error() string {
	if b.Err == nil {
		return "cannot authenticate: " + b.Dependency + " is unavailable"
	}
	return fmt.Sprintf("cannot authenticate: %s is unavailable: %v", b.Dependency, b.Err)
}

// Unwrap gives the detail.
func (b *Broken) Unwrap() error { return b.Err }

// refuse takes a text and no arguments on purpose: what a token says must not
// get into an error.
func refuse(reason, detail string) error {
	return &Refused{Reason: reason, Err: errors.New(detail)}
}

// unclaimed is an ErrNotMine that knows why: if no other method takes the
// credential either, the chain refuses with this reason.
type unclaimed struct{ why *Refused }

func (u *unclaimed) Error() string        { return ErrNotMine.Error() + ": " + u.why.Error() }
func (u *unclaimed) Is(target error) bool { return target == ErrNotMine }

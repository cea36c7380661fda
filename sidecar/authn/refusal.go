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
	ReasonProofRequired         = "proof_required"         // the token is bound to a DPoP key and no proof was sent
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

	ReasonCertificateUntrusted   = "certificate_untrusted"     // leads to no CA of a method
	ReasonCertificateExpired     = "certificate_expired"       // its time has passed
	ReasonCertificateNotYetValid = "certificate_not_yet_valid" // its time lies ahead
	ReasonCertificateUsage       = "certificate_usage"         // it is not for clients
	ReasonCertificateName        = "certificate_name_invalid"  // the name that counts is missing, stands twice, or is malformed
	ReasonTrustDomainMismatch    = "trust_domain_mismatch"     // a SPIFFE ID of another trust domain

	// What a token is bound to.
	ReasonConfirmationUnsupported = "cnf_not_supported"    // cnf has not exactly one member that is understood
	ReasonCertificateRequired     = "certificate_required" // bound to a certificate, and the connection has none
	ReasonCertificateMismatch     = "certificate_mismatch" // bound to another certificate
	ReasonSchemeMismatch          = "scheme_mismatch"      // a DPoP-bound token as Bearer, or another one as DPoP
	ReasonDPoPRequired            = "dpop_required"        // not bound to a DPoP key, where that is required
	ReasonProofMalformed          = "proof_malformed"      // not one strict DPoP proof with all its claims
	ReasonProofAlgorithm          = "proof_algorithm"      // alg is not in the list, or not for the key
	ReasonProofKey                = "proof_key"            // its key is missing, private, secret or weak
	ReasonProofSignature          = "proof_signature"      // its signature does not verify
	ReasonProofKeyMismatch        = "proof_key_mismatch"   // the token is bound to another key
	ReasonProofToken              = "proof_token"          // ath is not the hash of the token
	ReasonProofMethod             = "proof_method"         // htm is not the method
	ReasonProofURI                = "proof_uri"            // htu is not the URI
	ReasonProofExpired            = "proof_expired"        // iat is too long ago
	ReasonProofNotYetValid        = "proof_not_yet_valid"  // iat lies ahead
	ReasonProofNonce              = "proof_nonce"          // without a nonce that counts now, where one is required
	ReasonProofReplayed           = "proof_replayed"       // used before
	ReasonProofsForgotten         = "proof_memory_full"    // too old for what can be remembered under the load
)

// Codes of [Challenge.Error] beside invalid_token (RFC 9449 section 12.2).
const (
	ErrorProof = "invalid_dpop_proof"
	ErrorNonce = "use_dpop_nonce"
)

// Challenge is what a client is told of how to come again. All of it is gwctl's
// own.
type Challenge struct {
	// Scheme is the one under which the token came, "" where that is not known.
	Scheme string
	// Error is ErrorProof or ErrorNonce; "" means invalid_token.
	Error string
	// Algorithms are those of proofs, where DPoP plays a part.
	Algorithms []string
	// Nonce is the one to use next, with ErrorNonce.
	Nonce string
}

// Refused says that a credential was presented and is bad: HTTP 401.
type Refused struct {
	// Reason is one of the Reason constants.
	Reason string
	// Method is the name of the configured method, "" when none took the
	// credential.
	Method string
	// Kind is one of the Kind constants, "" when no method took the credential.
	Kind string
	// IgnoredHeaders is as in [Identity].
	IgnoredHeaders []string
	// Err is the detail for the log. It holds no token and no claim value.
	Err error
	// Challenge is what the client is told.
	Challenge Challenge
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

package reply

import (
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
)

// Reason codes that the sidecar gives beside those of the engine.
const (
	ReasonUpstreamUnreachable   = "upstream_unreachable"
	ReasonUpstreamTimeout       = "upstream_timeout"
	ReasonUpstreamUntrusted     = "upstream_untrusted" // its certificate does not show who it should be
	ReasonNoUpstream            = "no_upstream"
	ReasonDependencyUnavailable = "dependency_unavailable"
	ReasonNotRepresentable      = "claim_not_representable"
	ReasonClaimsTooLarge        = "claims_too_large"
	ReasonTooManyWebSockets     = "too_many_websockets"
	ReasonNotCanonical          = canonical.CodeNotCanonical
	ReasonInvalidToken          = "invalid_token"      // what is told of every credential that is not accepted
	ReasonInvalidProof          = "invalid_dpop_proof" // what is told of every DPoP proof that is not accepted
	ReasonUseNonce              = "use_dpop_nonce"     // the proof needs the nonce of the answer
	ReasonInvalidClaims         = "invalid_claims"     // verified claims that the mapping cannot use
	ReasonUntrustedPeer         = "untrusted_peer"     // asks at the forward-auth door and may not
	ReasonForwardingIncomplete  = "forwarding_incomplete"
	ReasonAuditUnavailable      = "audit_unavailable" // the answer cannot be recorded, and records are required
	ReasonOverloaded            = "overloaded"        // more requests at a time than are answered
	ReasonAdminForbidden        = "admin_forbidden"   // at the admin listener, from somewhere else than this host
	ReasonAdminInvalid          = "admin_request_invalid"
	ReasonLogoutRequest         = "logout_request_invalid" // where logout tokens go to, and not a form that holds one
	ReasonTooOften              = "too_often"
)

// Refusal says what a reason code means: to the client in an answer, and to the
// operator on the page about it.
type Refusal struct {
	Code     string
	Statuses []int  // of the answers; empty for a code that stands in records only
	Detail   string // what the client is told
	Cause    string // when it happens
	Mend     string // what the operator or the client can do
}

// RefusalArea groups refusals by what they are about.
type RefusalArea struct {
	Title    string
	Refusals []Refusal
}

// detailOf is what a client is told about a reason code. A rule's own code has
// no text here; its message, if any, stands in the rule.
func detailOf(reason string) string { return details[reason] }

// details is never written after start.
var details = func() map[string]string {
	out := map[string]string{}
	for _, area := range Refusals() {
		for _, r := range area.Refusals {
			out[r.Code] = r.Detail
		}
	}
	return out
}()

// Refusals is the table of every reason code that gwctl itself gives, in the
// order of its page.
func Refusals() []RefusalArea {
	return []RefusalArea{
		{"Requests that are not understood in one way only", requestRefusals()},
		{"Credentials", credentialRefusals()},
		{"Policies", policyRefusals()},
		{"What is needed for a decision", needRefusals()},
		{"The service behind", serviceRefusals()},
		{"Operators and logout", operatorRefusals()},
		{"In records only: why a credential was not accepted", recordedRefusals()},
	}
}

const (
	unsafe    = "The request is not in a form that can be passed on safely."
	undecided = "Access could not be decided and is denied."
	denied    = "Access is denied by policy."
	later     = "A service needed for the decision does not answer. Try again later."
	identity  = "The identity cannot be passed on to the service."
)

func requestRefusals() []Refusal {
	return []Refusal{
		{canonical.CodeNotCanonical, []int{400}, unsafe, "Two readers could understand the request differently, or it breaks a limit; the record's `detail` names the rule.", "Send it in one of the ways that everybody reads alike. A route can keep `%2F`, `//` and `;`."},
		{canonical.CodeHopByHopAbuse, []int{400}, unsafe, "`Connection` names a header that is not the sender's to remove.", "Leave it out."},
		{canonical.CodeMethodNotAllowed, []int{405}, "The method is not allowed.", "CONNECT, TRACE, or a method that gwctl does not know.", "Use one of `Allow`."},
		{canonical.CodeOriginNotAllowed, []int{403}, "Pages of this origin may not do this.", "A preflight, or a WebSocket, of a page whose origin the route's `cors` does not name.", "Add the origin to `cors.origins` of the route, if it may."},
		{canonical.CodeMisdirected, []int{421}, "The request does not belong on this connection.", "The host is not the one that the client's certificate was asked for (SNI).", "Open another connection for the other host."},
		{ReasonUntrustedPeer, []int{403}, "This address may not ask for decisions.", "A peer at the forward-auth door that is not one of its `trusted_proxies`.", "Add the proxy's network there."},
		{ReasonOverloaded, []int{503}, "Too many requests are being answered. Try again later.", "More requests at a time than `limits.requests`, or more of one client than its share.", "Try again after `Retry-After`; raise the limit, or run more replicas."},
		{ReasonForwardingIncomplete, []int{400}, "The proxy in front does not say what was requested.", "A header of the dialect is missing or stands twice.", "Set up the proxy as the page of its dialect says."},
	}
}

func credentialRefusals() []Refusal {
	return []Refusal{
		{engine.ReasonUnauthenticated, []int{401}, "Authentication is required.", "No credential, and `anonymous: deny` or no rule for anonymous users.", "Send a token of one of the issuers."},
		{ReasonInvalidToken, []int{401}, "The access token was not accepted.", "Any credential that is not accepted. Why stands in the record only.", "Look the request id up in the records."},
		{ReasonInvalidProof, []int{401}, "The DPoP proof was not accepted.", "Any proof of a DPoP-bound token that is not accepted. Why stands in the record only.", "Make a new proof for each request; look the request id up in the records."},
		{ReasonUseNonce, []int{401}, "The DPoP proof needs the nonce of this answer.", "`dpop.nonce` is set, and the proof has no nonce, or an old one.", "Make the proof again with the value of `DPoP-Nonce`."},
		{engine.ReasonInsufficientScope, []int{403}, "The access token lacks a scope.", "Scopes alone kept an allow rule from matching.", "Ask for a token with the scopes of the challenge."},
		{ReasonDependencyUnavailable, []int{503}, later, "A credential cannot be judged now: the issuer's keys are missing.", "Try again after `Retry-After`; see the issuer's state in `/metrics`."},
		{ReasonNotRepresentable, []int{403}, identity, "An id, tenant or role that no header can hold without changing its meaning.", "Change the mapping, or the claim at the issuer."},
		{ReasonClaimsTooLarge, []int{403}, identity, "The claims of `propagate` are larger than 4 KiB.", "Pass fewer claims on."},
	}
}

func policyRefusals() []Refusal {
	return []Refusal{
		{engine.ReasonNoRoute, []int{403, 405, 421}, "No route leads to this request.", "No route for the path; 405: none for the method; 421: none for the host.", "Declare a route in a Resource."},
		{engine.ReasonNoMatchingRule, []int{403}, denied, "No allow rule matched.", "`gwctl explain` shows which rules were asked and why they did not match."},
		{engine.ReasonDeniedByRule, []int{403}, denied, "A deny rule without a reason of its own matched.", "The record names the rule."},
		{engine.ReasonEvalError, []int{403}, undecided, "A rule's condition failed.", "The record's `errors` have rule and place."},
		{engine.ReasonObligationError, []int{403}, undecided, "An obligation of the deciding rule failed.", "The record's `errors` have rule and place."},
		{engine.ReasonNotLoaded, []int{403, 503}, "No policy is loaded.", "There is no policy set, or it has no rules.", "See the log of the start."},
	}
}

func needRefusals() []Refusal {
	return []Refusal{
		{engine.ReasonAttributeInvalid, []int{400, 403}, "The request holds a value that is not valid.", "A value breaks its type or a constraint; 400 where it came in path, query or headers.", "The record names the attribute."},
		{engine.ReasonAttributeConflict, []int{403}, undecided, "Two providers have different values for an attribute.", "The record names the attribute."},
		{engine.ReasonAttributeMissing, []int{403}, undecided, "A required attribute has no value.", "Declare it optional, or see to its provider."},
		{engine.ReasonAttributeUnavailable, []int{503}, later, "A provider of an attribute failed.", "Try again after `Retry-After`."},
		{engine.ReasonBodyInvalid, []int{400, 413, 415}, "The body of the request is not valid.", "The body is not what the route declares; 413: too large; 415: no plain JSON.", "See `body` of the route."},
		{engine.ReasonBodyUnavailable, []int{503}, later, "The body did not arrive, or this door delivers none.", "Try again; do not read bodies behind a forward-auth door."},
	}
}

func serviceRefusals() []Refusal {
	return []Refusal{
		{ReasonAuditUnavailable, []int{503}, later, "The answer cannot be recorded, and `audit.required` is set.", "See the log: a sink takes no records."},
		{ReasonNoUpstream, []int{502}, "No service is configured for this path.", "No `match` of the upstreams fits.", "Add an upstream."},
		{ReasonUpstreamUnreachable, []int{502}, "The service does not answer.", "The upstream cannot be reached, hangs up, or gives no proper answer.", "See the log."},
		{ReasonUpstreamUntrusted, []int{502}, "The service could not be identified.", "The upstream's certificate does not show who it should be.", "See `tls` of the upstream, and the log."},
		{ReasonUpstreamTimeout, []int{504}, "The service did not answer in time.", "The upstream took longer than 30 seconds to begin its answer.", "See to the service."},
		{ReasonTooManyWebSockets, []int{503}, "There are too many open connections. Try again later.", "As many WebSockets as `websocket.limit` are open.", "Raise the limit, or run more replicas."},
	}
}

func operatorRefusals() []Refusal {
	return []Refusal{
		{ReasonAdminForbidden, []int{403}, "This is for operators on the host itself.", "A request to the admin listener whose `Host` is not this host, or that a web page has sent: with `Origin`, or `Sec-Fetch-Site` other than `none`.", "Ask as [admin.md](admin.md) shows; add a name of your own to `listeners.admin.hosts`."},
		{ReasonAdminInvalid, []int{400, 404, 405, 413, 415}, "The order cannot be read.", "Another path, method, `Content-Type` or body than the operation has, or an issuer that is not configured; the record's `detail` says which.", "See [admin.md](admin.md)."},
		{ReasonTooOften, []int{429}, "This was done a moment ago. Try again later.", "Keys are fetched at most every ten seconds for an operator; a client that sends bad logout tokens is not read for a while.", "Try again after `Retry-After`."},
		{ReasonLogoutRequest, []int{400, 405, 413, 415}, "The request holds no logout token.", "Where logout tokens go to: not a POST of a form with one `logout_token`, or longer than 16 KiB.", "See what the issuer sends."},
	}
}

func recordedRefusals() []Refusal {
	recorded := func(code, cause, mend string) Refusal { return Refusal{Code: code, Cause: cause, Mend: mend} }
	const again = "Get a new token."
	const proof = "Mend the client."
	return []Refusal{
		recorded(authn.ReasonTokenMalformed, "Not a compact JWS over strict JSON, in its one spelling.", "Send the token exactly as the issuer gave it."),
		recorded(authn.ReasonTokenTooLarge, "The token is longer than 8 KiB.", "Put less into it."),
		recorded(authn.ReasonIssuerUnknown, "`iss` is missing or not configured.", "Compare it with `issuer`, character by character."),
		recorded(authn.ReasonAlgorithmNotAllowed, "`alg` is not accepted, or not that of the key.", "See `algorithms`."),
		recorded(authn.ReasonTypeNotAllowed, "Another kind of token, such as an ID or logout token; or not `at+jwt` with `profile: rfc9068`.", "Send an access token."),
		recorded(authn.ReasonCritNotSupported, "The header has `crit` or `b64`.", "Have the issuer leave it out."),
		recorded(authn.ReasonNestedNotSupported, "The payload is a token itself.", "Have the issuer sign claims."),
		recorded(authn.ReasonKeyUnknown, "No key, or more than one, for `kid` and `alg`.", "See whether the issuer publishes the key."),
		recorded(authn.ReasonSignatureInvalid, "The signature is not that of the key.", again),
		recorded(authn.ReasonConfirmationUnsupported, "`cnf` has not exactly one member, or another one than `jkt` and `x5t#S256`.", "See what the issuer binds tokens to."),
		recorded(authn.ReasonCertificateRequired, "The token is bound to a certificate, and the client has shown none.", "Connect with the certificate; the listener needs `client_ca`."),
		recorded(authn.ReasonCertificateMismatch, "The token is bound to another certificate.", "Connect with the certificate that the token was issued for."),
		recorded(authn.ReasonSchemeMismatch, "A DPoP-bound token came as `Bearer`, or one that is not bound to a key as `DPoP`.", "Send DPoP-bound tokens, and only those, as `Authorization: DPoP`."),
		recorded(authn.ReasonDPoPRequired, "`dpop.required` is set, and the token is not bound to a key.", "Ask the issuer for a DPoP-bound token."),
		recorded(authn.ReasonProofRequired, "The token is bound to a key, and the request has no `DPoP` header.", "Send a proof."),
		recorded(authn.ReasonProofMalformed, "The proof is no strict `dpop+jwt` with `jti`, `htm`, `htu` and `iat`.", proof),
		recorded(authn.ReasonProofAlgorithm, "`alg` of the proof is not accepted, or not that of its key.", "See `dpop.algorithms`."),
		recorded(authn.ReasonProofKey, "`jwk` of the proof is missing, private, secret or weak.", proof),
		recorded(authn.ReasonProofSignature, "The signature of the proof is not that of its key.", proof),
		recorded(authn.ReasonProofKeyMismatch, "The token is bound to another key than the proof's.", "Sign proofs with the key that the token was asked for with."),
		recorded(authn.ReasonProofToken, "`ath` is missing, or not the hash of the token.", proof),
		recorded(authn.ReasonProofMethod, "`htm` is not the method of the request.", proof),
		recorded(authn.ReasonProofURI, "`htu` is not the URI of the request, as gwctl sees it.", "Compare scheme, host and path; a proxy in front has to keep `Host` and say the scheme."),
		recorded(authn.ReasonProofExpired, "`iat` of the proof is longer ago than `dpop.max_age`.", "Make a new proof for each request; compare the clocks."),
		recorded(authn.ReasonProofNotYetValid, "`iat` of the proof lies more than 5 s ahead.", "Compare the clocks."),
		recorded(authn.ReasonProofNonce, "The proof has no nonce, or one that does not count any more.", "Use the value of `DPoP-Nonce`."),
		recorded(authn.ReasonProofReplayed, "A proof with this key and `jti` was accepted before.", "Make a new proof for each request. If the client does: somebody has copied one."),
		recorded(authn.ReasonProofsForgotten, "There are more proofs than can be remembered, and this one is older than those that are.", "Run more replicas."),
		recorded(authn.ReasonTokenExpired, "`exp` has passed.", again),
		recorded(authn.ReasonTokenNotYetValid, "`nbf` or `iat` lies ahead.", "Compare the clocks; see `leeway`."),
		recorded(authn.ReasonLifetimeExceeded, "The token is valid for longer than `max_lifetime`.", "Have the issuer give shorter ones."),
		recorded(authn.ReasonAudienceMismatch, "None of `audiences` is in `aud`.", "Ask for a token for this service."),
		recorded(authn.ReasonClaimInvalid, "A required claim is missing or of the wrong shape.", "See what the issuer puts into `sub` and `exp`."),
		recorded(authn.ReasonTokenInactive, "Introspection says that the token is not active.", again),
		recorded(authn.ReasonAPIKeyUnknown, "No such API key, or its secret is another one.", "See the file of `api_keys`."),
		recorded(authn.ReasonTokenRevoked, "The user has logged out at the issuer, or an operator has revoked the token.", "Log in again."),
		recorded(authn.ReasonLogoutInvalid, "The issuer has signed it, and it is no logout token: `events`, `jti`, `sub` and `sid`, `iat`, `exp`, or a `nonce`.", "See what the issuer sends."),
		recorded(authn.ReasonLogoutReplayed, "A logout token of this `jti` has come before.", "None; the logout counts since then."),
		recorded(authn.ReasonCertificateUntrusted, "The client's certificate leads to none of the CAs of an `mtls` method.", "See `client_ca`, and whether the client sends what is between."),
		recorded(authn.ReasonCertificateExpired, "The client's certificate has ended.", "Renew it."),
		recorded(authn.ReasonCertificateNotYetValid, "The client's certificate has not begun.", "Compare the clocks."),
		recorded(authn.ReasonCertificateUsage, "The certificate does not name `clientAuth`, or is that of a CA.", "Have it issued for clients."),
		recorded(authn.ReasonCertificateName, "The name that counts (`identity`) is missing, stands more than once or is not in its one spelling; or a name holds a control character.", "See which names the certificate has."),
		recorded(authn.ReasonTrustDomainMismatch, "The SPIFFE ID is one of another trust domain.", "Compare it with `spiffe_trust_domain`."),
		recorded(authn.ReasonCredentialUnsupported, "No method takes this kind of credential.", "Send one that is configured under `authn`."),
		recorded(ReasonInvalidClaims, "The mapping cannot use the claims: an expression failed, or they contradict each other.", "See `attributes` of the method."),
	}
}

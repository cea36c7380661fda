package reply

import "github.com/gwctl/gwctl/engine"

// Reason codes that the sidecar gives beside those of the engine.
const (
	ReasonUpstreamUnreachable   = "upstream_unreachable"
	ReasonUpstreamTimeout       = "upstream_timeout"
	ReasonUpstreamUntrusted     = "upstream_untrusted" // its certificate does not show who it should be
	ReasonNoUpstream            = "no_upstream"
	ReasonDependencyUnavailable = "dependency_unavailable"
	ReasonNotRepresentable      = "claim_not_representable"
	ReasonClaimsTooLarge        = "claims_too_large"
	ReasonNotCanonical          = "request_not_canonical"
	ReasonInvalidClaims         = "invalid_claims" // verified claims that the mapping cannot use
	ReasonUntrustedPeer         = "untrusted_peer" // asks at the forward-auth door and may not
	ReasonForwardingIncomplete  = "forwarding_incomplete"
	ReasonOverloaded            = "overloaded" // more requests at a time than are answered
)

// textOf is what a client is told about a reason code. A rule's own code has
// no text here; its message, if any, stands in the rule.
func textOf(reason string) string {
	switch reason {
	case engine.ReasonUnauthenticated:
		return "Authentication is required."
	case "invalid_token":
		return "The access token was not accepted."
	case engine.ReasonInsufficientScope:
		return "The access token lacks a scope."
	case engine.ReasonNoRoute:
		return "No route leads to this request."
	case engine.ReasonNoMatchingRule, engine.ReasonDeniedByRule:
		return "Access is denied by policy."
	case engine.ReasonEvalError, engine.ReasonAttributeConflict, engine.ReasonAttributeMissing, engine.ReasonObligationError:
		return "Access could not be decided and is denied."
	case engine.ReasonAttributeInvalid:
		return "The request holds a value that is not valid."
	case engine.ReasonBodyInvalid:
		return "The body of the request is not valid."
	case engine.ReasonAttributeUnavailable, engine.ReasonBodyUnavailable, ReasonDependencyUnavailable:
		return "A service needed for the decision does not answer. Try again later."
	case engine.ReasonNotLoaded:
		return "No policy is loaded."
	case ReasonNotCanonical, "hop_by_hop_abuse":
		return "The request is not in a form that can be passed on safely."
	case ReasonUntrustedPeer:
		return "This address may not ask for decisions."
	case ReasonForwardingIncomplete:
		return "The proxy in front does not say what was requested."
	case ReasonOverloaded:
		return "Too many requests are being answered. Try again later."
	case "method_not_allowed":
		return "The method is not allowed."
	case ReasonNotRepresentable, ReasonClaimsTooLarge:
		return "The identity cannot be passed on to the service."
	case ReasonUpstreamUnreachable:
		return "The service does not answer."
	case ReasonUpstreamUntrusted:
		return "The service could not be identified."
	case "misdirected_request":
		return "The request does not belong on this connection."
	case ReasonNoUpstream:
		return "No service is configured for this path."
	case ReasonUpstreamTimeout:
		return "The service did not answer in time."
	}
	return ""
}

package reply

import "github.com/gwctl/gwctl/engine"

// Reason codes that the sidecar gives beside those of the engine.
const (
	ReasonUpstreamUnreachable   = "upstream_unreachable"
	ReasonUpstreamTimeout       = "upstream_timeout"
	ReasonNoUpstream            = "no_upstream"
	ReasonDependencyUnavailable = "dependency_unavailable"
	ReasonAuditUnavailable      = "audit_unavailable" // the answer cannot be recorded, and records are required
	ReasonNotRepresentable      = "claim_not_representable"
	ReasonClaimsTooLarge        = "claims_too_large"
	ReasonNotCanonical          = "request_not_canonical"
	ReasonInvalidClaims         = "invalid_claims" // verified claims that the mapping cannot use
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
	case engine.ReasonAttributeUnavailable, engine.ReasonBodyUnavailable, ReasonDependencyUnavailable, ReasonAuditUnavailable:
		return "A service needed for the decision does not answer. Try again later."
	case engine.ReasonNotLoaded:
		return "No policy is loaded."
	case ReasonNotCanonical, "hop_by_hop_abuse":
		return "The request is not in a form that can be passed on safely."
	case "method_not_allowed":
		return "The method is not allowed."
	case ReasonNotRepresentable, ReasonClaimsTooLarge:
		return "The identity cannot be passed on to the service."
	case ReasonUpstreamUnreachable:
		return "The service does not answer."
	case ReasonNoUpstream:
		return "No service is configured for this path."
	case ReasonUpstreamTimeout:
		return "The service did not answer in time."
	}
	return ""
}

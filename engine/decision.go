package engine

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Effect is the outcome of a decision. Its zero value denies.
type Effect uint8

// The two effects; there is no third.
const (
	Deny Effect = iota
	Allow
)

// String gives "allow" or "deny"; any unknown value reads "deny".
func (e Effect) String() string {
	if e == Allow {
		return "allow"
	}
	return "deny"
}

// MarshalText writes "allow" or "deny".
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads "allow" or "deny"; anything else is an error and leaves
// the effect at deny.
func (e *Effect) UnmarshalText(text []byte) error {
	*e = Deny
	switch string(text) {
	case "allow":
		*e = Allow
	case "deny":
	default:
		return fmt.Errorf("effect %q is neither allow nor deny", text)
	}
	return nil
}

// Reason codes that the engine itself gives. A rule's own reason adds others;
// these cannot be used there.
const (
	ReasonAllowed              = "allowed"
	ReasonNoRoute              = "no_route"
	ReasonUnauthenticated      = "unauthenticated"
	ReasonNoMatchingRule       = "no_matching_rule"
	ReasonInsufficientScope    = "insufficient_scope"
	ReasonDeniedByRule         = "denied_by_rule"
	ReasonEvalError            = "eval_error"
	ReasonAttributeInvalid     = "attribute_invalid"
	ReasonAttributeConflict    = "attribute_conflict"
	ReasonAttributeMissing     = "attribute_missing"
	ReasonAttributeUnavailable = "attribute_unavailable"
	ReasonBodyInvalid          = "body_invalid"
	ReasonBodyUnavailable      = "body_unavailable"
	ReasonObligationError      = "obligation_error"
	ReasonNotLoaded            = "policy_not_loaded"
)

// RuleRef names a rule in its set: policy name and rule id.
type RuleRef struct {
	Policy string
	Rule   string
}

// IsZero tells whether no rule is named.
func (r RuleRef) IsZero() bool { return r == RuleRef{} }

// String gives "policy/rule", or "" for no rule.
func (r RuleRef) String() string {
	if r.IsZero() {
		return ""
	}
	return r.Policy + "/" + r.Rule
}

// RuleError is an evaluation that failed: whose, why, and where in the files.
type RuleError struct {
	Rule     RuleRef
	Code     string // a reason code: eval_error, attribute_missing, attribute_unavailable
	Message  string // for operators; never shown to a client
	Position string // path:line:col of the expression
}

// Decision is the answer to one request, the same for every door. The zero
// Decision denies: Effect is Deny and HTTPStatus 403. It stays good when its
// request is used again. What its lists and pointers lead to is shared with the
// set and must not be changed; appending to them is safe.
type Decision struct {
	Effect    Effect
	Reason    string // snake_case code; see the Reason constants
	Message   string // static text of the deciding rule's reason, fit for clients
	Status    int    // HTTP status of a denial, 200 of an allow; 0 in the zero Decision
	Rule      RuleRef
	Matched   []RuleRef
	Errors    []RuleError
	Attribute string   // the attribute an attribute_* reason is about
	Scopes    []string // what insufficient_scope asks for
	// Obligations are what an allowed request takes along.
	Obligations []Obligation
	Challenge   *Challenge // what a 401 of a rule asks the client to do
	Shadow      *Shadow    // what shadow rules would have changed; nil without any
	Route       string     // pattern of the chosen route, "" without one
	Resource    string     // resource type, "" without a route
	Action      string
	SetDigest   string // digest of the policy set's meaning
}

// Allowed is true only for an explicit allow.
func (d Decision) Allowed() bool { return d.Effect == Allow }

// HTTPStatus is the status a door answers a denial with. It is never below 400
// for a denial, so that a forgotten field cannot look like success.
func (d Decision) HTTPStatus() int {
	switch {
	case d.Effect == Allow:
		return http.StatusOK
	case d.Status >= 400 && d.Status <= 599:
		return d.Status
	}
	return http.StatusForbidden
}

type errorJSON struct {
	Rule     string `json:"rule"`
	Code     string `json:"code"`
	Message  string `json:"message,omitempty"`
	Position string `json:"position,omitempty"`
}

type decisionJSON struct {
	Effect      Effect           `json:"effect"`
	Reason      string           `json:"reason"`
	Message     string           `json:"message,omitempty"`
	Status      int              `json:"status"`
	Rule        string           `json:"rule,omitempty"`
	Matched     []string         `json:"matched"`
	Errors      []errorJSON      `json:"errors"`
	Attribute   string           `json:"attribute,omitempty"`
	Scopes      []string         `json:"scopes,omitempty"`
	Obligations *obligationsJSON `json:"obligations,omitempty"`
	Challenge   *Challenge       `json:"challenge,omitempty"`
	Shadow      *shadowJSON      `json:"shadow,omitempty"`
	Route       string           `json:"route,omitempty"`
	Resource    string           `json:"resource,omitempty"`
	Action      string           `json:"action,omitempty"`
	SetDigest   string           `json:"set_digest"`
}

// MarshalJSON writes the one JSON form of a decision, used by test results,
// explanations and decision records.
func (d Decision) MarshalJSON() ([]byte, error) {
	out := decisionJSON{
		Effect: d.Effect, Reason: d.Reason, Message: d.Message, Status: d.HTTPStatus(), Rule: d.Rule.String(),
		Matched: []string{}, Errors: []errorJSON{}, Attribute: d.Attribute, Scopes: d.Scopes, Challenge: d.Challenge,
		Route: d.Route, Resource: d.Resource, Action: d.Action, SetDigest: d.SetDigest,
	}
	for _, m := range d.Matched {
		out.Matched = append(out.Matched, m.String())
	}
	for _, e := range d.Errors {
		out.Errors = append(out.Errors, errorJSON{Rule: e.Rule.String(), Code: e.Code, Message: e.Message, Position: e.Position})
	}
	out.Obligations, out.Shadow = writeObligations(d.Obligations), writeShadow(d.Shadow)
	return json.Marshal(out)
}

package engine

import (
	"cmp"
	"net/http"
)

// Decide answers a request. It is the only place where an allow comes from:
// [Request.decide] is the whole of it, for every door. What shadow rules would
// have made of the answer is added afterwards and changes nothing.
func (s *Set) Decide(r *Request) (d Decision) {
	d = Decision{SetDigest: s.digest, Route: r.route, Resource: r.Resource(), Action: r.action}
	defer func() {
		if recover() != nil {
			d.Rule, d.Attribute, d.Scopes, d.Obligations, d.Shadow = RuleRef{}, "", nil, nil, nil
			d.Errors = append(d.Errors, RuleError{Code: ReasonEvalError, Message: "a fault in gwctl stopped the evaluation; please report it"})
			d.deny(ReasonEvalError, http.StatusForbidden)
		}
	}()

	// 1. A resource type and an action, or nothing.
	if r.bodyReason != "" {
		return d.deny(r.bodyReason, r.bodyStatus)
	}
	if r.cands == nil {
		return d.deny(ReasonNoRoute, r.noRoute)
	}

	// 2. What the enforced candidates read is there and fits its type.
	if p := r.precondition(); p.reason != "" {
		d.Attribute = p.attribute
		return d.deny(p.reason, p.status)
	}

	d = r.decide(d, r.cands.deny, r.cands.allow)
	d.Shadow = r.shadow(d)
	return d
}

// decide asks deny rules, then allow rules. Their order gives the deciding
// rule and nothing else.
func (r *Request) decide(d Decision, deny, allow []*Rule) Decision {
	// 3. A deny rule that matches, or else one that failed, denies.
	var by *Rule
	for _, rule := range deny {
		if r.evaluate(rule, &d) == matched {
			d.matched(rule)
			by = cmp.Or(by, rule)
		}
	}
	if by != nil {
		return d.denyBy(by)
	}
	if len(d.Errors) > 0 {
		d.Rule = d.Errors[0].Rule
		return d.deny(d.Errors[0].Code, statusOf(d.Errors[0].Code))
	}

	// 4. Else an allow rule that matches allows. Its failures do not match.
	var scopes []string
	unavailable := false
	for _, rule := range allow {
		if r.anonymous && !rule.Decl.Anonymous {
			continue
		}
		switch r.evaluate(rule, &d) {
		case matched:
			d.matched(rule)
			by = cmp.Or(by, rule)
		case scopesMissing:
			if scopes == nil {
				scopes = rule.wantedScopes()
			}
		case failed:
			unavailable = unavailable || d.Errors[len(d.Errors)-1].Code == ReasonAttributeUnavailable
		}
	}
	if by != nil {
		d.Rule = by.Ref
		if !r.oblige(by, &d) {
			return d.deny(ReasonObligationError, http.StatusForbidden)
		}
		d.Effect, d.Reason, d.Status = Allow, ReasonAllowed, http.StatusOK
		return d
	}

	// 5. Else deny, for the reason nearest to what was missing.
	switch {
	case r.anonymous:
		return d.deny(ReasonUnauthenticated, http.StatusUnauthorized)
	case unavailable:
		return d.deny(ReasonAttributeUnavailable, http.StatusServiceUnavailable)
	case scopes != nil:
		d.Scopes = scopes
		return d.deny(ReasonInsufficientScope, http.StatusForbidden)
	}
	return d.deny(ReasonNoMatchingRule, http.StatusForbidden)
}

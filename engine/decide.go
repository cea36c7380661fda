package engine

import "net/http"

// Decide answers a request. It is the only place where an allow comes from:
// the steps below are the whole of it, for every door.
func (s *Set) Decide(r *Request) (d Decision) {
	d = Decision{SetDigest: s.digest, Route: r.route, Resource: r.Resource(), Action: r.action}
	defer func() {
		if recover() != nil {
			d.Rule, d.Attribute, d.Scopes = RuleRef{}, "", nil
			d.Errors = append(d.Errors, RuleError{Code: ReasonEvalError, Message: "a fault in gwctl stopped the evaluation; please report it"})
			d.deny(ReasonEvalError, http.StatusForbidden)
		}
	}()

	// 1. A resource type and an action, or nothing.
	if r.cands == nil {
		return d.deny(ReasonNoRoute, r.noRoute)
	}

	// 2. What the candidates read is there and fits its type.
	if p := r.precondition(); p.reason != "" {
		d.Attribute = p.attribute
		return d.deny(p.reason, p.status)
	}

	// 3. A deny rule that matches, or else one that failed, denies.
	for _, rule := range r.cands.deny {
		if r.evaluate(rule, &d) == matched {
			d.matched(rule)
		}
	}
	if len(d.Matched) > 0 {
		return d.denyBy(s.rule(r, d.Matched[0]))
	}
	if len(d.Errors) > 0 {
		d.Rule = d.Errors[0].Rule
		return d.deny(d.Errors[0].Code, statusOf(d.Errors[0].Code))
	}

	// 4. Else an allow rule that matches allows. Its failures do not match.
	var scopes []string
	unavailable := false
	for _, rule := range r.cands.allow {
		if r.anonymous && !rule.Decl.Anonymous {
			continue
		}
		switch r.evaluate(rule, &d) {
		case matched:
			d.matched(rule)
		case scopesMissing:
			if scopes == nil {
				scopes = rule.wantedScopes()
			}
		case failed:
			unavailable = unavailable || d.Errors[len(d.Errors)-1].Code == ReasonAttributeUnavailable
		}
	}
	if len(d.Matched) > 0 {
		d.Effect, d.Reason, d.Status, d.Rule = Allow, ReasonAllowed, http.StatusOK, d.Matched[0]
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

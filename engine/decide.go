package engine

import (
	"cmp"
	"net/http"
)

// Decide answers a request. It is the only place where an allow comes from:
// [Request.decide] is the whole of it, for every door. What shadow rules would
// have made of the answer is added afterwards and changes nothing.
func (s *Set) Decide(r *Request) (d Decision) {
	d.SetDigest, d.Route, d.Resource, d.Action = s.digest, r.Route(), r.Resource(), r.action
	defer d.contain()
	r.turning = false

	// 1. A resource type and an action, or nothing.
	switch {
	case r.set != s || r.misbound:
		d.fault("the request or its subject belongs to another policy set")
		return d
	case r.bodyReason != "":
		d.deny(r.bodyReason, r.bodyStatus)
		return d
	case r.cands == nil:
		d.deny(ReasonNoRoute, r.noRoute)
		return d
	}

	// 2. What the enforced candidates read is there and fits its type.
	if p := r.precondition(); p.reason != "" {
		d.Attribute = p.attribute
		d.deny(p.reason, p.status)
		return d
	}

	r.decide(&d, &r.cands.deny, &r.cands.allow)
	if r.cands.shadow != nil {
		d.Shadow = r.shadow()
	}
	return d
}

// decide asks deny rules, then allow rules. Their order gives the deciding
// rule and nothing else.
func (r *Request) decide(d *Decision, deny, allow *ruleset) {
	// 3. A deny rule that matches, or else one that failed, denies.
	var by *Rule
	for _, rule := range r.applicable(deny) {
		if r.evaluate(rule, d) == matched {
			r.matched(rule, d)
			by = cmp.Or(by, rule)
		}
	}
	if by != nil {
		d.denyBy(by, r.set)
		return
	}
	if len(d.Errors) > 0 {
		d.Rule = d.Errors[0].Rule
		d.deny(d.Errors[0].Code, statusOf(d.Errors[0].Code))
		return
	}

	// 4. Else an allow rule that matches allows. Its failures do not match.
	var scopes []string
	unavailable := false
	for _, rule := range r.applicable(allow) {
		if r.anonymous && !rule.anonymous {
			continue
		}
		switch r.evaluate(rule, d) {
		case matched:
			r.matched(rule, d)
			by = cmp.Or(by, rule)
		case scopesMissing:
			if scopes == nil {
				scopes = rule.held.wanted
			}
		case failed:
			unavailable = unavailable || d.Errors[len(d.Errors)-1].Code == ReasonAttributeUnavailable
		}
	}
	if by != nil {
		d.Rule = by.Ref
		if !r.oblige(by, d) {
			d.deny(ReasonObligationError, http.StatusForbidden)
			return
		}
		d.Effect, d.Reason, d.Status = Allow, ReasonAllowed, http.StatusOK
		return
	}

	// 5. Else deny, for the reason nearest to what was missing.
	switch {
	case r.anonymous:
		d.deny(ReasonUnauthenticated, http.StatusUnauthorized)
	case unavailable:
		d.deny(ReasonAttributeUnavailable, http.StatusServiceUnavailable)
	case scopes != nil:
		d.Scopes = scopes
		d.deny(ReasonInsufficientScope, http.StatusForbidden)
	default:
		d.deny(ReasonNoMatchingRule, http.StatusForbidden)
	}
}

package engine

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The reference below is section 5 of the language, written down again without
// CEL, candidates, layouts or frames: rules are data, conditions are trees over
// a few attributes, and a value is true, false or an error code.

const (
	isTrue  = "true"
	isFalse = "false"
)

// node is a condition: an operator over nodes, or an attribute asked for in
// one of two ways.
type node struct {
	op          string // and, or, not, read, has, true, false
	left, right *node
	attr        string
}

func (n *node) String() string {
	switch n.op {
	case "and":
		return "(" + n.left.String() + " && " + n.right.String() + ")"
	case "or":
		return "(" + n.left.String() + " || " + n.right.String() + ")"
	case "not":
		return "!(" + n.left.String() + ")"
	case "has":
		return "has(" + n.attr + ")"
	case "read":
		return n.attr + map[string]string{"user.plan": " == 'pro'", "resource.tenant": " == 'acme'", "resource.number": " > 5"}[n.attr]
	}
	return n.op
}

// attrs are the attributes that stand in the condition.
func (n *node) attrs() []string {
	switch n.op {
	case "and", "or":
		return append(n.left.attrs(), n.right.attrs()...)
	case "not":
		return n.left.attrs()
	case "read", "has":
		return []string{n.attr}
	}
	return nil
}

// eval gives true, false or an error code. Of two errors the left one counts.
func (n *node) eval(q *query) string {
	switch n.op {
	case "true", "false":
		return n.op
	case "not":
		switch v := n.left.eval(q); v {
		case isTrue:
			return isFalse
		case isFalse:
			return isTrue
		default:
			return v
		}
	case "and", "or":
		decides := map[string]string{"and": isFalse, "or": isTrue}[n.op]
		l, r := n.left.eval(q), n.right.eval(q)
		switch {
		case l == decides || r == decides:
			return decides
		case l != isTrue && l != isFalse:
			return l
		}
		return r
	}
	state := q.state(n.attr)
	switch {
	case state == "unavailable":
		return ReasonAttributeUnavailable
	case n.op == "has":
		return fmt.Sprint(state != "absent")
	case state == "absent":
		return ReasonEvalError
	}
	return state
}

type referenceRule struct {
	policy, id          string
	allow, anonymous    bool
	actions             []string // none is every action
	roles, scopes, anyS []string
	when                *node
}

func (r *referenceRule) String() string {
	parts := []string{"id: " + r.id, "effect: " + map[bool]string{true: "allow", false: "deny"}[r.allow]}
	list := func(key string, items []string) {
		if len(items) > 0 {
			parts = append(parts, key+": ["+strings.Join(items, ", ")+"]")
		}
	}
	if r.allow && len(r.actions) == 0 {
		parts = append(parts, `actions: ["*"]`)
	}
	list("actions", r.actions)
	list("roles", r.roles)
	list("scopes", r.scopes)
	list("any_scope", r.anyS)
	if r.anonymous {
		parts = append(parts, "anonymous: true")
	}
	if r.when != nil {
		parts = append(parts, `when: "`+r.when.String()+`"`)
	}
	return strings.Join(parts, ", ")
}

// query is a request: what is known about each attribute, in words.
type query struct {
	action        string
	authenticated bool
	kind          string
	states        map[string]string // true, false, absent, unavailable, invalid, conflict
	roles, scopes []string
}

// state is what a rule sees; nothing is known about an anonymous user.
func (q *query) state(attr string) string {
	s := q.states[attr]
	if !q.authenticated && strings.HasPrefix(attr, "user.") && s != "unavailable" {
		return "absent"
	}
	return s
}

type verdict struct {
	effect  Effect
	reason  string
	status  int
	rule    string
	matched []string
	errors  []string
	about   []string // the attributes that the reason may name
}

func (v verdict) deny(reason string, status int) verdict {
	v.effect, v.reason, v.status = Deny, reason, status
	return v
}

func (v verdict) denyFor(code string) verdict {
	if code == ReasonAttributeUnavailable {
		return v.deny(code, http.StatusServiceUnavailable)
	}
	return v.deny(code, http.StatusForbidden)
}

// decide is the reference.
func (q *query) decide(all []*referenceRule) verdict {
	rules := slices.Clone(all)
	slices.SortStableFunc(rules, func(a, b *referenceRule) int { return strings.Compare(a.policy, b.policy) })
	var candidates []*referenceRule
	for _, r := range rules {
		covered := len(r.actions) == 0 || slices.Contains(r.actions, q.action)
		if covered && (!r.allow || q.authenticated || r.anonymous) {
			candidates = append(candidates, r)
		}
	}
	if v, denied := q.before(candidates); denied {
		return v
	}
	var v verdict
	firstError := ""
	for _, r := range candidates {
		if r.allow {
			continue
		}
		switch result := q.ask(r); result {
		case isTrue:
			v.matched = append(v.matched, r.policy+"/"+r.id)
		case isFalse:
		default:
			v.errors = append(v.errors, r.policy+"/"+r.id+":"+result)
			if firstError == "" {
				firstError, v.rule = result, r.policy+"/"+r.id
			}
		}
	}
	switch {
	case len(v.matched) > 0:
		v.rule = v.matched[0]
		return v.deny(ReasonDeniedByRule, http.StatusForbidden)
	case firstError != "":
		return v.denyFor(firstError)
	}
	return q.allowed(v, candidates)
}

func (q *query) allowed(v verdict, candidates []*referenceRule) verdict {
	scopesAlone, unavailable := false, false
	for _, r := range candidates {
		if !r.allow {
			continue
		}
		switch result := q.ask(r); result {
		case isTrue:
			v.matched = append(v.matched, r.policy+"/"+r.id)
		case isFalse:
		case "scopes":
			scopesAlone = true
		default:
			v.errors = append(v.errors, r.policy+"/"+r.id+":"+result)
			unavailable = unavailable || result == ReasonAttributeUnavailable
		}
	}
	switch {
	case len(v.matched) > 0:
		v.effect, v.reason, v.status, v.rule = Allow, ReasonAllowed, http.StatusOK, v.matched[0]
		return v
	case !q.authenticated:
		return v.deny(ReasonUnauthenticated, http.StatusUnauthorized)
	case unavailable:
		return v.denyFor(ReasonAttributeUnavailable)
	case scopesAlone:
		return v.deny(ReasonInsufficientScope, http.StatusForbidden)
	}
	return v.deny(ReasonNoMatchingRule, http.StatusForbidden)
}

// before is step 2.
func (q *query) before(candidates []*referenceRule) (verdict, bool) {
	var reads []string
	for _, r := range candidates {
		if r.when != nil {
			reads = append(reads, r.when.attrs()...)
		}
	}
	in := func(state string) (out []string) {
		for _, a := range reads {
			demanded := a == "resource.tenant" || a == "user.plan" && q.authenticated && q.kind == "human"
			s := q.state(a)
			if s == state || state == "missing" && s == "absent" && demanded {
				out = append(out, a)
			}
		}
		return out
	}
	for _, step := range []struct{ state, reason string }{{"invalid", ReasonAttributeInvalid}, {"conflict", ReasonAttributeConflict}, {"missing", ReasonAttributeMissing}} {
		if about := in(step.state); len(about) > 0 {
			return verdict{about: about}.deny(step.reason, http.StatusForbidden), true
		}
	}
	return verdict{}, false
}

// ask gives true, false, scopes or an error code.
func (q *query) ask(r *referenceRule) string {
	holds := func(held []string) func(string) bool {
		return func(s string) bool { return q.authenticated && slices.Contains(held, s) }
	}
	if len(r.roles) > 0 {
		if q.states["user.roles"] == "unavailable" {
			return ReasonAttributeUnavailable
		}
		if !slices.ContainsFunc(r.roles, holds(q.roles)) {
			return isFalse
		}
	}
	if r.when != nil {
		if v := r.when.eval(q); v != isTrue {
			return v
		}
	}
	if len(r.scopes)+len(r.anyS) > 0 && q.states["user.scopes"] == "unavailable" {
		return ReasonAttributeUnavailable
	}
	for _, s := range r.scopes {
		if !holds(q.scopes)(s) {
			return "scopes"
		}
	}
	if len(r.anyS) > 0 && !slices.ContainsFunc(r.anyS, holds(q.scopes)) {
		return "scopes"
	}
	return isTrue
}

package engine

import (
	"errors"
	"net/http"
	"slices"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// outcome is what one rule comes to.
type outcome uint8

const (
	unmatched outcome = iota
	matched
	scopesMissing // roles held and the condition was true
	failed
)

// evaluate asks one rule: roles, then the condition, then scopes. A failure is
// added to the decision's errors.
func (r *Request) evaluate(rule *Rule, d *Decision) outcome {
	fail := func(err error) outcome {
		d.Errors = append(d.Errors, RuleError{Rule: rule.Ref, Code: errorCode(err), Message: err.Error(), Position: rule.position})
		return failed
	}
	if held, err := r.holdsRole(rule.Decl.Roles); err != nil {
		return fail(err)
	} else if !held {
		return unmatched
	}
	if rule.When != nil {
		ok, err := r.condition(rule)
		if err != nil {
			return fail(err)
		}
		if !ok {
			return unmatched
		}
	}
	if held, err := r.holdsScopes(rule.Decl); err != nil {
		return fail(err)
	} else if !held {
		return scopesMissing
	}
	return matched
}

func errorCode(err error) string {
	var attr *celenv.AttributeError
	if errors.As(err, &attr) {
		switch attr.State {
		case slot.Unavailable:
			return ReasonAttributeUnavailable
		case slot.Malformed:
			return ReasonAttributeInvalid
		case slot.Conflicting:
			return ReasonAttributeConflict
		}
	}
	return ReasonEvalError
}

func (r *Request) holdsRole(any []policy.Text) (bool, error) {
	if len(any) == 0 {
		return true, nil
	}
	held, err := r.list(slot.UserRoles)
	return slices.ContainsFunc(any, func(t policy.Text) bool { return holds(held, t.Value) }), err
}

func (r *Request) holdsScopes(d *policy.Rule) (bool, error) {
	if len(d.Scopes)+len(d.AnyScope) == 0 {
		return true, nil
	}
	held, err := r.list(slot.UserScopes)
	for _, t := range d.Scopes {
		if !holds(held, t.Value) {
			return false, err
		}
	}
	return len(d.AnyScope) == 0 || slices.ContainsFunc(d.AnyScope, func(t policy.Text) bool { return holds(held, t.Value) }), err
}

// list gives one of the user's lists. Not knowing it is not the same as its
// being empty.
func (r *Request) list(i slot.Index) (slot.Value, error) {
	v, state := r.values.Get(i)
	if state != slot.Present && state != slot.Absent {
		return slot.Value{}, &celenv.AttributeError{Attribute: r.values.Layout().Attr(i).FullName(), State: state, Err: r.values.Err(i)}
	}
	return v, nil
}

func holds(list slot.Value, s string) bool {
	return slices.ContainsFunc(list.Items(), func(v slot.Value) bool { return v.Str() == s })
}

func (r *Rule) wantedScopes() []string {
	out := []string{}
	for _, t := range slices.Concat(r.Decl.Scopes, r.Decl.AnyScope) {
		out = append(out, t.Value)
	}
	return out
}

// precondition is why a request is denied before any rule; the zero one is
// fine.
type precondition struct {
	reason, attribute string
	status            int
}

// precondition looks at everything the candidates read: invalid before
// conflicting before missing.
func (r *Request) precondition() precondition {
	var first [3]precondition
	note := func(rank int, p precondition) {
		if first[rank].reason == "" {
			first[rank] = p
		}
	}
	reads := r.Reads()
	if name, ok := r.repeated(slot.RequestHeaders, reads.Headers); ok {
		note(0, precondition{ReasonAttributeInvalid, "request.headers." + name, http.StatusBadRequest})
	}
	if name, ok := r.repeated(slot.RequestQuery, reads.Params); ok {
		note(0, precondition{ReasonAttributeInvalid, "request.query." + name, http.StatusBadRequest})
	}
	for _, i := range reads.Slots {
		attr := r.values.Layout().Attr(i)
		switch _, state := r.values.Get(i); {
		case state == slot.Malformed:
			status := http.StatusForbidden
			if r.values.From(i) == slot.Path {
				status = http.StatusBadRequest
			}
			note(0, precondition{ReasonAttributeInvalid, attr.FullName(), status})
		case state == slot.Conflicting:
			note(1, precondition{ReasonAttributeConflict, attr.FullName(), http.StatusForbidden})
		case state == slot.Absent && r.demands(attr):
			note(2, precondition{ReasonAttributeMissing, attr.FullName(), http.StatusForbidden})
		}
	}
	for _, p := range first {
		if p.reason != "" {
			return p
		}
	}
	return precondition{}
}

// demands tells whether an absent attribute denies: a required one does, of
// users only where they are authenticated and of a type that has it, of actions
// only where the one that is asked for declares it.
func (r *Request) demands(a *slot.Attr) bool {
	if a.Root == slot.Action {
		return a.Name != "name" && r.res.demands(r.action, a.Name)
	}
	if !a.Demanded {
		return false
	}
	if a.Root != slot.User {
		return true
	}
	kind, _ := r.values.Get(slot.UserType)
	return !r.anonymous && a.AppliesTo(kind.Str())
}

// repeated finds a name that a rule reads as single and that came twice.
func (r *Request) repeated(from slot.Index, names []string) (string, bool) {
	v, state := r.values.Get(from)
	if state != slot.Present {
		return "", false
	}
	for _, e := range v.Entries() {
		if len(e.Value.Items()) > 1 && slices.Contains(names, e.Key) {
			return e.Key, true
		}
	}
	return "", false
}

// deny finishes a decision as a denial.
func (d *Decision) deny(reason string, status int) Decision {
	d.Effect, d.Reason, d.Status = Deny, reason, status
	return *d
}

// denyBy finishes a decision as a denial by a rule, with the rule's reason.
func (d *Decision) denyBy(rule *Rule) Decision {
	d.Rule = rule.Ref
	reason := rule.Decl.Reason
	if reason == nil {
		return d.deny(ReasonDeniedByRule, http.StatusForbidden)
	}
	d.Message = reason.Message.Value
	d.Challenge = newChallenge(reason.Challenge)
	status := reason.Status
	if status == 0 {
		status = http.StatusForbidden
	}
	return d.deny(reason.Code.Value, status)
}

func (d *Decision) matched(rule *Rule) { d.Matched = append(d.Matched, rule.Ref) }

func statusOf(code string) int {
	if code == ReasonAttributeUnavailable {
		return http.StatusServiceUnavailable
	}
	return http.StatusForbidden
}

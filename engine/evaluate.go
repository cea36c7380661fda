package engine

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
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
	held, err := r.holdsRole(rule.held)
	if held && err == nil && rule.When != nil {
		held, err = r.holds(rule)
	}
	switch {
	case err != nil:
		return d.failed(rule, err)
	case !held:
		return unmatched
	}
	switch held, err = r.holdsScopes(rule); {
	case err != nil:
		return d.failed(rule, err)
	case !held:
		return scopesMissing
	}
	return matched
}

func (d *Decision) failed(rule *Rule, err error) outcome {
	d.Errors = append(d.Errors, RuleError{Rule: rule.Ref, Code: errorCode(err), Message: err.Error(), Position: rule.position()})
	return failed
}

// position is where the rule's condition stands, or the rule without one.
func (r *Rule) position() string {
	if r.Decl.When.IsSet() {
		return r.Decl.When.Span().String()
	}
	return r.Decl.At.Span().String()
}

// matched adds a rule to those that matched. As long as they stand side by
// side in deciding order, they are a part of the set's own list.
func (r *Request) matched(rule *Rule, d *Decision) {
	refs, n := r.set.refs, len(d.Matched)
	if from := int(rule.order) - n; n == 0 || from >= 0 && &d.Matched[0] == &refs[from] {
		d.Matched = refs[from : rule.order+1 : rule.order+1]
		return
	}
	d.Matched = append(d.Matched, rule.Ref)
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

func (r *Request) holdsScopes(rule *Rule) (bool, error) {
	for i := range rule.held.scopes {
		if held, err := r.holdsAny(slot.UserScopes, rule.held.scopes[i:i+1]); !held || err != nil {
			return false, err
		}
	}
	return r.holdsAny(slot.UserScopes, rule.held.anyScope)
}

// holdsAny tells whether one of the user's lists has any of the given items,
// if there are some. Not knowing the list is not the same as its being empty.
func (r *Request) holdsAny(list slot.Index, items []string) (bool, error) {
	if len(items) == 0 {
		return true, nil
	}
	held, state := r.values.HoldsAny(list, items)
	if state != slot.Present && state != slot.Absent {
		return false, &celenv.AttributeError{Attribute: r.values.Layout().Attr(list).FullName(), State: state, Err: r.values.Err(list)}
	}
	return held, nil
}

// precondition is why a request is denied before any rule; the zero one is
// fine.
type precondition struct {
	reason, attribute string
	status            int
}

// precondition looks at everything the candidates read, and at the placeholders
// of the path whether they are read or not: invalid before conflicting before
// missing.
func (r *Request) precondition() (first precondition) {
	reads := r.reads()
	if name, ok := r.repeated(slot.RequestHeaders, reads.Headers); ok {
		return precondition{ReasonAttributeInvalid, "request.headers." + name, http.StatusBadRequest}
	}
	if name, ok := r.repeated(slot.RequestQuery, reads.Params); ok {
		return precondition{ReasonAttributeInvalid, "request.query." + name, http.StatusBadRequest}
	}
	if r.way != nil {
		for _, i := range r.places() {
			if r.values.State(i) == slot.Malformed && r.values.From(i) == slot.Path {
				return precondition{ReasonAttributeInvalid, r.fullName(i), http.StatusBadRequest}
			}
		}
	}
	for _, i := range reads.Slots {
		switch state := r.values.State(i); {
		case state == slot.Present:
		case state == slot.Malformed:
			status := http.StatusForbidden
			if r.values.From(i) == slot.Path {
				status = http.StatusBadRequest
			}
			return precondition{ReasonAttributeInvalid, r.fullName(i), status}
		case state == slot.Conflicting && first.reason != ReasonAttributeConflict:
			first = precondition{ReasonAttributeConflict, r.fullName(i), http.StatusForbidden}
		case state == slot.Absent && first.reason == "" && r.demands(r.values.Layout().Attr(i)):
			first = precondition{ReasonAttributeMissing, r.fullName(i), http.StatusForbidden}
		}
	}
	return first
}

func (r *Request) fullName(i slot.Index) string { return r.values.Layout().Attr(i).FullName() }

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
	if len(names) == 0 || r.values.State(from) != slot.Present {
		return "", false
	}
	for _, name := range names {
		if _, times, _ := r.values.Single(from, name); times > 1 {
			return name, true
		}
	}
	return "", false
}

// deny finishes a decision as a denial.
func (d *Decision) deny(reason string, status int) {
	d.Effect, d.Reason, d.Status = Deny, reason, status
}

// denyBy finishes a decision as a denial by a rule, with the rule's reason.
func (d *Decision) denyBy(rule *Rule, s *Set) {
	d.Rule = rule.Ref
	reason := rule.Decl.Reason
	if reason == nil {
		d.deny(ReasonDeniedByRule, http.StatusForbidden)
		return
	}
	d.Message, d.Challenge = reason.Message.Value(), s.asks[rule.Decl]
	d.deny(reason.Code.Value(), cmp.Or(reason.Status, http.StatusForbidden))
}

// contain is deferred: a panic denies the whole decision.
func (d *Decision) contain() {
	if recover() != nil {
		d.Rule, d.Attribute, d.Scopes, d.Obligations, d.Shadow = RuleRef{}, "", nil, nil, nil
		d.fault("a fault in gwctl stopped the evaluation; please report it")
	}
}

// fault denies for a reason that lies in no rule.
func (d *Decision) fault(message string) {
	d.Errors = append(d.Errors, RuleError{Code: ReasonEvalError, Message: message})
	d.deny(ReasonEvalError, http.StatusForbidden)
}

func statusOf(code string) int {
	if code == ReasonAttributeUnavailable {
		return http.StatusServiceUnavailable
	}
	return http.StatusForbidden
}

package engine

import "slices"

// Shadow is what shadow rules would have changed. It is recorded and has no
// effect.
type Shadow struct {
	Results []ShadowResult
	Effect  Effect // of the decision with the shadow rules enforced
	Reason  string
	Rule    RuleRef
}

// ShadowResult is what one shadow rule came to.
type ShadowResult struct {
	Rule    RuleRef
	Outcome string // matched, not_matched, error
	Code    string // of an error
}

// shadow asks the shadow rules after the decision is final, on the values that
// are there. Nothing of theirs reaches the decision: not even a panic.
func (r *Request) shadow(d Decision) (out *Shadow) {
	rules := r.cands.shadow
	if len(rules) == 0 {
		return nil
	}
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	out = &Shadow{}
	deny, allow := r.cands.deny, r.cands.allow
	for _, rule := range rules {
		if r.anonymous && rule.Decl.Allow && !rule.Decl.Anonymous {
			out.Results = append(out.Results, ShadowResult{Rule: rule.Ref, Outcome: "not_matched"})
			continue
		}
		var scratch Decision
		result := ShadowResult{Rule: rule.Ref, Outcome: "not_matched"}
		switch r.evaluate(rule, &scratch) {
		case matched:
			result.Outcome = "matched"
		case failed:
			result.Outcome, result.Code = "error", scratch.Errors[0].Code
		}
		out.Results = append(out.Results, result)
		if rule.Decl.Allow {
			allow = inOrder(allow, rule)
		} else {
			deny = inOrder(deny, rule)
		}
	}
	would := r.decide(Decision{SetDigest: d.SetDigest}, deny, allow)
	out.Effect, out.Reason, out.Rule = would.Effect, would.Reason, would.Rule
	return out
}

// inOrder puts a rule among others where its policy and position place it.
func inOrder(rules []*Rule, rule *Rule) []*Rule {
	at := slices.IndexFunc(rules, func(x *Rule) bool { return x.order > rule.order })
	if at < 0 {
		at = len(rules)
	}
	return slices.Insert(slices.Clone(rules), at, rule)
}

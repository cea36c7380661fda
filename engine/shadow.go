package engine

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
func (r *Request) shadow() (out *Shadow) {
	defer func() {
		if recover() != nil {
			out = nil
		}
	}()
	out = &Shadow{}
	for _, rule := range r.cands.shadow.rules {
		if r.anonymous && rule.Decl.Allow && !rule.anonymous {
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
	}
	var would Decision
	r.decide(&would, &r.cands.shadow.deny, &r.cands.shadow.allow)
	out.Effect, out.Reason, out.Rule = would.Effect, would.Reason, would.Rule
	return out
}

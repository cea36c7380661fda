package engine

import (
	"slices"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

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

// shadowReads is what shadow rules read beyond what the enforced ones do, for
// unauthenticated and authenticated users.
func shadowReads(rules []*Rule, enforced [2]*celenv.Reads) (out [2][]slot.Index) {
	for user := range out {
		var all celenv.Reads
		for _, r := range rules {
			if user == 1 || !r.Decl.Allow || r.Decl.Anonymous {
				r.addReads(&all)
			}
		}
		for _, i := range all.Slots {
			if _, ok := slices.BinarySearch(enforced[user].Slots, i); !ok {
				out[user] = append(out[user], i)
			}
		}
	}
	return out
}

// ShadowReads is what shadow rules can look at and no enforced one does. Nothing
// is fetched or demanded for it; a result of theirs cannot be repeated without
// it.
func (r *Request) ShadowReads() []slot.Index {
	switch {
	case r.cands == nil || r.cands.shadow == nil:
		return nil
	case r.anonymous:
		return r.cands.shadow.reads[0]
	}
	return r.cands.shadow.reads[1]
}

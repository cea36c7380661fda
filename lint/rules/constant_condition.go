package rules

import (
	"github.com/gwctl/gwctl/lint"
	"github.com/gwctl/gwctl/policy/document"
)

func constantCondition() *lint.Rule {
	return &lint.Rule{
		Code:     "constant_condition",
		Title:    "a condition has the same value for every request",
		Severity: document.Warning,
		Why: "A condition that is always true restricts nothing, and one that is always false makes a rule that never speaks. " +
			"Both are usually left over from a trial, and an allow rule with `|| true` in it is open to everybody who holds its roles.",
		Before: "- id: read\n  effect: allow\n  actions: [read]\n  when: user.type == 'human' || true",
		After:  "- id: read\n  effect: allow\n  actions: [read]\n  when: user.type == 'human'",
		Run: func(p *lint.Pass) {
			for _, r := range p.Set.Inspect().Rules {
				if r.When == nil {
					continue
				}
				if v, ok := r.When.Constant(); ok {
					hint := "remove the condition, or the part that decides it"
					if !v {
						hint = "remove the rule, or the part that decides its condition"
					}
					p.Report(r.Decl.When.Span(), hint, "the condition of %s is always %t", r.Ref, v)
				}
			}
		},
	}
}

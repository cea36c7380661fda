package rules

import (
	"time"

	"github.com/gwctl/gwctl/lint"
	"github.com/gwctl/gwctl/policy/document"
)

func shadowOverdue() *lint.Rule {
	return &lint.Rule{
		Code:     "shadow_overdue",
		Title:    "a shadow rule is past the day by which it is decided",
		Severity: document.Error,
		Why: "A shadow rule has no effect, and stays that way however long it stands there. Who reads it later believes that it is enforced. " +
			"The day in `until` is over when it is over in UTC.",
		Before: "- id: embargo\n  effect: deny\n  mode: shadow\n  until: 2020-06-30\n  when: vars.same_tenant",
		After:  "- id: embargo\n  effect: deny\n  when: vars.same_tenant",
		Run: func(p *lint.Pass) {
			for _, r := range p.Set.Inspect().Rules {
				if d := r.Decl; d.Shadow && !p.Now.Before(d.Until.Add(24*time.Hour)) {
					p.Report(d.UntilText.Span(), "enforce it by removing mode and until, remove it, or give it more time", "the shadow rule %s was to be decided by %s", r.Ref, d.UntilText.Value())
				}
			}
		},
	}
}

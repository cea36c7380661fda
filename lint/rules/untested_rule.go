package rules

import (
	"slices"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/lint"
	"github.com/gwctl/gwctl/policy/document"
)

func untestedRule() *lint.Rule {
	return &lint.Rule{
		Code:     "untested_rule",
		Title:    "no test case has the rule as a candidate",
		Severity: document.Warning,
		Why: "A rule that no case even asks can be changed to anything without a test failing. " +
			"A case asks a rule when its resource type and action are the rule's, whether or not the rule then matches.",
		Before: "cases:\n  - {name: alice reads, user: alice, request: GET /orders/42, expect: allow}\n# and no case deletes an order",
		After:  "cases:\n  - {name: alice reads, user: alice, request: GET /orders/42, expect: allow}\n  - {name: alice deletes, user: alice, request: DELETE /orders/42, expect: deny}",
		Run: func(p *lint.Pass) {
			asked := map[engine.RuleRef]bool{}
			for _, c := range p.Runner.Cases() {
				req, err := c.Bind()
				if err != nil {
					continue // refused before any rule
				}
				deny, allow := req.Candidates()
				for _, r := range slices.Concat(deny, allow, req.Shadows()) {
					if !req.Anonymous() || !r.Decl.Allow || r.Decl.Anonymous {
						asked[r.Ref] = true
					}
				}
			}
			for _, r := range p.Set.Inspect().Rules {
				if !asked[r.Ref] {
					p.Report(r.Decl.ID.Span(), "add a case whose request leads to "+r.Resource+" and one of the rule's actions", "no test case asks %s", r.Ref)
				}
			}
		},
	}
}

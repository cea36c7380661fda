package engine

import (
	"fmt"
	"slices"

	"github.com/gwctl/gwctl/engine/celenv"
)

// Verify decides a request once more, with CEL's own evaluator in place of the
// planned conditions and without looking rules up. It tells where the decision
// that was made differs, "" where it does not. It takes some hundred times as
// long as deciding, so it is for samples.
func (s *Set) Verify(r *Request, made *Decision) string {
	frames := map[*celenv.Scope]*celenv.Frame{}
	observe := r.observe
	r.unindexed = true
	r.Observe(func(rule *Rule) (bool, error) {
		f := frames[rule.scope]
		if f == nil {
			f = rule.scope.NewFrame(&r.values)
			frames[rule.scope] = f
		}
		return rule.When.EvalBool(f)
	})
	again := s.Decide(r)
	r.observe, r.unindexed = observe, false
	return difference(made, &again)
}

// difference compares what decisions do, and why.
func difference(a, b *Decision) string {
	code := func(e RuleError) string { return e.Rule.String() + ":" + e.Code }
	switch {
	case a.Effect != b.Effect || a.Reason != b.Reason || a.Status != b.Status:
		return fmt.Sprintf("%s %s %d, CEL: %s %s %d", a.Effect, a.Reason, a.Status, b.Effect, b.Reason, b.Status)
	case a.Rule != b.Rule:
		return fmt.Sprintf("decided by %s, CEL: by %s", a.Rule, b.Rule)
	case !slices.Equal(a.Matched, b.Matched):
		return fmt.Sprintf("matched %v, CEL: %v", a.Matched, b.Matched)
	case !slices.EqualFunc(a.Errors, b.Errors, func(x, y RuleError) bool { return code(x) == code(y) }):
		return fmt.Sprintf("%d errors, CEL: %d, or others", len(a.Errors), len(b.Errors))
	case !slices.Equal(a.Obligations, b.Obligations):
		return "obligations"
	}
	return ""
}

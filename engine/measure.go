package engine

import (
	"fmt"

	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/policy"
)

// Ask evaluates the condition of one rule as if no other had been asked before:
// the variables it reads are evaluated with it. It is for measuring; who is
// allowed to do what is for [Set.Decide] alone, which looks at roles, scopes and
// missing attributes, too. A rule without a condition is true, one over another
// resource type or of another set is an error. The error may wrap a
// *celenv.AttributeError.
func (r *Request) Ask(rule *Rule) (bool, error) {
	if r.res == nil || int(rule.order) >= len(r.set.rules) || r.set.rules[rule.order] != rule || rule.Resource != r.res.name {
		return false, fmt.Errorf("asking rule %s about a request for another resource", rule.Ref)
	}
	if rule.When == nil {
		return true, nil
	}
	r.turning = false
	return rule.condition.Bool(r.turn())
}

// Left is a part of a rule that CEL evaluates, with its place in the files.
type Left struct {
	plan.Fallback
	Span policy.Span // of the part; of the expression that reads it where the part is in a variable
}

// Left lists what [Rule.Fallbacks] lists, each part with its place.
func (r *Rule) Left() []Left {
	var out []Left
	add := func(in policy.Text, list []plan.Fallback) {
		for _, f := range list {
			at := in.Span()
			if f.Offset >= 0 {
				at = in.At(f.Offset, 1)
			}
			out = append(out, Left{Fallback: f, Span: at})
		}
	}
	if r.condition != nil {
		add(r.Decl.When, r.condition.Fallbacks())
	}
	for i, h := range r.Headers {
		add(r.Decl.Headers[i].Value, h.text.Fallbacks())
	}
	return out
}

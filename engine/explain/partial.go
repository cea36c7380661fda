package explain

import (
	"slices"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/celenv"
)

// OutcomeUnknown is that of a rule which reads something that is not known.
const OutcomeUnknown = "unknown"

// Partial explains a decision that was made, by a request of which not
// everything is known. What is unknown must be unavailable in the request. A
// rule whose condition comes to a value all the same is told as ever; the others
// are of the outcome OutcomeUnknown, unless the decision names them.
func Partial(r *engine.Request, made engine.Decision) Explanation {
	x := Explanation{Decision: made, Inputs: inputs(r), Rules: []Rule{}}
	traces := map[*engine.Rule]celenv.Trace{}
	w := &walker{r: r, d: made, traces: traces}
	deny, allow := r.Candidates()
	for _, rule := range slices.Concat(deny, allow, r.Shadows()) {
		unknown := false
		if rule.When != nil {
			t := rule.When.Trace(rule.Scope().NewFrame(r.Values()))
			traces[rule] = t
			unknown = t.Err != nil
		}
		out := w.rule(rule)
		out.Shadow = slices.Contains(r.Shadows(), rule)
		if unknown && out.Outcome == "not_matched" {
			out.Outcome, out.Why = OutcomeUnknown, "it reads what the record does not tell"
		}
		x.Rules = append(x.Rules, out)
	}
	x.Step, x.Next = step(r, made)
	return x
}

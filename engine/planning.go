package engine

import (
	"maps"
	"slices"

	"github.com/gwctl/gwctl/engine/plan"
)

// plan makes programs of conditions and obligations, one resource type at a
// time: programs of a type share what their variables come to.
func (c *compiler) plan() {
	byResource := map[string][]*Rule{}
	for _, r := range c.set.rules {
		byResource[r.Resource] = append(byResource[r.Resource], r)
	}
	names := slices.Sorted(maps.Keys(byResource))
	inParallel(len(names), func(i int) {
		res := c.set.resources[names[i]]
		planner := plan.NewCompiler(res.layout)
		for _, r := range byResource[names[i]] {
			if r.When != nil {
				r.condition = planner.Compile(r.When)
			}
			for n := range r.Headers {
				r.Headers[n].text = planner.Compile(r.Headers[n].Value)
			}
		}
		res.memo = planner.Memo()
	})
}

// Fallbacks lists the parts of the rule's condition and obligations that CEL
// evaluates, since they have no closure.
func (r *Rule) Fallbacks() []plan.Fallback {
	var out []plan.Fallback
	if r.condition != nil {
		out = append(out, r.condition.Fallbacks()...)
	}
	for _, h := range r.Headers {
		out = append(out, h.text.Fallbacks()...)
	}
	return out
}

// turn is the machine, bound to the request's values when the first condition
// is asked.
func (r *Request) turn() *plan.Machine {
	if r.machine == nil {
		r.machine = plan.NewMachine()
	}
	if !r.turning {
		r.machine.Reset(&r.values, r.res.memo)
		r.turning = true
	}
	return r.machine
}

// holds evaluates the condition of a rule that has one.
func (r *Request) holds(rule *Rule) (bool, error) {
	if r.observe != nil {
		return r.observe(rule)
	}
	return rule.condition.Bool(r.turn())
}

// text evaluates an obligation.
func (r *Request) text(rule *Rule, h *Header) (string, error) {
	if r.observe != nil {
		return h.Value.EvalString(rule.scope.NewFrame(&r.values))
	}
	return h.text.Text(r.turn())
}

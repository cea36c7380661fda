package engine

import (
	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/slot"
)

// plan makes programs of conditions and obligations, the resource types of one
// layout at a time. Equal expressions have one program; those that read
// variables have one for each resource type, whose programs share what the
// variables come to.
func (c *compiler) plan() {
	var layouts []*slot.Layout
	alike := map[*slot.Layout][]*resource{}
	for _, d := range c.sortedResources() {
		res := c.set.resources[d.Name.Value()]
		if alike[res.layout] == nil {
			layouts = append(layouts, res.layout)
		}
		alike[res.layout] = append(alike[res.layout], res)
	}
	rules := map[string][]*Rule{}
	for _, r := range c.set.rules {
		rules[r.Resource] = append(rules[r.Resource], r)
	}
	inParallel(len(layouts), func(i int) {
		p := planner{common: plan.NewCompiler(layouts[i]), made: map[*celenv.Expr]*plan.Program{}}
		for _, res := range alike[layouts[i]] {
			p.own = nil
			for _, r := range rules[res.name] {
				if r.When != nil {
					r.condition = p.program(r.When)
				}
				for n := range r.Headers {
					r.Headers[n].text = p.program(r.Headers[n].Value)
				}
			}
			if p.own != nil {
				res.memo = p.own.Memo()
			}
		}
	})
	for i := range c.set.ways {
		c.set.ways[i].memo = int32(c.set.ways[i].res.memo)
	}
}

// planner makes the programs of resource types of one layout.
type planner struct {
	common *plan.Compiler // of what reads no variable
	made   map[*celenv.Expr]*plan.Program
	own    *plan.Compiler // of the rest, for the resource type at hand; nil as long as there is none
}

func (p *planner) program(e *celenv.Expr) *plan.Program {
	if e.ReadsVariables() {
		if p.own == nil {
			p.own = p.common.Another()
		}
		return p.own.Compile(e)
	}
	made := p.made[e]
	if made == nil {
		made = p.common.Compile(e)
		p.made[e] = made
	}
	return made
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
		r.machine.Reset(&r.values, r.memo)
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

package coverage

import (
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/engine/suite"
)

// collector is what one goroutine's cases exercised.
type collector struct {
	recorder *Recorder
	tallies  []tally // by unit
	machines map[string]*machine
	reached  map[target]bool
	key      []byte
}

// target is what a case was about; route is empty without HTTP.
type target struct{ route, resource, action string }

// machine evaluates the rules over one resource type.
type machine struct {
	*typed
	eval  *plan.Machine
	trace *plan.Trace
}

// maxVectors is how many different evaluations of one unit are told apart.
// Those beyond are counted and prove nothing.
const maxVectors = 1024

// tally are the evaluations of one unit: the outcomes of its atoms and, last,
// of the whole.
type tally struct {
	vectors map[string]*sighting
	beyond  int
	decided int // cases that the rule decided
}

// sighting is how often an evaluation was seen, and first in which case.
type sighting struct{ count, first int }

func (t *tally) add(key []byte, number int) {
	s := t.vectors[string(key)]
	switch {
	case s != nil:
		s.count++
		s.first = min(s.first, number)
	case len(t.vectors) >= maxVectors:
		t.beyond++
	default:
		if t.vectors == nil {
			t.vectors = map[string]*sighting{}
		}
		t.vectors[string(key)] = &sighting{1, number}
	}
}

// observe lets the set decide, and evaluates what the decision asked once more.
func (c *collector) observe(cs *suite.Case, r *engine.Request) engine.Decision {
	d := c.recorder.set.Decide(r)
	if r.Resource() == "" {
		return d
	}
	c.reached[target{d.Route, d.Resource, d.Action}] = true
	t := c.recorder.types[r.Resource()]
	if t == nil || !asked(&d) {
		return d
	}
	m := c.machines[r.Resource()]
	if m == nil {
		m = &machine{typed: t, eval: plan.NewMachine()}
		m.trace = m.eval.Watch(t.compiler)
		c.machines[r.Resource()] = m
	}
	m.eval.Reset(r.Values(), t.compiler.Memo())
	m.trace.Forget()
	c.rules(m, cs.Number(), r, &d)
	m.trace.Each(func(probe int, atoms []plan.Outcome, whole plan.Outcome) {
		if u := m.variables[probe]; u != nil {
			c.key = appendOutcomes(c.key[:0], atoms, whole)
			c.tallies[u.number].add(c.key, cs.Number())
		}
	})
	return d
}

// asked tells whether any rule was: a decision can be made before.
func asked(d *engine.Decision) bool {
	stopped := d.Reason == engine.ReasonEvalError && d.Rule.IsZero()
	return d.Attribute == "" && d.Reason != engine.ReasonBodyInvalid && d.Reason != engine.ReasonBodyUnavailable && !stopped
}

// rules asks the rules that the decision asked: deny rules; allow rules, where
// no deny rule matched or failed; shadow rules.
func (c *collector) rules(m *machine, number int, r *engine.Request, d *engine.Decision) {
	deny, allow := r.Candidates()
	stopped := false
	for _, rule := range deny {
		if o := c.rule(m, number, r, rule, d); o == plan.True || o == plan.Failed {
			stopped = true
		}
	}
	if stopped {
		allow = nil
	}
	for _, list := range [2][]*engine.Rule{allow, r.Shadows()} {
		for _, rule := range list {
			if !r.Anonymous() || !rule.Decl.Allow || rule.Decl.Anonymous {
				c.rule(m, number, r, rule, d)
			}
		}
	}
}

// rule asks one rule: roles, then the condition, then scopes.
func (c *collector) rule(m *machine, number int, r *engine.Request, rule *engine.Rule, d *engine.Decision) plan.Outcome {
	w := m.rules[rule]
	c.key = c.key[:0]
	whole := plan.True
	if len(w.roles) > 0 {
		whole = holdsAny(r, slot.UserRoles, w.roles)
		c.key = append(c.key, byte(whole))
	}
	if w.condition != nil {
		if whole == plan.True {
			whole = outcomeOf(w.condition.Bool(m.eval))
			if p := w.condition.Probe(); p != nil {
				c.key = appendOutcomes(c.key, m.trace.Atoms(p), 0)
				c.key = c.key[:len(c.key)-1]
			} else {
				c.key = append(c.key, byte(whole))
			}
		} else {
			for range w.between() {
				c.key = append(c.key, byte(plan.Unasked))
			}
		}
	}
	if len(w.scopes)+len(w.anyScope) > 0 {
		held := plan.Unasked
		if whole == plan.True {
			held = holdsAll(r, w)
			whole = held
		}
		c.key = append(c.key, byte(held))
	}
	c.key = append(c.key, byte(whole))
	t := &c.tallies[w.number]
	t.add(c.key, number)
	if d.Rule == rule.Ref {
		t.decided++
	}
	return whole
}

// between is how many atoms the condition has.
func (w *watched) between() int {
	n := len(w.atoms) - w.lead
	if len(w.scopes)+len(w.anyScope) > 0 {
		n--
	}
	return n
}

func appendOutcomes(key []byte, atoms []plan.Outcome, whole plan.Outcome) []byte {
	for _, o := range atoms {
		key = append(key, byte(o))
	}
	return append(key, byte(whole))
}

func outcomeOf(held bool, err error) plan.Outcome {
	switch {
	case err != nil:
		return plan.Failed
	case held:
		return plan.True
	}
	return plan.False
}

func holdsAny(r *engine.Request, list slot.Index, items []string) plan.Outcome {
	held, state := r.Values().HoldsAny(list, items)
	switch {
	case state != slot.Present && state != slot.Absent:
		return plan.Failed
	case held:
		return plan.True
	}
	return plan.False
}

func holdsAll(r *engine.Request, w *watched) plan.Outcome {
	for i := range w.scopes {
		if o := holdsAny(r, slot.UserScopes, w.scopes[i:i+1]); o != plan.True {
			return o
		}
	}
	if len(w.anyScope) == 0 {
		return plan.True
	}
	return holdsAny(r, slot.UserScopes, w.anyScope)
}

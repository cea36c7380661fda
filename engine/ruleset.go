package engine

import (
	"slices"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/engine/slot"
)

// indexed is how many rules are looked up rather than asked one by one.
const indexed = 16

// ruleset are rules of one effect, in deciding order.
type ruleset struct {
	by    *index.Candidates // nil for few
	rules span              // in the set's named
}

// ruleset takes rules in deciding order.
func (c *compiler) ruleset(rules []*Rule) (s ruleset) {
	s.rules.from = int32(len(c.set.named))
	c.set.named = append(c.set.named, rules...)
	s.rules.to = int32(len(c.set.named))
	if len(rules) > c.most {
		s.by = index.NewCandidates(len(rules), func(i int) [][]index.Need { return rules[i].needs() })
	}
	return s
}

// list gives the rules of a ruleset.
func (s *Set) list(of *ruleset) []*Rule { return s.named[of.rules.from:of.rules.to:of.rules.to] }

// overAll gives the candidates over each transport, which are the same ones
// unless some rule tells transports apart.
func (c *compiler) overAll(rules []*Rule, action string) (out [transports]*candidates) {
	alike := !slices.ContainsFunc(rules, func(r *Rule) bool { return r.asked(OverHTTP) != r.asked(OverAuthZEN) })
	for over := range transports {
		if over == 0 || !alike {
			out[over] = c.candidates(rules, action, over)
		} else {
			out[over] = out[0]
		}
	}
	return out
}

// needs are what has to be so for the rule to match, to fail or to lack scopes
// alone: one of its roles, and what its condition says.
func (r *Rule) needs() [][]index.Need {
	var out [][]index.Need
	if roles := r.Decl.Roles; len(roles) > 0 {
		var any []index.Need
		for _, t := range roles {
			any = append(any, index.Need{Slot: slot.UserRoles, Value: slot.StringValue(t.Value())})
		}
		out = append(out, any)
	}
	if r.When == nil {
		return out
	}
	for _, needs := range r.When.Needs() {
		if len(r.Decl.Roles) > 0 {
			// Not knowing the roles is an error whatever the condition says.
			needs = append(slices.Clip(needs), index.Need{Slot: slot.UserRoles})
		}
		out = append(out, needs)
	}
	return out
}

// applicable gives, in order, the rules of a set that can matter: asking any of
// the others would find it false. The list is good until the next call.
func (r *Request) applicable(s *ruleset) []*Rule {
	if s.by == nil || r.unindexed {
		return r.set.list(s)
	}
	r.found = s.by.Find(&r.values, r.found[:0])
	r.asked = r.asked[:0]
	for _, i := range r.found {
		r.asked = append(r.asked, r.set.named[s.rules.from+i])
	}
	return r.asked
}

// Inapplicable says why a rule need not be asked about the request, which has
// been decided: none of several values that it needs is there. ok is false where
// the rule was asked, and where it has to be asked to know.
func (r *Request) Inapplicable(rule *Rule) (why []index.Need, ok bool) {
	if r.cands == nil {
		return nil, false
	}
	set := &r.cands.deny
	if rule.Decl.Allow {
		set = &r.cands.allow
	}
	if set.by == nil || slices.Contains(r.applicable(set), rule) {
		return nil, false
	}
	for _, needs := range rule.needs() {
		if !slices.ContainsFunc(needs, func(n index.Need) bool { return n.Fulfilled(&r.values) }) {
			return needs, true
		}
	}
	return nil, false
}

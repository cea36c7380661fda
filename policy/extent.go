package policy

import (
	"regexp/syntax"

	"github.com/gwctl/gwctl/policy/document"
)

// Limits of what the documents of a set ask for together. Rules are checked
// once for each resource type and kept once for each action, so a few lines
// can ask for billions.
const (
	MaxRules      = 200_000   // rules, each times the resource types of its policy
	MaxCandidates = 1_000_000 // those, each times the actions it covers
	MaxRoutes     = 100_000   // methods of routes, each times the hosts of the route
	MaxPattern    = 1 << 12   // steps of one pattern, and its bytes; [a-z]{8} takes 8
	MaxPatterns   = 1 << 20   // steps of all patterns
)

// extent adds up what a set asks for.
type extent struct {
	w        *document.Walker
	actions  map[string]int64 // of each resource type
	all      int64            // actions of all types
	rules    budget
	asked    budget
	routes   budget
	patterns budget
}

// budget is used up once; who goes beyond it is told so.
type budget struct {
	left, most int64
	what       string
	told       bool
}

func newBudget(most int64, what string) budget { return budget{left: most, most: most, what: what} }

func (b *budget) take(w *document.Walker, n int64, at Place) {
	if b.left -= n; b.left < 0 && !b.told {
		b.told = true
		w.Error(at.Span(), "set_too_large", "split the set", "from here on the set has more than %d %s", b.most, b.what)
	}
}

// measure holds a set to its limits.
func measure(w *document.Walker, s *Set) {
	x := extent{
		w: w, actions: map[string]int64{}, rules: newBudget(MaxRules, "rules, counted once for each resource type"),
		asked:  newBudget(MaxCandidates, "rules, counted once for each resource type and action"),
		routes: newBudget(MaxRoutes, "routes, counted once for each method and host"), patterns: newBudget(MaxPatterns, "steps in patterns"),
	}
	if s.Schema != nil {
		x.attributes(s.Schema.User)
		x.attributes(s.Schema.Env)
	}
	for _, r := range s.Resources {
		x.resource(r)
	}
	for _, p := range s.Policies {
		x.policy(p)
	}
}

func (x *extent) resource(r *Resource) {
	x.actions[r.Name.Value()] = int64(len(r.Actions))
	x.all += int64(len(r.Actions))
	x.attributes(r.Attributes)
	for _, a := range r.Actions {
		x.attributes(a.Attributes)
	}
	for i := range r.Routes {
		route := &r.Routes[i]
		x.routes.take(x.w, int64(len(route.Methods)*max(1, len(route.Hosts))), route.At)
		if route.Body != nil {
			x.attributes(route.Body.Fields)
		}
	}
}

func (x *extent) policy(p *Policy) {
	types, actions := int64(0), int64(0)
	for _, t := range p.Resources {
		if n, ok := x.actions[t.Value()]; ok {
			types, actions = types+1, actions+n
		}
	}
	if p.Guard() {
		types, actions = int64(len(x.actions)), x.all
	}
	for _, r := range p.Rules {
		x.rules.take(x.w, types, r.At)
		if r.EveryAction() {
			x.asked.take(x.w, actions, r.At)
		} else {
			x.asked.take(x.w, min(actions, types*int64(len(r.Actions))), r.At)
		}
	}
}

func (x *extent) attributes(list []Attribute) {
	for _, a := range list {
		x.attributes(a.Fields)
		if !a.Pattern.IsSet() {
			continue
		}
		n := int64(len(a.Pattern.Value()))
		if n <= MaxPattern {
			n = 0
			if re, err := syntax.Parse(a.Pattern.Value(), syntax.Perl); err == nil { // the engine says what is wrong with another
				n = steps(re)
			}
		}
		if n > MaxPattern {
			x.w.Error(a.Pattern.Span(), "pattern_too_large", "shorten it, or use maxLength for how long a text may be", "the pattern takes %d steps, more than %d", n, MaxPattern)
		}
		x.patterns.take(x.w, n, a.Pattern.Place())
	}
}

// steps estimates the size of a compiled pattern. A class of characters counts
// for a part of its ranges, which a compiled pattern keeps.
func steps(re *syntax.Regexp) int64 {
	n := int64(1) // a pattern of parts takes a step of its own
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return int64(len(re.Rune))
	case syntax.OpCharClass:
		return 1 + int64(len(re.Rune))/8
	case syntax.OpRepeat:
		times := re.Max
		if times < 0 { // {3,} ends in a loop
			times = re.Min + 1
		}
		return (n - 1) * int64(times)
	}
	return n
}

package engine

import (
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// Set is a compiled policy set. It does not change and may be used by any
// number of goroutines.
type Set struct {
	digest    string
	base      *slot.Layout // attributes without those of a resource type
	resources map[string]*resource
	routes    index.Routes
	targets   []target
	directory map[resourceKey][]supplied
	roles     []string
	rules     []*Rule
	refs      []RuleRef // of the rules, in the same order
	anonymous *Subject
	source    *policy.Set
}

// Digest identifies what the set means: equal digests decide equally. It does
// not depend on the order of files or on comments.
func (s *Set) Digest() string { return s.digest }

// resource is one resource type with the rules over it.
type resource struct {
	name    string
	layout  *slot.Layout
	actions map[string]*[transports]candidates
	decl    *policy.Resource
}

// target is what a route leads to.
type target struct {
	res          *resource
	pattern      string
	by           []towards
	slots        []slot.Index // of the placeholders
	body         *body
	actions      map[string]string // by method
	placeholders []string
	decl         *policy.Route
}

// towards is what a target leads to for one method.
type towards struct {
	method, action string
	cands          *candidates // nil without any
}

// Transport is how a question reaches the engine.
type Transport uint8

// The transports that rules tell apart.
const (
	OverHTTP Transport = iota
	OverAuthZEN
	transports // how many there are
)

// candidates are the rules over one resource type and action, in deciding
// order: by policy name, then by position.
type candidates struct {
	deny, allow []*Rule
	shadow      []*Rule         // of both effects, in deciding order
	reads       [2]celenv.Reads // what the enforced ones read, for unauthenticated and authenticated users
	// would are deny and allow with the shadow rules among them; nil without any.
	would *[2][]*Rule
}

type resourceKey struct{ kind, id string }

// supplied is one value of a Directory.
type supplied struct {
	name string
	in   slot.Input
}

// Rule is one rule compiled for one resource type.
type Rule struct {
	Ref      RuleRef
	Resource string
	Decl     *policy.Rule
	Policy   *policy.Policy
	When     *celenv.Expr // nil means true
	Headers  []Header     // obligations
	scope    *celenv.Scope
	reads    celenv.Reads
	position string
	order    int // place in deciding order among all rules

	// What a request compares, taken out of Decl.
	anonymous               bool
	roles, scopes, anyScope []string
	wanted                  []string // scopes and anyScope
	challenge               *Challenge
}

// Header is an obligation: a header for the upstream with its value.
type Header struct {
	Name  string
	Value *celenv.Expr
}

// Covers tells whether the rule speaks about an action.
func (r *Rule) Covers(action string) bool {
	return r.Decl.EveryAction() || slices.ContainsFunc(r.Decl.Actions, func(t policy.Text) bool { return t.Value == action })
}

// Scope is where the rule's condition and variables are evaluated.
func (r *Rule) Scope() *celenv.Scope { return r.scope }

func compareRules(a, b *Rule) int { return strings.Compare(a.Ref.Policy, b.Ref.Policy) }

// newCandidates picks the rules of one resource type that speak about an
// action over a transport; rules are in deciding order already.
func newCandidates(rules []*Rule, action string, over Transport) candidates {
	c := candidates{}
	var would [2][]*Rule
	for _, r := range rules {
		if !r.Covers(action) || !r.asked(over) {
			continue
		}
		at := 0
		if r.Decl.Allow {
			at = 1
		}
		would[at] = append(would[at], r)
		if r.Decl.Shadow {
			c.shadow = append(c.shadow, r)
			continue
		}
		c.reads[1] = mergeReads(c.reads[1], r.reads)
		if !r.Decl.Allow || r.Decl.Anonymous {
			c.reads[0] = mergeReads(c.reads[0], r.reads)
		}
		if r.Decl.Allow {
			c.allow = append(c.allow, r)
		} else {
			c.deny = append(c.deny, r)
		}
	}
	if len(c.shadow) > 0 {
		c.would = &would
	}
	return c
}

func (r *Rule) asked(over Transport) bool {
	if over == OverHTTP {
		return r.Decl.HTTP
	}
	return r.Decl.AuthZEN
}

func mergeReads(a, b celenv.Reads) celenv.Reads {
	return celenv.Reads{Slots: union(a.Slots, b.Slots), Headers: union(a.Headers, b.Headers), Params: union(a.Params, b.Params)}
}

func union[T interface{ ~int | ~string }](a, b []T) []T {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// Empty tells whether the set has no rule at all: it would deny everything,
// and never replaces one that has rules.
func (s *Set) Empty() bool { return len(s.rules) == 0 }

// UserAttributes names the attributes of users, built-in and declared.
func (s *Set) UserAttributes() []string { return s.base.Names(slot.User) }

// UserAttribute gives a declared or built-in attribute of users, nil if there
// is none of that name.
func (s *Set) UserAttribute(name string) *slot.Attr {
	i, ok := s.base.Lookup(slot.User, name)
	if !ok {
		return nil
	}
	return s.base.Attr(i)
}

// EnvAttributes are the declared attributes of the environment.
func (s *Set) EnvAttributes() []*slot.Attr {
	var out []*slot.Attr
	for _, name := range s.base.Names(slot.Env) {
		i, _ := s.base.Lookup(slot.Env, name)
		if i != slot.EnvTime && i != slot.EnvIP {
			out = append(out, s.base.Attr(i))
		}
	}
	return out
}

// Source is what the files said.
func (s *Set) Source() *policy.Set { return s.source }

// Inspection is a view of a set for those who judge it rather than use it:
// linter, explanations, coverage. Nothing in it may be changed.
type Inspection struct {
	Rules []*Rule // one per rule and resource type, in deciding order
	Order map[RuleRef]int
}

// Inspect opens the set.
func (s *Set) Inspect() Inspection {
	in := Inspection{Rules: s.rules, Order: map[RuleRef]int{}}
	for _, r := range s.rules {
		if _, ok := in.Order[r.Ref]; !ok {
			in.Order[r.Ref] = len(in.Order)
		}
	}
	return in
}

// Actions names the actions of a resource type, sorted.
func (s *Set) Actions(resourceType string) []string {
	var out []string
	if r, ok := s.resources[resourceType]; ok {
		out = r.decl.ActionNames()
	}
	slices.Sort(out)
	return out
}

package engine

import (
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/engine/plan"
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
	ways      []way // by the number that routes give
	places    []slot.Index
	directory map[resourceKey][]slot.Ready
	roles     []string
	rules     []*Rule
	refs      []RuleRef // of the rules, in the same order
	named     []*Rule   // by candidates
	asks      map[*policy.Rule]*Challenge
	roleNumbers
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
	memo    int // cells that the variables of its rules take
	actions map[string][transports]*candidates
	decl    *policy.Resource
}

// target is what a route leads to.
type target struct {
	res          *resource
	pattern      string
	placeholders []string
	rest         bool // the last one is {x...}
	body         *body
	decl         *policy.Route
}

// way is a route for one method. What a request looks at lies side by side.
type way struct {
	pattern, resource, action string
	layout                    *slot.Layout
	cands                     *candidates // nil without any
	res                       *resource
	body                      *body
	target, memo              int32 // its place in the targets, and the resource's memo
	places                    span  // the slots of its placeholders, in the set's places
}

// span is a part of a list that many parts of a set have in common.
type span struct{ from, to int32 }

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
	deny, allow ruleset
	reads       [2]*celenv.Reads // what the enforced ones read, for unauthenticated and authenticated users
	shadow      *shadowed        // nil without any
}

// shadowed are candidates among which shadow rules are.
type shadowed struct {
	rules       []*Rule         // the shadow rules, of both effects
	deny, allow ruleset         // all candidates
	reads       [2][]slot.Index // what no enforced one reads, as in candidates
}

type resourceKey struct{ kind, id string }

// Rule is one rule compiled for one resource type. What a decision looks at
// stands first, and makes up one line of the processor's cache.
type Rule struct {
	held      *held
	condition *plan.Program // of When
	When      *celenv.Expr  // nil means true
	order     int32         // place in deciding order among all rules
	anonymous bool          // as in Decl
	Ref       RuleRef
	Headers   []Header // obligations
	Resource  string
	Decl      *policy.Rule
	Policy    *policy.Policy
	scope     *celenv.Scope
}

// held is what a user must hold for a rule; rules that say the same share it.
type held struct {
	roles            []string // one of them
	numbers          []int32  // of the roles; nil where they have none
	scopes, anyScope []string // all of them, and one of them
	wanted           []string // both
}

// Header is an obligation: a header for the upstream with its value.
type Header struct {
	Name  string
	Value *celenv.Expr
	text  *plan.Program
}

// Covers tells whether the rule speaks about an action.
func (r *Rule) Covers(action string) bool {
	return r.Decl.EveryAction() || slices.ContainsFunc(r.Decl.Actions, func(t policy.Text) bool { return t.Value() == action })
}

// Scope is where the rule's condition and variables are evaluated.
func (r *Rule) Scope() *celenv.Scope { return r.scope }

func compareRules(a, b *Rule) int { return strings.Compare(a.Ref.Policy, b.Ref.Policy) }

// candidates picks the rules of one resource type that speak about an
// action over a transport; rules are in deciding order already.
func (c *compiler) candidates(rules []*Rule, action string, over Transport) *candidates {
	out := &candidates{reads: [2]*celenv.Reads{{}, {}}}
	var enforced, would [2][]*Rule
	var shadow []*Rule
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
			shadow = append(shadow, r)
			continue
		}
		r.addReads(out.reads[1])
		if !r.Decl.Allow || r.Decl.Anonymous {
			r.addReads(out.reads[0])
		}
		enforced[at] = append(enforced[at], r)
	}
	if len(shadow) > 0 {
		out.shadow = &shadowed{rules: shadow, deny: c.ruleset(would[0]), allow: c.ruleset(would[1]), reads: shadowReads(shadow, out.reads)}
	}
	out.deny, out.allow = c.ruleset(enforced[0]), c.ruleset(enforced[1])
	return out
}

func (r *Rule) asked(over Transport) bool {
	if over == OverHTTP {
		return r.Decl.HTTP
	}
	return r.Decl.AuthZEN
}

// addReads adds what the rule reads.
func (r *Rule) addReads(to *celenv.Reads) {
	if r.When != nil {
		addReads(to, r.When.Reads())
	}
	for _, h := range r.Headers {
		addReads(to, h.Value.Reads())
	}
	if len(r.Decl.Roles) > 0 {
		to.Slots = insert(to.Slots, []slot.Index{slot.UserRoles})
	}
	if len(r.Decl.Scopes)+len(r.Decl.AnyScope) > 0 {
		to.Slots = insert(to.Slots, []slot.Index{slot.UserScopes})
	}
}

// addReads joins what one more of many rules reads. Most read what others do.
func addReads(to *celenv.Reads, r celenv.Reads) {
	to.Slots, to.Headers, to.Params = insert(to.Slots, r.Slots), insert(to.Headers, r.Headers), insert(to.Params, r.Params)
}

func insert[T interface{ ~int | ~string }](sorted, more []T) []T {
	for _, x := range more {
		if i, ok := slices.BinarySearch(sorted, x); !ok {
			sorted = slices.Insert(sorted, i, x)
		}
	}
	return sorted
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

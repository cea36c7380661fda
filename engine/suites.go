package engine

import (
	"slices"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// suiteChecker holds a suite's names and values to what is declared: an
// unknown fixture, rule or attribute is an error and never a test that passes.
type suiteChecker struct {
	*compiler
	*suiteNames
	suite     *policy.TestSuite
	users     names // of the suite
	everybody []string
	things    []string // resources of the suite
	fixtures  map[string]*policy.Fixture
}

// suiteNames are what the suites of a set can name in common.
type suiteNames struct {
	people, ruleRefs, shadowRules, reasons, delivered names
	shared                                            map[string]*policy.Fixture // resources of Directories, by TYPE/ID
}

func (c *compiler) suiteNames() *suiteNames {
	seen := map[string]policy.Span{} // which of two is meant must not depend on the names of files
	for _, d := range c.src.Fixtures {
		for i := range d.Resources {
			ref, at := d.Resources[i].Ref(), d.Resources[i].At.Span()
			if first, twice := seen[ref]; twice && ref != "" {
				c.w.Error(at, "duplicate_name", "keep one of them", "%s stands twice in the Directories of test files; the other is at %s", ref, first)
			}
			seen[ref] = at
		}
	}
	return &suiteNames{
		shared: c.src.SharedResources(), people: newNames(c.peopleNames()), ruleRefs: newNames(c.ruleNames(false)), shadowRules: newNames(c.ruleNames(true)), reasons: newNames(Reasons(c.src)), delivered: newNames(c.deliveredNames()),
	}
}

// names are looked up often and listed only where one is missing.
type names struct {
	list []string
	set  map[string]bool
}

func newNames(list []string) names {
	n := names{list: list, set: make(map[string]bool, len(list))}
	for _, s := range list {
		n.set[s] = true
	}
	return n
}

func fixtureNames(list []policy.Fixture) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].Name.Value()
	}
	return out
}

func (c *suiteChecker) check() {
	s := c.suite
	c.users, c.things, c.fixtures = newNames(fixtureNames(s.Users)), fixtureNames(s.Resources), map[string]*policy.Fixture{}
	for i := range s.Resources {
		c.fixtures[s.Resources[i].Name.Value()] = &s.Resources[i]
	}
	if s.Now.IsSet() {
		if _, err := time.Parse(time.RFC3339, s.Now.Value()); err != nil {
			c.w.Error(s.Now.Span(), "bad_time", "write it as 2026-01-15T10:00:00Z", "%q is not a timestamp", s.Now.Value())
		}
	}
	c.env(s.Env)
	for i := range s.Users {
		c.fixture(slot.User, c.set.base, &s.Users[i])
	}
	for i := range s.Resources {
		c.fixture(slot.Resource, c.layoutOf(s.Resources[i].Type), &s.Resources[i])
	}
	for _, t := range s.Cases {
		c.env(t.Env)
		c.user(t.User)
		c.delivers(t.Delivers)
		if t.Resource.IsSet() {
			c.resource(t.Resource, []policy.Text{t.Action})
		}
		c.expect(t.Expect)
	}
	for _, m := range s.Matrix {
		c.matrix(m)
	}
}

func (c *suiteChecker) matrix(m *policy.Matrix) {
	for _, u := range m.Users {
		c.user(u)
	}
	asked := map[[2]string]bool{} // what exclusions take out need not be declared
	for _, cell := range m.Cells {
		asked[[2]string{cell.Resource, cell.Action}] = true
		c.expect(cell.Expect)
	}
	for _, r := range m.Resources {
		var actions []policy.Text
		for _, a := range m.Actions {
			if asked[[2]string{r.Value(), a.Value()}] {
				actions = append(actions, a)
			}
		}
		c.resource(r, actions)
	}
}

func (c *suiteChecker) env(entries []document.ValueEntry) {
	for _, e := range entries {
		c.given(slot.Env, c.set.base, e.Key, e.Value)
	}
}

// delivers holds the names to the attributes that resources have; which of
// them the request is about is known when the case runs.
func (c *suiteChecker) delivers(entries []document.ValueEntry) {
	for _, e := range entries {
		if !c.delivered.set[e.Key.Value()] {
			c.undeclared(e.Key, "attribute", c.delivered.list)
		}
	}
}

func (c *compiler) deliveredNames() []string {
	var known []string
	for _, r := range c.set.resources {
		known = append(known, r.layout.Names(slot.Resource)...)
	}
	slices.Sort(known)
	return slices.DeleteFunc(slices.Compact(known), func(n string) bool { return n == "type" || n == "id" })
}

func (c *suiteChecker) user(t policy.Text) {
	if !t.IsSet() || t.Value() == "anonymous" || c.users.set[t.Value()] || c.people.set[t.Value()] {
		return
	}
	if c.everybody == nil {
		c.everybody = slices.Concat(c.users.list, c.people.list)
	}
	c.undeclared(t, "user", c.everybody)
}

// peopleNames are users that the cases of every suite can name.
func (c *compiler) peopleNames() []string {
	var known []string
	for _, d := range slices.Concat(c.src.Directories, c.src.Fixtures) {
		known = append(known, fixtureNames(d.Users)...)
	}
	return known
}

func (c *compiler) ruleNames(shadowOnly bool) []string {
	var known []string
	for _, p := range c.src.Policies {
		for _, r := range p.Rules {
			if shadowOnly && !r.Shadow {
				continue
			}
			known = append(known, RuleRef{p.Name.Value(), r.ID.Value()}.String())
		}
	}
	return known
}

func (c *suiteChecker) resource(t policy.Text, actions []policy.Text) {
	f, found := c.fixtures[t.Value()]
	if !found {
		f, found = c.shared[t.Value()]
	}
	if !found {
		c.undeclared(t, "fixture", c.things)
		return
	}
	res, ok := c.set.resources[f.Type.Value()]
	for _, a := range actions {
		if ok && a.IsSet() && !res.has(a.Value()) {
			c.undeclared(a, "action", res.decl.ActionNames())
		}
	}
}

func (r *resource) has(action string) bool {
	_, ok := r.actions[action]
	return ok
}

func (c *suiteChecker) expect(e policy.Expect) {
	if e.Rule.IsSet() && !c.ruleRefs.set[e.Rule.Value()] {
		c.undeclared(e.Rule, "rule", c.ruleRefs.list)
	}
	if e.Reason.IsSet() && !c.reasons.set[e.Reason.Value()] {
		c.undeclared(e.Reason, "reason", c.reasons.list)
	}
	if e.Shadow == nil {
		return
	}
	c.expect(policy.Expect{Rule: e.Shadow.Rule, Reason: e.Shadow.Reason})
	for _, r := range e.Shadow.Rules {
		if !c.shadowRules.set[r.Key.Value()] {
			c.undeclared(r.Key, "rule", c.shadowRules.list)
		}
	}
}

// Reasons lists every reason code that a decision of the set can have, sorted.
func Reasons(src *policy.Set) []string {
	out := []string{
		ReasonAllowed, ReasonNoRoute, ReasonUnauthenticated, ReasonNoMatchingRule, ReasonInsufficientScope, ReasonDeniedByRule,
		ReasonEvalError, ReasonAttributeInvalid, ReasonAttributeConflict, ReasonAttributeMissing, ReasonAttributeUnavailable,
		ReasonBodyInvalid, ReasonBodyUnavailable, ReasonObligationError,
		// The sidecar's own, for requests that never reach a rule.
		"request_not_canonical", "hop_by_hop_abuse", "method_not_allowed", "origin_not_allowed",
	}
	for _, p := range src.Policies {
		for _, r := range p.Rules {
			if r.Reason != nil && r.Reason.Code.IsSet() {
				out = append(out, r.Reason.Code.Value())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

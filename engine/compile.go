package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Compile checks a loaded policy set and makes it ready to decide. It reports
// everything it finds; with an error among the diagnostics the Set is nil.
func Compile(src *policy.Set) (*Set, policy.Diagnostics) {
	lib, err := celenv.NewLibrary()
	if err != nil {
		return nil, policy.Diagnostics{{Severity: document.Error, Code: "internal", Message: err.Error()}}
	}
	return newCompiler(src, lib).compile()
}

func newCompiler(src *policy.Set, lib *celenv.Library) *compiler {
	return &compiler{lib: lib, most: indexed, src: src, libraries: map[[2]string]*celenv.Scope{}, interned: newInterned(), set: &Set{resources: map[string]*resource{}, directory: map[resourceKey][]slot.Ready{}, source: src}}
}

func (c *compiler) compile() (*Set, policy.Diagnostics) {
	c.schema()
	c.resources()
	c.policies()
	c.set.rules = c.rules
	c.link()
	c.directories()
	c.suites()
	found := append(c.found, c.w.Found()...).Sorted()
	if found.HasErrors() {
		return nil, found
	}
	inParallel(2, func(i int) {
		if i == 0 {
			c.set.digest = digest(c.set, c.lib)
			return
		}
		c.prepare()
		c.plan()
	})
	c.forget()
	return c.set, found
}

// forget drops what only compiling needed.
func (c *compiler) forget() {
	for _, r := range c.set.rules {
		if r.When != nil {
			r.When.Forget()
		}
		for _, h := range r.Headers {
			h.Value.Forget()
		}
		r.scope.Forget()
	}
}

type compiler struct {
	lib   *celenv.Library
	src   *policy.Set
	set   *Set
	w     document.Walker
	found policy.Diagnostics
	rules []*Rule
	user  []*slot.Attr
	env   []*slot.Attr
	// unusable are the attributes, by root and name, whose declaration is
	// wrong: what reads them is not reported once more.
	unusable  [][2]string
	libraries map[[2]string]*celenv.Scope // by name and resource type
	interned  *interned
	literals  map[string][]string // what can be written for an attribute
	hinted    int                 // names looked up for a close one
	most      int                 // rules that are asked one by one
	unguarded bool                // tests of the algorithm need rules that fail
}

func (c *compiler) schema() {
	if s := c.src.Schema; s != nil {
		c.user = c.attributes(slot.User, s.User)
		c.env = c.attributes(slot.Env, s.Env)
		for _, r := range s.Roles {
			c.set.roles = append(c.set.roles, r.Value())
		}
	}
	c.set.base = slot.NewLayout(c.user, c.env)
}

// scope is where conditions over a resource type are compiled. They can name
// declared roles only; what a token says is not held to them, since a role that
// nobody named is harmless.
func (c *compiler) scope(res *resource, consts map[string]slot.Value, libs map[string]*celenv.Scope) *celenv.Scope {
	scope := c.lib.NewScope(res.layout, consts, libs)
	scope.SetLiterals(c.literals)
	return scope
}

func (c *compiler) resources() {
	for _, d := range c.src.Resources {
		r := &resource{name: d.Name.Value(), decl: d, actions: map[string][transports]*candidates{}}
		r.layout = c.interned.layout(c.set.base, c.attributes(slot.Resource, d.Attributes), c.actionAttributes(d), c.bodyFields(d))
		for _, a := range d.Actions {
			r.actions[a.Name.Value()] = [transports]*candidates{}
		}
		c.set.resources[r.name] = r
	}
	for _, d := range c.sortedResources() {
		c.routes(c.set.resources[d.Name.Value()])
	}
}

func (c *compiler) sortedResources() []*policy.Resource {
	out := slices.Clone(c.src.Resources)
	slices.SortFunc(out, func(a, b *policy.Resource) int { return strings.Compare(a.Name.Value(), b.Name.Value()) })
	return out
}

func (c *compiler) policy(p *policy.Policy) {
	consts := map[string]slot.Value{}
	for _, k := range p.Consts {
		if v, t := c.constant(k.Value); t != nil {
			consts[k.Name.Value()] = v
		}
	}
	for _, name := range c.checkRules(p) {
		res := c.set.resources[name]
		scope := c.policyScope(p, res, consts)
		together(c, p.Rules, func(part *compiler, d *policy.Rule) {
			if r := part.rule(scope, p, d, res); r != nil {
				part.rules = append(part.rules, r)
			}
		})
	}
}

// policyScope is where the rules of a policy over a resource type are compiled.
func (c *compiler) policyScope(p *policy.Policy, res *resource, consts map[string]slot.Value) *celenv.Scope {
	imports := c.imports(p, res)
	if len(p.Consts)+len(p.Vars)+len(p.Imports) == 0 {
		return c.interned.scope(res.layout, func() *celenv.Scope {
			scope := c.scope(res, nil, nil)
			c.breakAll(scope, nil, nil)
			return scope
		})
	}
	scope := c.scope(res, consts, imports)
	c.breakAll(scope, p.Consts, consts)
	c.vars(scope, p.Vars, res)
	return scope
}

// breakAll tells a scope which names are declared and wrong.
func (c *compiler) breakAll(scope *celenv.Scope, declared []policy.Const, good map[string]slot.Value) {
	for _, a := range c.unusable {
		scope.Break(a[0], a[1])
	}
	for _, k := range declared {
		if _, ok := good[k.Name.Value()]; !ok {
			scope.Break("consts", k.Name.Value())
		}
	}
}

// covered names the resource types of a policy, in order.
func (c *compiler) covered(p *policy.Policy) []string {
	var out []string
	if p.Guard() {
		for _, t := range p.Without {
			if _, ok := c.set.resources[t.Value()]; !ok {
				c.undeclared(t, "resource", c.resourceNames())
			}
		}
		for name := range c.set.resources {
			if !slices.ContainsFunc(p.Without, func(t policy.Text) bool { return t.Value() == name }) {
				out = append(out, name)
			}
		}
		slices.Sort(out)
		if len(out) == 0 && len(c.set.resources) > 0 {
			c.w.Error(p.Resources[0].Span(), "bad_selection", "remove the policy, or take a type out of without", "the guard leaves out every resource type")
		}
		return out
	}
	for _, t := range p.Resources {
		if _, ok := c.set.resources[t.Value()]; !ok {
			c.undeclared(t, "resource", c.resourceNames())
			continue
		}
		out = append(out, t.Value())
	}
	return out
}

func (c *compiler) resourceNames() []string {
	var out []string
	for name := range c.set.resources {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// actionNames are the actions of all resource types: a guard can name any.
func (c *compiler) actionNames() []string {
	var out []string
	for _, r := range c.set.resources {
		out = append(out, r.decl.ActionNames()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// maxHints is how many undeclared names of a set get a close match, and
// maxListed how many declared names a hint lists.
const (
	maxHints  = 200
	maxListed = 60
)

func (c *compiler) undeclared(t policy.Text, what string, known []string) {
	c.hinted++
	near, ok := "", false
	if c.hinted <= maxHints { // where many names are wrong, looking for close ones takes long
		near, ok = document.Closest(t.Value(), known)
	}
	hint := "no " + what + " is declared"
	switch {
	case ok:
		hint = fmt.Sprintf("did you mean %q?", near)
	case len(known) > maxListed:
		hint = fmt.Sprintf("%d are declared, and none is close", len(known))
	case len(known) > 0:
		hint = "declared: " + strings.Join(known, ", ")
	}
	c.w.Error(t.Span(), "undeclared_"+what, hint, "%s %q is not declared", what, t.Value())
}

// checkRules holds the names in rules to what is declared, and gives the
// resource types of the policy.
func (c *compiler) checkRules(p *policy.Policy) []string {
	var actions []string
	names := c.covered(p)
	for _, name := range names {
		for a := range c.set.resources[name].actions {
			actions = append(actions, a)
		}
	}
	slices.Sort(actions)
	actions = slices.Compact(actions)
	known := p.Guard() || len(names) == len(p.Resources)
	for _, r := range p.Rules {
		for _, a := range r.Actions {
			if known && a.Value() != "*" && !slices.Contains(actions, a.Value()) {
				c.undeclared(a, "action", actions)
			}
		}
		for _, role := range r.Roles {
			if len(c.set.roles) > 0 && !slices.Contains(c.set.roles, role.Value()) {
				c.undeclared(role, "role", c.set.roles)
			}
		}
	}
	return names
}

// vars compiles the variables, each after those it names.
func (c *compiler) vars(scope *celenv.Scope, vars []policy.Var, res *resource) {
	byName := map[string]policy.Var{}
	for _, v := range vars {
		byName[v.Name.Value()] = v
	}
	const visiting, done = 1, 2
	state := map[string]int{}
	var visit func(v policy.Var)
	visit = func(v policy.Var) {
		state[v.Name.Value()] = visiting
		for _, name := range scope.VarRefs(v.Expr.Value()) {
			next, ok := byName[name]
			switch {
			case !ok || state[name] == done:
			case state[name] == visiting:
				c.w.Error(next.Name.Span(), "variable_cycle", "", "variable %q depends on itself", name)
				scope.Break("vars", name)
			default:
				visit(next)
			}
		}
		e, problems := scope.Compile(v.Expr.Value(), nil)
		if c.unguarded {
			e, problems = scope.CompileUnguarded(v.Expr.Value(), nil)
		}
		if c.report(v.Expr, problems, res); e != nil {
			scope.AddVar(v.Name.Value(), e)
		} else {
			scope.Break("vars", v.Name.Value())
		}
		state[v.Name.Value()] = done
	}
	for _, v := range vars {
		if v.Expr.IsSet() && state[v.Name.Value()] == 0 {
			visit(v)
		}
	}
}

func (c *compiler) rule(scope *celenv.Scope, p *policy.Policy, d *policy.Rule, res *resource) *Rule {
	r := &Rule{Ref: RuleRef{p.Name.Value(), d.ID.Value()}, Resource: res.name, Decl: d, Policy: p, scope: scope}
	options := celenv.RuleOptions{Deny: !d.Allow, HTTPOnly: d.HTTP && !d.AuthZEN, Present: res.present(d)}
	if d.When.IsSet() {
		if r.When = c.ofRule(scope, d.When, res, options); r.When == nil {
			return nil
		}
	}
	options.Want, options.Deny, options.Given = &slot.Type{Kind: slot.String}, false, r.When
	for _, h := range d.Headers {
		e := c.ofRule(scope, h.Value, res, options)
		if e == nil {
			return nil
		}
		r.Headers = append(r.Headers, Header{Name: h.Name.Value(), Value: e})
	}
	return r
}

// ofRule compiles a condition or an obligation.
func (c *compiler) ofRule(scope *celenv.Scope, t policy.Text, res *resource, o celenv.RuleOptions) *celenv.Expr {
	if c.unguarded {
		e, problems := scope.CompileUnguarded(t.Value(), o.Type())
		c.report(t, problems, res)
		return e
	}
	e, problems := scope.CompileRule(t.Value(), o)
	c.report(t, problems, res)
	return e
}

// report places what is wrong with a CEL text at its token.
func (c *compiler) report(t policy.Text, problems []celenv.Problem, res *resource) {
	for _, p := range problems {
		d := document.NewDiagnostic(t.At(p.Offset, p.Length), document.Error, p.Code, p.Message)
		if p.Code == "undeclared_attribute" {
			p.Hint = c.lacking(t, p, res)
		}
		c.found = append(c.found, d.WithHint(p.Hint))
	}
}

// lacking words the hint of an attribute that a resource type does not have
// while another type of the set does.
func (c *compiler) lacking(t policy.Text, p celenv.Problem, res *resource) string {
	runes := []rune(t.Value())
	before, name := string(runes[:min(len(runes), p.Offset)]), string(runes[min(len(runes), p.Offset):min(len(runes), p.Offset+p.Length)])
	if strings.HasSuffix(strings.TrimRight(before, "?. "), "resource") {
		for _, other := range c.resourceNames() {
			if _, ok := c.set.resources[other].layout.Lookup(slot.Resource, name); ok {
				return fmt.Sprintf("%s declares it and %s does not: declare it there, or leave %s out of the policy, by without in a guard", other, res.name, res.name)
			}
		}
	}
	if p.Hint == "" {
		return "declare it in the Schema, or in the Resource " + res.name
	}
	return p.Hint
}

// link gives every resource type and action its candidates.
func (c *compiler) link() {
	slices.SortStableFunc(c.set.rules, compareRules)
	byResource := map[string][]*Rule{}
	for i, r := range c.set.rules {
		r.order = int32(i)
		byResource[r.Resource] = append(byResource[r.Resource], r)
	}
	for name, res := range c.set.resources {
		for action := range res.actions {
			res.actions[action] = c.overAll(byResource[name], action)
			c.complete(res, action)
		}
	}
}

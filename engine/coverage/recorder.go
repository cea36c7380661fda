// Package coverage tells what the test suites of a policy set have exercised:
// which rules matched, which atoms of their conditions were true and false, and
// which atoms were shown to matter by themselves (MC/DC).
//
// Make a [Recorder], run cases with its [Recorder.Observe] as
// suite.Options.Observe, and ask for the [Recorder.Report]. The set itself
// decides each case; what is recorded is evaluated beside it, so coverage
// changes no decision.
//
// An atom is a part of a condition that &&, ||, ! and ?: are applied to; roles
// and scopes of a rule are atoms, too. Its independent effect is shown by two
// cases between which it changes, the outcome changes, and every other atom is
// the same or was not evaluated in one of them (unique-cause MC/DC with
// short-circuit evaluation; Chilenski and Miller 1994).
package coverage

import (
	"strings"
	"sync"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
)

// Recorder collects what cases exercise. It may be used concurrently.
type Recorder struct {
	set   *engine.Set
	types map[string]*typed
	units []*unit // rules in deciding order, each variable behind the first rule that reads it

	mu         sync.Mutex
	collectors []*collector
}

// unit is what is covered by itself: a rule or a variable of type bool.
type unit struct {
	name   string
	rule   *policy.Rule   // nil for a variable
	ref    engine.RuleRef // of the rule
	source policy.Text    // of the expression; unset for a rule without one
	atoms  []atom
	lead   int // atoms before those of the expression
	number int
}

type atom struct {
	text string
	span policy.Span
}

// typed is what watches the rules over one resource type.
type typed struct {
	compiler  *plan.Compiler
	rules     map[*engine.Rule]*watched
	variables []*unit // by the number of the probe; nil for a rule's condition
}

// watched is a rule with its instrumented condition.
type watched struct {
	*unit
	condition     *plan.Program // nil without one
	roles, scopes []string
	anyScope      []string
}

// NewRecorder prepares the rules of a set for being watched.
func NewRecorder(set *engine.Set) *Recorder {
	r := &Recorder{set: set, types: map[string]*typed{}}
	b := &builder{Recorder: r, byPlace: map[policy.Span]*unit{}, origins: map[*celenv.Scope]map[*celenv.Expr]origin{}}
	for _, rule := range set.Inspect().Rules {
		b.rule(rule)
	}
	return r
}

// Observe makes the observer of one goroutine's cases.
func (r *Recorder) Observe() suite.Observer {
	c := &collector{recorder: r, tallies: make([]tally, len(r.units)), machines: map[string]*machine{}, reached: map[target]bool{}}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.collectors = append(r.collectors, c)
	return c.observe
}

// builder finds the units of a set.
type builder struct {
	*Recorder
	byPlace map[policy.Span]*unit
	origins map[*celenv.Scope]map[*celenv.Expr]origin
}

// origin is where a variable is declared.
type origin struct {
	name   string
	source policy.Text
}

func (b *builder) rule(rule *engine.Rule) {
	t := b.types[rule.Resource]
	if t == nil {
		t = &typed{rules: map[*engine.Rule]*watched{}, compiler: plan.NewCompiler(layout(b.set, rule.Resource))}
		t.compiler.Probing()
		b.types[rule.Resource] = t
	}
	w := &watched{roles: texts(rule.Decl.Roles), scopes: texts(rule.Decl.Scopes), anyScope: texts(rule.Decl.AnyScope)}
	var probe *plan.Probe
	known := len(t.compiler.Probes())
	if rule.When != nil {
		rule.When.Remember()
		w.condition = t.compiler.Compile(rule.When)
		probe = w.condition.Probe()
	}
	w.unit = b.unit(rule.Decl.ID, func(u *unit) {
		u.name, u.rule, u.ref, u.source = rule.Ref.String(), rule.Decl, rule.Ref, rule.Decl.When
		u.hold(listed{"roles", rule.Decl.Roles})
		u.lead = len(u.atoms)
		switch {
		case probe != nil:
			u.parts(probe)
		case rule.When != nil: // left to CEL as a whole
			u.atoms = append(u.atoms, atom{text: rule.When.Source, span: rule.Decl.When.Span()})
		}
		u.hold(listed{"scopes", rule.Decl.Scopes}, listed{"any_scope", rule.Decl.AnyScope})
	})
	t.rules[rule] = w
	for _, p := range t.compiler.Probes()[known:] {
		if p == probe {
			t.variables = append(t.variables, nil)
			continue
		}
		t.variables = append(t.variables, b.variable(rule, p))
	}
}

// unit finds the unit of a place in the files, or makes it.
func (b *builder) unit(at policy.Text, fill func(*unit)) *unit {
	u := b.byPlace[at.Span()]
	if u == nil {
		u = &unit{number: len(b.units)}
		fill(u)
		b.units, b.byPlace[at.Span()] = append(b.units, u), u
	}
	return u
}

// variable finds where the variable of a probe is declared.
func (b *builder) variable(rule *engine.Rule, p *plan.Probe) *unit {
	from := b.origins[rule.Scope()]
	if from == nil {
		from = map[*celenv.Expr]origin{}
		for _, v := range rule.Policy.Vars {
			if e, ok := rule.Scope().Var(v.Name.Value()); ok {
				from[e] = origin{rule.Ref.Policy + ": vars." + v.Name.Value(), v.Expr}
			}
		}
		for _, l := range b.set.Source().Libraries {
			lib, imported := rule.Scope().Library(l.Name.Value())
			if !imported {
				continue
			}
			for _, v := range l.Vars {
				if e, ok := lib.Var(v.Name.Value()); ok {
					from[e] = origin{l.Name.Value() + "." + v.Name.Value(), v.Expr}
				}
			}
		}
		b.origins[rule.Scope()] = from
	}
	o, ok := from[p.Expr]
	if !ok {
		return nil
	}
	return b.unit(o.source, func(u *unit) {
		u.name, u.source = o.name, o.source
		u.parts(p)
	})
}

// listed is a list of names that a rule asks for.
type listed struct {
	key   string
	names []policy.Text
}

// hold adds the atom that a rule's roles or scopes are.
func (u *unit) hold(lists ...listed) {
	var text []string
	var at policy.Span
	for _, l := range lists {
		if len(l.names) == 0 {
			continue
		}
		if len(text) == 0 {
			at = l.names[0].Span()
			at.End = l.names[len(l.names)-1].Span().End
		}
		text = append(text, l.key+": "+strings.Join(texts(l.names), ", "))
	}
	if len(text) > 0 {
		u.atoms = append(u.atoms, atom{text: strings.Join(text, "; "), span: at})
	}
}

// parts adds the atoms of an expression.
func (u *unit) parts(p *plan.Probe) {
	runes := []rune(u.source.Value())
	for _, x := range p.Atoms {
		from, to := p.Expr.Extent(x)
		from, to = min(from, len(runes)), min(to, len(runes))
		u.atoms = append(u.atoms, atom{text: string(runes[from:to]), span: u.source.At(from, to-from)})
	}
}

// layout is that of the requests about a resource type.
func layout(set *engine.Set, resource string) *slot.Layout {
	action := ""
	if names := set.Actions(resource); len(names) > 0 {
		action = names[0]
	}
	return set.DirectRequest(resource, action).Values().Layout()
}

func texts(list []policy.Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.Value())
	}
	return out
}

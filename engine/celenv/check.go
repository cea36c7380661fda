package celenv

import (
	"sync"

	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/engine/slot"
)

// RuleOptions say what a rule makes of an expression.
type RuleOptions struct {
	// Want is the type that the result must have; nil means bool.
	Want *slot.Type
	// Deny is for the condition of a deny rule, which must not rest on a
	// default: an orValue that makes its comparison false where the value is
	// absent would switch the rule off.
	Deny bool
	// HTTPOnly is for rules with `transports: [http]`. There request.* and
	// env.ip are present; in any other rule they are guarded like optional
	// attributes.
	HTTPOnly bool
	// Present names attributes that are there wherever the rule is asked: the
	// fields that the bodies of all its routes require, such as
	// "request.body.amount", and the attributes that all its actions require.
	Present []string
	// Given is an expression that is true whenever this one is evaluated, such
	// as the condition of the rule that an obligation belongs to. What it
	// tests need not be tested again.
	Given *Expr
}

// CompileRule checks an expression of a rule: the condition, or the value of
// an obligation. Variables and constants of the scope are compiled before, by
// [Scope.Compile]. For equal rules the expression is the same one.
func (s *Scope) CompileRule(source string, o RuleOptions) (*Expr, []Problem) {
	made := s.rules.of(source, &o)
	made.once.Do(func() { made.expr, made.problems = s.compile(source, o.Type(), mode{RuleOptions: o}) })
	return made.expr, made.problems
}

// Type is the type that the result must have.
func (o RuleOptions) Type() *slot.Type {
	if o.Want != nil {
		return o.Want
	}
	return &slot.Type{Kind: slot.Bool}
}

// mode tells the rules' expressions from the others.
type mode struct {
	RuleOptions
	// unplaced is for expressions that do not know yet which rules read them.
	// What they need of HTTP, bodies and actions is demanded of those rules.
	unplaced bool
	// unguarded leaves the checks out.
	unguarded bool
}

// static is what is known about an expression before it runs.
type static struct {
	yes, no  facts    // when it is true, and when it is false
	needs    []string // what it reads unguarded and leaves to its rules, see guard.demand
	standsIn []string // what its defaults stand in for, see view.standsIn
	domain   *domain  // the values it can have, and of a list its elements
	elements *domain
	ways     [][]index.Need // see Expr.Needs
	keys     *domain        // of a map
	uses     []*Expr        // the variables it can read, itself not included
	cost     uint64         // at most, without the variables
	sources  []source       // that its cost depends on
	sizes    sync.Map       // of what it gives, by cuts.key
}

// check looks for the mistakes that CEL's own checker does not know of. What
// an expression costs is asked of sound ones only.
func (e *Expr) check(m mode, sound bool) []Problem {
	v := newView(e)
	out := checkLiterals(v)
	e.static.ways = v.needs(v.root())
	if m.unguarded {
		return out
	}
	g := &guard{view: v, mode: m}
	e.static.yes, e.static.no = g.visit(v.root(), m.given(), m.polarity())
	e.static.needs, e.static.standsIn = g.needs, v.standsIn(v.root())
	out = append(out, g.problems...)
	if sound && len(out) == 0 {
		out = checkCost(v)
	}
	return out
}

func (m mode) given() facts {
	out := facts{}
	for _, path := range m.Present {
		out = out.with(found(path)...)
	}
	if m.Given != nil {
		out = out.and(m.Given.static.yes)
	}
	return out
}

func (m mode) polarity() polarity {
	if m.Deny {
		return mustHold
	}
	return free
}

// SetLiterals names the values that an attribute can have beyond what its type
// says, by full name: the roles under "user.roles", where they are those of
// the elements, the resource types under "resource.type". A comparison with
// another literal does not compile. It is called before the first Compile.
func (s *Scope) SetLiterals(values map[string][]string) { s.literals = values }

// root is the expression's tree.
func (v *view) root() ast.Expr { return v.ast.Expr() }

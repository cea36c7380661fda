package plan_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/interpreter"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/slot"
)

// rig makes random expressions over random scopes and holds what plan makes
// of them to what cel-go makes of them.
type rig struct {
	t        testing.TB
	seed     uint64
	rng      *rand.Rand
	layout   *slot.Layout
	values   values
	compiler *plan.Compiler
	scopes   []*policyScope
	roots    map[string][]*operator // by name, those that expressions are made about
	names    []string
	held     bool // nothing may be left to cel-go
	tally    tally
}

// newRig makes two scopes, of which one imports a library, itself a scope.
func newRig(t testing.TB, seed uint64, base *language) *rig {
	t.Helper()
	r := &rig{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), layout: randomLayout(), held: base.held, roots: map[string][]*operator{}, tally: newTally()}
	r.values = values{rng: r.rng, layout: r.layout}
	r.compiler = plan.NewCompiler(r.layout)
	lib, err := celenv.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	common := newPolicyScope(t, r.rng, lib, r.layout, base, nil)
	r.scopes = []*policyScope{newPolicyScope(t, r.rng, lib, r.layout, base, common), newPolicyScope(t, r.rng, lib, r.layout, base, common), common}
	for _, op := range r.scopes[0].lang.operators {
		if len(r.roots[op.name]) == 0 {
			r.names = append(r.names, op.name)
		}
		r.roots[op.name] = append(r.roots[op.name], op)
	}
	return r
}

// subject is an expression in both forms.
type subject struct {
	scope   *policyScope
	node    *node
	expr    *celenv.Expr
	program *plan.Program
}

func (r *rig) subject(s *policyScope, n *node) (*subject, []celenv.Problem) {
	e, problems := s.scope.CompileUnguarded(n.String(), nil)
	if len(problems) > 0 {
		return nil, problems
	}
	return &subject{scope: s, node: n, expr: e, program: r.compiler.Compile(e)}, nil
}

// random makes the i-th expression; each operator has its turn.
func (r *rig) random(i int) *subject {
	r.t.Helper()
	s := r.scopes[r.rng.IntN(len(r.scopes))]
	about := r.roots[r.names[i%len(r.names)]]
	op := about[r.rng.IntN(len(about))]
	if !slices.Contains(s.lang.operators, op) { // a variable or library that the scope does not see
		s = r.scopes[0]
	}
	g := &generator{rng: r.rng, lang: s.lang}
	n := g.about(op)
	x, problems := r.subject(s, n)
	for tries := 0; x == nil && refused(problems) && tries < 50; tries++ {
		n = g.about(op)
		x, problems = r.subject(s, n)
	}
	if x == nil {
		r.t.Fatalf("seed %d: the generator made an expression that does not compile:\n%s\n%+v", r.seed, n, problems)
	}
	if left := x.program.Fallbacks(); r.held && len(left) > 0 {
		r.t.Fatalf("seed %d: left to cel-go: %+v\nof %s", r.seed, left, n)
	}
	n.visit(func(part *node) { r.tally.operators[part.op.name]++ })
	return x
}

// outcome is what an evaluation came to. Errors are told apart by class: which
// attribute was in which state, the budget, a panic, or anything else.
type outcome struct{ value, class string }

func (o outcome) String() string {
	if o.class != "" {
		return "error: " + o.class
	}
	return o.value
}

func classOf(err error) string {
	var attr *celenv.AttributeError
	var spent interpreter.EvalCancelledError
	switch {
	case errors.As(err, &attr):
		return attr.Attribute + " is " + attr.State.String()
	case errors.Is(err, celenv.ErrBudget), errors.As(err, &spent):
		return "budget"
	}
	return "other"
}

// evaluate runs one form of an expression.
func evaluate[V any](eval func() (V, error)) (out outcome) {
	defer func() {
		if fault := recover(); fault != nil {
			out = outcome{class: fmt.Sprintf("panic: %v", fault)}
		}
	}()
	v, err := eval()
	if err != nil {
		return outcome{class: classOf(err)}
	}
	return outcome{value: fmt.Sprint(v)}
}

func (x *subject) reference(f *celenv.Frame) outcome {
	if x.node.typ.name == "bool" {
		return evaluate(func() (bool, error) { return x.expr.EvalBool(f) })
	}
	return evaluate(func() (string, error) { return x.expr.EvalString(f) })
}

func (x *subject) planned(m *plan.Machine) outcome {
	if x.node.typ.name == "bool" {
		return evaluate(func() (bool, error) { return x.program.Bool(m) })
	}
	return evaluate(func() (string, error) { return x.program.Text(m) })
}

// request is one request's values, with what both sides keep during it.
type request struct {
	values  *slot.Values
	machine *plan.Machine
	frames  map[*policyScope]*celenv.Frame
}

// bind begins a request, in which variables are evaluated once.
func (r *rig) bind(v *slot.Values, m *plan.Machine) *request {
	m.Reset(v, r.compiler.Memo())
	q := &request{values: v, machine: m, frames: map[*policyScope]*celenv.Frame{}}
	for _, s := range r.scopes {
		q.frames[s] = s.scope.NewFrame(v)
	}
	return q
}

// compare evaluates a batch of expressions over a batch of requests and stops
// at the first difference.
func (r *rig) compare(subjects []*subject, requests int) {
	r.t.Helper()
	machine := plan.NewMachine()
	for range requests {
		q := r.bind(r.values.request(), machine)
		for i, x := range subjects {
			want, got := x.reference(q.frames[x.scope]), x.planned(machine)
			r.tally.count(want)
			if want == got || want.class == "budget" { // cel-go counts more steps for the same work
				continue
			}
			if d := r.difference(x, q.values); d != nil {
				r.t.Fatalf("seed %d (set GWCTL_SEED to repeat), after %d evaluations\n%s", r.seed, r.tally.total, r.shrink(d))
			}
			if !r.wavers(x, q.values) {
				r.t.Fatalf("seed %d (set GWCTL_SEED to repeat), after %d evaluations: only after the %d expressions before it\n%s\n%scel-go: %s\nplan:   %s",
					r.seed, r.tally.total, i, x.node, describe(q.values, x.expr.Reads().Slots), want, got)
			}
		}
	}
}

// difference is a case in which the two forms disagree.
type difference struct {
	subject *subject
	values  *slot.Values
	want    outcome
	got     outcome
}

// tries of cel-go, which visits maps in random order, so that an expression
// may have several outcomes; any of them is right.
const tries = 60

// difference evaluates an expression as the first of a request.
func (r *rig) difference(x *subject, v *slot.Values) *difference {
	m := plan.NewMachine()
	d := &difference{subject: x, values: v}
	for range tries {
		m.Reset(v, r.compiler.Memo())
		d.want, d.got = x.reference(x.scope.scope.NewFrame(v)), x.planned(m)
		if d.want == d.got || d.want.class == "budget" {
			return nil
		}
	}
	return d
}

// wavers tells whether cel-go has more than one outcome.
func (r *rig) wavers(x *subject, v *slot.Values) bool {
	first := x.reference(x.scope.scope.NewFrame(v))
	for range tries {
		if x.reference(x.scope.scope.NewFrame(v)) != first {
			return true
		}
	}
	return false
}

// tally counts what came up in a run.
type tally struct {
	total     int
	outcomes  map[string]int
	operators map[string]int
}

func newTally() tally { return tally{outcomes: map[string]int{}, operators: map[string]int{}} }

func (t *tally) count(o outcome) {
	t.total++
	switch {
	case o.class == "" && (o.value == "true" || o.value == "false"):
		t.outcomes[o.value]++
	case o.class == "":
		t.outcomes["text"]++
	case o.class == "other" || o.class == "budget":
		t.outcomes["error: "+o.class]++
	default:
		t.outcomes["error: "+o.class[strings.Index(o.class, "is "):]]++
	}
}

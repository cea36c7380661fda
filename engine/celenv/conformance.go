package celenv

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Probe is an expression over values of its own instead of attributes. It
// exists for tests and tools that want to know what the language makes of a
// piece of CEL, such as the conformance suite; conditions never go this way.
type Probe struct {
	Source       string
	Container    string // namespace in which names are looked up
	Unchecked    bool   // skips the type check
	NoMacros     bool
	Declarations []cel.EnvOption // variables and functions
	Bindings     []Binding
}

// Binding is the value of a declared variable of a Probe.
type Binding struct {
	Name  string
	Value ref.Val
}

// Check gives the type of a probe; without a type check that is dyn.
func (l *Library) Check(p Probe) (*types.Type, error) {
	_, checked, err := l.probe(p)
	if err != nil {
		return nil, err
	}
	if p.Unchecked {
		return types.DynType, nil
	}
	return checked.OutputType(), nil
}

// Eval gives the value of a probe, in the environment that conditions are
// compiled in. A failed evaluation is a value too, a CEL error; the error that
// is returned means that the probe could not be evaluated at all.
func (l *Library) Eval(p Probe) (ref.Val, error) {
	env, checked, err := l.probe(p)
	if err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.CostLimit(StepBudget))
	if err != nil {
		return nil, fmt.Errorf("preparing the probe: %w", err)
	}
	out, _, err := program.Eval(activation(p.Bindings))
	if err != nil {
		return types.WrapErr(err), nil
	}
	return out, nil
}

func (l *Library) probe(p Probe) (*cel.Env, *cel.Ast, error) {
	options := append([]cel.EnvOption{cel.Container(p.Container)}, p.Declarations...)
	if p.NoMacros {
		options = append(options, cel.ClearMacros())
	}
	env, err := l.env.Extend(options...)
	if err != nil {
		return nil, nil, fmt.Errorf("declaring what the probe reads: %w", err)
	}
	parsed, issues := env.Parse(p.Source)
	if issues.Err() != nil {
		return nil, nil, fmt.Errorf("parsing the probe: %w", issues.Err())
	}
	if p.Unchecked {
		return env, parsed, nil
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, nil, fmt.Errorf("checking the probe: %w", issues.Err())
	}
	return env, checked, nil
}

// activation looks bindings up by name.
type activation []Binding

// ResolveName implements CEL's Activation.
func (a activation) ResolveName(name string) (any, bool) {
	for _, b := range a {
		if b.Name == name {
			return b.Value, true
		}
	}
	return nil, false
}

// Parent implements CEL's Activation.
func (a activation) Parent() cel.Activation { return nil }

var errNotTracked = errors.New("the evaluation was not counted")

// Spent evaluates the expression and gives the steps that it took, those of
// variables included. It is for tests and tools; it is slow.
func (e *Expr) Spent(f *Frame) (uint64, error) {
	own := e.scope.NewFrame(f.values)
	var sum uint64
	count := func(at *Frame, x *Expr) (ref.Val, error) {
		program, err := x.scope.lib.env.Program(x.tree(), cel.CostTracking(nil))
		if err != nil {
			return nil, fmt.Errorf("preparing to count: %w", err)
		}
		out, details, err := program.Eval(at)
		if details == nil || details.ActualCost() == nil {
			return nil, errors.Join(err, errNotTracked)
		}
		sum += *details.ActualCost()
		return out, err
	}
	own.trace = func(_ string, at *Frame, x *Expr) (ref.Val, error) { return count(at, x) }
	_, err := count(own, e)
	return sum, err
}

package celenv

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
	"cel.dev/cel-go/parser"

	"github.com/gwctl/gwctl/engine/slot"
)

// Expr is a checked expression, ready to be evaluated any number of times.
type Expr struct {
	Source  string
	scope   *Scope
	checked atomic.Pointer[cel.Ast] // nil once forgotten
	planned sync.Once
	program cel.Program
	failed  error // of planning it
	typ     *types.Type
	reads   Reads
	static  *static
}

// Reads is what an expression can look at, its variables included.
type Reads struct {
	Slots   []slot.Index
	Headers []string // named by request.header
	Params  []string // named by request.param
	Vars    []string // named directly
}

// Compile checks an expression against the scope. want is the type that the
// result must have, or nil for any. Either the expression or problems are
// returned; neither, if all that is wrong is that it reads something that
// [Scope.Break] named. It is for variables; what rules state goes through
// CompileRule.
func (s *Scope) Compile(source string, want *slot.Type) (*Expr, []Problem) {
	return s.compile(source, want, mode{unplaced: true})
}

// CompileUnguarded is Compile without the checks of guards, defaults and cost.
// It is for tests that want to see how evaluation deals with what the checks
// keep out; rules and variables never go this way.
func (s *Scope) CompileUnguarded(source string, want *slot.Type) (*Expr, []Problem) {
	return s.compile(source, want, mode{unguarded: true})
}

func (s *Scope) compile(source string, want *slot.Type, m mode) (*Expr, []Problem) {
	checked, problems := s.checkedTree(source)
	if checked == nil {
		return nil, problems
	}
	e := &Expr{Source: source, scope: s, typ: checked.OutputType(), static: &static{}}
	e.checked.Store(checked)
	r := reader{scope: s, source: source, ast: checked.NativeRep()}
	r.walk(checked.NativeRep().Expr(), nil)
	if want != nil && len(r.problems) == 0 && !e.typ.IsExactType(celType(want)) {
		r.problems = append(r.problems, Problem{Length: len([]rune(source)), Code: "type_mismatch",
			Message: fmt.Sprintf("the expression gives %s, not %s", e.TypeName(), want), Hint: comparisonHint(want)})
	}
	if problems = append(r.problems, e.check(m, len(r.problems) == 0)...); len(problems) > 0 {
		return nil, problems
	}
	e.reads = r.reads()
	return e, nil
}

func comparisonHint(want *slot.Type) string {
	if want.Kind == slot.Bool {
		return "compare it with something, as in … == 'x', or test it with has(…)"
	}
	return ""
}

// VarRefs lists the variables that an unchecked expression names, so that
// they can be compiled in an order in which each finds its own.
func (s *Scope) VarRefs(source string) []string {
	parsed, errs := s.lib.parse(source)
	if len(errs) > 0 {
		return nil
	}
	var out []string
	ast.PostOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.SelectKind && isIdent(e.AsSelect().Operand(), "vars") && !slices.Contains(out, e.AsSelect().FieldName()) {
			out = append(out, e.AsSelect().FieldName())
		}
	}))
	return out
}

func isIdent(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }

// TypeName is the CEL type of the expression's result.
func (e *Expr) TypeName() string { return strings.ReplaceAll(cel.FormatCELType(e.typ), "@", "") }

// Reads is everything the expression can look at.
func (e *Expr) Reads() Reads { return e.reads }

// ReadsVariables tells whether the expression may read a variable, of its scope
// or of a library.
func (e *Expr) ReadsVariables() bool { return len(e.reads.Vars) > 0 || len(e.scope.libs) > 0 }

// plan makes the program when it is first run.
func (e *Expr) plan() (cel.Program, error) {
	e.planned.Do(func() {
		e.program, e.failed = e.scope.lib.program(e.AST(), cel.CostLimit(StepBudget))
	})
	return e.program, e.failed
}

func (e *Expr) eval(f *Frame) (ref.Val, error) {
	program, err := e.plan()
	if err != nil {
		return nil, fmt.Errorf("planning the expression: %w", err)
	}
	v, _, err := program.Eval(f)
	if err != nil {
		return nil, settle(err)
	}
	return v, nil
}

// settle passes on the error of an evaluation. CEL makes a panic the error of
// one expression; it goes on from here, because a decision that a fault of
// gwctl took part in must be denied as a whole.
func settle(err error) error {
	var failed *types.Err
	var spent interpreter.EvalCancelledError
	switch {
	case errors.As(err, &spent):
		return fmt.Errorf("the budget of %d steps is used up: %w", StepBudget, spent)
	case errors.As(err, &failed):
		return err
	}
	panic(err)
}

// errNotBool cannot happen to a checked expression.
var errNotBool = errors.New("the condition did not give a bool")

// EvalBool evaluates a condition. The error may wrap an *AttributeError.
func (e *Expr) EvalBool(f *Frame) (bool, error) {
	v, err := e.eval(f)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, errNotBool
	}
	return bool(b), nil
}

// Constant tells whether an expression has the same value for every request,
// and which. It follows && and || as far as constants decide them; any part
// that reads an attribute is not constant.
func (e *Expr) Constant() (value, ok bool) {
	tree := e.AST()
	return e.constant(tree, tree.Expr())
}

func (e *Expr) constant(tree *ast.AST, x ast.Expr) (value, ok bool) {
	if x.Kind() == ast.CallKind {
		call := x.AsCall()
		if name := call.FunctionName(); name == "_&&_" || name == "_||_" {
			decides := name == "_||_"
			all := true
			for _, a := range call.Args() {
				v, isConst := e.constant(tree, a)
				if isConst && v == decides {
					return decides, true
				}
				all = all && isConst
			}
			return !decides, all
		}
	}
	if x.Kind() == ast.SelectKind && isIdent(x.AsSelect().Operand(), "vars") {
		if v, found := e.scope.vars[x.AsSelect().FieldName()]; found && v.typ == types.BoolType {
			return v.Constant()
		}
	}
	if e.scope.readsRoot(x) {
		return false, false
	}
	text, err := parser.Unparse(x, tree.SourceInfo())
	if err != nil {
		return false, false
	}
	part, problems := e.scope.Compile(text, nil)
	if len(problems) > 0 || part.typ != types.BoolType || len(part.reads.Slots) > 0 || len(part.reads.Vars) > 0 {
		return false, false
	}
	v, err := part.EvalBool(e.scope.NewFrame(slot.NewValues(e.scope.layout)))
	return v, err == nil
}

// readsRoot tells whether a node reads anything but constants.
func (s *Scope) readsRoot(e ast.Expr) bool {
	found := false
	each(e, func(x ast.Expr) {
		if x.Kind() != ast.IdentKind {
			return
		}
		_, isRoot := rootNamed(x.AsIdent())
		_, isLib := s.libs[x.AsIdent()]
		found = found || isRoot || isLib || x.AsIdent() == "vars"
	})
	return found
}

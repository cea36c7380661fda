package celenv

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
	"cel.dev/cel-go/parser"
)

// Part is one sub-expression with what it came to.
type Part struct {
	Depth int
	Text  string
	State PartState
	Value string // in CEL's own notation, or the error's message
	// Op is &&, ||, ! or ?: for a part that is made of conditions.
	Op             string
	Offset, Length int // of the part's own word or sign in the source, in runes
}

// PartState tells whether a sub-expression was evaluated.
type PartState string

// The states of a Part.
const (
	Evaluated    PartState = "value"
	Failed       PartState = "error"
	NotEvaluated PartState = "not_evaluated"
)

// VarTrace is the evaluation of one variable.
type VarTrace struct {
	Name, Source string
	Parts        []Part
}

// Trace is the evaluation of one expression with everything on the way.
type Trace struct {
	Result bool
	Err    error
	Parts  []Part
	Vars   []VarTrace
}

// Trace evaluates a condition on a frame of its own and keeps the value of
// every sub-expression. It gives the same result as EvalBool, slower.
func (e *Expr) Trace(f *Frame) Trace {
	var t Trace
	own := e.scope.NewFrame(f.values)
	own.trace = func(name string, at *Frame, v *Expr) (ref.Val, error) {
		i := len(t.Vars)
		t.Vars = append(t.Vars, VarTrace{Name: name, Source: v.Source})
		out, parts, err := v.traced(at)
		t.Vars[i].Parts = parts
		return out, err
	}
	out, parts, err := e.traced(own)
	t.Parts, t.Err = parts, err
	if err == nil {
		b, ok := out.(types.Bool)
		if t.Result = ok && bool(b); !ok {
			t.Err = errNotBool
		}
	}
	return t
}

func (e *Expr) traced(f *Frame) (ref.Val, []Part, error) {
	tree := e.tree()
	program, err := e.scope.lib.program(tree.NativeRep(), cel.EvalOptions(cel.OptTrackState), cel.CostLimit(StepBudget))
	if err != nil {
		return nil, nil, fmt.Errorf("preparing the trace: %w", err)
	}
	out, details, err := program.Eval(f)
	if err != nil {
		err = settle(err)
	}
	var state interpreter.EvalState
	if details != nil {
		state = details.State()
	}
	w := &partWriter{info: tree.NativeRep().SourceInfo(), state: state, result: out, view: &view{expr: e, scope: e.scope, ast: tree.NativeRep(), runes: []rune(e.Source)}}
	w.walk(tree.NativeRep().Expr(), 0)
	return out, w.parts, err
}

type partWriter struct {
	info   *ast.SourceInfo
	state  interpreter.EvalState
	result ref.Val
	parts  []Part
	view   *view
}

// operator is the sign of a part that is made of conditions.
func operator(e ast.Expr) string {
	if e.Kind() != ast.CallKind {
		return ""
	}
	switch e.AsCall().FunctionName() {
	case "_&&_":
		return "&&"
	case "_||_":
		return "||"
	case "!_":
		return "!"
	case "_?_:_":
		return "?:"
	}
	return ""
}

// walk lists a node and what it is made of; literals and bare names say
// nothing new and are left out.
func (w *partWriter) walk(e ast.Expr, depth int) {
	children := w.children(e)
	if e.Kind() == ast.LiteralKind || e.Kind() == ast.IdentKind || isConstSelect(e) || isBody(e) && !e.AsSelect().IsTestOnly() {
		return
	}
	p := Part{Depth: depth, Text: w.text(e), State: NotEvaluated, Op: operator(e)}
	p.Offset, p.Length = w.view.token(e)
	if v, ok := w.value(e); ok {
		p.State, p.Value = Evaluated, Render(v)
		if err, failed := v.(*types.Err); failed {
			p.State, p.Value = Failed, err.String()
		}
	}
	if !slices.ContainsFunc(w.parts, func(x Part) bool { return x.Depth == depth && x.Text == p.Text && x.State == p.State }) || depth == 0 {
		w.parts = append(w.parts, p)
	}
	for _, c := range children {
		w.walk(c, depth+1)
	}
}

func isConstSelect(e ast.Expr) bool {
	return e.Kind() == ast.SelectKind && isIdent(e.AsSelect().Operand(), "consts")
}

func (w *partWriter) value(e ast.Expr) (ref.Val, bool) {
	if w.state == nil {
		return nil, false
	}
	return w.state.Value(e.ID())
}

// children are the operands worth showing: chains of && and || flattened,
// loops by their range only, since a loop's body has many values.
func (w *partWriter) children(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.CallKind:
		call := e.AsCall()
		var out []ast.Expr
		if call.IsMemberFunction() {
			out = append(out, call.Target())
		}
		for _, a := range call.Args() {
			if name := call.FunctionName(); (name == "_&&_" || name == "_||_") && a.Kind() == ast.CallKind && a.AsCall().FunctionName() == name {
				out = append(out, w.children(a)...)
				continue
			}
			out = append(out, a)
		}
		return out
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.ComprehensionKind:
		return []ast.Expr{e.AsComprehension().IterRange()}
	}
	return nil
}

func (w *partWriter) text(e ast.Expr) string {
	s, err := parser.Unparse(e, w.info, parser.WrapOnColumn(MaxExpressionSize*4)) // on one line
	if err != nil {
		return "(expression)"
	}
	return strings.ReplaceAll(s, `\"`, `"`)
}

// Render gives a CEL value in short, readable notation.
func Render(v ref.Val) string {
	const most = 200
	s := render(v)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}

func render(v ref.Val) string {
	switch x := v.(type) {
	case types.String:
		b, err := json.Marshal(string(x))
		if err != nil {
			return fmt.Sprintf("%q", string(x))
		}
		return string(b)
	case types.Timestamp:
		return x.Time.UTC().Format(time.RFC3339Nano)
	case types.Duration:
		return x.Duration.String()
	case *types.Err:
		return x.String()
	case *types.Optional:
		if !x.HasValue() {
			return "none"
		}
		return "optional(" + render(x.GetValue()) + ")"
	case *object:
		return x.typ.TypeName()[1:]
	case traits.Mapper:
		return renderMap(x)
	case traits.Lister:
		var parts []string
		for it := x.Iterator(); it.HasNext() == types.True; {
			parts = append(parts, render(it.Next()))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case fmt.Stringer:
		return x.String()
	}
	return fmt.Sprint(v.Value())
}

func renderMap(m traits.Mapper) string {
	var parts []string
	for it := m.Iterator(); it.HasNext() == types.True; {
		k := it.Next()
		parts = append(parts, render(k)+": "+render(m.Get(k)))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ", ") + "}"
}

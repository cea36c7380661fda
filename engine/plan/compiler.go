package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// Compiler plans the expressions over one layout. Its programs share the
// numbering of memo cells, so that a variable is evaluated once per request
// however many programs read it. A Compiler belongs to one goroutine; its
// programs may be used by many.
type Compiler struct {
	layout    *slot.Layout
	reads     []read // by slot
	nothing   *slot.Values
	variables map[variableKey]*shared
	constants map[ref.Val]*slot.Value // those of which rules have a copy in common
	sets      map[slot.Ref]any        // tests for being in one of them
	mistypes  map[*celenv.Expr]bool   // variables for which mistyped is known
	patterns  map[string]func(string) bool
	folder    Machine
	memo      int
	probing   bool
	probes    []*Probe
	traced    int // cells of a Trace that the probes take
}

// NewCompiler makes a compiler for the expressions over a layout, which is
// the one of their scopes.
func NewCompiler(layout *slot.Layout) *Compiler {
	c := &Compiler{
		layout: layout, nothing: slot.NewValues(layout), variables: map[variableKey]*shared{}, constants: map[ref.Val]*slot.Value{}, sets: map[slot.Ref]any{},
		patterns: map[string]func(string) bool{}, mistypes: map[*celenv.Expr]bool{},
	}
	c.folder.budget = StepBudget
	for i := range layout.Len() {
		name := layout.Attr(slot.Index(i)).FullName()
		c.reads = append(c.reads, read{slot.Index(i), &celenv.AttributeError{Attribute: name, State: slot.Absent}})
	}
	return c
}

// Another makes a compiler over the same layout that numbers memo cells anew:
// what the variables of its programs come to is shared among those only.
func (c *Compiler) Another() *Compiler {
	out := *c
	out.variables, out.mistypes, out.memo = map[variableKey]*shared{}, map[*celenv.Expr]bool{}, 0
	out.folder = Machine{budget: StepBudget}
	return &out
}

// Compile plans an expression. It cannot fail: what has no closure is left to
// CEL.
func (c *Compiler) Compile(e *celenv.Expr) *Program {
	b := newBuilder(c, e)
	p := &Program{expr: e}
	root := e.AST().Expr()
	switch kindOf(b.typeOf(root)) {
	case truth:
		p.truth = forgetful(b, b.truth, root)
	case text:
		p.text = forgetful(b, b.text, root)
	}
	p.fallbacks, p.probe = b.fallbacks, b.probe
	if b.broken || p.truth == nil && p.text == nil {
		return &Program{expr: e, fallbacks: []Fallback{{Text: e.Source, Reason: "no closure for the whole of it"}}}
	}
	return p
}

// Memo is how many memo cells a Machine needs for everything compiled so far.
func (c *Compiler) Memo() int { return c.memo }

// builder plans one expression.
type builder struct {
	*Compiler
	expr      *celenv.Expr
	free      map[int64]freedom
	locals    []local // in sight, innermost last
	most      int     // how many cells of locals are in use at once
	turns     int     // how many loops the place is in
	makes     int     // how many parts make lists
	fallbacks []Fallback
	why       string // the part being planned has no closure
	probe     *Probe // of the expression, when it is probed
	broken    bool   // a part cannot be evaluated apart from the rest: the whole is left to CEL
}

func newBuilder(c *Compiler, e *celenv.Expr) *builder {
	b := &builder{Compiler: c, expr: e, free: map[int64]freedom{}}
	b.survey(e.AST().Expr(), nil)
	b.broken = b.mistyped(e)
	return b
}

func (b *builder) typeOf(x ast.Expr) *types.Type { return b.expr.AST().GetType(x.ID()) }

// refuse says why a part has no closure.
func (b *builder) refuse(why string) { b.why = why }

// local is a variable of a loop, or one that a macro binds to a value.
type local struct {
	name string
	typ  *types.Type
	at   int  // its cell
	item bool // the cell refers to it, instead of holding it
}

// lookup finds the local that a name means.
func (b *builder) lookup(name string) (local, bool) {
	for i := len(b.locals) - 1; i >= 0; i-- {
		if b.locals[i].name == name {
			return b.locals[i], true
		}
	}
	return local{}, false
}

// bind adds a local; ok is false when there are too many. The caller unbinds
// it.
func (b *builder) bind(name string, t *types.Type, item bool) (at int, ok bool) {
	at = len(b.locals)
	if at == maxLocals {
		b.refuse("loops are nested too deeply")
		return 0, false
	}
	b.locals = append(b.locals, local{name, t, at, item})
	b.most = max(b.most, len(b.locals))
	return at, true
}

func (b *builder) unbind(n int) { b.locals = b.locals[:len(b.locals)-n] }

// freedom is what the value of a part depends on.
type freedom uint64

// varies means that a part reads attributes or variables. The other bits are
// variables of loops around it, the outermost first.
const varies freedom = 1 << 63

// survey finds out what the value of each part depends on. around are the
// variables of the loops that it is in.
func (b *builder) survey(x ast.Expr, around []string) freedom {
	var f freedom
	switch x.Kind() {
	case ast.IdentKind:
		f = varies
		for i, name := range around {
			if name == x.AsIdent() && i < 63 {
				f = 1 << i // and goes on: an inner one hides an outer one
			}
		}
	case ast.SelectKind:
		if _, isConst := b.constant(x); isConst {
			f = 0
		} else {
			f = b.survey(x.AsSelect().Operand(), around)
		}
	case ast.CallKind:
		if call := x.AsCall(); call.IsMemberFunction() {
			f = b.survey(call.Target(), around)
		}
		for _, a := range x.AsCall().Args() {
			f |= b.survey(a, around)
		}
	case ast.ListKind:
		for _, e := range x.AsList().Elements() {
			f |= b.survey(e, around)
		}
	case ast.MapKind:
		for _, e := range x.AsMap().Entries() {
			f |= b.survey(e.AsMapEntry().Key(), around) | b.survey(e.AsMapEntry().Value(), around)
		}
	case ast.ComprehensionKind:
		c := x.AsComprehension()
		f = b.survey(c.IterRange(), around) | b.survey(c.AccuInit(), around)
		inner := append(around[:len(around):len(around)], c.IterVar(), c.IterVar2(), c.AccuVar())
		within := b.survey(c.LoopCondition(), inner) | b.survey(c.LoopStep(), inner) | b.survey(c.Result(), inner)
		f |= within &^ (1<<min(len(inner), 63) - 1<<min(len(around), 63))
	case ast.StructKind:
		f = varies
	}
	b.free[x.ID()] = f
	return f
}

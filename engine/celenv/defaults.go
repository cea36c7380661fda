package celenv

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/slot"
)

// polarity says what a boolean part of a deny rule's condition has to be for
// the rule to match.
type polarity int8

const (
	free     polarity = 0  // not a part that is looked at
	mustHold polarity = 1  // true
	mustFail polarity = -1 // false: it stands under a negation
)

func (p polarity) flipped() polarity { return -p }

// A deny rule must not rest on a default. Its condition is taken apart along
// &&, ||, !, ?: and the tests of exists and all, down to comparisons and other
// atoms. An atom with an orValue is evaluated as it is when the value is
// absent: it must come out as the deny rule needs it. Where that depends on
// other attributes it is refused too, unless their enum, bounds or pattern
// leave only one outcome: nobody can say then that absence denies. A value
// known to be there, after has(x) && …, never takes its default.

// isLogic tells whether a node is taken apart rather than an atom.
func (g *guard) isLogic(e ast.Expr) bool {
	switch e.Kind() {
	case ast.LiteralKind:
		return true
	case ast.SelectKind:
		_, isVar := g.variable(e)
		return isVar
	case ast.CallKind:
		switch e.AsCall().FunctionName() {
		case "_&&_", "_||_", "!_":
			return true
		case "_?_:_":
			return sense(e.AsCall().Args()) != free || !g.defaults(e.AsCall().Args()[0])
		case "_==_", "_!=_":
			_, _, ok := comparedWithBool(e.AsCall().Args())
			return ok
		}
	case ast.ComprehensionKind:
		_, _, ok := quantified(e.AsComprehension())
		return ok && !g.defaults(e.AsComprehension().IterRange())
	}
	return false
}

// sense tells how the condition of ?: counts where one branch is literal:
// a ? b : false is a && b, and a ? true : b is a || b; with the literals
// exchanged it is !a. Otherwise it picks a branch, which is neither.
func sense(args []ast.Expr) polarity {
	switch {
	case isLiteral(args[1], types.True) || isLiteral(args[2], types.False):
		return mustHold
	case isLiteral(args[1], types.False) || isLiteral(args[2], types.True):
		return mustFail
	}
	return free
}

// defaults tells whether anything in a node can give a default.
func (v *view) defaults(e ast.Expr) bool { return len(v.defaultsIn(e)) > 0 }

// defaultsIn lists the outermost nodes that give a default: orValue, or with
// a value made up, and variables that have either.
func (v *view) defaultsIn(e ast.Expr) []ast.Expr {
	var out []ast.Expr
	var inside []int64
	each(e, func(x ast.Expr) {
		if !v.givesDefault(x) || slices.Contains(inside, x.ID()) {
			return
		}
		out = append(out, x)
		each(x, func(y ast.Expr) { inside = append(inside, y.ID()) })
	})
	return out
}

func (v *view) givesDefault(e ast.Expr) bool {
	if x, ok := v.variable(e); ok {
		return len(x.static.standsIn) > 0
	}
	if e.Kind() != ast.CallKind || !e.AsCall().IsMemberFunction() {
		return false
	}
	switch e.AsCall().FunctionName() {
	case "orValue":
		return true
	case "or":
		made := false
		each(e.AsCall().Args()[0], func(x ast.Expr) { made = made || isCall(x, "optional.of") })
		return made
	}
	return false
}

// judgement is a variable read as a condition: variables that read each other
// twice must not be looked into twice.
type judgement struct {
	of   *Expr
	as   polarity
	have string
}

// restsOn looks into a variable that a deny rule reads as a condition.
func (g *guard) restsOn(e ast.Expr, x *Expr, have facts, p polarity) {
	if len(x.static.standsIn) == 0 || have.never {
		return
	}
	if g.judged == nil {
		g.judged = map[judgement]*Problem{}
	}
	key := judgement{x, p, strings.Join(have.paths, " ")}
	found, done := g.judged[key]
	if !done {
		inner := &guard{view: newView(x), mode: mode{unplaced: true}, muted: true, judged: g.judged}
		inner.visit(inner.root(), have, p)
		if len(inner.problems) > 0 {
			found = &inner.problems[0]
		}
		g.judged[key] = found
	}
	if found != nil {
		g.problems = append(g.problems, g.problem(e, found.Code, fmt.Sprintf("%s (in %s)", found.Message, g.path(e)), found.Hint))
	}
}

// atom judges a comparison, or another part that is not taken apart.
func (g *guard) atom(e ast.Expr, have facts, p polarity) {
	var used []ast.Expr
	certain := true
	for _, d := range g.defaultsIn(e) {
		if g.idle(d, have) {
			certain = false
			continue
		}
		used = append(used, d)
	}
	if len(used) == 0 {
		return
	}
	value, known := g.whenAbsent(e, used)
	want := p == mustHold
	switch {
	case known && value != want:
		g.rests(e, used[0], fmt.Sprintf("is %t", value))
	case known && certain && g.alone(e, used):
	case !known && certain && len(used) == 1 && g.alone(e, used) && g.proved(e, used[0], want):
	default:
		g.rests(e, used[0], fmt.Sprintf("may be %t", !want))
	}
}

// idle tells whether a default cannot be used, since the value is there.
func (g *guard) idle(d ast.Expr, have facts) bool {
	if x, ok := g.variable(d); ok {
		return !slices.ContainsFunc(x.static.standsIn, func(path string) bool { return !have.know(path) })
	}
	return g.present(d.AsCall().Target(), have)
}

// present tells whether an optional is known to hold a value.
func (g *guard) present(e ast.Expr, have facts) bool {
	if isCall(e, "or") {
		return g.present(e.AsCall().Target(), have) || g.present(e.AsCall().Args()[0], have)
	}
	_, path, ok := g.optionalField(e)
	return ok && path != "" && have.know(path)
}

// standsIn lists the attributes that the defaults of an expression stand in
// for; "" for what is not an attribute.
func (v *view) standsIn(e ast.Expr) []string {
	var out []string
	for _, d := range v.defaultsIn(e) {
		if x, ok := v.variable(d); ok {
			out = append(out, x.static.standsIn...)
			continue
		}
		_, path, _ := v.optionalField(d.AsCall().Target())
		out = append(out, path)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (g *guard) rests(e, d ast.Expr, verdict string) {
	what := "a value"
	if paths := g.standsIn(d); len(paths) == 1 && paths[0] != "" {
		what = paths[0]
	} else if d.Kind() == ast.CallKind {
		what = g.text(d.AsCall().Target())
	}
	hint := "choose a default that denies; where absence shall not deny, test it with has(x) && … or .hasValue() && …"
	g.problems = append(g.problems, g.problem(d, "deny_on_default", fmt.Sprintf("a deny rule must not rest on a default: without %s, %s %s", what, g.text(e), verdict), hint))
}

// alone tells whether nothing else in an atom depends on what is absent, so
// that its value with every default is its value with any.
func (g *guard) alone(e ast.Expr, used []ast.Expr) bool {
	first, out := g.spelled(used[0])
	for _, d := range used[1:] {
		s, ok := g.spelled(d)
		out = out && ok && s == first
	}
	g.outside(e, used, func(x ast.Expr) {
		_, _, optional := g.optionalField(x)
		if optional || isCall(x, "_[?_]") || x.Kind() == ast.SelectKind && x.AsSelect().IsTestOnly() {
			out = false
		}
	})
	return out
}

// outside visits what an atom consists of apart from its defaults.
func (g *guard) outside(e ast.Expr, used []ast.Expr, visit func(ast.Expr)) {
	var inside []int64
	for _, d := range used {
		each(d, func(x ast.Expr) { inside = append(inside, x.ID()) })
	}
	each(e, func(x ast.Expr) {
		if !slices.Contains(inside, x.ID()) {
			visit(x)
		}
	})
}

// whenAbsent evaluates an atom where every attribute is absent, so that the
// defaults apply. It is known unless the atom reads an attribute or a loop's
// variable. An error is as good as the wanted outcome, since it denies.
func (g *guard) whenAbsent(e ast.Expr, used []ast.Expr) (value, known bool) {
	if g.readsLoop(e) {
		return false, false
	}
	values := slot.NewValues(g.scope.layout)
	values.Set(slot.RequestHeaders, slot.StringListsValue(nil))
	values.Set(slot.RequestQuery, slot.StringListsValue(nil))
	g.emptyContainers(e, used, values)
	program, err := g.scope.lib.env.PlanProgram(g.part(e), cel.CostLimit(StepBudget))
	if err != nil {
		return false, false
	}
	out, _, err := program.Eval(g.scope.NewFrame(values))
	var absent *AttributeError
	if errors.As(err, &absent) {
		return false, false
	}
	b, isBool := out.(types.Bool)
	return bool(b), err == nil && isBool
}

// emptyContainers lets user.labels[?'x'] give its default although the whole
// map is required: nothing but the default may read it.
func (g *guard) emptyContainers(e ast.Expr, used []ast.Expr, values *slot.Values) {
	read := map[string]bool{}
	g.outside(e, used, func(x ast.Expr) { read[g.path(x)] = true })
	for _, d := range used {
		each(d, func(x ast.Expr) {
			a, ok := g.attr(x)
			if !ok || read[g.path(x)] {
				return
			}
			if i, found := g.scope.layout.Lookup(a.Root, a.Name); found && g.scope.layout.Attr(i) == a {
				switch a.Type.Kind {
				case slot.List:
					values.Set(i, slot.StringsValue(nil))
				case slot.Map:
					values.Set(i, slot.StringListsValue(nil))
				}
			}
		})
	}
}

// readsLoop tells whether a node reads a variable of an enclosing loop.
func (g *guard) readsLoop(e ast.Expr) bool {
	var bound []string
	each(e, func(x ast.Expr) {
		if x.Kind() == ast.ComprehensionKind {
			c := x.AsComprehension()
			bound = append(bound, c.IterVar(), c.IterVar2(), c.AccuVar())
		}
	})
	out := false
	each(e, func(x ast.Expr) {
		if x.Kind() == ast.IdentKind && !isRoot(x.AsIdent()) && g.scope.libs[x.AsIdent()] == nil && !slices.Contains(bound, x.AsIdent()) {
			out = true
		}
	})
	return out
}

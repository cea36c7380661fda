package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/slot"
)

// loop is the planned head of a comprehension: what it goes over, and how the
// machine's locals follow.
type loop struct {
	over     fn[slot.Ref]
	mapping  bool
	item     int // cell of the list's item or the map's value, -1 if nothing reads it
	position int // cell of the index or the key, -1 if nothing reads it
}

// enter plans a comprehension's head and brings its variables into sight; the
// caller leaves it. over is nil if there is no closure.
func (b *builder) enter(c ast.ComprehensionExpr) (l loop, leave func()) {
	l = loop{item: -1, position: -1}
	t := b.typeOf(c.IterRange())
	over := b.value(c.IterRange()).eval
	if over == nil || t.Kind() == types.StructKind {
		return l, nil
	}
	l.mapping = t.Kind() == types.MapKind
	first, second, bound := c.IterVar(), c.IterVar2(), 0
	bind := func(cell *int, name string, t *types.Type, item bool) bool {
		at, ok := b.bind(name, t, item)
		if ok {
			*cell = at
			bound++
		}
		return ok
	}
	ok := true
	switch params := t.Parameters(); {
	case l.mapping:
		ok = bind(&l.position, first, types.StringType, false)
		if ok && second != "" {
			ok = bind(&l.item, second, params[1], true)
		}
	case second != "":
		ok = bind(&l.position, first, types.IntType, false) && bind(&l.item, second, params[0], true)
	default:
		ok = bind(&l.item, first, params[0], true)
	}
	if !ok {
		b.unbind(bound)
		return l, nil
	}
	l.over = over
	b.turns++
	return l, func() {
		b.turns--
		b.unbind(bound)
	}
}

// turn makes the locals those of one turn, whose step was taken; ok is false
// when the budget is used up.
func (l *loop) turn(m *Machine, in slot.Ref, i int) (ok bool) {
	if m.steps < 0 {
		m.exhaust()
		return false
	}
	switch {
	case l.mapping:
		key, value := in.EntryAt(i)
		m.locals[l.position].text = key
		if l.item >= 0 {
			m.locals[l.item].ref = value
		}
	default:
		m.locals[l.item].ref = in.Item(i)
		if l.position >= 0 {
			m.locals[l.position].whole = int64(i)
		}
	}
	return true
}

// isAccu tells whether an expression is the comprehension's result so far.
func isAccu(x ast.Expr, c ast.ComprehensionExpr) bool {
	return x.Kind() == ast.IdentKind && x.AsIdent() == c.AccuVar()
}

// callOf takes apart a call of a function that is no member.
func callOf(x ast.Expr, function string, args int) ([]ast.Expr, bool) {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != function || len(x.AsCall().Args()) != args {
		return nil, false
	}
	return x.AsCall().Args(), true
}

func isLiteral(x ast.Expr, v any) bool {
	return x.Kind() == ast.LiteralKind && x.AsLiteral().Value() == v
}

// quantifier plans exists, all and exists_one.
func (b *builder) quantifier(c ast.ComprehensionExpr) fn[bool] {
	if args, ok := callOf(c.LoopStep(), operators.LogicalOr, 2); ok && isLiteral(c.AccuInit(), false) && isAccu(args[0], c) && isAccu(c.Result(), c) {
		if open, ok := callOf(c.LoopCondition(), operators.NotStrictlyFalse, 1); ok {
			if not, ok := callOf(open[0], operators.LogicalNot, 1); ok && isAccu(not[0], c) {
				return b.search(c, args[1], true)
			}
		}
	}
	if args, ok := callOf(c.LoopStep(), operators.LogicalAnd, 2); ok && isLiteral(c.AccuInit(), true) && isAccu(args[0], c) && isAccu(c.Result(), c) {
		if open, ok := callOf(c.LoopCondition(), operators.NotStrictlyFalse, 1); ok && isAccu(open[0], c) {
			return b.search(c, args[1], false)
		}
	}
	if args, ok := callOf(c.LoopStep(), operators.Conditional, 3); ok && isLiteral(c.AccuInit(), int64(0)) && isLiteral(c.LoopCondition(), true) && isAccu(args[2], c) {
		more, okMore := callOf(args[1], operators.Add, 2)
		one, okOne := callOf(c.Result(), operators.Equals, 2)
		if okMore && okOne && isAccu(more[0], c) && isLiteral(more[1], int64(1)) && isAccu(one[0], c) && isLiteral(one[1], int64(1)) {
			return b.exactly(c, args[0])
		}
	}
	return nil
}

// search plans exists and all: whether any turn decides. An error counts only
// if none does, and then it is the first.
func (b *builder) search(c ast.ComprehensionExpr, test ast.Expr, decides bool) fn[bool] {
	l, leave := b.enter(c)
	if leave == nil {
		return nil
	}
	part := forgetful(b, b.truth, test)
	leave()
	plain, item := !l.mapping && l.position < 0, l.item&(maxLocals-1)
	return func(m *Machine) (bool, bool) {
		in, ok := l.over(m)
		if !ok {
			return false, false
		}
		var first error
		for i := range in.Len() {
			if m.steps--; plain && m.steps >= 0 {
				m.locals[item].ref = in.Item(i)
			} else if !l.turn(m, in, i) {
				return false, false
			}
			v, ok := part(m)
			switch {
			case ok && v == decides:
				return decides, true
			case m.spent:
				return false, false
			case !ok && first == nil:
				first = m.err
			}
		}
		if first != nil {
			m.fail(first)
			return false, false
		}
		return !decides, true
	}
}

// exactly plans exists_one. It absorbs no error; of several, the last stands.
func (b *builder) exactly(c ast.ComprehensionExpr, test ast.Expr) fn[bool] {
	l, leave := b.enter(c)
	if leave == nil {
		return nil
	}
	part := forgetful(b, b.truth, test)
	leave()
	return func(m *Machine) (bool, bool) {
		in, ok := l.over(m)
		if !ok {
			return false, false
		}
		found := 0
		var last error
		for i := range in.Len() {
			if m.steps--; !l.turn(m, in, i) {
				return false, false
			}
			switch v, ok := part(m); {
			case m.spent:
				return false, false
			case !ok:
				last = m.err
			case v:
				found++
			}
		}
		if last != nil {
			m.fail(last)
			return false, false
		}
		return found == 1, true
	}
}

package plan

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// ownTruth plans what only conditions are made of.
func (b *builder) ownTruth(x ast.Expr) fn[bool] {
	switch x.Kind() {
	case ast.SelectKind:
		if x.AsSelect().IsTestOnly() {
			return b.has(x.AsSelect())
		}
	case ast.CallKind:
		return b.truthCall(x.AsCall())
	case ast.ComprehensionKind:
		return b.quantifier(x.AsComprehension())
	}
	return nil
}

func (b *builder) truthCall(call ast.CallExpr) fn[bool] {
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.LogicalAnd:
		return b.all(call)
	case operators.LogicalOr:
		return b.any(call)
	case operators.LogicalNot:
		v := b.truth(args[0]).eval
		return func(m *Machine) (bool, bool) {
			x, ok := v(m)
			return !x, ok
		}
	case operators.Equals:
		return b.equal(args[0], args[1])
	case operators.NotEquals:
		equal := b.equal(args[0], args[1])
		if equal == nil {
			return nil
		}
		return func(m *Machine) (bool, bool) {
			x, ok := equal(m)
			return !x, ok
		}
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		return b.order(name, args[0], args[1])
	case operators.In:
		return b.in(args[0], args[1])
	case "hasValue":
		return b.hasValue(call)
	}
	if f := b.textTest(call); f != nil {
		return f
	}
	if f := b.networkTest(call); f != nil {
		return f
	}
	return b.setTest(call)
}

// terms lists the operands of a chain of one operator, in order.
func terms(call ast.CallExpr, to []ast.Expr) []ast.Expr {
	for _, a := range call.Args() {
		if a.Kind() == ast.CallKind && a.AsCall().FunctionName() == call.FunctionName() {
			to = terms(a.AsCall(), to)
		} else {
			to = append(to, a)
		}
	}
	return to
}

// chain plans the operands of && or ||. One that is always the same and does
// not decide is left out; what comes after one that decides is, too.
func (b *builder) chain(call ast.CallExpr, decides bool) []fn[bool] {
	var parts []fn[bool]
	for _, x := range terms(call, nil) {
		o := b.truth(x)
		if !o.literal || o.value == decides {
			parts = append(parts, o.eval)
		}
		if o.literal && o.value == decides {
			break
		}
	}
	if len(parts) == 0 {
		return []fn[bool]{literal(!decides).eval}
	}
	return parts
}

// all plans x && y && z. An error counts only if no operand is false.
func (b *builder) all(call ast.CallExpr) fn[bool] { return allOf(b.chain(call, false)) }

func allOf(parts []fn[bool]) fn[bool] {
	switch len(parts) {
	case 1:
		return parts[0]
	case 2:
		first, second := parts[0], parts[1]
		return func(m *Machine) (bool, bool) {
			v, ok := first(m)
			if !ok {
				return false, m.unless(false, parts[1:])
			}
			if !v {
				return false, true
			}
			return second(m)
		}
	}
	return func(m *Machine) (bool, bool) {
		for i, part := range parts {
			v, ok := part(m)
			if !ok {
				return false, m.unless(false, parts[i+1:])
			}
			if !v {
				return false, true
			}
		}
		return true, true
	}
}

// any plans x || y || z. An error counts only if no operand is true.
func (b *builder) any(call ast.CallExpr) fn[bool] { return anyOf(b.chain(call, true)) }

func anyOf(parts []fn[bool]) fn[bool] {
	switch len(parts) {
	case 1:
		return parts[0]
	case 2:
		first, second := parts[0], parts[1]
		return func(m *Machine) (bool, bool) {
			v, ok := first(m)
			if !ok {
				return true, m.unless(true, parts[1:])
			}
			if v {
				return true, true
			}
			return second(m)
		}
	}
	return func(m *Machine) (bool, bool) {
		for i, part := range parts {
			v, ok := part(m)
			if !ok {
				return true, m.unless(true, parts[i+1:])
			}
			if v {
				return true, true
			}
		}
		return false, true
	}
}

// unless goes on after an error to see whether one of the other operands
// decides; if none does, the first error stands. A budget that is used up
// stands at once.
func (m *Machine) unless(decides bool, rest []fn[bool]) (decided bool) {
	first := m.err
	for _, part := range rest {
		if m.spent {
			return false
		}
		if v, ok := part(m); ok && v == decides {
			return true
		}
	}
	if !m.spent {
		m.err = first
	}
	return false
}

package plan

import (
	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/slot"
)

// setTest plans sets.contains, sets.intersects and sets.equivalent.
func (b *builder) setTest(call ast.CallExpr) fn[bool] {
	var test func(x, y slot.Ref) bool
	switch call.FunctionName() {
	case "sets.contains":
		test = holdsAll
	case "sets.intersects":
		test = holdsAny
	case "sets.equivalent":
		test = func(x, y slot.Ref) bool { return holdsAll(x, y) && holdsAll(y, x) }
	default:
		return nil
	}
	x, y := b.value(call.Args()[0]).eval, b.value(call.Args()[1]).eval
	if x == nil || y == nil {
		return nil
	}
	charge := b.turns > 0
	return func(m *Machine) (bool, bool) {
		v, ok := x(m)
		if !ok {
			return false, false
		}
		w, ok := y(m)
		if !ok || charge && !m.charge(v.Len()*w.Len()) {
			return false, false
		}
		return test(v, w), true
	}
}

func holds(list, item slot.Ref) bool {
	for i := range list.Len() {
		if list.Item(i).Equal(item) {
			return true
		}
	}
	return false
}

func holdsAll(list, items slot.Ref) bool {
	for i := range items.Len() {
		if !holds(list, items.Item(i)) {
			return false
		}
	}
	return true
}

func holdsAny(list, items slot.Ref) bool {
	for i := range items.Len() {
		if holds(list, items.Item(i)) {
			return true
		}
	}
	return false
}

package plan

import (
	"cel.dev/cel-go/common/ast"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// single plans request.header('x') and request.param('x').
func (b *builder) single(call ast.CallExpr) opt[string] {
	if root, ok := b.rootOf(call.Target()); !ok || root != slot.Request.String() {
		return nil
	}
	name := b.text(call.Args()[0])
	if !name.literal {
		return nil
	}
	at := slot.RequestHeaders
	if call.FunctionName() == "param" {
		at = slot.RequestQuery
	}
	r, key := &b.reads[at], name.value
	repeated := &celenv.AttributeError{Attribute: r.absent.Attribute, State: slot.Malformed}
	return func(m *Machine) (string, bool, bool) {
		all, state := m.values.Ref(at)
		if state != slot.Present {
			m.miss(r, state)
			return "", false, false
		}
		list, some := all.Entry(key)
		switch {
		case !some:
			return "", false, true
		case list.Len() != 1:
			m.fail(repeated)
			return "", false, false
		}
		return list.Item(0).Str(), true, true
	}
}

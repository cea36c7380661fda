package plan

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/gwctl/gwctl/engine/slot"
)

// concat recognises x + y + z of texts and plans its parts, so that comparing
// one with something need not make it.
func (b *builder) concat(x ast.Expr) []fn[string] {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != operators.Add || b.free[x.ID()] == 0 {
		return nil
	}
	return b.parts(x.AsCall())
}

func (b *builder) parts(call ast.CallExpr) []fn[string] {
	var out []fn[string]
	for _, x := range terms(call, nil) {
		out = append(out, b.text(x).eval)
	}
	return out
}

// joined plans x + y + z where the whole text is wanted.
func (b *builder) joined(call ast.CallExpr) fn[string] {
	parts := b.parts(call)
	return func(m *Machine) (string, bool) {
		at := len(m.parts)
		if !m.push(parts) {
			return "", false
		}
		s := strings.Join(m.parts[at:], "")
		m.parts = m.parts[:at]
		return s, true
	}
}

// push evaluates parts onto the machine's stack of them.
func (m *Machine) push(parts []fn[string]) bool {
	at := len(m.parts)
	for _, part := range parts {
		s, ok := part(m)
		if !ok {
			m.parts = m.parts[:at]
			return false
		}
		m.parts = append(m.parts, s)
	}
	return true
}

// isJoined tells whether a text is the given parts one after the other.
func isJoined(s string, parts []string) bool {
	for _, part := range parts {
		var ok bool
		if s, ok = strings.CutPrefix(s, part); !ok {
			return false
		}
	}
	return s == ""
}

// sameJoined plans x == y + z, in either order.
func (b *builder) sameJoined(x, y ast.Expr) fn[bool] {
	if parts := b.concat(y); parts != nil {
		s := b.text(x).eval
		return func(m *Machine) (bool, bool) {
			v, ok := s(m)
			if !ok {
				return false, false
			}
			at := len(m.parts)
			if !m.push(parts) {
				return false, false
			}
			same := isJoined(v, m.parts[at:])
			m.parts = m.parts[:at]
			return same, true
		}
	}
	parts := b.concat(x)
	if parts == nil {
		return nil
	}
	s := b.text(y).eval
	return func(m *Machine) (bool, bool) {
		at := len(m.parts)
		if !m.push(parts) {
			return false, false
		}
		v, ok := s(m)
		same := ok && isJoined(v, m.parts[at:])
		m.parts = m.parts[:at]
		return same, ok
	}
}

// inJoined plans x + y in z for a list of texts.
func (b *builder) inJoined(x, y ast.Expr) fn[bool] {
	parts := b.concat(x)
	if parts == nil {
		return nil
	}
	list := b.value(y).eval
	if list == nil {
		return nil
	}
	charge := b.turns > 0
	return func(m *Machine) (bool, bool) {
		at := len(m.parts)
		if !m.push(parts) {
			return false, false
		}
		r, ok := list(m)
		if ok && charge {
			ok = m.charge(r.Len())
		}
		found := ok && holdsJoined(r, m.parts[at:])
		m.parts = m.parts[:at]
		return found, ok
	}
}

func holdsJoined(list slot.Ref, parts []string) bool {
	for i := range list.Len() {
		if isJoined(list.Item(i).Str(), parts) {
			return true
		}
	}
	return false
}

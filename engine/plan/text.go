package plan

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// bytesPerStep is how much text a function goes through in one step.
const bytesPerStep = 16

// textTest plans the tests of a text.
func (b *builder) textTest(call ast.CallExpr) fn[bool] {
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	if len(args) != 2 || kindOf(b.typeOf(args[0])) != text || kindOf(b.typeOf(args[1])) != text {
		return nil
	}
	switch call.FunctionName() {
	case "startsWith":
		if with := b.text(args[1]); with.literal {
			return begins(b.text(args[0]).eval, with.value)
		}
		return b.tested(args, strings.HasPrefix)
	case "endsWith":
		return b.tested(args, strings.HasSuffix)
	case "contains":
		return b.within(args)
	case "matches":
		return b.matches(args[0], args[1])
	}
	return nil
}

// begins is tested for the beginning that most rules ask for.
func begins(s fn[string], with string) fn[bool] {
	return func(m *Machine) (bool, bool) {
		v, ok := s(m)
		return ok && strings.HasPrefix(v, with), ok
	}
}

func (b *builder) tested(args []ast.Expr, test func(s, with string) bool) fn[bool] {
	s, with := b.text(args[0]).eval, b.text(args[1])
	if with.literal {
		known := with.value
		return func(m *Machine) (bool, bool) {
			v, ok := s(m)
			return ok && test(v, known), ok
		}
	}
	return func(m *Machine) (bool, bool) {
		v, ok := s(m)
		if !ok {
			return false, false
		}
		w, ok := with.eval(m)
		return ok && test(v, w), ok
	}
}

// within plans x.contains(y).
func (b *builder) within(args []ast.Expr) fn[bool] {
	if b.turns == 0 {
		return b.tested(args, strings.Contains)
	}
	s, with := b.text(args[0]).eval, b.text(args[1]).eval
	return func(m *Machine) (bool, bool) {
		v, ok := s(m)
		if !ok {
			return false, false
		}
		w, ok := with(m)
		if !ok || w != "" && !m.charge(len(v)/bytesPerStep) {
			return false, false
		}
		return strings.Contains(v, w), true
	}
}

// ownText plans the functions that give a text.
func (b *builder) ownText(x ast.Expr) fn[string] {
	if x.Kind() != ast.CallKind {
		return nil
	}
	call := x.AsCall()
	switch args := call.Args(); call.FunctionName() {
	case operators.Add:
		return b.joined(call)
	case "string":
		return b.toText(args[0])
	case "lowerAscii":
		return mapped(b.text(call.Target()).eval, lowerASCII)
	case "upperAscii":
		return mapped(b.text(call.Target()).eval, upperASCII)
	case "trim":
		return mapped(b.text(call.Target()).eval, strings.TrimSpace)
	case "replace":
		if len(args) == 2 {
			return b.replaced(call.Target(), args[0], args[1])
		}
	case "substring":
		return b.substring(call)
	case "charAt":
		return b.charAt(call)
	case "date", "clock", "weekday":
		return b.calendar(call.FunctionName(), args)
	}
	return nil
}

// mapped plans a function of one argument that cannot fail.
func mapped[T, U any](x fn[T], f func(T) U) fn[U] {
	return func(m *Machine) (u U, ok bool) {
		v, ok := x(m)
		if !ok {
			return u, false
		}
		return f(v), true
	}
}

// toText plans string(x).
func (b *builder) toText(x ast.Expr) fn[string] {
	switch kindOf(b.typeOf(x)) {
	case text:
		return b.text(x).eval
	case truth:
		return mapped(b.truth(x).eval, strconv.FormatBool)
	case whole:
		return mapped(b.whole(x).eval, func(v int64) string { return strconv.FormatInt(v, 10) })
	case real:
		return mapped(b.real(x).eval, func(v float64) string { return fmt.Sprintf("%g", v) })
	case instant:
		return mapped(b.instant(x).eval, func(v moment) string { return v.time().Format(time.RFC3339Nano) })
	case span:
		return mapped(b.span(x).eval, func(v time.Duration) string { return strconv.FormatFloat(v.Seconds(), 'f', -1, 64) + "s" })
	case addr:
		return mapped(b.addr(x).eval, addrText)
	case network:
		return mapped(b.network(x).eval, networkText)
	}
	return nil
}

func (b *builder) replaced(s, old, with ast.Expr) fn[string] {
	in, from, to := b.text(s).eval, b.text(old).eval, b.text(with).eval
	return func(m *Machine) (string, bool) {
		v, ok := in(m)
		if !ok {
			return "", false
		}
		o, ok := from(m)
		if !ok {
			return "", false
		}
		w, ok := to(m)
		if !ok {
			return "", false
		}
		return strings.ReplaceAll(v, o, w), true
	}
}

// isASCII tells whether bytes and characters are the same in a text.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lowerASCII(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

func upperASCII(s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
}

// substring plans x.substring(from) and x.substring(from, to), in characters.
func (b *builder) substring(call ast.CallExpr) fn[string] {
	s, from, to := b.text(call.Target()).eval, b.whole(call.Args()[0]).eval, fn[int64](nil)
	if len(call.Args()) == 2 {
		to = b.whole(call.Args()[1]).eval
	}
	return func(m *Machine) (string, bool) {
		v, ok := s(m)
		if !ok {
			return "", false
		}
		i, ok := from(m)
		if !ok {
			return "", false
		}
		n := int64(utf8.RuneCountInString(v))
		j := n
		if to != nil {
			if j, ok = to(m); !ok {
				return "", false
			}
		}
		switch {
		case to != nil && i > j:
			m.fail(fmt.Errorf("invalid substring range. start: %d, end: %d", i, j))
		case i < 0 || i > n:
			m.fail(errRange(i))
		case j < 0 || j > n:
			m.fail(errRange(j))
		case isASCII(v):
			return v[i:j], true
		default:
			return string([]rune(v)[i:j]), true
		}
		return "", false
	}
}

func errRange(i int64) error { return errors.New("index out of range: " + strconv.FormatInt(i, 10)) }

func (b *builder) charAt(call ast.CallExpr) fn[string] {
	s, at := b.text(call.Target()).eval, b.whole(call.Args()[0]).eval
	return func(m *Machine) (string, bool) {
		v, ok := s(m)
		if !ok {
			return "", false
		}
		i, ok := at(m)
		if !ok {
			return "", false
		}
		n := int64(utf8.RuneCountInString(v))
		switch {
		case i < 0 || i > n:
			m.fail(errRange(i))
			return "", false
		case i == n:
			return "", true
		case isASCII(v):
			return v[i : i+1], true
		}
		return string([]rune(v)[i]), true
	}
}

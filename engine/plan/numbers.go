package plan

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Errors of arithmetic, in CEL's words.
var (
	errOverflow = errors.New("integer overflow")
	errDivide   = errors.New("division by zero")
	errModulo   = errors.New("modulus by zero")
	errNotInt   = fmt.Errorf("type conversion error from '%s' to '%s'", types.StringType, types.IntType)
	errNotReal  = fmt.Errorf("type conversion error from '%s' to '%s'", types.StringType, types.DoubleType)
)

// ownWhole plans the functions that give an int.
func (b *builder) ownWhole(x ast.Expr) fn[int64] {
	if x.Kind() != ast.CallKind {
		return nil
	}
	call := x.AsCall()
	args := call.Args()
	switch name := call.FunctionName(); name {
	case operators.Add:
		return binary(b.whole(args[0]), b.whole(args[1]), add)
	case operators.Subtract:
		return binary(b.whole(args[0]), b.whole(args[1]), subtract)
	case operators.Multiply:
		return binary(b.whole(args[0]), b.whole(args[1]), multiply)
	case operators.Divide:
		return binary(b.whole(args[0]), b.whole(args[1]), divide)
	case operators.Modulo:
		return binary(b.whole(args[0]), b.whole(args[1]), modulo)
	case operators.Negate:
		return binary(literal[int64](0), b.whole(args[0]), subtract)
	case "size":
		return b.size(subject(call))
	case "int":
		return b.toWhole(args[0])
	}
	if f := b.timePart(call); f != nil {
		return f
	}
	return b.networkNumber(call)
}

// subject is the one argument of a function that is called either way.
func subject(call ast.CallExpr) ast.Expr {
	if call.IsMemberFunction() {
		return call.Target()
	}
	return call.Args()[0]
}

// binary plans an operation that may fail.
func binary[T, U, V any](x operand[T], y operand[U], f func(T, U) (V, error)) fn[V] {
	return func(m *Machine) (out V, ok bool) {
		v, ok := x.eval(m)
		if !ok {
			return out, false
		}
		w, ok := y.eval(m)
		if !ok {
			return out, false
		}
		out, err := f(v, w)
		if err != nil {
			m.fail(err)
			return out, false
		}
		return out, true
	}
}

func add(x, y int64) (int64, error) {
	sum := x + y
	if x > 0 && y > 0 && sum < 0 || x < 0 && y < 0 && sum >= 0 {
		return 0, errOverflow
	}
	return sum, nil
}

func subtract(x, y int64) (int64, error) {
	diff := x - y
	if (diff < x) != (y > 0) {
		return 0, errOverflow
	}
	return diff, nil
}

func multiply(x, y int64) (int64, error) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	switch {
	case high != 0, low > 1<<63, low == 1<<63 && !negative:
		return 0, errOverflow
	}
	return x * y, nil
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func divide(x, y int64) (int64, error) {
	switch {
	case y == 0:
		return 0, errDivide
	case x == math.MinInt64 && y == -1:
		return 0, errOverflow
	}
	return x / y, nil
}

func modulo(x, y int64) (int64, error) {
	switch {
	case y == 0:
		return 0, errModulo
	case x == math.MinInt64 && y == -1:
		return 0, errOverflow
	}
	return x % y, nil
}

// size plans size(x): of a text in characters.
func (b *builder) size(x ast.Expr) fn[int64] {
	switch kindOf(b.typeOf(x)) {
	case text:
		return mapped(b.text(x).eval, func(s string) int64 { return int64(utf8.RuneCountInString(s)) })
	case composite:
		v := b.value(x).eval
		if v == nil || b.typeOf(x).Kind() == types.StructKind {
			return nil
		}
		return func(m *Machine) (int64, bool) {
			r, ok := v(m)
			if !ok {
				return 0, false
			}
			return int64(r.Len()), true
		}
	}
	return nil
}

// toWhole plans int(x).
func (b *builder) toWhole(x ast.Expr) fn[int64] {
	switch kindOf(b.typeOf(x)) {
	case whole:
		return b.whole(x).eval
	case real:
		return converted(b.real(x).eval, func(v float64) (int64, error) {
			if math.IsNaN(v) || v <= math.MinInt64 || v >= math.MaxInt64 {
				return 0, errOverflow
			}
			return int64(v), nil
		})
	case text:
		return converted(b.text(x).eval, func(v string) (int64, error) {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return 0, errNotInt
			}
			return n, nil
		})
	case instant:
		return mapped(b.instant(x).eval, func(v moment) int64 { return v.seconds })
	case span:
		return mapped(b.span(x).eval, time.Duration.Nanoseconds)
	}
	return nil
}

// converted plans a function of one argument that may fail.
func converted[T, U any](x fn[T], f func(T) (U, error)) fn[U] {
	return func(m *Machine) (u U, ok bool) {
		v, ok := x(m)
		if !ok {
			return u, false
		}
		u, err := f(v)
		if err != nil {
			m.fail(err)
			return u, false
		}
		return u, true
	}
}

// ownReal plans the functions that give a double.
func (b *builder) ownReal(x ast.Expr) fn[float64] {
	if x.Kind() != ast.CallKind {
		return nil
	}
	args := x.AsCall().Args()
	var f func(x, y float64) (float64, error)
	switch x.AsCall().FunctionName() {
	case operators.Add:
		f = func(x, y float64) (float64, error) { return x + y, nil }
	case operators.Subtract:
		f = func(x, y float64) (float64, error) { return x - y, nil }
	case operators.Multiply:
		f = func(x, y float64) (float64, error) { return x * y, nil }
	case operators.Divide:
		f = func(x, y float64) (float64, error) { return x / y, nil }
	case operators.Negate:
		return mapped(b.real(args[0]).eval, func(v float64) float64 { return -v })
	case "double":
		return b.toReal(args[0])
	default:
		return nil
	}
	return binary(b.real(args[0]), b.real(args[1]), f)
}

// toReal plans double(x).
func (b *builder) toReal(x ast.Expr) fn[float64] {
	switch kindOf(b.typeOf(x)) {
	case real:
		return b.real(x).eval
	case whole:
		return mapped(b.whole(x).eval, func(v int64) float64 { return float64(v) })
	case text:
		return converted(b.text(x).eval, func(v string) (float64, error) {
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return 0, errNotReal
			}
			return n, nil
		})
	}
	return nil
}

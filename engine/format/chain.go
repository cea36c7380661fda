package format

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// operands gives the operands of a chain of && or ||: the longest list that
// the parser would make this very tree of. The parser balances a chain, so
// that the tree of a && b && c differs from that of a && (b && c).
func operands(e ast.Expr) []ast.Expr {
	name := e.AsCall().FunctionName()
	for n := countOperands(e, name); n > 1; n-- {
		if out, ok := balanced(e, name, n, nil); ok {
			return out
		}
	}
	return []ast.Expr{e}
}

func isChain(e ast.Expr) bool {
	return e.Kind() == ast.CallKind && (isCall(e, operators.LogicalAnd) || isCall(e, operators.LogicalOr))
}

func isCall(e ast.Expr, name string) bool {
	return e.Kind() == ast.CallKind && !e.AsCall().IsMemberFunction() && e.AsCall().FunctionName() == name
}

func countOperands(e ast.Expr, name string) int {
	if !isCall(e, name) {
		return 1
	}
	return countOperands(e.AsCall().Args()[0], name) + countOperands(e.AsCall().Args()[1], name)
}

// balanced takes a tree apart as the parser would have put together n
// operands; ok is false if it would have made another one.
func balanced(e ast.Expr, name string, n int, out []ast.Expr) (operands []ast.Expr, ok bool) {
	if n == 1 {
		return append(out, e), true
	}
	if !isCall(e, name) {
		return nil, false
	}
	left := (n-1)/2 + 1
	if out, ok = balanced(e.AsCall().Args()[0], name, left, out); !ok {
		return nil, false
	}
	return balanced(e.AsCall().Args()[1], name, n-left, out)
}

// broken writes the expression with each operand of its && or || on a line of
// its own. An operand that is itself too wide is broken in the same way, its
// further lines indented. Without && or || there is one line.
func (e *expr) broken(width int) []string {
	lines, _ := e.breakUp(e.tree.Expr(), width)
	return lines
}

// breakUp breaks a part of the expression; ok is false if there is no place
// to do so.
func (e *expr) breakUp(part ast.Expr, width int) (lines []string, ok bool) {
	if isChain(part) {
		sign, _ := operators.FindReverse(part.AsCall().FunctionName())
		list := operands(part)
		for i, x := range list {
			end := ""
			if i < len(list)-1 {
				end = " " + sign
			}
			lines = append(lines, e.operand(x, end, width)...)
		}
		return lines, true
	}
	text, _ := e.print(part, precedenceAny)
	before, inner, after, ok := e.wrapped(part)
	if !ok {
		return []string{text}, false
	}
	inside, ok := e.breakUp(inner, width-2)
	if !ok {
		return []string{text}, false
	}
	if !isChain(inner) { // indented already
		inside[0] = before + inside[0]
		inside[len(inside)-1] += after
		return inside, true
	}
	return surround(before, inside, after), true
}

// operand writes one operand, on one line if it fits.
func (e *expr) operand(x ast.Expr, end string, width int) []string {
	text, _ := e.print(x, precedenceRelation)
	if runes(text+end) <= width {
		return []string{text + end}
	}
	if precedence(x) > precedenceRelation {
		if lines, ok := e.breakUp(x, width-2); ok {
			return surround("(", lines, ")"+end)
		}
	} else if lines, ok := e.breakUp(x, width-runes(end)); ok {
		lines[len(lines)-1] += end
		return lines
	}
	return []string{text + end}
}

// wrapped finds the chain that an expression ends with, as in !(a || b) and
// list.all(x, a && b), and the text around it.
func (e *expr) wrapped(part ast.Expr) (before string, inner ast.Expr, after string, ok bool) {
	if part.Kind() != ast.CallKind {
		return "", nil, "", false
	}
	call := part.AsCall()
	args := call.Args()
	switch {
	case isCall(part, operators.LogicalNot):
		if isChain(args[0]) {
			return "!(", args[0], ")", true
		}
		before, inner, after, ok = e.wrapped(args[0])
		return "!" + before, inner, after, ok
	case len(args) == 0 || !call.IsMemberFunction() && operators.Precedence(call.FunctionName()) > 0:
		return "", nil, "", false
	}
	last := args[len(args)-1]
	text, _ := e.print(part, precedenceAny)
	tail, _ := e.print(last, precedenceAny)
	before, found := strings.CutSuffix(text, tail+")")
	return before, last, ")", found
}

// surround puts text around lines and indents all but the first.
func surround(before string, lines []string, after string) []string {
	out := slices.Clone(lines)
	for i := range out {
		if i > 0 {
			out[i] = strings.Repeat(" ", step) + out[i]
		}
	}
	out[0] = before + out[0]
	out[len(out)-1] += after
	return out
}

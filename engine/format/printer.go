package format

import (
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Precedences are cel-go's: the higher the number, the looser it binds.
const (
	precedenceMember   = 1
	precedenceUnary    = 2
	precedenceRelation = 5
	precedenceOr       = 7
	precedenceAny      = 8
)

// printer writes an expression on one line, with the parentheses that the
// tree needs. Numbers and strings keep their spelling, quotes aside.
type printer struct {
	of     *expr
	out    strings.Builder
	failed bool
}

// print writes a part of the expression; anything that binds looser than
// loosest gets parentheses. ok is false when it has no spelling on one line.
func (e *expr) print(part ast.Expr, loosest int) (text string, ok bool) {
	p := &printer{of: e}
	p.expr(part, loosest)
	return p.out.String(), !p.failed
}

func (p *printer) expr(e ast.Expr, loosest int) {
	if precedence(e) > loosest {
		p.out.WriteByte('(')
		defer p.out.WriteByte(')')
	}
	switch e.Kind() {
	case ast.LiteralKind:
		p.literal(e)
	case ast.IdentKind:
		p.out.WriteString(e.AsIdent())
	case ast.SelectKind:
		p.expr(e.AsSelect().Operand(), precedenceMember)
		p.field(".", e.AsSelect().FieldName())
	case ast.CallKind:
		p.call(e)
	case ast.ListKind:
		p.list(e.AsList())
	case ast.MapKind:
		p.entries("{", e.AsMap().Entries())
	case ast.StructKind:
		p.entries(e.AsStruct().TypeName()+"{", e.AsStruct().Fields())
	default:
		p.failed = true
	}
}

// precedence is 0 for what needs no parentheses anywhere.
func precedence(e ast.Expr) int {
	switch e.Kind() {
	case ast.CallKind:
		if e.AsCall().IsMemberFunction() {
			return 0
		}
		return operators.Precedence(e.AsCall().FunctionName())
	case ast.LiteralKind:
		// A minus before a number is part of it, and binds as an operator would.
		switch v := e.AsLiteral().(type) {
		case types.Int:
			if v < 0 {
				return precedenceUnary
			}
		case types.Double:
			if v < 0 || strings.HasPrefix(strconv.FormatFloat(float64(v), 'g', -1, 64), "-") {
				return precedenceUnary
			}
		}
	}
	return 0
}

func (p *printer) call(e ast.Expr) {
	call := e.AsCall()
	args := call.Args()
	name := call.FunctionName()
	if call.IsMemberFunction() {
		p.expr(call.Target(), precedenceMember)
		p.out.WriteString("." + name)
		p.arguments(args)
		return
	}
	switch name {
	case operators.Conditional:
		p.expr(args[0], precedenceOr)
		p.out.WriteString(" ? ")
		p.expr(args[1], precedenceOr)
		p.out.WriteString(" : ")
		p.expr(args[2], precedenceAny)
	case operators.LogicalAnd, operators.LogicalOr:
		sign, _ := operators.FindReverse(name)
		for i, t := range operands(e) {
			if i > 0 {
				p.out.WriteString(" " + sign + " ")
			}
			p.expr(t, precedenceRelation)
		}
	case operators.LogicalNot, operators.Negate:
		sign, _ := operators.FindReverse(name)
		p.out.WriteString(sign)
		loosest := precedenceMember
		if name == operators.Negate && args[0].Kind() == ast.LiteralKind {
			loosest = -1 // -(5) negates a number, -5 is one
		}
		p.expr(args[0], loosest)
	case operators.Index, operators.OptIndex:
		p.expr(args[0], precedenceMember)
		p.out.WriteString(map[string]string{operators.Index: "[", operators.OptIndex: "[?"}[name])
		p.expr(args[1], precedenceAny)
		p.out.WriteByte(']')
	case operators.OptSelect:
		p.expr(args[0], precedenceMember)
		field, ok := args[1].AsLiteral().(types.String)
		p.failed = p.failed || !ok
		p.field(".?", string(field))
	default:
		if sign, ok := operators.FindReverseBinaryOperator(name); ok {
			p.expr(args[0], operators.Precedence(name))
			p.out.WriteString(" " + sign + " ")
			p.expr(args[1], operators.Precedence(name)-1)
			return
		}
		p.out.WriteString(name)
		p.arguments(args)
	}
}

func (p *printer) arguments(args []ast.Expr) {
	p.out.WriteByte('(')
	for i, a := range args {
		if i > 0 {
			p.out.WriteString(", ")
		}
		p.expr(a, precedenceAny)
	}
	p.out.WriteByte(')')
}

func (p *printer) list(l ast.ListExpr) {
	p.out.WriteByte('[')
	for i, x := range l.Elements() {
		if i > 0 {
			p.out.WriteString(", ")
		}
		if l.IsOptional(int32(i)) {
			p.out.WriteByte('?')
		}
		p.expr(x, precedenceAny)
	}
	p.out.WriteByte(']')
}

func (p *printer) entries(open string, entries []ast.EntryExpr) {
	p.out.WriteString(open)
	for i, x := range entries {
		if i > 0 {
			p.out.WriteString(", ")
		}
		var value ast.Expr
		if x.Kind() == ast.MapEntryKind {
			p.optional(x.AsMapEntry().IsOptional())
			p.expr(x.AsMapEntry().Key(), precedenceAny)
			value = x.AsMapEntry().Value()
		} else {
			p.optional(x.AsStructField().IsOptional())
			p.field("", x.AsStructField().Name())
			value = x.AsStructField().Value()
		}
		p.out.WriteString(": ")
		p.expr(value, precedenceAny)
	}
	p.out.WriteByte('}')
}

func (p *printer) optional(is bool) {
	if is {
		p.out.WriteByte('?')
	}
}

var fieldForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p *printer) field(before, name string) {
	if reserved := name == "in" || name == "true" || name == "false" || name == "null"; reserved || !fieldForm.MatchString(name) {
		name = "`" + name + "`"
	}
	p.out.WriteString(before + name)
}

// literal copies a number, and writes a string with its quotes normalised.
func (p *printer) literal(e ast.Expr) {
	at, ok := p.of.tree.SourceInfo().GetOffsetRange(e.ID())
	start := int(at.Start)
	if !ok || start < 0 || start >= len(p.of.src) {
		p.failed = true
		return
	}
	switch v := e.AsLiteral().(type) {
	case types.Bool:
		p.out.WriteString(strconv.FormatBool(bool(v)))
	case types.Null:
		p.out.WriteString("null")
	case types.Int, types.Uint, types.Double:
		p.out.WriteString(readNumber(p.of.src[start:]))
	default:
		s, ok := readString(p.of.src, start)
		text, fits := s.String()
		p.failed = p.failed || !ok || !fits
		p.out.WriteString(text)
	}
}

// readNumber gives the number at the beginning of a source. What is left out
// here would show as another tree.
func readNumber(src []rune) string {
	var out strings.Builder
	if len(src) > 0 && src[0] == '-' {
		out.WriteByte('-')
		src = []rune(strings.TrimLeft(string(src[1:]), " \t\r\n\f"))
	}
	hex := len(src) > 1 && src[0] == '0' && (src[1] == 'x' || src[1] == 'X')
	for i, r := range src {
		exponent := i > 0 && !hex && (r == '+' || r == '-') && (src[i-1] == 'e' || src[i-1] == 'E')
		point := r == '.' && i+1 < len(src) && src[i+1] >= '0' && src[i+1] <= '9'
		if !isWord(r) && !exponent && !point {
			break
		}
		out.WriteRune(r)
	}
	return out.String()
}

package celenv

import (
	"strings"

	"cel.dev/cel-go/common/ast"
)

// problem places a finding on the token that a node stands for.
func (v *view) problem(e ast.Expr, code, message, hint string) Problem {
	at, length := v.token(e)
	return Problem{Offset: at, Length: length, Code: code, Message: message, Hint: hint}
}

// token is where a node's own text stands: a literal with its quotes, a chain
// such as user.country whole, the name of a function or macro.
func (v *view) token(e ast.Expr) (offset, length int) {
	at := v.start(e)
	switch e.Kind() {
	case ast.LiteralKind:
		return at, literalLength(v.runes, at)
	case ast.SelectKind:
		return v.selectToken(e)
	case ast.CallKind, ast.ComprehensionKind:
		return v.callToken(at)
	}
	return at, tokenLength(v.runes, at)
}

func (v *view) start(e ast.Expr) int {
	at, ok := v.ast.SourceInfo().GetOffsetRange(e.ID())
	if !ok {
		return 0
	}
	return min(int(at.Start), len(v.runes))
}

// selectToken takes in the operand, if that is a chain too, and the name
// after the dot.
func (v *view) selectToken(e ast.Expr) (offset, length int) {
	dot := v.start(e)
	end := indexRunes(v.runes, e.AsSelect().FieldName(), dot)
	if end < 0 {
		return dot, tokenLength(v.runes, dot)
	}
	end += len([]rune(e.AsSelect().FieldName()))
	offset = dot
	for x := e; ; x = x.AsSelect().Operand() {
		if x.Kind() == ast.IdentKind {
			offset = v.start(x)
		}
		if x.Kind() != ast.SelectKind {
			break
		}
	}
	return offset, end - offset
}

// callToken is an operator, or the name before the parenthesis at which CEL
// places calls and macros.
func (v *view) callToken(at int) (offset, length int) {
	if at >= len(v.runes) || v.runes[at] != '(' {
		return at, tokenLength(v.runes, at)
	}
	end := at
	for end > 0 && strings.ContainsRune(" \t\r\n", v.runes[end-1]) {
		end--
	}
	from := end
	for from > 0 && isWord(v.runes[from-1]) {
		from--
	}
	if from == end {
		return at, 1
	}
	return from, end - from
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// literalLength measures a literal: a string with its prefix and quotes, a
// number with its sign and suffix, true, false or null.
func literalLength(runes []rune, at int) int {
	i, raw := at, false
	for i < len(runes) && strings.ContainsRune("rRbB", runes[i]) {
		raw = raw || runes[i] == 'r' || runes[i] == 'R'
		i++
	}
	if i < len(runes) && (runes[i] == '\'' || runes[i] == '"') {
		return quotedEnd(runes, i, raw) - at
	}
	i = at
	for i < len(runes) && (isWord(runes[i]) || strings.ContainsRune(".+-", runes[i])) {
		i++
	}
	return max(1, i-at)
}

func quotedEnd(runes []rune, at int, raw bool) int {
	quote := string(runes[at])
	if at+2 < len(runes) && runes[at+1] == runes[at] && runes[at+2] == runes[at] {
		quote = strings.Repeat(quote, 3)
	}
	width := len(quote)
	for i := at + width; i+width <= len(runes); i++ {
		if runes[i] == '\\' && !raw {
			i++
			continue
		}
		if string(runes[i:i+width]) == quote {
			return i + width
		}
	}
	return len(runes)
}

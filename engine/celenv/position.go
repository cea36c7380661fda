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

// Extent is where a part of the expression stands in its source, with all its
// operands: in runes, from the first to behind the last.
func (e *Expr) Extent(part ast.Expr) (from, to int) {
	v := newView(e)
	from, to = len(v.runes), 0
	info := v.ast.SourceInfo()
	each(unexpanded(part, info), func(x ast.Expr) {
		if _, ok := info.GetOffsetRange(x.ID()); !ok {
			return
		}
		at, n := v.token(x)
		from, to = min(from, at), max(to, at+n)
	})
	if part.Kind() == ast.SelectKind && part.AsSelect().IsTestOnly() { // has(…) stands at its parenthesis
		at, n := callToken(v.runes, v.start(part))
		from, to = min(from, at), max(to, at+n)
	}
	if from >= to {
		return 0, len(v.runes)
	}
	return from, closed(v.runes, from, to)
}

// unexpanded gives a macro as it was written.
func unexpanded(e ast.Expr, info *ast.SourceInfo) ast.Expr {
	if call, ok := info.GetMacroCall(e.ID()); ok {
		return call
	}
	return e
}

// closed takes in the brackets that a stretch opens and does not close.
func closed(runes []rune, from, to int) int {
	open := 0
	var quote rune
	for i := from; i < len(runes); i++ {
		r := runes[i]
		switch {
		case quote != 0 && r == '\\':
			i++
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == '(' || r == '[' || r == '{':
			open++
		case r == ')' || r == ']' || r == '}':
			open--
		}
		switch {
		case open < 0:
			return max(to, i)
		case i+1 >= to && open == 0 && quote == 0:
			return i + 1
		}
	}
	return to
}

// token is where a node's own text stands: a literal with its quotes, a chain
// such as user.country whole, the name of a function or macro.
func (v *view) token(e ast.Expr) (offset, length int) {
	at := v.start(e)
	switch e.Kind() {
	case ast.LiteralKind:
		if name, ok := literalText(e); ok && strings.HasPrefix(string(v.runes[at:]), name) && name != "" { // the field of user.?country
			return at, len([]rune(name))
		}
		return at, literalLength(v.runes, at)
	case ast.SelectKind:
		return v.selectToken(e)
	case ast.CallKind, ast.ComprehensionKind:
		return callToken(v.runes, at)
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
func callToken(runes []rune, at int) (offset, length int) {
	if at >= len(runes) || runes[at] != '(' {
		return at, tokenLength(runes, at)
	}
	end := at
	for end > 0 && strings.ContainsRune(" \t\r\n", runes[end-1]) {
		end--
	}
	from := end
	for from > 0 && isWord(runes[from-1]) {
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

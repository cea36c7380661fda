package celenv

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/slot"
)

// syntaxProblem words a finding of CEL's parser. What the parser itself says
// is in the words of its grammar, so those are left out.
func syntaxProblem(source string, runes []rune, e *common.Error) Problem {
	at := Offset(source, e.Location)
	p := Problem{Offset: at, Length: tokenLength(runes, at), Code: "cel_syntax", Message: e.Message}
	if !strings.HasPrefix(e.Message, "Syntax error: ") {
		if at < len(runes) {
			p.Hint = wordHint(string(runes[at : at+p.Length]))
		}
		return p
	}
	switch {
	case strings.TrimSpace(string(runes[min(at, len(runes)):])) == "":
		p.Message, p.Hint = "the expression ends before it is complete", "look for a bracket that is not closed, or an operator without its right side"
	case runes[at] == '\'' || runes[at] == '"':
		p.Message, p.Hint = "a text cannot stand here, or its quote is not closed", "texts are joined with + and compared with =="
		if quotedEnd(runes, at, false) >= len(runes) {
			p.Hint = "close the quote"
		}
		p.Length = literalLength(runes, at)
	default:
		word := string(runes[at:min(len(runes), at+p.Length)])
		p.Message, p.Hint = fmt.Sprintf("%q cannot stand here", word), wordHint(word)
		switch before := strings.TrimSpace(string(runes[:at])); {
		case strings.HasSuffix(" "+before, " not"):
			p.Hint = "write ! for not"
		case word == ">" && strings.HasSuffix(before, "<"):
			p.Hint = "write != for unequal"
		}
	}
	return p
}

// wordHint tells how CEL spells what other languages call by this word.
func wordHint(word string) string {
	switch word {
	case "=", "===":
		return "write == to compare"
	case "!==", "<>":
		return "write != for unequal"
	case "and", "&", "AND":
		return "write && for and"
	case "or", "|", "OR":
		return "write || for or"
	case "not", "NOT":
		return "write ! for not"
	case "is":
		return "write == to compare, or test with has(…) whether a value is there"
	case "var":
		return "did you mean vars?"
	case "const":
		return "did you mean consts?"
	case "?", "??":
		return "write user.?country.orValue('DE') for a default, and a ? b : c to choose"
	}
	return ""
}

// functionHint tells how CEL spells functions that other languages have.
func functionHint(name string) (string, bool) {
	if hint, removed := removedHint(name); removed {
		return hint, true
	}
	_, last, qualified := strings.Cut(name, ".")
	if !qualified {
		last = name
	}
	switch strings.ToLower(last) {
	case "len", "length", "count":
		return "write size(…)", true
	case "lower", "tolower", "tolowercase", "lowercase", "downcase":
		return "write lowerAscii()", true
	case "upper", "toupper", "touppercase", "uppercase", "upcase":
		return "write upperAscii()", true
	case "any", "some":
		return `did you mean "exists"?`, true
	case "every":
		return `did you mean "all"?`, true
	case "includes", "member", "hasany":
		return "write 'x' in list", true
	case "hasrole", "inrole":
		return "write 'admin' in user.roles", true
	case "now", "today":
		return "read env.time, the time of the decision", true
	case "max":
		return `did you mean "math.greatest"?`, true
	case "min":
		return `did you mean "math.least"?`, true
	case "hour", "hours":
		return "write clock(env.time, 'Europe/Berlin') >= '09:00', or env.time.getHours('Europe/Berlin')", true
	case "strip", "trimspace":
		return `did you mean "trim"?`, true
	case "tostring", "str":
		return "write string(…)", true
	case "toint", "parseint", "number":
		return "write int(…)", true
	}
	return "", false
}

// mismatchHint tells what to write where an operator or function is given
// values of types that do not fit.
func (s *Scope) mismatchHint(call ast.CallExpr) string {
	args := call.Args()
	if call.IsMemberFunction() {
		t := s.typeOf(chain(call.Target()))
		switch {
		case t == nil:
		case call.FunctionName() == "contains" && (t.Kind == slot.List || t.Kind == slot.Map) && len(args) == 1:
			return "write 'x' in " + chain(call.Target())
		}
		if call.FunctionName() == "contains" && isCall(call.Target(), "cidr") {
			return "write containsIP(…)"
		}
		return ""
	}
	if len(args) != 2 {
		return ""
	}
	if call.FunctionName() == "@in" && isCall(args[1], "cidr") {
		return "write cidr('…').containsIP(…)"
	}
	for i, a := range args {
		if a.Kind() == ast.LiteralKind {
			if hint := literalHint(a, s.typeOf(chain(args[1-i]))); hint != "" {
				return hint
			}
		}
	}
	return ""
}

func literalHint(literal ast.Expr, other *slot.Type) string {
	v := literal.AsLiteral()
	if v.Type() == types.NullType {
		return "there is no null: what is absent is tested with has(…)"
	}
	if other == nil {
		return ""
	}
	switch {
	case other.Kind == slot.Double && v.Type() == types.IntType:
		return fmt.Sprintf("write %v.0", v.Value())
	case other.Kind == slot.Int && v.Type() == types.DoubleType:
		return "write a whole number"
	case v.Type() != types.StringType && other.Kind == slot.String:
		return fmt.Sprintf("write '%v'", v.Value())
	case v.Type() != types.StringType:
		return ""
	}
	switch other.Kind {
	case slot.Timestamp:
		return "write timestamp('2026-01-15T10:00:00Z')"
	case slot.Duration:
		return "write duration('1h30m')"
	case slot.IP:
		return "write ip('192.0.2.1')"
	case slot.CIDR:
		return "write cidr('192.0.2.0/24')"
	case slot.Int, slot.Double, slot.Bool:
		text, _ := v.Value().(string)
		_, _, err := (&slot.Attr{Type: other}).Convert(slot.Plain(text))
		if other.Kind == slot.Double && !strings.ContainsAny(text, ".eE") {
			text += ".0"
		}
		if err == nil {
			return fmt.Sprintf("write %s without quotes", text)
		}
	case slot.List:
		return "write 'x' in …"
	}
	return ""
}

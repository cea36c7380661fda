package celenv

import "cel.dev/cel-go/common"

// ForeignProblems gives CEL's findings about an expression that is no condition,
// such as a mapping of claims, each on the token it is about. Unparsed says that
// they are the parser's, of which only the first means anything. Their codes are
// left to the caller.
func ForeignProblems(source string, errs []*common.Error, unparsed bool) []Problem {
	runes := []rune(source)
	if unparsed {
		p := syntaxProblem(source, runes, errs[0])
		p.Code = ""
		return []Problem{p}
	}
	var out []Problem
	for _, e := range errs {
		at, length := callToken(runes, Offset(source, e.Location))
		out = append(out, Problem{Offset: at, Length: length, Message: operators.Replace(e.Message)})
	}
	return out
}

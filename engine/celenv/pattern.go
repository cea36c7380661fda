package celenv

import (
	"fmt"
	"regexp/syntax"

	"cel.dev/cel-go/common/types"
)

// checkPattern checks a regular expression that matches() is given. Since it
// searches anywhere in the text, each end says what it means: ^ and $ for the
// end of the text, .* for "anything may stand here".
func checkPattern(text string) Problem {
	re, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return Problem{Code: "bad_pattern", Message: fmt.Sprintf("the pattern cannot be read: %s", err), Hint: "patterns follow RE2, https://github.com/google/re2/wiki/Syntax"}
	}
	if PatternTooLarge(text) {
		return Problem{Code: "bad_pattern", Message: "the pattern is too large", Hint: LargePatternHint}
	}
	start, end := anchored(re, false), anchored(re, true)
	const advice = "matches() searches anywhere in the text: "
	switch {
	case !start && !end:
		return Problem{Code: "unanchored_pattern", Message: "the pattern is open at both ends", Hint: advice + "write ^(…)$, or .* where anything may stand"}
	case !start:
		return Problem{Code: "unanchored_pattern", Message: "the pattern is open at its start", Hint: advice + "begin every alternative with ^, or with .* where anything may stand"}
	case !end:
		return Problem{Code: "unanchored_pattern", Message: "the pattern is open at its end", Hint: advice + "end every alternative with $, or with .* where anything may stand"}
	}
	return Problem{}
}

// LargePatternHint is what to do about a pattern that is too large.
const LargePatternHint = "repetitions such as {1000} multiply, above all within each other; use * or +, and maxLength for the length"

// PatternTooLarge tells whether a regular expression compiles to more than
// MaxRegexProgram instructions. Matching takes a step for each of them and each
// character of the text.
func PatternTooLarge(text string) bool {
	size, err := types.RegexProgramSize(text)
	return err == nil && size > MaxRegexProgram
}

// anchored tells whether one end of a pattern, and of each of its
// alternatives, is ^ (or $) or .*.
func anchored(re *syntax.Regexp, atEnd bool) bool {
	switch re.Op {
	case syntax.OpBeginText:
		return !atEnd
	case syntax.OpEndText:
		return atEnd
	case syntax.OpStar:
		return re.Sub[0].Op == syntax.OpAnyChar || re.Sub[0].Op == syntax.OpAnyCharNotNL
	case syntax.OpCapture:
		return anchored(re.Sub[0], atEnd)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if !anchored(sub, atEnd) {
				return false
			}
		}
		return true
	case syntax.OpConcat:
		if atEnd {
			return anchored(re.Sub[len(re.Sub)-1], atEnd)
		}
		return anchored(re.Sub[0], atEnd)
	}
	return false
}

// programSize is the most instructions that one of some patterns compiles to.
func programSize(patterns []known) uint64 {
	size := 0
	for _, k := range patterns {
		if text, ok := k.value.(types.String); ok {
			if n, err := types.RegexProgramSize(string(text)); err == nil {
				size = max(size, n)
			}
		}
	}
	return uint64(size)
}

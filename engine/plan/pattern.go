package plan

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/gwctl/gwctl/engine/celenv"
)

// matches plans a known pattern; others are compiled when they are used, by
// CEL.
func (b *builder) matches(x, pattern ast.Expr) fn[bool] {
	known := b.text(pattern)
	if !known.literal {
		b.refuse("the pattern is not known at load")
		return nil
	}
	match := b.pattern(known.value)
	if match == nil {
		return nil
	}
	s := b.text(x).eval
	charge, weight := b.turns > 0, max(1, len(known.value)/4)
	return func(m *Machine) (bool, bool) {
		v, ok := s(m)
		if !ok || charge && !m.charge(len(v)/bytesPerStep*weight) {
			return false, false
		}
		return match(v), true
	}
}

// pattern gives the test for a pattern. Rules that state the same one have it
// in common.
func (b *builder) pattern(text string) func(string) bool {
	match, ok := b.patterns[text]
	if !ok {
		size, err := types.RegexProgramSize(text)
		if err != nil || size > celenv.MaxRegexProgram {
			b.refuse("the pattern cannot be used")
			return nil
		}
		match = matcher(text)
		b.patterns[text] = match
	}
	return match
}

// matcher gives a test for a pattern. Patterns that say no more than how a
// text begins or ends need no regular expression.
func matcher(pattern string) func(string) bool {
	inner, anchored := strings.CutPrefix(pattern, "^")
	inner, ended := strings.CutSuffix(inner, "$")
	if !anchored || !ended || strings.HasSuffix(inner, `\`) {
		return regexp.MustCompile(pattern).MatchString
	}
	if s := inner; regexp.QuoteMeta(s) == s {
		return func(v string) bool { return v == s }
	}
	if s, ok := strings.CutSuffix(inner, ".*"); ok && regexp.QuoteMeta(s) == s {
		return func(v string) bool { return strings.HasPrefix(v, s) && strings.IndexByte(v[len(s):], '\n') < 0 }
	}
	if s, ok := strings.CutPrefix(inner, ".*"); ok && regexp.QuoteMeta(s) == s {
		return func(v string) bool { return strings.HasSuffix(v, s) && strings.IndexByte(v[:len(v)-len(s)], '\n') < 0 }
	}
	return regexp.MustCompile(pattern).MatchString
}

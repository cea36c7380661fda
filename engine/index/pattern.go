package index

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// segmentKind orders the kinds of segments from specific to general.
type segmentKind uint8

const (
	literal segmentKind = iota
	param
	rest
)

type segment struct {
	kind segmentKind
	text string // the literal, or the placeholder's name
}

// Pattern is the path of a route, as in /tenants/{tenant}/files/{rest...}.
type Pattern struct {
	text     string
	segments []segment
}

// String gives the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Placeholders are the names in braces, in order; isRest tells whether the
// last one takes the rest of the path.
func (p Pattern) Placeholders() (names []string, isRest bool) {
	for _, s := range p.segments {
		if s.kind != literal {
			names = append(names, s.text)
		}
		isRest = s.kind == rest
	}
	return names, isRest
}

// Limits of a pattern.
const (
	maxPatternLength   = 2048
	maxPatternSegments = 64
)

// ParsePattern reads a path pattern. {x} stands for one whole segment, a
// final {x...} for the rest, zero or more segments. The error says what is
// wrong in words for the author.
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{text: text}
	switch {
	case !strings.HasPrefix(text, "/"):
		return p, fmt.Errorf("the path must begin with /")
	case len(text) > maxPatternLength:
		return p, fmt.Errorf("the path has more than %d characters", maxPatternLength)
	case text == "/":
		return p, nil
	case strings.HasSuffix(text, "/"):
		return p, fmt.Errorf("the path ends in /, which matching removes")
	}
	parts := strings.Split(text[1:], "/")
	if len(parts) > maxPatternSegments {
		return p, fmt.Errorf("the path has more than %d segments", maxPatternSegments)
	}
	p.segments = make([]segment, 0, len(parts))
	for i, part := range parts {
		s, err := parseSegment(part)
		switch {
		case err != nil:
			return p, err
		case s.kind == rest && i < len(parts)-1:
			return p, fmt.Errorf("{%s...} must be the last segment", s.text)
		case s.kind != literal && slices.ContainsFunc(p.segments, func(o segment) bool { return o.kind != literal && o.text == s.text }):
			return p, fmt.Errorf("{%s} stands twice", s.text)
		}
		p.segments = append(p.segments, s)
	}
	return p, nil
}

func parseSegment(part string) (segment, error) {
	if inner, ok := strings.CutPrefix(part, "{"); ok {
		inner, ok = strings.CutSuffix(inner, "}")
		name, isRest := strings.CutSuffix(inner, "...")
		if !ok || !validName(name) {
			return segment{}, fmt.Errorf("%q is not a placeholder such as {id} or {rest...}", part)
		}
		if isRest {
			return segment{rest, name}, nil
		}
		return segment{param, name}, nil
	}
	if !canonicalSegment(part) {
		return segment{}, fmt.Errorf("segment %q is not in canonical form: no empty, . or .. segments, upper-case %%XX, nothing encoded that need not be or never gets here (/ \\ ; and control characters)", part)
	}
	return segment{literal, decode(part)}, nil
}

// decode gives the text of a canonical segment. Literals are compared decoded,
// as most upstreams do: /a%2Cb is the same page as /a,b to them, and must not
// slip past a literal route into a broader one.
func decode(part string) string {
	if strings.IndexByte(part, '%') < 0 {
		return part
	}
	var out strings.Builder
	for i := 0; i < len(part); i++ {
		if part[i] == '%' {
			out.WriteByte(unhex(part[i+1])<<4 | unhex(part[i+2]))
			i += 2
			continue
		}
		out.WriteByte(part[i])
	}
	return out.String()
}

func validName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// canonicalSegment tells whether a literal can ever equal a segment of a
// canonical path.
func canonicalSegment(s string) bool {
	if s == "" || s == "." || s == ".." {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) || !upperHex(s[i+1]) || !upperHex(s[i+2]) || unreserved(unhex(s[i+1])<<4|unhex(s[i+2])) {
				return false
			}
			i += 2
		case !unreserved(c) && !strings.ContainsRune("!$&'()*+,=:@", rune(c)):
			return false
		}
	}
	text := decode(s)
	return utf8.ValidString(text) && !strings.ContainsAny(text, `/\;`) && strings.IndexFunc(text, unicode.IsControl) < 0
}

func upperHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' }

func unhex(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c - '0'
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

package format

import (
	"slices"
	"strings"
)

// hasComment tells whether a // stands outside of string literals.
func hasComment(src []rune) bool {
	for i := 0; i < len(src); i++ {
		if s, ok := readString(src, i); ok {
			i = s.end - 1
			continue
		}
		if i+1 < len(src) && src[i] == '/' && src[i+1] == '/' {
			return true
		}
		for isWord(src[i]) && i+1 < len(src) && isWord(src[i+1]) {
			i++ // not every r before a quote begins a raw string
		}
	}
	return false
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// stringLiteral is a string or bytes literal in a source.
type stringLiteral struct {
	prefix string // lower-case: "", r, b or br
	quote  rune
	long   bool // three quotes each side
	body   []rune
	end    int
}

// readString reads the literal that begins at i; ok is false if none does.
func readString(src []rune, i int) (s stringLiteral, ok bool) {
	for ; i < len(src) && len(s.prefix) < 2 && strings.ContainsRune("rRbB", src[i]); i++ {
		s.prefix += strings.ToLower(string(src[i]))
	}
	if i >= len(src) || src[i] != '\'' && src[i] != '"' {
		return s, false
	}
	s.quote = src[i]
	end := []rune{s.quote}
	if three := []rune{s.quote, s.quote, s.quote}; hasPrefix(src[i:], three) {
		s.long, end = true, three
	}
	start := i + len(end)
	for i = start; i < len(src); i++ {
		if src[i] == '\\' && !strings.Contains(s.prefix, "r") {
			i++
			continue
		}
		if hasPrefix(src[i:], end) {
			s.body, s.end = src[start:i], i+len(end)
			return s, true
		}
	}
	return s, false
}

func hasPrefix(src, prefix []rune) bool {
	return len(src) >= len(prefix) && slices.Equal(src[:len(prefix)], prefix)
}

// String writes the literal on one line, in single quotes where that needs no
// more escapes. ok is false for raw text that cannot stand on one line.
func (s stringLiteral) String() (text string, ok bool) {
	raw := strings.Contains(s.prefix, "r")
	body := string(s.body)
	if strings.ContainsAny(body, "\n\r") {
		if raw {
			return "", false
		}
		body = strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(body)
	}
	quote := s.quote
	switch {
	case raw && strings.ContainsRune(body, '\''):
		quote = '"'
		if strings.ContainsRune(body, '"') {
			return s.prefix + strings.Repeat(string(s.quote), 3) + body + strings.Repeat(string(s.quote), 3), s.long
		}
	case raw:
		quote = '\''
	case escapeQuote(body, '\'') == body:
		body, quote = unescapeQuote(body, '"'), '\''
	case s.long:
		body, quote = escapeQuote(body, '"'), '"'
	}
	return s.prefix + string(quote) + body + string(quote), true
}

// escapeQuote puts a backslash before each such quote that has none.
func escapeQuote(body string, quote rune) string {
	var out strings.Builder
	escaped := false
	for _, r := range body {
		if r == quote && !escaped {
			out.WriteByte('\\')
		}
		escaped = r == '\\' && !escaped
		out.WriteRune(r)
	}
	return out.String()
}

// unescapeQuote takes the backslash from before each such quote.
func unescapeQuote(body string, quote rune) string {
	var out strings.Builder
	escaped := false
	for _, r := range body {
		if escaped && r != quote {
			out.WriteByte('\\')
		}
		if escaped = r == '\\' && !escaped; !escaped {
			out.WriteRune(r)
		}
	}
	return out.String()
}

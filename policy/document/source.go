package document

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of one file. A file beyond them is refused before it is parsed.
const (
	MaxFileSize = 1 << 20
	MaxDepth    = 64
)

// source is a file's text with its lines.
type source struct {
	path  string
	lines []string
}

func newSource(path, text string) *source {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	return &source{path: path, lines: lines}
}

func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

func (s *source) span(start, end Position) Span {
	return Span{Path: s.path, Start: start, End: end, text: s.line(start.Line)}
}

// refusal says why a text cannot be read faithfully, and where; ok is false
// when there is no objection.
func refusal(text string) (at Position, why string, ok bool) {
	if len(text) > MaxFileSize {
		return Position{1, 1}, fmt.Sprintf("the file has %d bytes; at most %d are read", len(text), MaxFileSize), true
	}
	at = Position{1, 1}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return at, "the file is not valid UTF-8", true
		case r == '\uFEFF':
			return at, "byte order mark", true
		case r == '\u0085' || r == '\u2028' || r == '\u2029':
			// YAML 1.1 takes these as line breaks, editors do not show them as such.
			return at, fmt.Sprintf("invisible line break U+%04X", r), true
		case r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
			return at, fmt.Sprintf("text direction mark U+%04X: the file would not mean what it shows", r), true
		case r < 0x20 && r != '\n' && r != '\r' && r != '\t', r == 0x7f:
			return at, fmt.Sprintf("control character U+%04X", r), true
		}
		i += n
		at.Column++
		if r == '\n' {
			at = Position{at.Line + 1, 1}
		}
	}
	return Position{}, "", false
}

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
	path   string
	text   string
	starts []int32        // of the lines
	wide   map[int][]rune // lines that are not ASCII, by number
}

// line gives its runes by column in constant time: a file may be one long
// line, and every value in it asks for its place.
type line struct {
	text  string
	runes []rune // nil when the text is ASCII
}

func newSource(path, text string) *source {
	s := &source{path: path, text: text, starts: make([]int32, 1, strings.Count(text, "\n")+1)}
	for i := 0; i < len(text); {
		n := strings.IndexByte(text[i:], '\n') + 1
		if n == 0 {
			break
		}
		i += n
		s.starts = append(s.starts, int32(i)) // a file is at most MaxFileSize long
	}
	for n := range s.starts {
		if l := s.line(n + 1).text; utf8.RuneCountInString(l) != len(l) {
			if s.wide == nil {
				s.wide = map[int][]rune{}
			}
			s.wide[n+1] = []rune(l)
		}
	}
	return s
}

// count is the number of lines; text after the last line end is one, too.
func (s *source) count() int { return len(s.starts) }

// line gives a line by its 1-based number; one that does not exist is empty.
func (s *source) line(n int) line {
	if n < 1 || n > len(s.starts) {
		return line{}
	}
	text := s.text[s.starts[n-1]:]
	if n < len(s.starts) {
		text = s.text[s.starts[n-1] : s.starts[n]-1]
	}
	return line{text: strings.TrimSuffix(text, "\r"), runes: s.wide[n]}
}

// length counts the runes.
func (l line) length() int {
	if l.runes != nil {
		return len(l.runes)
	}
	return len(l.text)
}

// at gives the rune at a 0-based index below the length.
func (l line) at(i int) rune {
	if l.runes != nil {
		return l.runes[i]
	}
	return rune(l.text[i])
}

func (s *source) span(start, end Position) Span {
	return Span{Path: s.path, Start: start, End: end, text: s.line(start.Line).text}
}

// refusal says why a text cannot be read faithfully, and where; ok is false
// when there is no objection.
func refusal(text string) (at Position, why string, ok bool) {
	at = Position{1, 1}
	if len(text) > MaxFileSize {
		return at, fmt.Sprintf("the file is larger than %d bytes, the most that is read", MaxFileSize), true
	}
	before := '\n'
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return at, "the file is not valid UTF-8", true
		}
		if why := hidden(before, r, text[i+n:]); why != "" {
			return at, why, true
		}
		before = r
		i += n
		at.Column++
		if r == '\n' {
			at = Position{at.Line + 1, 1}
		}
	}
	return Position{}, "", false
}

// hidden says what is wrong with a character that people do not see, or do
// not see as the parser does; rest is the text after it.
func hidden(before, r rune, rest string) string {
	if r >= 0x20 && r < 0x7f {
		return ""
	}
	switch {
	case r == '\n', r == '\t':
		return ""
	case r == '\uFEFF':
		return "byte order mark"
	case r == '\r' && !strings.HasPrefix(rest, "\n"), r == '\u0085', r == '\u2028', r == '\u2029':
		// YAML takes these as line breaks, editors do not show them as such.
		return fmt.Sprintf("invisible line break U+%04X", r)
	case r == '\u061C', r == '\u200E', r == '\u200F', r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return fmt.Sprintf("text direction mark U+%04X: the file would not mean what it shows", r)
	case r < 0x20 && r != '\r', r >= 0x7f && r < 0xa0, r == '\uFFFE', r == '\uFFFF':
		return fmt.Sprintf("control character U+%04X", r)
	case r == '\u00AD', r == '\u200B', r >= '\u2060' && r <= '\u2064', r >= 0xE0000 && r <= 0xE007F, joiner(before, r, rest):
		return fmt.Sprintf("invisible character U+%04X: the file would not mean what it shows", r)
	}
	return ""
}

// joiner tells whether a zero-width joiner stands beside ASCII, where it has
// no work to do. Between the letters of some scripts, and in emoji, it has.
func joiner(before, r rune, rest string) bool {
	return (r == '\u200C' || r == '\u200D') && (before < utf8.RuneSelf || rest == "" || rest[0] < utf8.RuneSelf)
}

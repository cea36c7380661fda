package document

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// look is what a file's bytes tell before anything else is read.
type look struct {
	ascii bool // visible ASCII, blanks, tabs and line ends only
	tabs  bool
	crs   bool // carriage returns
}

func lookAt(data []byte) look {
	l := look{ascii: true}
	for _, b := range data {
		switch {
		case b >= ' ' && b < 0x7f, b == '\n':
		case b == '\t':
			l.tabs = true
		default:
			l.ascii = false
			l.crs = l.crs || b == '\r'
		}
	}
	return l
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

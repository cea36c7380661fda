package document

import (
	"strings"
	"unicode/utf8"
)

// Limits of one file. A file beyond them is refused before it is parsed.
const (
	MaxFileSize = 1 << 20
	MaxDepth    = 64
)

// source is a file's text as lines.
type source struct {
	path string
	in   *lines
	from uint32 // its first line in there
	n    uint32 // how many it has; text after the last line end is one, too
}

// lines are those of files that were read together; equal ones are kept once.
type lines struct {
	text  string
	at    []uint32        // where in the text each distinct line begins
	few   []uint16        // which of them each line is, if they are few
	of    []uint32        // which of them each line is, otherwise
	ascii bool            // all of them
	texts []keptText      // values that are no part of a line
	long  map[uint32]line // long ones, by their place in the text
}

// longLine is how many bytes a long line has. A file may be one long line, and
// every value in it asks for its place.
const longLine = 1 << 10

// line gives its runes by column.
type line struct {
	text  string
	runes []rune // nil when the text is ASCII
}

// newSource is the source of a file that is read alone.
func newSource(path string, data []byte) *source {
	var g gathering
	g.add(path, data, lookAt(data))
	return &g.sources()[0]
}

// count is the number of lines.
func (s *source) count() int { return int(s.n) }

// start is where a line of this number begins in the text of all.
func (s *source) start(n int) uint32 {
	if i := int(s.from) + n - 1; s.in.of == nil {
		return s.in.at[s.in.few[i]]
	} else {
		return s.in.at[s.in.of[i]]
	}
}

// text gives a line by its 1-based number, without its end; one that does not
// exist is empty.
func (s *source) text(n int) string {
	if n < 1 || n > s.count() {
		return ""
	}
	text, _ := s.in.line(s.start(n))
	return text
}

func (l *lines) line(at uint32) (text string, long bool) {
	text = l.text[at:]
	if end := strings.IndexByte(text[:min(len(text), longLine)], '\n'); end >= 0 {
		return text[:end], false
	}
	return l.long[at].text, true
}

// line gives a line by its number.
func (s *source) line(n int) line {
	if n < 1 || n > s.count() {
		return line{}
	}
	at := s.start(n)
	text, long := s.in.line(at)
	if long {
		return s.in.long[at].seen()
	}
	l := line{text: text}.seen()
	if !s.in.ascii {
		l.runes = wide(l.text)
	}
	return l
}

// seen is the line without what belongs to its end.
func (l line) seen() line {
	l.text = strings.TrimSuffix(l.text, "\r")
	return l
}

// wide gives the runes of a text that is not ASCII.
func wide(text string) []rune {
	if utf8.RuneCountInString(text) == len(text) {
		return nil
	}
	return []rune(text)
}

// keepLong finds the long lines.
func (l *lines) keepLong() {
	for at := 0; at < len(l.text); {
		text := l.text[at:]
		text = text[:strings.IndexByte(text, '\n')]
		if len(text) >= longLine {
			if l.long == nil {
				l.long = map[uint32]line{}
			}
			l.long[uint32(at)] = line{text: text, runes: wide(line{text: text}.seen().text)}
		}
		at += len(text) + 1
	}
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

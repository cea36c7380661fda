package document

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Text is a scalar's value with its place. The zero Text is absent.
type Text struct {
	Value string
	node  *Node
}

// IsSet tells whether the text stood in the file.
func (t Text) IsSet() bool { return t.node != nil }

// Quoted tells whether the scalar was written in quotes or as a block, so
// that it can only be a string.
func (t Text) Quoted() bool {
	const written = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	return t.node != nil && t.node.y.Style&written != 0
}

// Span is where the scalar starts.
func (t Text) Span() Span {
	if t.node == nil {
		return Span{}
	}
	return t.node.Span()
}

// At gives the place in the file of n runes of the value, counted from the
// given rune offset. It is exact inside plain, quoted, literal and folded
// scalars: they differ from their source in white space and escapes only.
func (t Text) At(offset, n int) Span {
	if t.node == nil {
		return Span{}
	}
	places := t.places()
	if len(places) == 0 {
		return t.Span()
	}
	offset = min(max(offset, 0), len(places)-1)
	last := min(offset+max(n, 1)-1, len(places)-1)
	start, end := places[offset], places[last]
	if end.Line != start.Line {
		end = Position{start.Line, len([]rune(t.node.src.line(start.Line)))}
	}
	end.Column++
	return t.node.src.span(start, end)
}

// places gives the source position of each rune of the value.
func (t Text) places() []Position {
	value := []rune(t.Value)
	sc := newScanner(t.node)
	out := make([]Position, 0, len(value))
	var pending int
	for _, r := range value {
		if unicode.IsSpace(r) {
			// Folding and indentation change white space only: its runes are
			// placed once the next visible one is known.
			pending++
			continue
		}
		at, ok := sc.next()
		if !ok {
			return nil
		}
		for k := pending; k > 0; k-- {
			out = append(out, Position{at.Line, max(1, at.Column-k)})
		}
		pending = 0
		out = append(out, at)
	}
	for ; pending > 0 && len(out) > 0; pending-- {
		out = append(out, out[len(out)-1])
	}
	return out
}

// scanner yields the positions of a scalar's visible runes in its source.
type scanner struct {
	src    *source
	style  yaml.Style
	line   int
	column int // 0-based rune index of the next rune
	runes  []rune
}

func newScanner(n *Node) *scanner {
	s := &scanner{src: n.src, style: n.y.Style, line: n.y.Line, column: n.y.Column - 1}
	switch {
	case s.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		s.line++
		s.column = 0
	case s.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		s.column++
	}
	s.runes = []rune(s.src.line(s.line))
	return s
}

func (s *scanner) next() (Position, bool) {
	for {
		if s.column >= len(s.runes) {
			if s.line >= len(s.src.lines) {
				return Position{}, false
			}
			s.line++
			s.column = 0
			s.runes = []rune(s.src.line(s.line))
			continue
		}
		at := Position{s.line, s.column + 1}
		r := s.runes[s.column]
		s.column++
		switch {
		case unicode.IsSpace(r):
			continue
		case r == '\'' && s.style&yaml.SingleQuotedStyle != 0:
			s.column++ // a quote inside single quotes is written twice
		case r == '\\' && s.style&yaml.DoubleQuotedStyle != 0:
			if s.escape() {
				continue
			}
		}
		return at, true
	}
}

// escape passes over an escape sequence; space tells that it stands for white
// space or for nothing.
func (s *scanner) escape() (space bool) {
	if s.column >= len(s.runes) {
		return true
	}
	r := s.runes[s.column]
	s.column++
	width := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r]
	if width > 0 {
		digits := s.runes[s.column:min(s.column+width, len(s.runes))]
		s.column += len(digits)
		return unicode.IsSpace(hexRune(digits))
	}
	return strings.ContainsRune("tnrvf \tNLP_", r)
}

func hexRune(digits []rune) rune {
	var v rune
	for _, d := range digits {
		switch {
		case d >= '0' && d <= '9':
			v = v<<4 | (d - '0')
		case d >= 'a' && d <= 'f':
			v = v<<4 | (d - 'a' + 10)
		case d >= 'A' && d <= 'F':
			v = v<<4 | (d - 'A' + 10)
		default:
			return utf8.RuneError
		}
	}
	return v
}

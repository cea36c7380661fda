package document

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is a scalar's value with its place. The zero Text is absent. It is as
// small as a Place: most values are read where they stand in the file.
type Text struct {
	src *source
	// bits say where a value stands that is a part of its line: style, line,
	// byte of the line, and length, from the second highest bit on. With the
	// highest bit they are the number of a value that is kept beside the lines.
	bits uint64
}

const (
	partBits = 20 // of the line, the byte and the length each
	mostPart = 1<<partBits - 1
	apart    = 1 << 63
)

// keptText is a value that is no part of a line, and where it stands.
type keptText struct {
	value string
	place uint64
}

// NewText is a text that stands in no file; it is not set.
func NewText(value string) Text {
	return Text{src: &source{in: &lines{texts: []keptText{{value: value}}}}, bits: apart}
}

// text is a scalar as it stands.
func (n *Node) text() Text {
	if n.asText.src != nil {
		return n.asText
	}
	in := n.src.in
	if from, length := int(n.from), len(n.value); n.partOfLine && n.line <= mostPart && from <= mostPart && length <= mostPart {
		n.asText = Text{n.src, ((uint64(n.style)<<partBits|uint64(n.line))<<partBits|uint64(from))<<partBits | uint64(length)}
	} else {
		n.asText = Text{n.src, apart | uint64(len(in.texts))}
		in.texts = append(in.texts, keptText{n.value, n.Place().bits})
	}
	return n.asText
}

func (t Text) part(shift int) int { return int(t.bits >> shift & mostPart) }

// Value is the text, without quotes and escapes.
func (t Text) Value() string {
	switch {
	case t.src == nil:
		return ""
	case t.bits&apart != 0:
		return t.src.in.texts[t.bits&^apart].value
	}
	from := int(t.src.start(t.part(2*partBits))) + t.part(partBits)
	if t.Quoted() {
		from++
	}
	return t.src.in.text[from : from+t.part(0)]
}

// Renamed is a text with another value, and the same place.
func (t Text) Renamed(value string) Text {
	in := t.src.in
	out := Text{t.src, apart | uint64(len(in.texts))}
	in.texts = append(in.texts, keptText{value, t.Place().bits})
	return out
}

// IsSet tells whether the text stood in the file.
func (t Text) IsSet() bool { return t.src != nil && t.src.n > 0 }

func (t Text) style() style {
	if t.src != nil && t.bits&apart != 0 {
		return Place{bits: t.src.in.texts[t.bits&^apart].place}.style()
	}
	return style(t.bits >> (3 * partBits))
}

// Quoted tells whether the scalar was written in quotes or as a block, so
// that it can only be a string.
func (t Text) Quoted() bool { return t.style() != plain }

// Place is where the scalar starts.
func (t Text) Place() Place {
	switch {
	case !t.IsSet():
		return Place{}
	case t.bits&apart != 0:
		return Place{t.src, t.src.in.texts[t.bits&^apart].place}
	}
	number, column := t.part(2*partBits), t.part(partBits)
	if !t.src.in.ascii {
		column = utf8.RuneCountInString(t.src.text(number)[:column])
	}
	width := 1
	if !t.Quoted() {
		width = utf8.RuneCountInString(t.Value())
	}
	return newPlace(t.src, number, column+1, width, t.style())
}

// Span is where the scalar starts.
func (t Text) Span() Span {
	if !t.IsSet() {
		return Span{}
	}
	at := t.Place()
	if at.width() == widest {
		return at.span(utf8.RuneCountInString(t.Value()))
	}
	return at.Span()
}

// At gives the place in the file of n runes of the value, counted from the
// given rune offset. It is exact inside plain, quoted, literal and folded
// scalars: they differ from their source in white space and escapes only.
func (t Text) At(offset, n int) Span {
	if !t.IsSet() {
		return Span{}
	}
	places := t.places()
	if len(places) == 0 {
		return t.Span()
	}
	offset = min(max(offset, 0), len(places)-1)
	last := offset + min(max(n, 1), len(places)-offset) - 1
	start, end := places[offset], places[last]
	stop := Position{start.Line, end.Column + end.width}
	if end.Line != start.Line {
		stop.Column = t.src.line(start.Line).length() + 1
	}
	return t.src.span(start.Position, stop)
}

// runePlace is where a rune of a value stands, and how many runes stand for it.
type runePlace struct {
	Position
	width int
}

// places gives the place of each rune of the value.
func (t Text) places() []runePlace {
	sc := newScanner(t.Place())
	out := make([]runePlace, 0, len(t.Value()))
	pending := 0
	for _, r := range t.Value() {
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
		for ; pending > 0; pending-- {
			out = append(out, runePlace{Position{at.Line, max(1, at.Column-pending)}, 1})
		}
		out = append(out, at)
	}
	for ; pending > 0 && len(out) > 0; pending-- {
		out = append(out, out[len(out)-1])
	}
	return out
}

// scanner yields the places of a scalar's visible runes in its source.
type scanner struct {
	src    *source
	style  style
	number int // of the line
	line   line
	column int // 0-based index of the next rune
}

func newScanner(at Place) *scanner {
	s := &scanner{src: at.src, style: at.style(), number: at.line(), column: at.column() - 1}
	switch {
	case s.style.block():
		s.number++ // what stands beside the indicator is no part of the value
		s.column = 0
	case s.style.quoted():
		s.column++
	}
	s.line = s.src.line(s.number)
	return s
}

func (s *scanner) next() (runePlace, bool) {
	for {
		if s.column >= s.line.length() {
			if s.number >= s.src.count() {
				return runePlace{}, false
			}
			s.number++
			s.column = 0
			s.line = s.src.line(s.number)
			continue
		}
		from := s.column
		r := s.line.at(from)
		s.column++
		switch {
		case unicode.IsSpace(r):
			continue
		case r == '\'' && s.style == singleQuoted:
			s.column++ // a quote inside single quotes is written twice
		case r == '\\' && s.style == doubleQuoted:
			if s.escape() {
				continue
			}
		}
		return runePlace{Position{s.number, from + 1}, s.column - from}, true
	}
}

// escape passes over an escape sequence; space tells that it stands for white
// space or for nothing.
func (s *scanner) escape() (space bool) {
	if s.column >= s.line.length() {
		return true
	}
	r := s.line.at(s.column)
	s.column++
	width := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r]
	if width == 0 {
		return strings.ContainsRune("tnrvf \tNLP_", r)
	}
	var v rune
	for ; width > 0 && s.column < s.line.length(); width-- {
		v = v<<4 | hexDigit(s.line.at(s.column))
		s.column++
	}
	return unicode.IsSpace(v)
}

func hexDigit(d rune) rune {
	switch {
	case d >= 'a':
		return d - 'a' + 10
	case d >= 'A':
		return d - 'A' + 10
	}
	return d - '0'
}

package document

import "unicode/utf8"

// Place is where a value stands in the files. It is small, as a set keeps one
// for every value; Span tells it in full. The zero Place is nowhere.
type Place struct {
	src  *source
	bits uint64 // style, line, column and width, from the highest bit on
}

// A line and a column of a file fit, as MaxFileSize is 1<<20. The width is the
// number of runes of a plain scalar; of one that is wider it is widest.
const (
	widthBits  = 19
	columnBits = 21
	lineBits   = 21
	widest     = 1<<widthBits - 1
)

func newPlace(src *source, line, column, width int, s style) Place {
	bits := uint64(s)<<lineBits | uint64(line)
	bits = bits<<columnBits | uint64(column)
	return Place{src: src, bits: bits<<widthBits | uint64(min(width, widest))}
}

// Place is where the node begins.
func (n *Node) Place() Place {
	width, style := 1, n.style
	switch {
	case n.kind != scalarNode:
		style = collection
	case style == plain:
		width = utf8.RuneCountInString(n.value)
	}
	return newPlace(n.src, int(n.line), int(n.column), width, style)
}

// Span is the place of the node's first line.
func (n *Node) Span() Span { return n.Place().Span() }

// IsSet tells whether the place is in a file.
func (p Place) IsSet() bool { return p.src != nil }

// Span is the place in full: of the value, or of its first line if it has
// several, or of the first character of a list or mapping.
func (p Place) Span() Span {
	if !p.IsSet() {
		return Span{}
	}
	return p.span(p.width())
}

func (p Place) line() int    { return int(p.bits >> (columnBits + widthBits) & (1<<lineBits - 1)) }
func (p Place) column() int  { return int(p.bits >> widthBits & (1<<columnBits - 1)) }
func (p Place) width() int   { return int(p.bits & widest) }
func (p Place) style() style { return style(p.bits >> (lineBits + columnBits + widthBits)) }

// start is where the value begins. The parser puts an empty value at the end
// of a file into a line that is not there.
func (p Place) start() Position {
	if last := p.src.count(); p.line() > last {
		return Position{last, p.src.line(last).length() + 1}
	}
	return Position{max(1, p.line()), max(1, p.column())}
}

// firstRune is the character at which the value begins, 0 at the end of a line.
func (p Place) firstRune() rune {
	at := p.start()
	l := p.src.line(at.Line)
	if at.Column > l.length() {
		return 0
	}
	return l.at(at.Column - 1)
}

// span is the place of the value's first line; width is that of a plain scalar.
func (p Place) span(width int) Span {
	start := p.start()
	l := p.src.line(start.Line)
	start.Column = min(start.Column, l.length()+1)
	length := max(1, min(p.length(l, start.Column-1, width), l.length()-start.Column+1))
	return p.src.span(start, Position{start.Line, start.Column + length})
}

// length counts the runes of a value in its first line, quotes included.
func (p Place) length(l line, from, width int) int {
	switch first := p.firstRune(); {
	case p.style() == collection:
		return 1
	case first == '!' || first == '&': // a tag or an anchor, which is refused
		i := from
		for i < l.length() && l.at(i) != ' ' {
			i++
		}
		return i - from
	case p.style().block():
		return 1
	case p.style() == plain:
		return width
	}
	quote := l.at(from)
	for i := from + 1; i < l.length(); i++ {
		switch r := l.at(i); {
		case r == '\\' && quote == '"':
			i++
		case r == quote && quote == '\'' && i+1 < l.length() && l.at(i+1) == quote:
			i++
		case r == quote:
			return i - from + 1
		}
	}
	return l.length() - from
}

package document

import (
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// spot is where a value begins and how it is written. It outlives the parser's
// node, which is many times as large: a set keeps a spot for every value.
type spot struct {
	src          *source // nil is nowhere
	line, column int32   // as the parser tells them
	style        yaml.Style
}

func (n *Node) spot() spot {
	return spot{src: n.src, line: int32(n.y.Line), column: int32(n.y.Column), style: n.y.Style} // a file is far shorter than an int32
}

// Span is the place of the node's first line.
func (n *Node) Span() Span { return n.spot().span(n.y.Kind == yaml.ScalarNode, n.y.Value) }

// start is where the value begins. The parser puts an empty value at the end
// of a file into a line that is not there.
func (p spot) start() Position {
	if last := p.src.count(); int(p.line) > last {
		return Position{last, p.src.line(last).length() + 1}
	}
	return Position{max(1, int(p.line)), max(1, int(p.column))}
}

// firstRune is the character at which the value begins, 0 at the end of a line.
func (p spot) firstRune() rune {
	at := p.start()
	l := p.src.line(at.Line)
	if at.Column > l.length() {
		return 0
	}
	return l.at(at.Column - 1)
}

// span is the place of the value's first line.
func (p spot) span(scalar bool, value string) Span {
	start := p.start()
	l := p.src.line(start.Line)
	start.Column = min(start.Column, l.length()+1)
	length := 1
	if scalar {
		length = p.width(l, start.Column-1, value)
	}
	length = max(1, min(length, l.length()-start.Column+1))
	return p.src.span(start, Position{start.Line, start.Column + length})
}

// width counts the runes of a scalar in its first line, quotes included.
func (p spot) width(l line, from int, value string) int {
	switch first := p.firstRune(); {
	case first == '!' || first == '&': // a tag or an anchor, which is refused
		i := from
		for i < l.length() && l.at(i) != ' ' {
			i++
		}
		return i - from
	case p.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return 1
	case p.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0:
		return utf8.RuneCountInString(value)
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

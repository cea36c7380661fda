package document

import "strings"

// scalar reads a scalar of one line and gives the place after it.
func (r *plainReader) scalar(at int, inFlow bool) (n *Node, end int, ok bool) {
	if at >= len(r.text) {
		return nil, 0, false
	}
	switch r.text[at] {
	case '\'':
		return r.single(at)
	case '"':
		return r.double(at)
	}
	if !begins(r.text, at) {
		return nil, 0, false
	}
	end = plainEnd(r.text, at, inFlow)
	n = r.node(scalarNode, at)
	n.value, n.partOfLine = strings.TrimRight(r.text[at:end], " "), r.short
	return n, at + len(n.value), n.value != "<<" // as a key it merges
}

// begins tells whether a plain scalar can begin so. Some more could.
func begins(text string, at int) bool {
	switch c := text[at]; c {
	case '-':
		return at+1 < len(text) && wordly(text[at+1])
	case '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' ':
		return false
	}
	return true
}

func wordly(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.'
}

// plainEnd gives the end of a plain scalar: a colon or a comment, and in flow
// collections what divides them.
func plainEnd(text string, at int, inFlow bool) int {
	for i := at; i < len(text); i++ {
		switch text[i] {
		case ':':
			if blankAt(text, i+1) {
				return i
			}
		case '#':
			if text[i-1] == ' ' { // it is not the first
				return i
			}
		case ',', '[', ']', '{', '}', '?':
			if inFlow {
				return i
			}
		}
	}
	return len(text)
}

func (r *plainReader) single(at int) (*Node, int, bool) {
	n := r.node(scalarNode, at)
	n.style = singleQuoted
	from, twice := at+1, false
	for i := from; i < len(r.text); i++ {
		if r.text[i] != '\'' {
			continue
		}
		if i+1 < len(r.text) && r.text[i+1] == '\'' {
			twice = true
			i++
			continue
		}
		n.partOfLine = r.short && !twice
		if n.value = r.text[from:i]; twice {
			n.value = strings.ReplaceAll(n.value, "''", "'")
		}
		return n, i + 1, true
	}
	return nil, 0, false
}

func (r *plainReader) double(at int) (*Node, int, bool) {
	n := r.node(scalarNode, at)
	n.style = doubleQuoted
	r.scratch = r.scratch[:0]
	from := at + 1
	for i := from; i < len(r.text); i++ {
		switch r.text[i] {
		case '"':
			n.partOfLine = r.short && len(r.scratch) == 0
			if n.value = r.text[from:i]; len(r.scratch) > 0 {
				n.value = string(append(r.scratch, n.value...))
			}
			return n, i + 1, true
		case '\\':
			r.scratch = append(r.scratch, r.text[from:i]...)
			if i++; i == len(r.text) {
				return nil, 0, false
			}
			switch r.text[i] {
			case '"', '\\', '/':
				r.scratch = append(r.scratch, r.text[i])
			case 'n':
				r.scratch = append(r.scratch, '\n')
			case 't':
				r.scratch = append(r.scratch, '\t')
			default:
				return nil, 0, false
			}
			from = i + 1
		}
	}
	return nil, 0, false
}

// blockScalar reads a literal or folded scalar whose indicator stands at a
// byte of the current line, and goes to the line after it.
func (r *plainReader) blockScalar(parent, at int) (*Node, bool) {
	n := r.node(scalarNode, at)
	if n.style = literal; r.text[at] == '>' {
		n.style = folded
	}
	end, chomp := at+1, byte(0)
	if end < len(r.text) && (r.text[end] == '-' || r.text[end] == '+') {
		chomp = r.text[end]
		end++
	}
	if !ends(r.text, end) {
		return nil, false
	}
	number, last := r.number+1, r.src.count()
	breaks := 0
	for number < last && r.src.text(number) == "" {
		breaks++
		number++
	}
	indent := skip(r.src.text(number), 0)
	if indent <= parent || indent == 0 || indent == len(r.src.text(number)) {
		return nil, false // empty, or led by blanks
	}
	r.scratch = r.scratch[:0]
	began, moreBefore, ended := false, false, false
	for ; number <= last; number++ {
		text := r.src.text(number)
		deep := skip(text, 0)
		if deep == len(text) && deep <= indent {
			if number < last {
				breaks++
			}
			continue
		}
		if deep < indent {
			break
		}
		more := deep > indent
		switch {
		case began && n.style == folded && !more && !moreBefore:
			if breaks == 0 {
				r.scratch = append(r.scratch, ' ')
			}
		case began:
			r.scratch = append(r.scratch, '\n')
		}
		r.scratch = append(appendBreaks(r.scratch, breaks), text[indent:]...)
		began, moreBefore, ended, breaks = true, more, number < last, 0
	}
	if ended && chomp != '-' {
		r.scratch = append(r.scratch, '\n')
	}
	if chomp == '+' {
		r.scratch = appendBreaks(r.scratch, breaks)
	}
	n.value = string(r.scratch)
	r.enter(number - 1)
	r.advance()
	return n, true
}

func appendBreaks(to []byte, n int) []byte {
	for ; n > 0; n-- {
		to = append(to, '\n')
	}
	return to
}

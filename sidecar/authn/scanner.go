package authn

import (
	"bytes"
	"fmt"
)

const maxDepth = 16

// scanner checks JSON text (RFC 8259) in one pass, without building values.
type scanner struct {
	data []byte
	pos  int
}

func (s *scanner) fail(what string) error { return fmt.Errorf("%s at byte %d", what, s.pos) }

// peek gives the next byte; the end of data reads as 0, which no token of JSON
// begins with.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for {
		switch s.peek() {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth+1, nil)
	case c == '[':
		return s.array(depth+1, nil)
	case c == '"':
		return s.text()
	case c == '-' || (c >= '0' && c <= '9'):
		return s.number()
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
			s.pos += len(word)
			return nil
		}
	}
	return s.fail("no value")
}

// object reads the object at pos. With keep it also gives the members.
func (s *scanner) object(depth int, keep *object) error {
	if depth > maxDepth {
		return s.fail("nested too deep")
	}
	s.pos++
	if s.space(); s.peek() == '}' {
		s.pos++
		return nil
	}
	seen := map[string]struct{}{}
	for {
		s.space()
		if s.peek() != '"' {
			return s.fail("no member name")
		}
		start := s.pos
		if err := s.text(); err != nil {
			return err
		}
		name, err := unquote(s.data[start:s.pos])
		if err != nil {
			return s.fail("bad member name")
		}
		if _, dup := seen[name]; dup {
			return s.fail("duplicate member")
		}
		seen[name] = struct{}{}
		if s.space(); s.peek() != ':' {
			return s.fail("no colon")
		}
		s.pos++
		s.space()
		start = s.pos
		if err := s.value(depth); err != nil {
			return err
		}
		if keep != nil {
			*keep = append(*keep, member{name, s.data[start:s.pos:s.pos]})
		}
		if done, err := s.next('}'); done || err != nil {
			return err
		}
	}
}

// array reads the array at pos. With keep it also gives the elements.
func (s *scanner) array(depth int, keep *[][]byte) error {
	if depth > maxDepth {
		return s.fail("nested too deep")
	}
	s.pos++
	if s.space(); s.peek() == ']' {
		s.pos++
		return nil
	}
	for {
		s.space()
		start := s.pos
		if err := s.value(depth); err != nil {
			return err
		}
		if keep != nil {
			*keep = append(*keep, s.data[start:s.pos:s.pos])
		}
		if done, err := s.next(']'); done || err != nil {
			return err
		}
	}
}

// next steps over a comma, or over the closing byte and says so.
func (s *scanner) next(closing byte) (bool, error) {
	s.space()
	switch s.peek() {
	case ',':
		s.pos++
		return false, nil
	case closing:
		s.pos++
		return true, nil
	}
	return false, s.fail("no comma")
}

func (s *scanner) text() error {
	for s.pos++; ; s.pos++ {
		switch c := s.peek(); {
		case c == '"':
			s.pos++
			return nil
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c < 0x20:
			return s.fail("control character or end in a string")
		}
	}
}

// escape reads an escape and leaves pos on its last byte. A lone surrogate is
// an error: decoders replace it, each in its own way.
func (s *scanner) escape() error {
	s.pos++
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
	default:
		return s.fail("bad escape")
	}
	unit, ok := s.hex4()
	if !ok || (unit >= 0xdc00 && unit <= 0xdfff) {
		return s.fail("bad \\u escape")
	}
	if unit < 0xd800 || unit > 0xdbff {
		return nil
	}
	if !bytes.HasPrefix(s.data[s.pos+1:], []byte(`\u`)) {
		return s.fail("lone surrogate")
	}
	s.pos += 2
	if low, ok := s.hex4(); !ok || low < 0xdc00 || low > 0xdfff {
		return s.fail("lone surrogate")
	}
	return nil
}

// hex4 reads the four digits after pos and leaves pos on the last.
func (s *scanner) hex4() (unit uint32, ok bool) {
	for range 4 {
		s.pos++
		c := s.peek()
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | uint32(c)
	}
	return unit, true
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		return s.fail("bad number")
	}
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.fail("bad number")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.fail("bad number")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}

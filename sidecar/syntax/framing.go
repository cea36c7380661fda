package syntax

import "bytes"

// RuleFraming is the rule in the record of a request whose end two readers
// could see in different places.
const RuleFraming = "http_framing"

// framing follows the requests of an HTTP/1.x connection as the server reads
// them, and stops at the first whose framing RFC 9112 calls an error and
// net/http repairs without a word: Content-Length beside Transfer-Encoding or
// twice (sections 6.1 and 6.3), a coding in HTTP/1.0 (section 6.1), folded
// lines (section 5.2) and lines that end without CR (section 2.2). A proxy in
// front that sees another end there would let one client write the beginning
// of another's request.
//
// What net/http answers with an error and the end of the connection is left to
// it. The zero value stands before the first request.
type framing struct {
	state framingState
	head  [48]byte // how the line at hand begins
	tail  [10]byte // how it ends
	size  int      // of the line so far
	left  uint64   // bytes of the body or chunk that are to come

	hasLength, hasCoding, oldVersion bool
	coding                           bool   // chunked, the one that is known
	length                           uint64 // of Content-Length
}

type framingState uint8

const (
	atRequest framingState = iota // before or in a request line
	atHeader
	atBody      // of a known length
	atChunkSize // the line that says how long the chunk is
	atChunk
	atChunkEnd // the CRLF behind a chunk
	atTrailer
	unframed // nothing more to be said: the server ends the connection
)

// judge follows p and tells how many of its bytes may be read and whether there
// may be more; if not, it must not be called again. A line that is wrong in a
// body may be read: most of them the server refuses itself.
func (f *framing) judge(p []byte) (good int, more bool) {
	done := 0
	for done < len(p) {
		switch f.state {
		case unframed:
			return len(p), true
		case atBody, atChunk:
			n := min(f.left, uint64(len(p)-done))
			f.left -= n
			done += int(n)
			if f.left == 0 {
				f.state = f.afterData()
			}
			continue
		}
		end := bytes.IndexByte(p[done:], '\n')
		if end < 0 {
			f.extend(p[done:])
			return len(p), true
		}
		f.extend(p[done : done+end])
		if !f.line() {
			if f.state > atHeader {
				end++
			}
			return done + end, false
		}
		done += end + 1
		f.size = 0
	}
	return len(p), true
}

func (f *framing) afterData() framingState {
	if f.state == atChunk {
		return atChunkEnd
	}
	*f = framing{}
	return atRequest
}

// extend adds bytes to the line at hand.
func (f *framing) extend(p []byte) {
	if f.size < len(f.head) {
		copy(f.head[f.size:], p)
	}
	f.size += len(p)
	if len(p) >= len(f.tail) {
		copy(f.tail[:], p[len(p)-len(f.tail):])
	} else {
		copy(f.tail[:], f.tail[len(p):])
		copy(f.tail[len(f.tail)-len(p):], p)
	}
}

// line judges the line at hand, which is whole but for its LF.
func (f *framing) line() bool {
	if f.size == 0 && f.state == atRequest {
		return true // before a request; the server knows whether to take it
	}
	if f.size == 0 || f.tail[len(f.tail)-1] != '\r' {
		return false
	}
	empty := f.size == 1
	switch f.state {
	case atRequest:
		return empty || f.requestLine()
	case atHeader:
		if empty {
			return f.endOfHead()
		}
		return f.header()
	case atChunkSize:
		return f.chunkSize()
	case atChunkEnd:
		f.state = atChunkSize
		return empty
	default: // atTrailer
		if empty {
			*f = framing{}
		}
		return true
	}
}

func (f *framing) requestLine() bool {
	version, minor := f.tail[1:8], f.tail[8]
	if string(version) != "HTTP/1." || minor < '0' || minor > '9' {
		f.state = unframed
		return true
	}
	f.state, f.oldVersion = atHeader, minor == '0'
	return true
}

// start gives how the line begins; whole tells whether that is all of it.
func (f *framing) start() (text []byte, whole bool) {
	n := f.size - 1 // without CR
	if n > len(f.head) {
		return f.head[:], false
	}
	return f.head[:n], true
}

func (f *framing) header() bool {
	switch f.head[0] {
	case ' ', '\t':
		return false
	case 'c', 'C', 't', 'T':
	default:
		return true
	}
	text, whole := f.start()
	name, value, _ := bytes.Cut(text, []byte(":"))
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, ok := number(bytes.Trim(value, " \t"), 10)
		if !whole || !ok || f.hasLength {
			return false
		}
		f.hasLength, f.length = true, n
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		// Other codings, and one coding too many, are answered by the server.
		f.coding = whole && !f.hasCoding && bytes.EqualFold(bytes.Trim(value, " \t"), []byte("chunked"))
		f.hasCoding = true
	}
	return true
}

func (f *framing) endOfHead() bool {
	switch {
	case f.hasCoding && (f.hasLength || f.oldVersion):
		return false
	case f.hasCoding && !f.coding:
		f.state = unframed
	case f.hasCoding:
		f.state = atChunkSize
	case f.length > 0:
		f.state, f.left = atBody, f.length
	default:
		*f = framing{}
	}
	return true
}

// chunkSize reads digits and leaves extensions aside. The server refuses what
// is wrong with those.
func (f *framing) chunkSize() bool {
	text, _ := f.start()
	digits, _, extended := bytes.Cut(text, []byte(";"))
	n, ok := number(digits, 16)
	if !ok || !extended && f.size-1 != len(digits) {
		return false
	}
	if f.state, f.left = atChunk, n; n == 0 {
		f.state = atTrailer
	}
	return true
}

// number reads up to 15 digits, which no addition here can overflow.
func number(s []byte, base uint64) (n uint64, ok bool) {
	if len(s) == 0 || len(s) > 15 {
		return 0, false
	}
	for _, b := range s {
		digit := base
		switch {
		case '0' <= b && b <= '9':
			digit = uint64(b - '0')
		case 'a' <= b && b <= 'f':
			digit = uint64(b-'a') + 10
		case 'A' <= b && b <= 'F':
			digit = uint64(b-'A') + 10
		}
		if digit >= base {
			return 0, false
		}
		n = n*base + digit
	}
	return n, true
}

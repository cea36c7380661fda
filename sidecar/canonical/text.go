package canonical

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const upperHex = "0123456789ABCDEF"

// Classes of a raw byte in a path.
const (
	pathOther   = iota // refused
	pathPlain          // `/`, or a pchar of RFC 3986 section 3.3 other than `%` and `;`
	pathPercent        // `%`
	pathParam          // `;`
)

// pathBytes is never written after start.
var pathBytes = func() (t [256]uint8) {
	for b := range t {
		if isUnreserved(byte(b)) {
			t[b] = pathPlain
		}
	}
	for _, b := range []byte("/:@!$&'()*+,=") {
		t[b] = pathPlain
	}
	t['%'] = pathPercent
	t[';'] = pathParam
	return t
}()

// isUnreserved is RFC 3986 section 2.3.
func isUnreserved(b byte) bool {
	return isAlphaNum(b) || b == '-' || b == '.' || b == '_' || b == '~'
}

func isAlphaNum(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

// unhex is the value of a byte that isHex holds for.
func unhex(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return (b | 0x20) - 'a' + 10
}

// unescape decodes every triplet of s once, and `+` to a space in a form. ok is
// false when a `%` lacks two hex digits.
func unescape(s string, form bool) (text string, ok bool) {
	var out strings.Builder
	out.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "", false
			}
			out.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
		case form && s[i] == '+':
			out.WriteByte(' ')
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), true
}

// Results of checkText.
const (
	textGood = iota
	textInvalid
	textControl
)

// checkText looks for broken UTF-8 first, then for control characters (Unicode
// category Cc, so the C1 set too).
func checkText(s string) int {
	switch {
	case isPrintable(s):
		return textGood
	case !utf8.ValidString(s):
		return textInvalid
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		return textControl
	}
	return textGood
}

// isPrintable tells whether s is all 0x20–0x7e. It looks at eight bytes at a
// time: bearer tokens make this the longest loop of a request.
func isPrintable(s string) bool {
	const ones = 0x0101010101010101
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		del := w ^ 0x7f*ones
		// Some top bit of the first term is set when a byte is below 0x20, of
		// the second when one is 0x7f, of the third when one is above that; no
		// bit of the three is set when all bytes are printable.
		if ((w-0x20*ones)&^w|(del-ones)&^del|w)&(0x80*ones) != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

package record

import (
	"encoding/json"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ellipsis  = "…"
	hexDigits = "0123456789abcdef"
)

// appendString writes s as a JSON string that holds at most MaxField bytes of
// text. Cutting what was cut before changes nothing.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if len(s) <= MaxField && plain(s) {
		dst = append(dst, s...)
		return append(dst, '"')
	}
	limit := MaxField
	if textLen(s) > MaxField {
		limit -= len(ellipsis)
	}
	written := 0
	for _, r := range s {
		if written += utf8.RuneLen(r); written > limit {
			dst = append(dst, ellipsis...)
			break
		}
		dst = appendRune(dst, r)
	}
	return append(dst, '"')
}

// plain tells whether s is written as it is. Nearly all strings are, so it
// looks at eight bytes at a time.
func plain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for len(s) >= 8 {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		quote, slash, del := w^ones*'"', w^ones*'\\', w^ones*0x7f
		// A top bit is set for a byte of w that is below a space, and for one of
		// the others that is zero; those above 0x7f have it themselves.
		if ((w-ones*' ')|(quote-ones)|(slash-ones)|(del-ones)|w)&tops != 0 {
			// A borrow may have come from the byte before: look closely.
			if !plainBytes(s[:8]) {
				return false
			}
		}
		s = s[8:]
	}
	return plainBytes(s)
}

func plainBytes(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// textLen is the length of s once every stray byte is a U+FFFD, which takes
// three; for an s longer than MaxField it is just a number above that.
func textLen(s string) int {
	if len(s) > MaxField || utf8.ValidString(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		n += utf8.RuneLen(r)
	}
	return n
}

func appendRune(dst []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r >= ' ' && r < 0x7f:
		return append(dst, byte(r))
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r >= 0x80 && unicode.IsPrint(r):
		return utf8.AppendRune(dst, r)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return appendUnit(appendUnit(dst, high), low)
	}
	return appendUnit(dst, r)
}

func appendUnit(dst []byte, u rune) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// appendValue writes raw as it is, up to white space and the escaping of what
// is not printable. It reports false, and dst is then not to be used, for what
// is over a bound or no JSON text.
func appendValue(dst []byte, raw json.RawMessage) ([]byte, bool) {
	if n := len(raw); n >= 2 && n <= MaxField+2 && raw[0] == '"' && raw[n-1] == '"' && plain(string(raw[1:n-1])) {
		return append(dst, raw...), true
	}
	if len(raw) > MaxValue || !utf8.Valid(raw) || !json.Valid(raw) {
		return dst, false
	}
	start := len(dst)
	dst, ok := appendClean(dst, raw, false)
	return dst, ok && len(dst)-start <= MaxValue
}

// appendClean writes the valid JSON text raw on one line and without
// unprintable characters. A string of more than MaxField bytes is cut or,
// without cut, makes it report false.
func appendClean(dst, raw []byte, cut bool) ([]byte, bool) {
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '"' {
			if c > ' ' {
				dst = append(dst, c)
			}
			i++
			continue
		}
		end, size, ascii := scanString(raw, i)
		token := raw[i:end]
		i = end
		switch {
		case size > MaxField && !cut:
			return dst, false
		case size > MaxField:
			var s string
			if json.Unmarshal(token, &s) != nil {
				return dst, false
			}
			dst = appendString(dst, s)
		case ascii:
			dst = append(dst, token...)
		default:
			dst = appendToken(dst, token)
		}
	}
	return dst, true
}

// scanString finds the end of the string that starts at raw[i], the length of
// the text in it, and whether it is written in printable ASCII. raw is valid
// JSON.
func scanString(raw []byte, i int) (end, size int, ascii bool) {
	ascii = true
	for i++; raw[i] != '"'; {
		switch {
		case raw[i] != '\\':
			ascii = ascii && raw[i] < 0x7f
			size++
			i++
		case raw[i+1] != 'u':
			size++
			i += 2
		default:
			r := hexUnit(raw[i+2 : i+6])
			i += 6
			if raw[i] == '\\' && raw[i+1] == 'u' {
				if pair := utf16.DecodeRune(r, hexUnit(raw[i+2:i+6])); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			if utf16.IsSurrogate(r) {
				r = utf8.RuneError
			}
			size += utf8.RuneLen(r)
		}
	}
	return i + 1, size, ascii
}

func hexUnit(digits []byte) rune {
	u, _ := strconv.ParseUint(string(digits), 16, 16)
	return rune(u)
}

// appendToken copies a JSON string with its own escapes: decoding would change
// a lone surrogate, and with it the value that a replay sees.
func appendToken(dst, token []byte) []byte {
	for len(token) > 0 {
		r, size := utf8.DecodeRune(token)
		if r < 0x7f {
			dst = append(dst, byte(r))
		} else {
			dst = appendRune(dst, r)
		}
		token = token[size:]
	}
	return dst
}

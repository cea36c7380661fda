package slot

import (
	"encoding/json"
	"strconv"
	"time"
)

// AppendJSON appends the value in the form that records and explanations use:
// timestamps as RFC 3339, durations as Go writes them, addresses as text.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.Bool())
	case Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case Double:
		return appendAny(dst, v.Double())
	case List:
		dst = append(dst, '[')
		for i, x := range v.Items() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.AppendJSON(dst)
		}
		return append(dst, ']')
	case Map, Object:
		dst = append(dst, '{')
		for i, e := range v.Entries() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendText(dst, e.Key), ':')
			dst = e.Value.AppendJSON(dst)
		}
		return append(dst, '}')
	}
	return appendText(dst, v.Text())
}

// Text gives a scalar value as text.
func (v Value) Text() string {
	switch v.kind {
	case String:
		return v.str
	case Timestamp:
		return v.Time().Format(time.RFC3339Nano)
	case Duration:
		return v.Duration().String()
	case IP:
		return v.Addr().String()
	case CIDR:
		return v.Prefix().String()
	case Invalid:
		return ""
	}
	return string(v.AppendJSON(nil))
}

// appendText encodes a string. Most are written as they are.
func appendText(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendAny(dst, s)
		}
	}
	dst = append(append(dst, '"'), s...)
	return append(dst, '"')
}

// appendAny encodes a string or a finite number, which cannot fail.
func appendAny(dst []byte, x any) []byte {
	b, err := json.Marshal(x)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, b...)
}

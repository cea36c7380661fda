package transport

import (
	"fmt"
	"net/http"
	"slices"
)

// appendHead writes the head of a request without a body. What would end a line
// early is refused, whoever has let it come so far.
func appendHead(b []byte, r *http.Request) ([]byte, error) {
	target := r.URL.RequestURI()
	if !visible(target) || !visible(r.Method) || !visible(r.Host) {
		return nil, fmt.Errorf("the request line %q %q for %q cannot be sent", r.Method, target, r.Host)
	}
	b = append(append(append(b, r.Method...), ' '), target...)
	b = append(append(append(b, " HTTP/1.1\r\nHost: "...), r.Host...), "\r\n"...)
	var storage [32]string
	names := storage[:0]
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !token(name) {
			return nil, fmt.Errorf("a header of the name %q cannot be sent", name)
		}
		for _, value := range r.Header[name] {
			if value == "" && name == "User-Agent" {
				continue // as in net/http: the client has none
			}
			if !fieldValue(value) {
				return nil, fmt.Errorf("the value of header %s cannot be sent", name)
			}
			b = append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
		}
	}
	return append(b, "\r\n"...), nil
}

// visible tells whether s is some printable ASCII without blanks.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

// token is that of RFC 9110 section 5.6.2.
func token(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '!', c == '#', c == '$', c == '%', c == '&', c == '\'', c == '*', c == '+', c == '-', c == '.', c == '^', c == '_', c == '`', c == '|', c == '~':
		default:
			return false
		}
	}
	return s != ""
}

// fieldValue tells whether s is a value of RFC 9110 section 5.5, bytes above
// ASCII among it.
func fieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

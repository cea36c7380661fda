package canonical

import (
	"net/netip"
	"strings"
)

// readHost folds the authority of the request. Over HTTP/2 Go leaves a Host
// header beside `:authority`; the two must mean the same (RFC 9113 section
// 8.3.1).
func (c *Request) readHost(authority string, header []string) *fault {
	host, ok := foldHost(authority, c.Scheme)
	if !ok {
		return notCanonical(RuleHost, "host is missing or is not one name or address with an optional port")
	}
	if len(header) > 1 {
		return badHeader(RuleRepeatedHeader, "Host", "is sent more than once")
	}
	for _, h := range header {
		if other, ok := foldHost(h, c.Scheme); !ok || other != host {
			return notCanonical(RuleHostMismatch, "host header and authority differ")
		}
	}
	c.Host = host
	return nil
}

// foldHost gives a host in lower case, without one trailing dot and without
// the scheme's default port. A name is 1 to 253 bytes of `[a-z0-9.-]` with no
// empty label; an IPv6 address stands in brackets, without zone, and takes the
// form of RFC 5952; a port is 1 to 65535 without leading zeros.
func foldHost(raw, scheme string) (string, bool) {
	name, port := raw, ""
	if end := strings.LastIndexByte(raw, ']'); end >= 0 {
		name, port = raw[:end+1], raw[end+1:]
	} else if i := strings.IndexByte(raw, ':'); i >= 0 {
		name, port = raw[:i], raw[i:]
	}
	if port != "" && !validPort(port) {
		return "", false
	}
	if port == ":80" && scheme == "http" || port == ":443" && scheme == "https" {
		port = ""
	}
	var ok bool
	if strings.HasPrefix(name, "[") {
		name, ok = foldIPv6(name)
	} else {
		name, ok = foldName(name)
	}
	if !ok {
		return "", false
	}
	if len(name)+len(port) == len(raw) && strings.HasPrefix(raw, name) {
		return raw, true
	}
	return name + port, true
}

// validPort takes the colon with the digits.
func validPort(s string) bool {
	if len(s) < 2 || len(s) > 6 || s[0] != ':' || s[1] == '0' {
		return false
	}
	n := 0
	for _, b := range []byte(s[1:]) {
		if b < '0' || b > '9' {
			return false
		}
		n = n*10 + int(b-'0')
	}
	return n <= 65535
}

func foldIPv6(name string) (string, bool) {
	if len(name) < 2 || name[len(name)-1] != ']' {
		return "", false
	}
	addr, err := netip.ParseAddr(name[1 : len(name)-1])
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", false
	}
	return "[" + addr.String() + "]", true
}

func foldName(name string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	if name == "" || len(name) > 253 {
		return "", false
	}
	label := 0
	for i := 0; i < len(name); i++ {
		switch b := name[i]; {
		case b == '.':
			if label == 0 {
				return "", false
			}
			label = 0
			continue
		case b != '-' && !isAlphaNum(b):
			return "", false
		}
		label++
	}
	return strings.ToLower(name), label > 0
}

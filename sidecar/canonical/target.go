package canonical

import "strings"

// readTarget splits and checks the raw request target (RFC 9112 section 3.2).
//
// Absolute-form is refused even when its authority looks right: Go's server
// takes Host from such a target and deletes the Host header before any handler
// runs, so the two can no longer be compared, and an upstream or a proxy in
// front that believes the header would see another host than policy does.
func (c *Request) readTarget(raw string) ([]waivable, *fault) {
	if len(raw) > MaxTargetBytes {
		return nil, notCanonical(RuleTargetLength, "request target is too long")
	}
	for i := 0; i < len(raw); i++ {
		switch b := raw[i]; {
		case b < 0x21 || b > 0x7e:
			return nil, notCanonical(RuleTargetByte, "request target has a raw byte that is no visible ASCII character")
		case b == '#':
			return nil, notCanonical(RuleFragment, "request target has a raw #")
		case b == '\\':
			return nil, notCanonical(RuleBackslash, "request target has a raw backslash")
		}
	}
	if raw == "*" && c.Method == "OPTIONS" {
		c.Path = raw
		return nil, nil
	}
	if raw == "" || raw[0] != '/' {
		if strings.Contains(raw, "://") {
			return nil, notCanonical(RuleAbsoluteForm, "request target is in absolute form")
		}
		return nil, notCanonical(RuleTargetForm, "request target does not start with a slash")
	}
	path, query, _ := strings.Cut(raw, "?")
	var p pathReader
	var f *fault
	if c.Path, c.Segments, f = p.parse(path); f != nil {
		return p.found, f
	}
	c.RawQuery = query
	c.Query, f = parseQuery(query)
	return p.found, f
}

// pathReader reads one path and remembers what only a route may let through,
// in the order of the path.
type pathReader struct{ found []waivable }

func (p *pathReader) waivable(by Allowance, rule, text string) {
	for _, w := range p.found {
		if w.by == by {
			return
		}
	}
	p.found = append(p.found, waivable{by, notCanonical(rule, text)})
}

// parse gives the canonical form of a raw path that starts with a slash, and its
// decoded segments. Segments are cut before they are decoded, so an encoded slash
// stays inside its segment.
func (p *pathReader) parse(raw string) (string, []string, *fault) {
	path, f := p.fold(raw)
	if f != nil {
		return "", nil, f
	}
	segments, f := p.cutSegments(path)
	if f != nil {
		return "", nil, f
	}
	return path, segments, nil
}

// fold gives a raw path with its triplets in canonical form.
func (p *pathReader) fold(raw string) (string, *fault) {
	triplets := 0
	for i := 0; i < len(raw); i++ {
		switch pathBytes[raw[i]] {
		case pathPlain:
		case pathPercent:
			if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
				return "", notCanonical(RulePercentEncoding, "path has a % without two hex digits")
			}
			if f := p.triplet(unhex(raw[i+1])<<4 | unhex(raw[i+2])); f != nil {
				return "", f
			}
			triplets++
			i += 2
		case pathParam:
			p.waivable(AllowPathParams, RulePathParams, "path has a semicolon")
		default:
			return "", notCanonical(RulePathByte, "path has a raw byte that must be encoded")
		}
	}
	if triplets > 0 {
		return canonicalTriplets(raw), nil
	}
	return raw, nil
}

// triplet judges the byte that a triplet stands for.
func (p *pathReader) triplet(b byte) *fault {
	switch {
	case b == '/':
		p.waivable(AllowEncodedSlash, RuleEncodedSlash, "path has an encoded slash")
	case b == '\\':
		return notCanonical(RuleEncodedBackslash, "path has an encoded backslash")
	case b == ';':
		p.waivable(AllowPathParams, RulePathParams, "path has an encoded semicolon")
	case b < 0x20 || b == 0x7f:
		return notCanonical(RuleEncodedControl, "path has an encoded control character")
	}
	return nil
}

// canonicalTriplets decodes unreserved characters and writes every other
// triplet in upper case. The output is not looked at again, so nothing is
// decoded twice.
func canonicalTriplets(raw string) string {
	var out strings.Builder
	out.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '%' {
			out.WriteByte(raw[i])
			continue
		}
		if b := unhex(raw[i+1])<<4 | unhex(raw[i+2]); isUnreserved(b) {
			out.WriteByte(b)
		} else {
			out.WriteByte('%')
			out.WriteByte(upperHex[b>>4])
			out.WriteByte(upperHex[b&15])
		}
		i += 2
	}
	return out.String()
}

// cutSegments splits a canonical path and decodes its segments. Dots are
// unreserved, so a dot segment can only stand here literally.
func (p *pathReader) cutSegments(path string) ([]string, *fault) {
	rest := path[1:]
	if rest == "" {
		return nil, nil
	}
	segments := make([]string, 0, strings.Count(rest, "/")+1)
	for more := true; more; {
		var s string
		s, rest, more = strings.Cut(rest, "/")
		switch s {
		case ".", "..":
			return nil, notCanonical(RuleDotSegment, "path has a dot segment")
		case "":
			if !more {
				return segments, nil // one trailing slash
			}
			p.waivable(AllowEmptySegments, RuleEmptySegment, "path has an empty segment")
		}
		if strings.IndexByte(s, '%') >= 0 {
			decoded, ok := unescape(s, false)
			if !ok {
				return nil, notCanonical(RulePercentEncoding, "path has a % without two hex digits")
			}
			switch checkText(decoded) {
			case textInvalid:
				return nil, notCanonical(RulePathText, "decoded path is not UTF-8")
			case textControl:
				return nil, notCanonical(RuleEncodedControl, "path has an encoded control character")
			}
			s = decoded
		}
		segments = append(segments, s)
	}
	return segments, nil
}

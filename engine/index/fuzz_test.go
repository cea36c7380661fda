package index

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzMatch puts up to 20 patterns into a trie, one a line, and asks for the
// path of the last line: what is found matches when it is read segment by
// segment, is within every other pattern that matches, and captures what
// stands there; and where nothing is found, nothing matches.
func FuzzMatch(f *testing.F) {
	for _, s := range []string{
		"/a/{x}\n/a/b\n/a/{x...}\n/a/c", "/\n/{x...}\n/", "/{x}/{y...}\n/{x}\n/a/", "/a,b/{v}\n/{x}/b\n/a%2Cb/c", "/%7Bx%7D\n/{x}\n/%7Bx%7D", "/a/{x}/c\n/a/{x}\n/{a}/{b...}\n/a/b/c/d",
		"/{a}/{b}/{c}\n/x/{b}/{c}\n/x/y/{c}\n/x/y/z\n/x/y/%2F", "/%C3%A9/{r...}\n/%C3%A9", "/a/b/{x...}\n/a/{y}\n/a/b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		target := lines[len(lines)-1]
		raw, decoded, ok := canonicalPath(target)
		if len(lines) > 21 || !ok {
			return
		}
		var trie Routes
		var added []*shape
		for _, line := range lines[:len(lines)-1] {
			p, err := ParsePattern(line)
			if err == nil && trie.Add("", p, "GET", len(added)) == nil {
				added = append(added, shapeOf(p))
			}
		}
		got := trie.Match("GET", "", target, decoded)
		for i, s := range added {
			switch {
			case !s.matches(decoded):
			case got.Route < 0:
				t.Fatalf("%q: nothing is found, and route %d matches", text, i)
			case i != got.Route && added[got.Route].covers(s):
				t.Fatalf("%q: route %d is found, and route %d is more specific", text, got.Route, i)
			}
		}
		if got.Route < 0 {
			return
		}
		if s := added[got.Route]; !s.matches(decoded) || !slices.Equal(got.Captures, s.captures(decoded, raw)) {
			t.Fatalf("%q: %+v, want the captures %q", text, got, s.captures(decoded, raw))
		}
	})
}

// canonicalPath gives the segments of a path as a canonical request has them.
func canonicalPath(path string) (raw, decoded []string, ok bool) {
	if path == "" || path[0] != '/' {
		return nil, nil, false
	}
	trimmed := strings.TrimSuffix(path[1:], "/")
	if trimmed == "" {
		return nil, nil, true
	}
	for s := range strings.SplitSeq(trimmed, "/") {
		text, err := url.PathUnescape(s)
		if err != nil || s == "" {
			return nil, nil, false
		}
		raw, decoded = append(raw, s), append(decoded, text)
	}
	return raw, decoded, true
}

// shapeOf reads a pattern as the reference does, without its meaning.
func shapeOf(p Pattern) *shape {
	s := &shape{}
	if p.String() == "/" {
		return s
	}
	for segment := range strings.SplitSeq(p.String()[1:], "/") {
		text, err := url.PathUnescape(segment)
		if err != nil {
			panic(err) // ParsePattern has accepted it
		}
		s.segments, s.literals = append(s.segments, segment), append(s.literals, text)
	}
	return s
}

// covers tells whether a pattern matches all that another one matches, and is
// not the same: so it does if it matches the other with every placeholder
// filled in with a text that no pattern names, and a rest with none, one and
// more segments than either has.
func (s *shape) covers(o *shape) bool {
	within := func(a, b *shape) bool {
		var path []string
		for i, segment := range a.segments {
			switch {
			case isRest(segment):
				for range maxPatternSegments + 1 {
					if !b.matches(path) {
						return false
					}
					path = append(path, "\x00")
				}
			case isPlaceholder(segment):
				path = append(path, "\x00")
			default:
				path = append(path, a.literals[i])
			}
		}
		return b.matches(path)
	}
	return within(o, s) && !within(s, o)
}

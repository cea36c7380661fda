package canonical

import (
	"slices"
	"strings"
)

// checkReadings looks at a path that a route keeps as the services would that
// read it differently: with encoded slashes as slashes, without the parameters of
// each segment or all that follows the first, and with empty segments left out,
// in any combination and order. The route's rules
// have decided about one of these readings only, so no other one may lead to
// another route, fill a placeholder of one segment differently, or hold a dot
// segment. One that leads nowhere opens nothing.
func (r *Reader) checkReadings(c *Request, method string, route Route, rule string) *fault {
	for _, path := range readings(c.Path) {
		segments, empty, dots := split(path)
		if dots {
			return notCanonical(RuleDotSegment, "path has a dot segment when it is read without what the route keeps")
		}
		if empty && route.Allows&AllowEmptySegments == 0 {
			return notCanonical(rule, "path has an empty segment when it is read without what the route keeps")
		}
		at := r.routes(method, c.Host, path, segments)
		if at.Place != 0 && (at.Place != route.Place || !slices.Equal(at.Fixed, route.Fixed)) {
			return notCanonical(rule, "path can be read as that of another route, or with another value of a placeholder")
		}
	}
	return nil
}

// readings are a canonical path and all that repeated use of the four ways to
// read it makes of it. Each of them can only shorten what it changes, so they
// come to an end.
func readings(path string) []string {
	all := []string{path}
	for i := 0; i < len(all); i++ {
		for _, read := range [...]func(string) string{slashes, withoutParams, beforeParams, merged} {
			if next := read(all[i]); !slices.Contains(all, next) {
				all = append(all, next)
			}
		}
	}
	return all
}

func slashes(path string) string { return strings.ReplaceAll(path, "%2F", "/") }

// withoutParams takes away what follows a semicolon in each segment.
func withoutParams(path string) string {
	if !strings.Contains(path, ";") && !strings.Contains(path, "%3B") {
		return path
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		p, _, _ = strings.Cut(p, ";")
		parts[i], _, _ = strings.Cut(p, "%3B")
	}
	return strings.Join(parts, "/")
}

// beforeParams takes away all that follows the first semicolon.
func beforeParams(path string) string {
	path, _, _ = strings.Cut(path, ";")
	path, _, _ = strings.Cut(path, "%3B")
	return path
}

func merged(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// split decodes the segments of a path whose triplets are known to be valid.
func split(path string) (segments []string, empty, dots bool) {
	path = strings.TrimSuffix(path[1:], "/")
	if path == "" {
		return nil, false, false
	}
	for s := range strings.SplitSeq(path, "/") {
		empty = empty || s == ""
		dots = dots || s == "." || s == ".."
		if text, ok := unescape(s, false); ok {
			s = text
		}
		segments = append(segments, s)
	}
	return segments, empty, dots
}

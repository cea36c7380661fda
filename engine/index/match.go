package index

import (
	"net/http"
	"slices"
	"strings"
)

// Match is what a request's path and method select. It is used again and again
// by [Routes.Find], which keeps its memory.
type Match struct {
	Route    int      // what Add was given; -1 without a match
	Path     bool     // a path matched, whether or not it has the method
	Captures []string // values of the placeholders, the host's first, then those of the path in order
	Allow    []string // methods of the matched path, sorted; Find leaves them to [Routes.Methods]
	Foreign  bool     // no pattern is left for the host
	end      ref      // where the path ends
}

// Match is [Routes.Find] with a Match of its own.
func (r *Routes) Match(method, host, path string, segments []string) Match {
	var m Match
	r.Find(&m, method, host, path, segments)
	m.Allow = r.Methods(&m)
	return m
}

// Place tells matched paths apart: those of one host pattern and path pattern,
// whatever their methods, have the same; 0 without a match.
func (m *Match) Place() int { return int(m.end) }

// Methods gives the methods of the path that Find matched, sorted; nil if it
// matched none.
func (r *Routes) Methods(m *Match) []string {
	if !m.Path {
		return nil
	}
	var out []string
	for i := r.nodes[m.end].route; i >= 0; i = r.routes[i].next {
		out = append(out, r.methods[r.routes[i].method])
	}
	slices.Sort(out)
	return out
}

// Find narrows the patterns to those of the host, finds the most specific path
// of a canonical path among them, and then the method. Of equal paths the one
// that is bound to the host wins. GET also stands for HEAD. segments are the
// decoded segments of path. What m held before is lost.
func (r *Routes) Find(m *Match, method, host, path string, segments []string) {
	*m = Match{Route: -1, Captures: m.Captures[:0]}
	path = trim(path)
	if len(segments) != count(path) {
		return
	}
	var best found
	var label string // what the host's placeholder stands for
	bound := false   // the host fits some pattern
	if len(r.hosts) > 0 {
		var exact, wild ref
		exact, wild, label = r.bound(host)
		bound = exact != 0 || wild != 0
		r.take(&best, exact, segments)
		if !r.take(&best, wild, segments) {
			label = ""
		}
	}
	if r.take(&best, r.any, segments) {
		label = ""
	}
	if best.end == 0 {
		m.Foreign = !bound && len(r.hosts) > 0 && r.any == 0
		return
	}
	m.Path, m.end = true, best.end
	route, ok := r.route(m.end, method)
	if !ok && method == http.MethodHead {
		route, ok = r.route(m.end, http.MethodGet)
	}
	if !ok {
		return
	}
	m.Route = route
	if label != "" {
		m.Captures = append(m.Captures, label)
	}
	for _, at := range best.captures[:best.captured] {
		if at >= 0 {
			m.Captures = append(m.Captures, segments[at])
			continue
		}
		// {x...}: the canonical text, undecoded.
		m.Captures = append(m.Captures, after(path, int(-at-1)))
	}
}

// trim takes the slashes at both ends off a canonical path; a trailing one
// counts for nothing.
func trim(path string) string { return strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/") }

// count is the number of segments of a trimmed path.
func count(path string) int {
	if path == "" {
		return 0
	}
	return strings.Count(path, "/") + 1
}

// after gives what follows the first n segments of a trimmed path.
func after(path string, n int) string {
	for range n {
		_, path, _ = strings.Cut(path, "/")
	}
	return path
}

// found is where a path ends in a trie. A capture is a segment's index, or
// -index-1 where the rest begins; a trie is no deeper than its longest pattern.
type found struct {
	end      ref
	captures [maxPatternSegments]int8
	captured int
}

// take looks into one more trie and keeps what is more specific; it tells
// whether that is the new one.
func (t *tries) take(f *found, root ref, segments []string) bool {
	if root == 0 {
		return false
	}
	if f.end == 0 {
		return t.walk(f, root, segments, 0, 0)
	}
	var other found
	if !t.walk(&other, root, segments, 0, 0) || !t.within(other.end, f.end) {
		return false
	}
	*f = other
	return true
}

// walk prefers literals to {x} and {x} to {x...} from the left. Overlapping
// patterns always contain one another, so the first one found is the most
// specific. It only calls itself where there is a way back.
func (t *tries) walk(f *found, at ref, segments []string, i, captured int) bool {
	for ; i < len(segments); i++ {
		n, next := &t.nodes[at], ref(0)
		if n.first != 0 {
			next = t.literal(at, segments[i])
		}
		switch {
		case next != 0 && n.param == 0 && n.rest == 0:
			at = next
			continue
		case next != 0 && t.walk(f, next, segments, i+1, captured):
			return true
		case n.param != 0 && segments[i] != "": // a kept empty segment is for {x...}
			f.captures[captured] = int8(i)
			if n.rest == 0 {
				at, captured = n.param, captured+1
				continue
			}
			if t.walk(f, n.param, segments, i+1, captured+1) {
				return true
			}
		}
		return t.walkRest(f, n.rest, i, captured)
	}
	if !t.ends(at) {
		return t.walkRest(f, t.nodes[at].rest, i, captured)
	}
	f.end, f.captured = at, captured
	return true
}

// walkRest is a match of {x...} from a segment on.
func (t *tries) walkRest(f *found, at ref, i, captured int) bool {
	if !t.ends(at) {
		return false
	}
	f.captures[captured] = int8(-i - 1)
	f.end, f.captured = at, captured+1
	return true
}

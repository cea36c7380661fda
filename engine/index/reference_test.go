package index

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The reference knows nothing of tries. The meaning of a pattern is the set of
// paths it matches, out of all paths of up to five segments over four texts,
// the last of which no pattern names. That is enough to tell any two patterns
// of up to four segments apart. One text looks like a placeholder.
var texts = []string{"a", "a,b", "{v}", "other"}

const longest = 5

type meaning [22]uint64 // a bit for each of 1365 paths

func (m *meaning) add(i int) { m[i/64] |= 1 << (i % 64) }

func (m *meaning) within(o *meaning) bool {
	for i := range m {
		if m[i]&^o[i] != 0 {
			return false
		}
	}
	return true
}

func (m *meaning) overlaps(o *meaning) bool {
	for i := range m {
		if m[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// universe lists every path.
func universe() [][]string {
	out := [][]string{{}}
	for at := 0; len(out[at]) < longest; at++ {
		for _, text := range texts {
			out = append(out, append(slices.Clone(out[at]), text))
		}
	}
	return out
}

// shape is a pattern as the reference reads it.
type shape struct {
	segments []string // as they are written
	literals []string // what a literal says once it is decoded
	meaning  meaning
}

func isRest(segment string) bool { return strings.HasSuffix(segment, "...}") }

func isPlaceholder(segment string) bool { return strings.HasPrefix(segment, "{") }

// matches is section 3 read literally: segment by segment, {x} is one, a final
// {x...} zero or more.
func (s *shape) matches(path []string) bool {
	for i, segment := range s.segments {
		switch {
		case isRest(segment):
			return true
		case i >= len(path):
			return false
		case isPlaceholder(segment):
		case s.literals[i] != path[i]:
			return false
		}
	}
	return len(s.segments) == len(path)
}

// captures are the values of the placeholders: one decoded segment, or the
// rest as it was written.
func (s *shape) captures(path, raw []string) []string {
	var out []string
	for i, segment := range s.segments {
		switch {
		case isRest(segment):
			out = append(out, strings.Join(raw[i:], "/"))
		case isPlaceholder(segment):
			out = append(out, path[i])
		}
	}
	return out
}

// reference is a list of routes that is searched from end to end.
type reference struct {
	paths  [][]string
	shapes map[string]*shape // by their text
	routes []referenceRoute
}

type referenceRoute struct {
	host   string
	path   *shape
	method string
}

func (r referenceRoute) String() string {
	return r.method + " " + r.host + "/" + strings.Join(r.path.segments, "/")
}

// shape reads a pattern, each once.
func (r *reference) shape(t *testing.T, segments []string) *shape {
	t.Helper()
	text := strings.Join(segments, "/")
	if s, ok := r.shapes[text]; ok {
		return s
	}
	s := &shape{segments: segments}
	for _, segment := range segments {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			t.Fatal(err)
		}
		s.literals = append(s.literals, decoded)
	}
	for i, p := range r.paths {
		if s.matches(p) {
			s.meaning.add(i)
		}
	}
	r.shapes[text] = s
	return s
}

// refusers are the routes beside which a new one cannot stand.
func (r *reference) refusers(route referenceRoute) []int {
	var out []int
	m := &route.path.meaning
	for i, o := range r.routes {
		om := &o.path.meaning
		twice := *m == *om && route.method == o.method && route.host == o.host
		crossing := m.overlaps(om) && !m.within(om) && !om.within(m) && meet(route.host, o.host)
		if twice || crossing || rivals(route.host, o.host) {
			out = append(out, i)
		}
	}
	return out
}

// find gives the best path's routes: those that match and are within every
// other that matches; of equal paths those with the most specific host. The
// request is foreign when its host fits no route at all. fitting counts the
// routes that match.
func (r *reference) find(host string, path []string) (best []int, fitting int, foreign bool) {
	var all []int
	foreign = len(r.routes) > 0
	for i, o := range r.routes {
		if !fits(o.host, host) {
			continue
		}
		foreign = false
		if o.path.matches(path) {
			all = append(all, i)
		}
	}
	top := -1
	for _, i := range all {
		if slices.ContainsFunc(all, func(j int) bool { return !r.routes[i].path.meaning.within(&r.routes[j].path.meaning) }) {
			continue
		}
		if h := rank(r.routes[i].host); h > top {
			best, top = best[:0], h
		}
		if rank(r.routes[i].host) == top {
			best = append(best, i)
		}
	}
	return best, len(all), foreign
}

// match is the whole answer: the best path's routes, and only then the method,
// where GET also stands for HEAD.
func (r *reference) match(method, host string, path, raw []string) (want Match, fitting int) {
	best, fitting, foreign := r.find(host, path)
	want = Match{Route: -1, Path: len(best) > 0, Foreign: foreign}
	byGet := -1
	for _, i := range best {
		want.Allow = append(want.Allow, r.routes[i].method)
		switch r.routes[i].method {
		case method:
			want.Route = i
		case http.MethodGet:
			byGet = i
		}
	}
	slices.Sort(want.Allow)
	if want.Route < 0 && method == http.MethodHead {
		want.Route = byGet
	}
	if want.Route < 0 {
		return want, fitting
	}
	o := r.routes[want.Route]
	if strings.HasPrefix(o.host, "{") {
		label, _, _ := strings.Cut(host, ".")
		want.Captures = append(want.Captures, label)
	}
	want.Captures = append(want.Captures, o.path.captures(path, raw)...)
	return want, fitting
}

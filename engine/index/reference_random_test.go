package index

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// world makes sets of routes and requests, and asks both matchers.
type world struct {
	*testing.T
	*rand.Rand
	reference
	trie   Routes
	parsed map[string]Pattern
	above  int            // segments that stand before all paths of the set
	seen   map[string]int // how often each kind of set and answer came up
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodHead}

// spellings are the canonical forms of a segment's text.
var spellings = map[string][]string{"a": {"a"}, "a,b": {"a,b", "a%2Cb"}, "{v}": {"%7Bv%7D"}, "other": {"other"}, "A": {"A"}, "a/b": {"a%2Fb"}, "é": {"%C3%A9"}, "...": {"..."}}

// unnamed are texts that no pattern names. To the meaning of patterns they are
// all one.
var unnamed = []string{"other", "A", "a/b", "é", "..."}

func pick[E any](w *world, from []E) E { return from[w.IntN(len(from))] }

func (w *world) pattern() []string {
	var out []string
	for i := range w.IntN(longest) {
		name := string(rune('v' + i))
		switch w.IntN(7) {
		case 0, 1:
			out = append(out, "{"+name+"}")
		case 2:
			return append(out, "{"+name+"...}")
		default:
			out = append(out, pick(w, spellings[texts[w.IntN(8)%3]]))
		}
	}
	return out
}

func (w *world) text() string {
	if w.IntN(3) == 0 {
		return pick(w, unnamed)
	}
	return pick(w, texts)
}

// near gives a path that a pattern matches, or one that differs from it in a
// segment.
func (w *world) near(s *shape) []string {
	var out []string
	for i, segment := range s.segments {
		switch {
		case isRest(segment):
			for range w.IntN(3) {
				out = append(out, w.text())
			}
		case isPlaceholder(segment):
			out = append(out, w.text())
		default:
			out = append(out, s.literals[i])
		}
	}
	switch at := w.IntN(len(out) + 1); w.IntN(8) {
	case 0:
		out = slices.Insert(out, at, w.text())
	case 1, 2:
		if at < len(out) {
			out[at] = w.text()
		}
	case 3:
		out = out[:at]
	}
	return out
}

// fill makes a set of routes out of random ones; those that conflict are left
// out, and both sides must say which.
func (w *world) fill(routes int, hosted bool) {
	w.trie, w.routes, w.above = Routes{}, w.routes[:0], 0
	if w.IntN(16) == 0 {
		w.above = pick(w, []int{1, 20, maxPatternSegments - longest})
	}
	conflicts := 0
	for range routes {
		route := referenceRoute{path: w.shape(w.T, w.pattern()), method: pick(w, methods)}
		if hosted {
			route.host = pick(w, hostPatterns)
		}
		refusers := w.refusers(route)
		err := w.trie.Add(route.host, w.parse(route.path), route.method, len(w.routes))
		var conflict *ConflictError
		if errors.As(err, &conflict) != (len(refusers) > 0) || conflict != nil && !slices.Contains(refusers, conflict.Route) {
			w.Fatalf("beside %v\nadding %v: %v, want a conflict with one of %v", w.routes, route, err, refusers)
		}
		if err != nil {
			conflicts++
			continue
		}
		w.routes = append(w.routes, route)
	}
	w.count("set", true)
	w.count("set with a conflict", conflicts > 0)
	w.count("set with hosts", hosted)
	w.count("set of deep paths", w.above > 1)
	w.count("set of ten or more routes", len(w.routes) >= 10)
}

func (w *world) parse(s *shape) Pattern {
	text := strings.Repeat("/p", w.above) + "/" + strings.Join(s.segments, "/")
	if w.above > 0 {
		text = strings.TrimSuffix(text, "/")
	}
	p, ok := w.parsed[text]
	if !ok {
		p = parse(w.T, text)
		w.parsed[text] = p
	}
	return p
}

func (w *world) count(what string, is bool) {
	if is {
		w.seen[what]++
	}
}

// ask compares the answers to one request. Most requests are near some route.
func (w *world) ask() {
	route := pick(w, w.routes)
	path, method, host := w.near(route.path), pick(w, methods), pick(w, hostNames)
	if w.IntN(2) == 0 {
		method = route.method
	}
	for try := 0; try < 4 && !fits(route.host, host); try++ {
		host = pick(w, hostNames)
	}
	raw, decoded := make([]string, 0, 8), slices.Repeat([]string{"p"}, w.above)
	for _, text := range path {
		raw = append(raw, pick(w, spellings[text]))
	}
	decoded = append(decoded, path...)
	target := strings.Repeat("/p", w.above) + "/" + strings.Join(raw, "/")
	switch slash := strings.HasSuffix(target, "/"); {
	case slash && w.above > 0:
		target = strings.TrimSuffix(target, "/")
	case !slash && w.IntN(4) == 0:
		target += "/"
		w.count("trailing slash", true)
	}
	want, fitting := w.match(method, host, path, raw)
	got := w.trie.Match(method, host, target, decoded)
	if got.Route != want.Route || got.Path != want.Path || got.Foreign != want.Foreign || !slices.Equal(got.Captures, want.Captures) || !slices.Equal(got.Allow, want.Allow) {
		w.Fatalf("routes %v below %d segments\n%s %s%s: %+v, want %+v", w.routes, w.above, method, host, target, got, want)
	}
	w.tally(want, fitting, method, path)
}

// tally counts what kind of answer it was.
func (w *world) tally(m Match, fitting int, method string, path []string) {
	w.count("request", true)
	w.count("no path", !m.Path)
	w.count("foreign host", m.Foreign)
	w.count("no method", m.Path && m.Route < 0)
	w.count("several patterns match", fitting > len(m.Allow))
	w.count("less specific path has the method", m.Path && m.Route < 0 && slices.ContainsFunc(w.routes, func(r referenceRoute) bool { return r.method == method && r.host == "" && r.path.matches(path) }))
	if m.Route < 0 {
		return
	}
	route := w.routes[m.Route]
	w.count("match", true)
	w.count("HEAD by GET", method != route.method)
	w.count("match bound to a host", route.host != "")
	w.count("placeholder of a host", strings.HasPrefix(route.host, "{"))
	w.count("segment captured", slices.ContainsFunc(route.path.segments, func(s string) bool { return isPlaceholder(s) && !isRest(s) }))
	if n := len(route.path.segments); n > 0 && isRest(route.path.segments[n-1]) {
		w.count("rest of segments", len(path) >= n)
		w.count("rest of none", len(path) == n-1)
	}
}

// TestAgainstReference: on 100,000 random sets of routes, and several requests
// to each, the trie and a linear search agree on conflicts, on the route, on
// captures, methods and hosts.
func TestAgainstReference(t *testing.T) {
	w := &world{T: t, Rand: seeded(t), parsed: map[string]Pattern{}, seen: map[string]int{}}
	w.paths, w.shapes = universe(), map[string]*shape{}
	for i := range referenceSets {
		routes, requests := 1+w.IntN(6), 3
		if i%200 == 0 {
			routes, requests = 40, 100
		}
		w.fill(routes, w.IntN(2) == 0)
		for range requests {
			w.ask()
		}
	}
	// A generator that has gone tame would agree with everything.
	for what, percent := range map[string]float64{
		"set with a conflict": 20, "set with hosts": 40, "set of deep paths": 3, "set of ten or more routes": 0.2,
		"match": 40, "no path": 10, "no method": 8, "foreign host": 3, "several patterns match": 8, "less specific path has the method": 1, "HEAD by GET": 3,
		"match bound to a host": 10, "placeholder of a host": 3, "segment captured": 15, "rest of segments": 5, "rest of none": 2, "trailing slash": 10,
	} {
		of := "request"
		if strings.HasPrefix(what, "set ") {
			of = "set"
		}
		if got := 100 * float64(w.seen[what]) / float64(w.seen[of]); got < percent {
			t.Errorf("%s: %.1f %% of all, want at least %.1f %%", what, got, percent)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(w.seen)) {
		t.Logf("%8d %s", w.seen[what], what)
	}
	if w.seen["set"] != referenceSets || w.seen["request"] < 3*referenceSets {
		t.Errorf("%d sets, %d requests", w.seen["set"], w.seen["request"])
	}
}

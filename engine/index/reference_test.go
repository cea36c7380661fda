package index

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The reference knows nothing of tries. The meaning of a pattern is the set of
// paths it matches, out of all paths of up to five segments over three texts,
// one of which no pattern names. That is enough to tell any two patterns of up
// to four segments apart.
var alphabet = []struct{ text, raw, other string }{{"a", "a", "a"}, {"a,b", "a,b", "a%2Cb"}, {"é", "%C3%A9", "%C3%A9"}}

const longest = 5

type meaning [6]uint64 // a bit for each of 364 paths

func (m *meaning) add(i int) { m[i/64] |= 1 << (i % 64) }

func (m meaning) within(o meaning) bool {
	for i := range m {
		if m[i]&^o[i] != 0 {
			return false
		}
	}
	return true
}

func (m meaning) overlaps(o meaning) bool {
	for i := range m {
		if m[i]&o[i] != 0 {
			return true
		}
	}
	return false
}

// universe lists every path as indices into alphabet.
func universe() [][]int {
	out := [][]int{{}}
	for at := 0; len(out[at]) < longest; at++ {
		for i := range alphabet {
			out = append(out, append(slices.Clone(out[at]), i))
		}
	}
	return out
}

// matches is section 3 read literally: segment by segment, {x} is one, a final
// {x...} zero or more.
func matches(pattern []string, path []int) bool {
	for i, s := range pattern {
		switch {
		case strings.HasSuffix(s, "...}"):
			return true
		case i >= len(path):
			return false
		case strings.HasPrefix(s, "{"):
		case s != alphabet[path[i]].text && s != alphabet[path[i]].raw && s != alphabet[path[i]].other:
			return false
		}
	}
	return len(pattern) == len(path)
}

// captures are the values of the placeholders: one decoded segment, or the
// rest as it was written.
func captures(pattern []string, path []int, raw []string) []string {
	var out []string
	for i, s := range pattern {
		switch {
		case strings.HasSuffix(s, "...}"):
			out = append(out, strings.Join(raw[i:], "/"))
		case strings.HasPrefix(s, "{"):
			out = append(out, alphabet[path[i]].text)
		}
	}
	return out
}

// reference is a list of routes that is searched from end to end.
type reference struct {
	paths  [][]int
	known  map[string]meaning
	routes []referenceRoute
}

type referenceRoute struct {
	host     string
	segments []string
	meaning  meaning
	method   string
}

func (r referenceRoute) String() string {
	return r.method + " " + r.host + "/" + strings.Join(r.segments, "/")
}

func (r *reference) meaning(segments []string) meaning {
	key := strings.Join(segments, "/")
	if m, ok := r.known[key]; ok {
		return m
	}
	var m meaning
	for i, p := range r.paths {
		if matches(segments, p) {
			m.add(i)
		}
	}
	r.known[key] = m
	return m
}

// refusers are the routes beside which a new one cannot stand.
func (r *reference) refusers(host string, segments []string, method string) []int {
	var out []int
	m := r.meaning(segments)
	for i, o := range r.routes {
		twice := m == o.meaning && method == o.method && host == o.host
		crossing := m.overlaps(o.meaning) && !m.within(o.meaning) && !o.meaning.within(m) && meet(host, o.host)
		if twice || crossing || rivals(host, o.host) {
			out = append(out, i)
		}
	}
	return out
}

// find gives the best path's routes: those that match and are within every
// other that matches; of equal paths those with the most specific host. The
// request is foreign when its host fits no route at all.
func (r *reference) find(host string, path []int) (best []int, foreign bool) {
	var fitting []int
	foreign = len(r.routes) > 0
	for i, o := range r.routes {
		if !fits(o.host, host) {
			continue
		}
		foreign = false
		if matches(o.segments, path) {
			fitting = append(fitting, i)
		}
	}
	for _, i := range fitting {
		if !slices.ContainsFunc(fitting, func(j int) bool { return !r.routes[i].meaning.within(r.routes[j].meaning) }) {
			best = append(best, i)
		}
	}
	all := slices.Clone(best)
	return slices.DeleteFunc(best, func(i int) bool {
		return slices.ContainsFunc(all, func(j int) bool { return rank(r.routes[j].host) > rank(r.routes[i].host) })
	}), foreign
}

func randomPattern(rng *rand.Rand) []string {
	var out []string
	for i := range rng.IntN(5) {
		name := string(rune('v' + i))
		switch rng.IntN(6) {
		case 0, 1:
			out = append(out, "{"+name+"}")
		case 2:
			return append(out, "{"+name+"...}")
		case 3:
			out = append(out, []string{alphabet[1].raw, alphabet[1].other}[rng.IntN(2)])
		default:
			out = append(out, alphabet[0].raw)
		}
	}
	return out
}

// TestAgainstReference: on random sets of routes and paths the trie and a
// linear search agree on conflicts, on the route, on captures and on methods.
func TestAgainstReference(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	methods := []string{http.MethodGet, http.MethodPost, http.MethodHead}
	ref := &reference{paths: universe(), known: map[string]meaning{}}
	conflicts, found, missed := 0, 0, 0
	for range 20000 {
		var trie Routes
		hosted := rng.IntN(2) == 0
		ref.routes = nil
		for range 1 + rng.IntN(6) {
			segments, method := randomPattern(rng), methods[rng.IntN(len(methods))]
			host := ""
			if hosted {
				host = hostPatterns[rng.IntN(len(hostPatterns))]
			}
			refusers := ref.refusers(host, segments, method)
			err := trie.Add(host, parse(t, "/"+strings.Join(segments, "/")), method, len(ref.routes))
			var conflict *ConflictError
			if errors.As(err, &conflict) != (len(refusers) > 0) || conflict != nil && !slices.Contains(refusers, conflict.Route) {
				t.Fatalf("beside %v\nadding %s %s %v: %v, want a conflict with one of %v", ref.routes, method, host, segments, err, refusers)
			}
			if err != nil {
				conflicts++
				continue
			}
			ref.routes = append(ref.routes, referenceRoute{host, segments, ref.meaning(segments), method})
		}
		f, m := compareMatch(t, rng, &trie, ref, methods)
		found, missed = found+f, missed+m
	}
	if conflicts < 1000 || found < 3000 || missed < 1000 {
		t.Errorf("%d conflicts, %d matches, %d misses: the sets are too tame", conflicts, found, missed)
	}
}

func compareMatch(t *testing.T, rng *rand.Rand, trie *Routes, ref *reference, methods []string) (found, missed int) {
	t.Helper()
	path := ref.paths[rng.IntN(len(ref.paths))]
	if rng.IntN(2) == 0 {
		path = path[:min(len(path), rng.IntN(4))]
	}
	var raw, texts []string
	for _, i := range path {
		raw = append(raw, []string{alphabet[i].raw, alphabet[i].other}[rng.IntN(2)])
		texts = append(texts, alphabet[i].text)
	}
	target := "/" + strings.Join(raw, "/")
	if len(raw) > 0 && rng.IntN(3) == 0 {
		target += "/"
	}
	method := methods[rng.IntN(len(methods))]
	host := hostNames[rng.IntN(len(hostNames))]
	got := trie.Match(method, host, target, texts)

	best, foreign := ref.find(host, path)
	want := Match{Route: -1, Path: len(best) > 0, Foreign: foreign}
	byMethod := map[string]int{}
	for _, i := range best {
		want.Allow = append(want.Allow, ref.routes[i].method)
		byMethod[ref.routes[i].method] = i
	}
	slices.Sort(want.Allow)
	if i, ok := byMethod[method]; ok {
		want.Route = i
	} else if i, ok := byMethod[http.MethodGet]; ok && method == http.MethodHead {
		want.Route = i
	}
	if want.Route >= 0 {
		if o := ref.routes[want.Route]; strings.HasPrefix(o.host, "{") {
			label, _, _ := strings.Cut(host, ".")
			want.Captures = []string{label}
		}
		want.Captures = append(want.Captures, captures(ref.routes[want.Route].segments, path, raw)...)
		found++
	} else {
		missed++
	}
	if got.Route != want.Route || got.Path != want.Path || got.Foreign != want.Foreign || !slices.Equal(got.Captures, want.Captures) || !slices.Equal(got.Allow, want.Allow) {
		t.Fatalf("routes %v\n%s %s%s: %+v, want %+v", ref.routes, method, host, target, got, want)
	}
	return found, missed
}

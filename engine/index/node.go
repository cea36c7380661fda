package index

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// ref is a node of a trie, by its place among all nodes; 0 is none.
type ref int32

// node is a place in a trie, one segment below its parent. Nodes, and the texts
// of literals, lie side by side and are linked by numbers: of a large table a
// request touches a few cache lines only.
type node struct {
	text, size  int32 // of a literal, in the texts
	parent      ref
	param, rest ref
	first, next ref   // literals below, and beside
	ending      int32 // of the pattern that ends here, in the patterns; -1 without one
	route       int32 // the first of its routes
	many        bool  // there are several literals below
}

// route is one method of a pattern.
type route struct {
	method int32 // in the methods
	number int32 // what Add was given
	next   int32 // of the same pattern, -1 after the last
}

// tries are nodes with an index of the literals.
type tries struct {
	nodes    []node // the first stands for none
	patterns []string
	routes   []route
	methods  []string
	texts    []byte
	known    map[string]int32 // where a text stands; each does so once; nil once filled
	seed     maphash.Seed
	slots    []bucket // open addressing, a power of two and at most half full
	used     int
}

// bucket is a literal in the index; most others are told apart by the tag.
type bucket struct {
	tag uint32
	at  ref
}

func (t *tries) newNode(parent ref, text string) ref {
	if len(t.nodes) == 0 {
		t.nodes, t.known, t.seed = append(t.nodes, node{ending: -1}), map[string]int32{}, maphash.MakeSeed()
	}
	at, ok := t.known[text]
	if !ok {
		at = int32(len(t.texts))
		t.texts = append(t.texts, text...)
		t.known[text] = at
	}
	t.nodes = append(t.nodes, node{text: at, size: int32(len(text)), parent: parent, ending: -1})
	return ref(len(t.nodes) - 1)
}

func (t *tries) text(n *node) []byte { return t.texts[n.text : n.text+n.size] }

// search is where the search for a literal begins, and its tag.
func (t *tries) search(parent ref, text string) (int, uint32) {
	h := maphash.String(t.seed, text) + uint64(parent)*0x9e3779b97f4a7c15
	return int(h & uint64(len(t.slots)-1)), uint32(h >> 32)
}

// literal gives the literal below a node that has some. Most have a single one,
// and comparing that is faster than hashing the segment.
func (t *tries) literal(parent ref, text string) ref {
	if p := &t.nodes[parent]; !p.many {
		if string(t.text(&t.nodes[p.first])) == text {
			return p.first
		}
		return 0
	}
	i, tag := t.search(parent, text)
	for ; t.slots[i].at != 0; i = (i + 1) & (len(t.slots) - 1) {
		if t.slots[i].tag != tag {
			continue
		}
		if n := &t.nodes[t.slots[i].at]; n.parent == parent && string(t.text(n)) == text {
			return t.slots[i].at
		}
	}
	return 0
}

// child gives the node below, made if it is not there.
func (t *tries) child(parent ref, s segment) ref {
	switch s.kind {
	case rest:
		if t.nodes[parent].rest == 0 {
			n := t.newNode(parent, "")
			t.nodes[parent].rest = n
		}
		return t.nodes[parent].rest
	case param:
		if t.nodes[parent].param == 0 {
			n := t.newNode(parent, "")
			t.nodes[parent].param = n
		}
		return t.nodes[parent].param
	}
	if t.nodes[parent].first != 0 {
		if n := t.literal(parent, s.text); n != 0 {
			return n
		}
	}
	n := t.newNode(parent, s.text)
	p := &t.nodes[parent]
	if p.first != 0 {
		if !p.many {
			p.many = true
			t.index(p.first)
		}
		t.index(n)
	}
	t.nodes[n].next, p.first = p.first, n
	return n
}

// index puts a literal that is not alone below its parent into the slots.
func (t *tries) index(n ref) {
	if t.used++; 2*t.used > len(t.slots) {
		old := t.slots
		t.slots = make([]bucket, max(16, 2*len(old)))
		for _, s := range old {
			if s.at != 0 {
				t.put(s.at)
			}
		}
	}
	t.put(n)
}

func (t *tries) put(n ref) {
	i, tag := t.search(t.nodes[n].parent, string(t.text(&t.nodes[n])))
	for t.slots[i].at != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = bucket{tag, n}
}

// addRoute puts a route at the end of a pattern. It gives the route that was
// there before, if there was one.
func (t *tries) addRoute(at ref, p Pattern, method string, number int) (first int, twice bool) {
	n := &t.nodes[at]
	if n.ending < 0 {
		t.patterns = append(t.patterns, p.text)
		n.ending, n.route = int32(len(t.patterns)-1), -1
	}
	if first, twice = t.route(at, method); twice {
		return first, true
	}
	known := slices.Index(t.methods, method)
	if known < 0 {
		known, t.methods = len(t.methods), append(t.methods, method)
	}
	t.routes = append(t.routes, route{method: int32(known), number: int32(number), next: n.route})
	n.route = int32(len(t.routes) - 1)
	return 0, false
}

// route gives the route of a method at a node where a pattern ends.
func (t *tries) route(at ref, method string) (number int, ok bool) {
	for i := t.nodes[at].route; i >= 0; i = t.routes[i].next {
		if r := &t.routes[i]; t.methods[r.method] == method {
			return int(r.number), true
		}
	}
	return 0, false
}

// least is the lowest of the routes at a node where a pattern ends.
func (t *tries) least(at ref) int {
	least := t.routes[t.nodes[at].route].number
	for i := t.nodes[at].route; i >= 0; i = t.routes[i].next {
		least = min(least, t.routes[i].number)
	}
	return int(least)
}

// literals are the literals below a node, sorted.
func (t *tries) literals(parent ref) []ref {
	var out []ref
	for n := t.nodes[parent].first; n != 0; n = t.nodes[n].next {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b ref) int { return bytes.Compare(t.text(&t.nodes[a]), t.text(&t.nodes[b])) })
	return out
}

// pattern is the pattern that ends at a node.
func (t *tries) pattern(at ref) string { return t.patterns[t.nodes[at].ending] }

// ends tells whether a pattern ends at a node.
func (t *tries) ends(at ref) bool { return at != 0 && t.nodes[at].ending >= 0 }

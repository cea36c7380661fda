package index

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Routes is a trie of path patterns. Once filled it does not change and may be
// used concurrently.
type Routes struct {
	root node
}

type node struct {
	literals map[string]*node
	param    *node
	rest     *node
	leaf     *leaf // patterns that end here
}

// leaf is one path with its methods. Several routes may share a path.
type leaf struct {
	pattern Pattern
	methods map[string]int
}

// Match is what a request's path and method select.
type Match struct {
	Route    int      // what Add was given; -1 without a match
	Path     bool     // a path matched, whether or not it has the method
	Captures []string // values of the placeholders, in the order of the pattern
	Allow    []string // methods of the matched path, sorted
}

// ConflictError says that a pattern cannot stand beside another one.
type ConflictError struct {
	Route  int // the route that was there first
	Reason string
}

func (e *ConflictError) Error() string { return e.Reason }

// Add puts a route under a pattern and method. The error is a *ConflictError.
func (r *Routes) Add(p Pattern, method string, route int) error {
	if other := r.root.overlap(p.segments); other != nil {
		return &ConflictError{Route: other.first(), Reason: fmt.Sprintf("%s and %s match some of the same paths and neither is more specific", p, other.pattern)}
	}
	n := &r.root
	for _, s := range p.segments {
		n = n.child(s)
	}
	if n.leaf == nil {
		n.leaf = &leaf{pattern: p, methods: map[string]int{}}
	}
	if first, ok := n.leaf.methods[method]; ok {
		return &ConflictError{Route: first, Reason: fmt.Sprintf("%s %s is routed twice", method, p)}
	}
	n.leaf.methods[method] = route
	return nil
}

func (n *node) child(s segment) *node {
	next := &n.param
	switch s.kind {
	case rest:
		next = &n.rest
	case literal:
		if n.literals == nil {
			n.literals = map[string]*node{}
		}
		c := n.literals[s.text]
		if c == nil {
			c = &node{}
			n.literals[s.text] = c
		}
		return c
	}
	if *next == nil {
		*next = &node{}
	}
	return *next
}

func (l *leaf) first() int {
	routes := make([]int, 0, len(l.methods))
	for _, r := range l.methods {
		routes = append(routes, r)
	}
	return slices.Min(routes)
}

// overlap finds a pattern that shares paths with the given one while neither
// contains the other. Going down, more and less tell whether the new pattern
// has been the more or the less specific one somewhere above.
func (n *node) overlap(segments []segment) *leaf { return n.overlapFrom(segments, false, false) }

func (n *node) overlapFrom(segments []segment, more, less bool) *leaf {
	if len(segments) == 0 {
		// A pattern that goes on can still match here only by an empty rest,
		// and contains this one if it does.
		if less && n.rest != nil && n.rest.leaf != nil {
			return n.rest.leaf
		}
		if n.leaf != nil && more && less {
			return n.leaf
		}
		return nil
	}
	s, tail := segments[0], segments[1:]
	if n.rest != nil && n.rest.leaf != nil && s.kind != rest && less {
		return n.rest.leaf
	}
	switch s.kind {
	case literal:
		if c := n.literals[s.text]; c != nil {
			if l := c.overlapFrom(tail, more, less); l != nil {
				return l
			}
		}
		if n.param != nil {
			return n.param.overlapFrom(tail, true, less)
		}
	case param:
		for _, text := range slices.Sorted(maps.Keys(n.literals)) {
			if l := n.literals[text].overlapFrom(tail, more, true); l != nil {
				return l
			}
		}
		if n.param != nil {
			return n.param.overlapFrom(tail, more, less)
		}
	case rest:
		if more {
			// An existing rest here contains the new one, unless that is also the
			// less specific one; all else is only shared.
			if less && n.rest != nil {
				return n.rest.leaf
			}
			own := node{literals: n.literals, param: n.param, leaf: n.leaf}
			return own.anyBelow()
		}
	}
	return nil
}

// anyBelow gives some pattern at or below the node.
func (n *node) anyBelow() *leaf {
	if n.leaf != nil {
		return n.leaf
	}
	for _, c := range n.children() {
		if l := c.anyBelow(); l != nil {
			return l
		}
	}
	return nil
}

func (n *node) children() []*node {
	var out []*node
	for _, text := range slices.Sorted(maps.Keys(n.literals)) {
		out = append(out, n.literals[text])
	}
	if n.param != nil {
		out = append(out, n.param)
	}
	if n.rest != nil {
		out = append(out, n.rest)
	}
	return out
}

// Match finds the most specific path pattern of a canonical path, then the
// method. GET also stands for HEAD. segments are the decoded segments of path.
func (r *Routes) Match(method, path string, segments []string) Match {
	raw := split(path)
	if len(raw) != len(segments) {
		return Match{Route: -1}
	}
	l, captures := r.root.find(segments, 0, nil)
	if l == nil {
		return Match{Route: -1}
	}
	m := Match{Path: true, Route: -1}
	for name := range l.methods {
		m.Allow = append(m.Allow, name)
	}
	slices.Sort(m.Allow)
	route, ok := l.methods[method]
	if !ok && method == http.MethodHead {
		route, ok = l.methods[http.MethodGet]
	}
	if !ok {
		return m
	}
	m.Route = route
	for _, at := range captures {
		if at >= 0 {
			m.Captures = append(m.Captures, segments[at])
			continue
		}
		// {x...}: the canonical text, undecoded.
		m.Captures = append(m.Captures, strings.Join(raw[-at-1:], "/"))
	}
	return m
}

// split gives the raw segments of a canonical path; one trailing slash counts
// for nothing.
func split(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// find prefers literals to {x} and {x} to {x...} from the left. Overlapping
// patterns always contain one another, so the first one found is the most
// specific. A capture is a segment's index, or -index-1 where the rest begins.
func (n *node) find(segments []string, at int, captures []int) (*leaf, []int) {
	if at == len(segments) {
		if n.leaf != nil {
			return n.leaf, captures
		}
		if n.rest != nil && n.rest.leaf != nil {
			return n.rest.leaf, append(captures, -at-1)
		}
		return nil, nil
	}
	if c := n.literals[segments[at]]; c != nil {
		if l, found := c.find(segments, at+1, captures); l != nil {
			return l, found
		}
	}
	if n.param != nil {
		if l, found := n.param.find(segments, at+1, append(captures, at)); l != nil {
			return l, found
		}
	}
	if n.rest != nil && n.rest.leaf != nil {
		return n.rest.leaf, append(captures, -at-1)
	}
	return nil, nil
}

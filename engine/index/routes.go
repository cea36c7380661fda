package index

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Routes holds path patterns: one trie for those without a host and one for
// each host pattern. Once filled it does not change and may be used
// concurrently.
type Routes struct {
	any   node
	hosts map[string]*node // by host pattern
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
	Captures []string // values of the placeholders, the host's first, then those of the path in order
	Allow    []string // methods of the matched path, sorted
	Foreign  bool     // no pattern is left for the host
}

// ConflictError says that a pattern cannot stand beside another one.
type ConflictError struct {
	Route  int // the route that was there first
	Reason string
}

func (e *ConflictError) Error() string { return e.Reason }

// Add puts a route under a host, a path pattern and a method. The host is "",
// a name such as api.example.com, or one with a placeholder for its first
// label, as in {tenant}.example.com. The error is a *ConflictError.
func (r *Routes) Add(host string, p Pattern, method string, route int) error {
	for _, name := range slices.Sorted(maps.Keys(r.hosts)) {
		root := r.hosts[name]
		if name == host || host != "" && !overlapHosts(name, host) {
			continue
		}
		if HostPlaceholder(name) != "" && HostPlaceholder(host) != "" {
			// One label cannot have two names: which of them is filled?
			return &ConflictError{Route: root.anyBelow().first(), Reason: fmt.Sprintf("%s and %s name the same label differently", host, name)}
		}
		if other := root.overlap(p.segments); other != nil {
			return &ConflictError{Route: other.first(), Reason: fmt.Sprintf("%s and %s%s match some of the same paths and neither is more specific", p, name, other.pattern)}
		}
	}
	root := &r.any
	if host != "" {
		if other := r.any.overlap(p.segments); other != nil {
			return &ConflictError{Route: other.first(), Reason: fmt.Sprintf("%s%s and %s match some of the same paths and neither is more specific", host, p, other.pattern)}
		}
		if r.hosts == nil {
			r.hosts = map[string]*node{}
		}
		if r.hosts[host] == nil {
			r.hosts[host] = &node{}
		}
		root = r.hosts[host]
	}
	return root.add(p, method, route)
}

func (n *node) add(p Pattern, method string, route int) error {
	if other := n.overlap(p.segments); other != nil {
		return &ConflictError{Route: other.first(), Reason: fmt.Sprintf("%s and %s match some of the same paths and neither is more specific", p, other.pattern)}
	}
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

// Match narrows the patterns to those of the host, finds the most specific path
// of a canonical path among them, and then the method. Of equal paths the one
// that is bound to the host wins. GET also stands for HEAD. segments are the
// decoded segments of path.
func (r *Routes) Match(method, host, path string, segments []string) Match {
	raw := split(path)
	if len(raw) != len(segments) {
		return Match{Route: -1}
	}
	label := ""
	l, captures := (*leaf)(nil), []int(nil)
	bound := r.bound(host)
	for _, b := range bound {
		if found, c := b.root.find(segments, 0, nil); found != nil && (l == nil || found.pattern.within(l.pattern)) {
			l, captures, label = found, c, b.label
		}
	}
	if found, c := r.any.find(segments, 0, nil); found != nil && (l == nil || found.pattern.within(l.pattern)) {
		l, captures, label = found, c, ""
	}
	if l == nil {
		return Match{Route: -1, Foreign: len(bound) == 0 && len(r.hosts) > 0 && r.any.anyBelow() == nil}
	}
	return l.match(method, label, raw, segments, captures)
}

func (l *leaf) match(method, label string, raw, segments []string, captures []int) Match {
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
	if label != "" {
		m.Captures = append(m.Captures, label)
	}
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

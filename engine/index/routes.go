package index

import (
	"fmt"
	"slices"
)

// Routes holds path patterns: one trie for those without a host and one for
// each host pattern. Once filled it does not change and may be used
// concurrently.
type Routes struct {
	tries
	any    ref                 // 0 as long as every pattern has a host
	hosts  map[string]ref      // by host pattern
	names  []string            // of hosts, sorted
	near   map[string][]string // those without their first label, sorted: only these can overlap
	labels map[string]ref      // those of {name}.domain, by domain; no domain has two
}

// Add puts a route under a host, a path pattern and a method. The host is "",
// a name such as api.example.com, or one with a placeholder for its first
// label, as in {tenant}.example.com. The error is a *ConflictError.
func (r *Routes) Add(host string, p Pattern, method string, route int) error {
	others := r.names
	if host != "" {
		others = r.near[domainOf(host)]
	}
	for _, name := range others {
		root := r.hosts[name]
		if name == host || host != "" && !overlapHosts(name, host) {
			continue
		}
		if HostPlaceholder(name) != "" && HostPlaceholder(host) != "" {
			// One label cannot have two names: which of them is filled?
			return &ConflictError{Route: r.least(r.below(root, true)), Reason: fmt.Sprintf("%s and %s name the same label differently", host, name)}
		}
		if other := r.overlap(root, p.segments, false, false); other != 0 {
			return r.conflict(other, "%s and %s%s match some of the same paths and neither is more specific", p, name, r.pattern(other))
		}
	}
	if host != "" {
		if other := r.overlap(r.any, p.segments, false, false); other != 0 {
			return r.conflict(other, "%s%s and %s match some of the same paths and neither is more specific", host, p, r.pattern(other))
		}
	}
	root := r.root(host)
	if other := r.overlap(root, p.segments, false, false); other != 0 {
		return r.conflict(other, "%s and %s match some of the same paths and neither is more specific", p, r.pattern(other))
	}
	for _, s := range p.segments {
		root = r.child(root, s)
	}
	if first, twice := r.addRoute(root, p, method, route); twice {
		return &ConflictError{Route: first, Reason: fmt.Sprintf("%s %s is routed twice", method, p)}
	}
	return nil
}

// Filled says that no route will be added any more. What only adding needs is
// dropped; what is left lies close together.
func (r *Routes) Filled() {
	r.known = nil
	r.nodes, r.patterns, r.routes, r.texts = slices.Clone(r.nodes), slices.Clone(r.patterns), slices.Clone(r.routes), slices.Clone(r.texts)
}

func (r *Routes) conflict(with ref, format string, args ...any) error {
	return &ConflictError{Route: r.least(with), Reason: fmt.Sprintf(format, args...)}
}

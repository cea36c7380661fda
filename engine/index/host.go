package index

import (
	"slices"
	"strings"
)

// root is the trie of a host pattern, or of none, made if it is not there.
func (r *Routes) root(host string) ref {
	if host == "" {
		if r.any == 0 {
			r.any = r.newNode(0, "")
		}
		return r.any
	}
	if root, ok := r.hosts[host]; ok {
		return root
	}
	if r.hosts == nil {
		r.hosts, r.labels, r.near = map[string]ref{}, map[string]ref{}, map[string][]string{}
	}
	r.names = insert(r.names, host)
	r.near[domainOf(host)] = insert(r.near[domainOf(host)], host)
	r.hosts[host] = r.newNode(0, "")
	if _, domain, ok := cutPlaceholder(host); ok {
		r.labels[domain] = r.hosts[host]
	}
	return r.hosts[host]
}

// bound finds the tries of a host: that of its name, and that of its domain
// with what the domain's placeholder stands for. A port is not part of a host
// pattern and counts for nothing.
func (r *Routes) bound(host string) (exact, wild ref, label string) {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	exact = r.hosts[host]
	label, domain, ok := strings.Cut(host, ".")
	if ok && label != "" {
		wild = r.labels[domain]
	}
	return exact, wild, label
}

// HostPlaceholder gives the name in {name}.example.com, "" without one.
func HostPlaceholder(host string) string {
	name, _, _ := cutPlaceholder(host)
	return name
}

func cutPlaceholder(host string) (name, domain string, ok bool) {
	rest, ok := strings.CutPrefix(host, "{")
	if !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(rest, "}.")
	return name, rest, ok
}

// overlapHosts tells whether two different host patterns fit some of the same
// hosts.
func overlapHosts(a, b string) bool {
	_, da, wa := cutPlaceholder(a)
	_, db, wb := cutPlaceholder(b)
	switch {
	case wa && wb:
		return da == db
	case wa:
		_, rest, _ := strings.Cut(b, ".")
		return rest == da
	case wb:
		_, rest, _ := strings.Cut(a, ".")
		return rest == db
	}
	return a == b
}

// within tells whether the pattern that ends at a node matches only paths that
// another one matches too, and not all of them.
func (t *tries) within(at, of ref) bool {
	var room [2][maxPatternSegments]ref
	own, other := t.way(&room[0], at), t.way(&room[1], of)
	smaller := false
	for i, o := range other {
		kind := t.kind(o)
		switch {
		case kind == rest:
			return smaller || len(own) == 0 || len(own) != len(other) || t.kind(own[i]) != rest
		case i >= len(own):
			return false
		case kind == param && t.kind(own[i]) == literal:
			smaller = true
		case kind != t.kind(own[i]) || kind == literal && t.nodes[o].text != t.nodes[own[i]].text:
			return false
		}
	}
	return smaller && len(own) == len(other)
}

// way lists the nodes from below a trie's root to a node.
func (t *tries) way(room *[maxPatternSegments]ref, at ref) []ref {
	from := len(room)
	for ; t.nodes[at].parent != 0; at = t.nodes[at].parent {
		from--
		room[from] = at
	}
	return room[from:]
}

// kind is what a node below a root stands for.
func (t *tries) kind(at ref) segmentKind {
	switch p := &t.nodes[t.nodes[at].parent]; at {
	case p.param:
		return param
	case p.rest:
		return rest
	}
	return literal
}

// domainOf is a host without its first label; hosts that overlap share it.
func domainOf(host string) string {
	_, domain, _ := strings.Cut(host, ".")
	return domain
}

// insert adds a name to sorted ones.
func insert(names []string, name string) []string {
	at, _ := slices.BinarySearch(names, name)
	return slices.Insert(names, at, name)
}

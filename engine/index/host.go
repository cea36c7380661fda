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

// within tells whether a pattern matches only paths that another one matches
// too, and not all of them.
func (p Pattern) within(of Pattern) bool {
	smaller := false
	for i, s := range of.segments {
		switch {
		case s.kind == rest:
			return smaller || len(p.segments) == 0 || len(p.segments) != len(of.segments) || p.segments[i].kind != rest
		case i >= len(p.segments):
			return false
		case s.kind == param && p.segments[i].kind == literal:
			smaller = true
		case s.kind != p.segments[i].kind || s.kind == literal && s.text != p.segments[i].text:
			return false
		}
	}
	return smaller && len(p.segments) == len(of.segments)
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

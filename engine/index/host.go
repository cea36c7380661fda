package index

import "strings"

// boundTrie is a trie whose host pattern a request's host fits.
type boundTrie struct {
	root  *node
	label string // what the placeholder stands for
}

// bound finds the tries of a host, the exact one first. A port is not part of
// a host pattern and counts for nothing.
func (r *Routes) bound(host string) []boundTrie {
	if len(r.hosts) == 0 {
		return nil
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	var out []boundTrie
	if root := r.hosts[host]; root != nil {
		out = append(out, boundTrie{root: root})
	}
	label, rest, ok := strings.Cut(host, ".")
	if !ok || label == "" {
		return out
	}
	for name, root := range r.hosts {
		if _, domain, wild := cutPlaceholder(name); wild && domain == rest {
			out = append(out, boundTrie{root: root, label: label})
		}
	}
	return out
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

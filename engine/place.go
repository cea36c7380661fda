package engine

import (
	"slices"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/policy"
)

// Place is where a path leads.
type Place struct {
	// ID tells the paths apart that routes tell apart, whatever their methods:
	// requests with equal IDs match one pattern under one host pattern. It is 0
	// where no route leads, and means nothing to another set.
	ID int
	// Fixed is what the placeholders stand for, the host's first, without that
	// of a final {x...}. It is nil without a Route.
	Fixed []string
	// Route is the route of the method; nil if the path has none for it.
	Route *policy.Route
}

// HasCORS tells whether some route has a cors block. Where none has, nobody need
// look for one.
func (s *Set) HasCORS() bool {
	return slices.ContainsFunc(s.targets, func(t target) bool { return t.decl.CORS != nil })
}

// Place looks a request up without asking anything about it: the host, path and
// segments are those of an [HTTP]. It is for those who have to know what a route
// says before there is a request, or about another request than the one at
// hand.
func (s *Set) Place(method, host, path string, segments []string) Place {
	var m index.Match
	s.routes.Find(&m, method, host, path, segments)
	p := Place{ID: m.Place()}
	if m.Route < 0 {
		return p
	}
	target := &s.targets[s.ways[m.Route].target]
	p.Route, p.Fixed = target.decl, m.Captures
	if target.rest {
		p.Fixed = p.Fixed[:len(p.Fixed)-1]
	}
	return p
}

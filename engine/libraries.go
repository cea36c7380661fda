package engine

import (
	"slices"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// imports gives the libraries of a policy, compiled for a resource type.
func (c *compiler) imports(p *policy.Policy, res *resource) map[string]*celenv.Scope {
	out := map[string]*celenv.Scope{}
	for _, t := range p.Imports {
		i := slices.IndexFunc(c.src.Libraries, func(l *policy.Library) bool { return l.Name.Value() == t.Value() })
		if i < 0 {
			var known []string
			for _, l := range c.src.Libraries {
				known = append(known, l.Name.Value())
			}
			c.undeclared(t, "library", known)
			continue
		}
		if scope := c.library(c.src.Libraries[i], res); scope != nil {
			out[t.Value()] = scope
		}
	}
	return out
}

// library compiles a library once for each resource type that reads it.
func (c *compiler) library(l *policy.Library, res *resource) *celenv.Scope {
	key := [2]string{l.Name.Value(), res.name}
	if scope, ok := c.libraries[key]; ok {
		return scope
	}
	consts := map[string]slot.Value{}
	for _, k := range l.Consts {
		if v, t := c.constant(k.Value); t != nil {
			consts[k.Name.Value()] = v
		}
	}
	scope := c.scope(res, consts, nil)
	c.breakAll(scope, l.Consts, consts)
	c.vars(scope, l.Vars, res)
	c.libraries[key] = scope
	return scope
}

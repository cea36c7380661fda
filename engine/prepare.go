package engine

import (
	"net/http"
	"slices"
	"unique"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// prepare works out what every request would otherwise work out anew. It comes
// last: rules, routes and candidates are there.
func (c *compiler) prepare() {
	c.set.anonymous = nobody(c.set)
	for _, r := range c.set.rules {
		c.set.refs = append(c.set.refs, r.Ref)
		r.anonymous = r.Decl.Anonymous
		r.roles, r.scopes, r.anyScope = interned(r.Decl.Roles), interned(r.Decl.Scopes), interned(r.Decl.AnyScope)
		r.wanted = slices.Clip(slices.Concat(r.scopes, r.anyScope))
		if reason := r.Decl.Reason; reason != nil {
			r.challenge = newChallenge(reason.Challenge)
		}
	}
	for i := range c.set.targets {
		t := &c.set.targets[i]
		for _, name := range t.placeholders {
			at, _ := t.res.layout.Lookup(slot.Resource, name)
			t.slots = append(t.slots, at)
		}
		for method, action := range t.actions {
			to := towards{method: unique.Make(method).Value(), action: action}
			if cands := t.res.actions[action]; cands != nil {
				to.cands = &cands[OverHTTP]
			}
			t.by = append(t.by, to)
		}
	}
}

// interned gives the texts, of which equal ones share their memory: they stand
// in many rules, and a request compares them.
func interned(list []policy.Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, unique.Make(t.Value).Value())
	}
	return out
}

// towards gives what the target leads to for a method. GET also stands for HEAD.
func (t *target) towards(method string) (action string, cands *candidates) {
	for i := range t.by {
		switch to := &t.by[i]; to.method {
		case method:
			return to.action, to.cands
		case http.MethodGet:
			action, cands = to.action, to.cands
		}
	}
	return action, cands
}

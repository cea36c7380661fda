package engine

import (
	"slices"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// present lists what is there wherever a rule is asked, although other rules
// over the resource type may lack it: attributes that each of its actions
// demands, and body fields that each route to its actions demands.
func (res *resource) present(d *policy.Rule) []string {
	covers := func(action string) bool {
		return d.EveryAction() || slices.ContainsFunc(d.Actions, func(t policy.Text) bool { return t.Value() == action })
	}
	var out []string
	for i := range res.layout.Len() {
		a := res.layout.Attr(slot.Index(i))
		switch {
		case a.Root == slot.Action && a.Name != "name" && res.actionsDemand(a.Name, covers):
		case a.Root == slot.Body && d.HTTP && !d.AuthZEN && res.routesDemand(a.Name, covers):
		default:
			continue
		}
		out = append(out, a.FullName())
	}
	return out
}

// actionsDemand tells whether every covered action has a required attribute.
func (res *resource) actionsDemand(name string, covers func(string) bool) bool {
	return !slices.ContainsFunc(res.decl.Actions, func(a policy.Action) bool {
		return covers(a.Name.Value()) && !slices.ContainsFunc(a.Attributes, func(f policy.Attribute) bool { return f.Name.Value() == name && !f.Optional })
	})
}

// demands tells whether an action has a required attribute of that name.
func (res *resource) demands(action, name string) bool {
	return res.actionsDemand(name, func(a string) bool { return a == action })
}

// routesDemand tells whether every route to a covered action has a required
// body field.
func (res *resource) routesDemand(name string, covers func(string) bool) bool {
	return !slices.ContainsFunc(res.decl.Routes, func(r policy.Route) bool {
		if !r.LeadsTo(covers) {
			return false
		}
		return r.Body == nil || !slices.ContainsFunc(r.Body.Fields, func(f policy.Attribute) bool { return f.Name.Value() == name && !f.Optional })
	})
}

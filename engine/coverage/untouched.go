package coverage

import (
	"cmp"
	"slices"

	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
)

// untouched lists the routes and actions that no case was about.
func (r *Recorder) untouched(out *Report) {
	reached, asked := map[target]bool{}, map[target]bool{}
	for _, c := range r.collectors {
		for t := range c.reached {
			reached[t] = true
			asked[target{resource: t.resource, action: t.action}] = true
		}
	}
	resources := slices.Clone(r.set.Source().Resources)
	slices.SortFunc(resources, func(a, b *policy.Resource) int { return cmp.Compare(a.Name.Value(), b.Name.Value()) })
	for _, d := range resources {
		for i := range d.Routes {
			route := &d.Routes[i]
			for _, action := range actionsOf(route) {
				if !reached[target{route.Pattern.Value(), d.Name.Value(), action}] {
					out.Routes = append(out.Routes, Route{route.Pattern.Value(), d.Name.Value(), action, placeOf(route.Pattern.Span())})
				}
			}
		}
		for _, a := range d.Actions {
			if !asked[target{resource: d.Name.Value(), action: a.Name.Value()}] {
				out.Actions = append(out.Actions, Action{d.Name.Value(), a.Name.Value(), placeOf(a.Name.Span())})
			}
		}
	}
}

// actionsOf names the actions that a route leads to, each once.
func actionsOf(r *policy.Route) []string {
	var out []string
	add := func(name string) {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, m := range r.Methods {
		add(m.Action.Value())
	}
	if r.BodyAction != nil {
		for _, l := range r.BodyAction.Map {
			add(l.Value.Value())
		}
	}
	return out
}

// unused lists the users and resources of the tests that no case names.
func unused(src *policy.Set, cases []*suite.Case) []Fixture {
	type name struct{ suite, fixture string }
	users, resources := map[name]bool{}, map[name]bool{}
	for _, c := range cases {
		users[name{c.Suite, c.User()}] = true
		if r, _ := c.Target(); r != "" {
			resources[name{c.Suite, r}] = true
		}
	}
	out := []Fixture{}
	find := func(kind, in string, list []policy.Fixture, used map[name]bool) {
		for i := range list {
			if f := &list[i]; !used[name{in, f.Name.Value()}] {
				out = append(out, Fixture{kind, f.Name.Value(), placeOf(f.At.Span())})
			}
		}
	}
	own := map[name]bool{}
	for _, s := range src.Suites {
		find("user", s.Name.Value(), s.Users, users)
		find("resource", s.Name.Value(), s.Resources, resources)
		for i := range s.Users {
			own[name{s.Name.Value(), s.Users[i].Name.Value()}] = true
		}
	}
	anywhere := map[string]bool{} // of Directories: named by a suite that has none of the name itself
	for n := range users {
		if !own[n] {
			anywhere["user "+n.fixture] = true
		}
	}
	for n := range resources {
		anywhere["resource "+n.fixture] = true
	}
	for _, d := range src.Fixtures {
		for i := range d.Users {
			if f := &d.Users[i]; !anywhere["user "+f.Name.Value()] {
				out = append(out, Fixture{"user", f.Name.Value(), placeOf(f.At.Span())})
			}
		}
		for i := range d.Resources {
			if f := &d.Resources[i]; !anywhere["resource "+f.Ref()] {
				out = append(out, Fixture{"resource", f.Ref(), placeOf(f.At.Span())})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Fixture) int {
		return cmp.Or(cmp.Compare(a.Place.Path, b.Place.Path), cmp.Compare(a.Place.Line, b.Place.Line), cmp.Compare(a.Place.Column, b.Place.Column))
	})
	return out
}

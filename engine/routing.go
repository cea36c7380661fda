package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// routes puts a resource's routes into the set's trie.
func (c *compiler) routes(res *resource) {
	for i := range res.decl.Routes {
		d := &res.decl.Routes[i]
		pattern, err := index.ParsePattern(d.Path())
		if err != nil {
			c.w.Error(d.Pattern.Span(), "bad_route", "", "%s", err)
			continue
		}
		t := target{res: res, pattern: d.Pattern.Value(), body: c.body(res, d), decl: d}
		var isRest bool
		t.placeholders, isRest = pattern.Placeholders()
		t.rest = isRest
		c.placeholders(res, d, t.placeholders, isRest)
		for _, m := range d.Methods {
			if _, ok := res.actions[m.Action.Value()]; !ok && d.BodyAction == nil {
				c.undeclared(m.Action, "action", res.decl.ActionNames())
			}
		}
		c.bindHosts(res, pattern, d, t)
	}
}

// bindHosts adds the route once for each host that it is bound to. A
// placeholder of the host is filled like one of the path.
func (c *compiler) bindHosts(res *resource, p index.Pattern, d *policy.Route, t target) {
	hosts := d.Hosts
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	for _, host := range hosts {
		bound := t
		if name := index.HostPlaceholder(host); name != "" {
			c.placeholders(res, d, []string{name}, false)
			if slices.Contains(t.placeholders, name) {
				c.w.Error(d.Pattern.Span(), "bad_route", "give one of them another name", "{%s} stands in the host and in the path", name)
			}
			bound.placeholders = append([]string{name}, t.placeholders...)
		}
		for _, m := range d.Methods {
			c.addRoute(host, p, m, d)
		}
		c.set.targets = append(c.set.targets, bound)
	}
}

func (c *compiler) addRoute(host string, p index.Pattern, m policy.MethodAction, d *policy.Route) {
	err := c.set.routes.Add(host, p, m.Method, len(c.set.ways))
	c.set.ways = append(c.set.ways, way{target: int32(len(c.set.targets)), action: m.Action.Value()})
	var conflict *index.ConflictError
	if !errors.As(err, &conflict) {
		return
	}
	place := d.At.Span().String() // a route that conflicts with itself
	if with := int(c.set.ways[conflict.Route].target); with < len(c.set.targets) {
		place = c.routePlace(with)
	}
	c.w.Error(d.Pattern.Span(), "route_conflict", "make one of them more specific; the other is at "+place, "%s", conflict.Reason)
}

// routePlace finds where the route of a target is declared.
func (c *compiler) routePlace(i int) string {
	t := c.set.targets[i]
	for _, d := range t.res.decl.Routes {
		if d.Pattern.Value() == t.pattern {
			return d.Pattern.Span().String()
		}
	}
	return ""
}

// placeholders checks that every placeholder fills an attribute that takes
// values from the path.
func (c *compiler) placeholders(res *resource, d *policy.Route, names []string, isRest bool) {
	for i, name := range names {
		at, ok := res.layout.Lookup(slot.Resource, name)
		switch {
		case name == "type" || !ok:
			known := slices.DeleteFunc(res.layout.Names(slot.Resource), func(n string) bool { return n == "type" })
			hint := "declared: " + strings.Join(known, ", ")
			if near, close := document.Closest(name, known); close {
				hint = fmt.Sprintf("did you mean {%s}?", near)
			}
			c.w.Error(d.Pattern.Span(), "undeclared_attribute", hint, "placeholder {%s} fills resource.%s, which is not declared", name, name)
		case !res.layout.Attr(at).AcceptsFrom(slot.Path):
			c.w.Error(d.Pattern.Span(), "undeclared_provider", "add path to its from, or rename the placeholder", "resource.%s does not take values from the path", name)
		case res.layout.Attr(at).Type.Kind == slot.List || res.layout.Attr(at).Type.Kind == slot.Map:
			c.w.Error(d.Pattern.Span(), "bad_route", "", "resource.%s is a %s and cannot come from a path", name, res.layout.Attr(at).Type)
		case isRest && i == len(names)-1 && res.layout.Attr(at).Type.Kind != slot.String:
			c.w.Error(d.Pattern.Span(), "bad_route", "", "{%s...} is text; resource.%s must be a string", name, name)
		}
	}
}

// directories indexes what the set knows about resources.
func (c *compiler) directories() {
	for _, d := range slices.Concat(c.src.Directories, c.src.Fixtures) {
		for i := range d.Users {
			c.fixture(slot.User, c.set.base, &d.Users[i])
		}
		for i := range d.Resources {
			c.fixture(slot.Resource, c.layoutOf(d.Resources[i].Type), &d.Resources[i])
		}
	}
	for _, d := range c.src.Directories {
		for _, f := range d.Resources {
			id, ok := f.Field("id")
			if !ok {
				c.w.Error(f.At.Span(), "missing_key", "give it an id, by which it is looked up", "a resource of a Directory needs an id")
				continue
			}
			key := resourceKey{f.Type.Value(), id.Text.Value()}
			if _, twice := c.set.directory[key]; twice {
				c.w.Error(f.At.Span(), "duplicate_name", "", "%s %q stands twice in the set's Directories", key.kind, key.id)
			}
			values := make([]slot.Ready, 0, len(f.Fields))
			if res := c.set.resources[f.Type.Value()]; res != nil {
				for _, e := range f.Fields {
					if e.Key.Value() != "id" {
						values = append(values, res.layout.Ready(slot.Directory, slot.Resource, e.Key.Value(), slot.FromValue(e.Value)))
					}
				}
			}
			c.set.directory[key] = values
		}
	}
}

func (c *compiler) layoutOf(kind policy.Text) *slot.Layout {
	if r, ok := c.set.resources[kind.Value()]; ok {
		return r.layout
	}
	if kind.IsSet() {
		c.undeclared(kind, "resource", c.resourceNames())
	}
	return nil
}

// fixture types the given values by the layout.
func (c *compiler) fixture(root slot.Root, layout *slot.Layout, f *policy.Fixture) {
	if layout == nil {
		return
	}
	for _, e := range f.Fields {
		c.given(root, layout, e.Key, e.Value)
	}
}

// given checks one value of a fixture against its declaration.
func (c *compiler) given(root slot.Root, layout *slot.Layout, key policy.Text, v policy.Value) {
	i, ok := layout.Lookup(root, key.Value())
	if !ok && slices.Contains(c.unusable, [2]string{root.String(), key.Value()}) {
		return
	}
	if !ok || root == slot.User && i == slot.UserAuthenticated {
		c.undeclared(key, "attribute", layout.Names(root))
		return
	}
	if _, _, err := layout.Attr(i).Convert(slot.FromValue(v)); err != nil {
		c.w.Error(v.Span(), "attribute_invalid", enumHint(layout.Attr(i), v.Text.Value()), "%s", err)
	}
}

// enumHint names the value of an enum that was meant, or all of them.
func enumHint(a *slot.Attr, text string) string {
	var names []string
	for _, v := range a.Enum {
		if v.Kind() == slot.String {
			names = append(names, v.Str())
		}
	}
	switch near, ok := document.Closest(text, names); {
	case ok:
		return fmt.Sprintf("did you mean %q?", near)
	case len(names) > 0 && len(names) <= maxListed:
		return "declared: " + strings.Join(names, ", ")
	}
	return ""
}

// suites checks what suites name: users, resources, actions, rules, values.
func (c *compiler) suites() {
	if len(c.src.Suites) == 0 {
		return
	}
	known := c.suiteNames()
	for _, s := range c.src.Suites {
		(&suiteChecker{compiler: c, suiteNames: known, suite: s}).check()
	}
}

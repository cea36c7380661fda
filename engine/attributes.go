package engine

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// defaultFrom says who answers for the attributes of a root when nothing is
// declared.
func defaultFrom(r slot.Root) []slot.Provider {
	switch r {
	case slot.User:
		return []slot.Provider{slot.Credential}
	case slot.Resource:
		return []slot.Provider{slot.Path, slot.Source, slot.Directory}
	case slot.Env:
		return []slot.Provider{slot.Config}
	}
	return []slot.Provider{slot.Caller}
}

// fixedNames cannot be declared: gwctl itself answers for them.
var fixedNames = map[string][]string{
	"user": {"authenticated", "id", "type", "issuer", "method"}, "env": {"time", "ip"}, "resource": {"type", "id"}, "action": {"name"},
}

func (c *compiler) attributes(root slot.Root, decls []policy.Attribute) []*slot.Attr {
	var out []*slot.Attr
	// In order of their names, so that the order of keys in a file does not
	// choose which of two unusable attributes a denial names.
	decls = slices.SortedFunc(slices.Values(decls), func(a, b policy.Attribute) int { return strings.Compare(a.Name.Value(), b.Name.Value()) })
	for _, d := range decls {
		if a := c.attribute(root, d); a != nil {
			out = append(out, a)
		} else {
			c.unusable = append(c.unusable, [2]string{root.String(), d.Name.Value()})
		}
	}
	return out
}

func (c *compiler) attribute(root slot.Root, d policy.Attribute) *slot.Attr {
	return c.typed(root, root.String(), d)
}

// typed gives a declaration its meaning; within names what it is a part of.
func (c *compiler) typed(root slot.Root, within string, d policy.Attribute) *slot.Attr {
	if within == root.String() && slices.Contains(fixedNames[root.String()], d.Name.Value()) {
		c.w.Error(d.Name.Span(), "built_in", "remove it: conditions can read it without a declaration", "%s.%s is built in", root, d.Name.Value())
		return nil
	}
	if !d.Type.IsSet() {
		return nil
	}
	t, err := slot.ParseType(d.Type.Value())
	if err != nil {
		hint := "types are bool, int, double, string, timestamp, duration, ip, cidr, object, list(T), map(string, T)"
		if near, ok := document.Closest(d.Type.Value(), slot.TypeNames()); ok {
			hint = "did you mean " + near + "?"
		}
		c.w.Error(d.Type.Span(), "unknown_type", hint, "%s", err)
		return nil
	}
	if t.Kind == slot.Object {
		t.Name = within + "." + d.Name.Value()
		for _, f := range d.Fields {
			if field := c.typed(root, t.Name, f); field != nil {
				t.Fields = append(t.Fields, field)
			}
		}
	}
	a := &slot.Attr{
		Root: root, Name: d.Name.Value(), Type: t, Optional: d.Optional || len(d.For) > 0, Demanded: !d.Optional, Sensitive: d.Sensitive,
		MaxItems: int(d.MaxItems), MaxEntries: int(d.MaxEntries), MaxLength: int(d.MaxLength), From: defaultFrom(root),
	}
	builtins := c.set.base
	if builtins == nil { // the schema itself is read
		builtins = slot.NewLayout()
	}
	if i, ok := builtins.Lookup(root, a.Name); ok {
		if built := builtins.Attr(i).Type; t.String() != built.String() {
			c.w.Error(d.Type.Span(), "built_in", "declare it as a "+built.String(), "%s is built in as a %s", a.FullName(), built)
			return nil
		}
		a.MaxItems = cmp.Or(a.MaxItems, builtins.Attr(i).MaxItems)
	}
	if from, ok := c.providers(root, d.From); ok {
		a.From = from
	}
	for _, f := range d.For {
		a.For = append(a.For, f.Value())
		if root != slot.User {
			c.w.Error(f.Span(), "bad_constraint", "", "for names types of users and belongs to user attributes")
		}
	}
	c.constraints(a, d)
	return a
}

// providers gives the providers that a declaration names; ok is false without
// any, and where one is not known.
func (c *compiler) providers(root slot.Root, from []policy.Text) (out []slot.Provider, ok bool) {
	names := []string{"credential", "path", "source", "directory", "caller"}
	ok = len(from) > 0
	for _, f := range from {
		p, known := slot.ParseProvider(f.Value())
		if !known {
			hint := "providers are " + strings.Join(names, ", ")
			if near, close := document.Closest(f.Value(), names); close {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			c.w.Error(f.Span(), "unknown_provider", hint, "%q cannot supply values", f.Value())
			ok = false
		}
		if known && root == slot.Env && p != slot.Caller {
			c.w.Error(f.Span(), "bad_constraint", "leave it out, or write caller", "attributes of env come from the Sidecar, or from AuthZEN callers")
		}
		out = append(out, p)
	}
	return out, ok
}

// element is what enum, pattern, min and max speak about: the attribute, or
// the elements of a list.
func element(t *slot.Type) *slot.Type {
	for t.Kind == slot.List || t.Kind == slot.Map {
		t = t.Elem
	}
	return t
}

func (c *compiler) constraints(a *slot.Attr, d policy.Attribute) {
	elem := element(a.Type)
	plain := &slot.Attr{Root: a.Root, Name: a.Name, Type: elem, MaxLength: a.MaxLength}
	for _, e := range d.Enum {
		v, ok, err := plain.Convert(slot.FromValue(e))
		if err != nil || !ok {
			c.w.Error(e.Span(), "bad_constraint", "", "enum: every value must be a %s", elem)
			continue
		}
		a.Enum = append(a.Enum, v)
	}
	if d.Pattern.IsSet() {
		// Read alone first: `a)|(b` is no pattern, but would be one in brackets.
		_, err := regexp.Compile(d.Pattern.Value())
		re, wrapped := regexp.Compile(`^(?:` + d.Pattern.Value() + `)$`)
		switch err = cmp.Or(err, wrapped); {
		case err != nil:
			c.w.Error(d.Pattern.Span(), "bad_pattern", "patterns follow RE2", "the pattern cannot be read: %s", err)
		case elem.Kind != slot.String:
			c.w.Error(d.Pattern.Span(), "bad_constraint", "", "a %s has no pattern", elem)
		case celenv.PatternTooLarge(d.Pattern.Value()):
			c.w.Error(d.Pattern.Span(), "bad_pattern", celenv.LargePatternHint, "the pattern is too large")
		}
		a.Pattern = re
	}
	a.Min = c.bound(plain, d.Min, "min")
	a.Max = c.bound(plain, d.Max, "max")
	sizes := []struct {
		key  string
		set  bool
		kind slot.Kind
	}{{"maxItems", d.MaxItems > 0, slot.List}, {"maxEntries", d.MaxEntries > 0, slot.Map}}
	for _, s := range sizes {
		if s.set && a.Type.Kind != s.kind {
			c.w.Error(d.Type.Span(), "bad_constraint", "", "a %s has no %s", a.Type, s.key)
		}
	}
	if d.MaxLength > 0 && elem.Kind != slot.String {
		c.w.Error(d.Type.Span(), "bad_constraint", "", "a %s has no maxLength", elem)
	}
}

func (c *compiler) bound(a *slot.Attr, text policy.Text, key string) slot.Value {
	if !text.IsSet() {
		return slot.Value{}
	}
	switch a.Type.Kind {
	case slot.Int, slot.Double, slot.Timestamp, slot.Duration:
	default:
		c.w.Error(text.Span(), "bad_constraint", "", "a %s has no %s", a.Type, key)
		return slot.Value{}
	}
	v, ok, err := a.Convert(slot.Plain(text.Value()))
	if err != nil || !ok {
		c.w.Error(text.Span(), "bad_constraint", "", "%s must be a %s", key, a.Type)
	}
	return v
}

// constant gives a literal of a policy its type: true and false are bool,
// numbers int or double, all else is a string. Lists hold one type.
func (c *compiler) constant(v policy.Value) (slot.Value, *slot.Type) {
	t := constantType(v)
	if t == nil {
		c.w.Error(v.Span(), "bad_constant", "a constant is a scalar, or a list or map whose values have one type", "the constant mixes types or is empty")
		return slot.Value{}, nil
	}
	a := &slot.Attr{Root: slot.Env, Type: t, MaxLength: 8192, MaxItems: 10000, MaxEntries: 10000}
	value, _, err := a.Convert(slot.FromValue(v))
	var invalid *slot.InvalidError
	if errors.As(err, &invalid) {
		c.w.Error(v.Span(), "bad_constant", "", "the constant %s", invalid.Rule)
		return slot.Value{}, nil
	}
	return value, t
}

func constantType(v policy.Value) *slot.Type {
	children, kind := v.Items, slot.List
	switch v.Kind {
	case document.Scalar:
		return scalarType(v.Text)
	case document.Map:
		kind = slot.Map
		for _, e := range v.Entries {
			children = append(children, e.Value)
		}
	}
	var elem *slot.Type
	for _, x := range children {
		t := constantType(x)
		if t == nil || elem != nil && t.String() != elem.String() {
			return nil
		}
		elem = t
	}
	if elem == nil {
		return nil
	}
	return &slot.Type{Kind: kind, Elem: elem}
}

func scalarType(t policy.Text) *slot.Type {
	if !t.Quoted() {
		if _, ok := document.ParseBool(t.Value()); ok {
			return &slot.Type{Kind: slot.Bool}
		}
		if _, ok := document.ParseInt(t.Value()); ok {
			return &slot.Type{Kind: slot.Int}
		}
		if _, ok := document.ParseDouble(t.Value()); ok {
			return &slot.Type{Kind: slot.Double}
		}
	}
	return &slot.Type{Kind: slot.String}
}

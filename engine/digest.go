package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// digester writes a set's meaning in one canonical form. Every text is
// preceded by its length, so that no two meanings run together.
type digester struct{ h hash.Hash }

func (d digester) put(parts ...string) {
	for _, p := range parts {
		fmt.Fprintf(d.h, "%d:%s", len(p), p)
	}
}

func (d digester) texts(list []policy.Text) {
	var out []string
	for _, t := range list {
		out = append(out, t.Value)
	}
	slices.Sort(out)
	d.put(strconv.Itoa(len(out)))
	d.put(out...)
}

func (d digester) value(v policy.Value) {
	switch v.Kind {
	case document.Scalar:
		kind := "plain"
		if v.Text.Quoted() {
			kind = "quoted"
		}
		d.put(kind, v.Text.Value)
	case document.List:
		d.put("list", strconv.Itoa(len(v.Items)))
		for _, x := range v.Items {
			d.value(x)
		}
	case document.Map:
		d.put("map")
		d.entries(v.Entries)
	}
}

func (d digester) entries(list []document.ValueEntry) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b document.ValueEntry) int { return strings.Compare(a.Key.Value, b.Key.Value) })
	d.put(strconv.Itoa(len(list)))
	for _, e := range list {
		d.put(e.Key.Value)
		d.value(e.Value)
	}
}

// digest covers what can change a decision: not names of files, comments,
// descriptions, owners or suites.
func digest(s *Set) string {
	d := digester{sha256.New()}
	d.put("gwctl-set", policy.APIVersion)
	if s.source.Schema != nil {
		roles := slices.Clone(s.source.Schema.Roles)
		d.texts(roles)
	}
	d.layout(s.base, 0)
	c := compiler{src: s.source}
	for _, r := range c.sortedResources() {
		d.resource(s, s.resources[r.Name.Value])
	}
	for _, p := range sortedPolicies(s.source.Policies) {
		d.policy(p)
	}
	d.directory(s)
	return "sha256:" + hex.EncodeToString(d.h.Sum(nil))
}

// layout writes the attributes from an index on: what all types share is
// written once.
func (d digester) layout(l *slot.Layout, from int) {
	var lines []string
	for i := from; i < l.Len(); i++ {
		a := l.Attr(slot.Index(i))
		line := []string{a.FullName(), a.Type.String(), fmt.Sprint(a.Optional, a.Demanded, a.Sensitive, a.MaxItems, a.MaxEntries, a.MaxLength), fmt.Sprint(sorted(a.From)), fmt.Sprintf("%q", sorted(a.For))}
		var enum []string
		for _, v := range a.Enum {
			enum = append(enum, string(v.AppendJSON(nil)))
		}
		line = append(line, fmt.Sprintf("%q", sorted(enum)), string(a.Min.AppendJSON(nil)), string(a.Max.AppendJSON(nil)))
		if a.Pattern != nil {
			line = append(line, a.Pattern.String())
		}
		lines = append(lines, fmt.Sprintf("%q", line))
	}
	d.put(sorted(lines)...)
}

func sorted[T interface{ ~string | ~uint8 }](in []T) []T {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}

func (d digester) resource(s *Set, r *resource) {
	d.put("resource", r.name)
	d.texts(r.decl.Actions)
	d.layout(r.layout, s.base.Len())
	var routes []string
	for _, route := range r.decl.Routes {
		for _, m := range route.Methods {
			routes = append(routes, fmt.Sprintf("%q %q %q", m.Method, route.Path, m.Action.Value))
		}
	}
	d.put(sorted(routes)...)
}

func (d digester) policy(p *policy.Policy) {
	d.put("policy", p.Name.Value)
	d.texts(p.Resources)
	var consts []document.ValueEntry
	for _, k := range p.Consts {
		consts = append(consts, document.ValueEntry{Key: k.Name, Value: k.Value})
	}
	d.entries(consts)
	var vars []string
	for _, v := range p.Vars {
		vars = append(vars, fmt.Sprintf("%q %q", v.Name.Value, v.Expr.Value))
	}
	d.put(strconv.Itoa(len(vars)))
	d.put(sorted(vars)...)
	for _, r := range p.Rules {
		d.put("rule", r.ID.Value, r.Effect.Value, strconv.FormatBool(r.Anonymous), r.When.Value)
		d.texts(r.Actions)
		d.texts(r.Roles)
		d.texts(r.Scopes)
		d.texts(r.AnyScope)
		if r.Reason != nil {
			d.put("reason", r.Reason.Code.Value, r.Reason.Message.Value, strconv.Itoa(r.Reason.Status))
		}
	}
}

func (d digester) directory(s *Set) {
	var keys []resourceKey
	for k := range s.directory {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b resourceKey) int { return strings.Compare(a.kind+"\x00"+a.id, b.kind+"\x00"+b.id) })
	fixtures := map[resourceKey][]document.ValueEntry{}
	for _, dir := range s.source.Directories {
		for _, f := range dir.Resources {
			if id, ok := f.Field("id"); ok {
				fixtures[resourceKey{f.Type.Value, id.Text.Value}] = f.Fields
			}
		}
	}
	for _, k := range keys {
		d.put("known", k.kind, k.id)
		d.entries(fixtures[k])
	}
	var users []string
	for _, dir := range s.source.Directories {
		for _, u := range dir.Users {
			inner := digester{sha256.New()}
			inner.put(u.Name.Value, strconv.FormatBool(u.Anonymous))
			inner.entries(u.Fields)
			inner.value(u.Claims)
			users = append(users, string(inner.h.Sum(nil)))
		}
	}
	d.put(sorted(users)...)
}

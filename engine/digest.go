package engine

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// digester writes a set's meaning in one canonical form. Every text is
// preceded by its length, so that no two meanings run together.
type digester struct {
	h       hash.Hash
	w       *bufio.Writer // into h
	lib     *celenv.Library
	spelled map[string]string         // CEL texts in their one spelling
	layouts map[*slot.Layout][]string // lines of layouts, many of which resource types have in common
}

func newDigester(lib *celenv.Library) digester {
	h := sha256.New()
	return digester{h: h, w: bufio.NewWriter(h), lib: lib, spelled: map[string]string{}, layouts: map[*slot.Layout][]string{}}
}

// sum is the digest of all that was put. Nothing may be put afterwards, unless
// the hash is reset.
func (d digester) sum() []byte {
	_ = d.w.Flush() // a hash takes everything
	return d.h.Sum(nil)
}

// cel gives an expression in one spelling, so that its layout and quotes are no
// part of what the set means.
func (d digester) cel(t policy.Text) string {
	if !t.IsSet() {
		return ""
	}
	if d.lib == nil {
		return t.Value()
	}
	text, ok := d.spelled[t.Value()]
	if !ok {
		text = d.lib.Canonical(t.Value())
		d.spelled[t.Value()] = text
	}
	return text
}

func (d digester) put(parts ...string) {
	for _, p := range parts {
		_, _ = d.w.Write(append(strconv.AppendInt(d.w.AvailableBuffer(), int64(len(p)), 10), ':'))
		_, _ = d.w.WriteString(p)
	}
}

func (d digester) texts(list []policy.Text) {
	var out []string
	for _, t := range list {
		out = append(out, t.Value())
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
		d.put(kind, v.Text.Value())
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
	slices.SortFunc(list, func(a, b document.ValueEntry) int { return strings.Compare(a.Key.Value(), b.Key.Value()) })
	d.put(strconv.Itoa(len(list)))
	for _, e := range list {
		d.put(e.Key.Value())
		d.value(e.Value)
	}
}

// digest covers what can change a decision: not names of files, comments,
// descriptions, owners or suites.
func digest(s *Set, lib *celenv.Library) string {
	d := newDigester(lib)
	d.put("gwctl-set", policy.APIVersion)
	d.declarations(s)
	for _, p := range sortedPolicies(s.source.Policies) {
		d.policy(p)
	}
	d.directory(s)
	return "sha256:" + hex.EncodeToString(d.sum())
}

// declarations are what rules speak about.
func (d digester) declarations(s *Set) {
	if s.source.Schema != nil {
		roles := slices.Clone(s.source.Schema.Roles)
		d.texts(roles)
	}
	d.layout(s.base, 0)
	c := compiler{src: s.source}
	for _, r := range c.sortedResources() {
		d.resource(s, s.resources[r.Name.Value()])
	}
	d.libraries(s.source.Libraries)
}

// layout writes the attributes from an index on: what all types share is
// written once.
func (d digester) layout(l *slot.Layout, from int) {
	lines, ok := d.layouts[l]
	if !ok {
		for i := from; i < l.Len(); i++ {
			a := l.Attr(slot.Index(i))
			line := []string{a.FullName(), typeLine(a.Type), constraintLine(a), fmt.Sprint(a.Sensitive), fmt.Sprint(sorted(a.From)), fmt.Sprintf("%q", sorted(a.For))}
			lines = append(lines, fmt.Sprintf("%q", line))
		}
		slices.Sort(lines)
		d.layouts[l] = lines
	}
	d.put(lines...)
}

// typeLine is a type with the fields of objects written out.
func typeLine(t *slot.Type) string {
	if t.Kind != slot.Object {
		return t.String()
	}
	var fields []string
	for _, f := range t.Fields {
		fields = append(fields, f.Name+" "+typeLine(f.Type)+" "+constraintLine(f))
	}
	return fmt.Sprintf("object %q", sorted(fields))
}

// constraintLine is what an attribute demands of its values.
func constraintLine(a *slot.Attr) string {
	var enum []string
	for _, v := range a.Enum {
		enum = append(enum, string(v.AppendJSON(nil)))
	}
	line := fmt.Sprintf("%t %t %d %d %d %q %s %s", a.Optional, a.Demanded, a.MaxItems, a.MaxEntries, a.MaxLength, sorted(enum), a.Min.AppendJSON(nil), a.Max.AppendJSON(nil))
	if a.Pattern != nil {
		line += " " + strconv.Quote(a.Pattern.String())
	}
	return line
}

func sorted[T interface{ ~string | ~uint8 }](in []T) []T {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}

func (d digester) resource(s *Set, r *resource) {
	d.put("resource", r.name)
	d.put(sorted(r.decl.ActionNames())...)
	d.layout(r.layout, s.base.Len())
	var routes []string
	for _, route := range r.decl.Routes {
		for _, m := range route.Methods {
			line := fmt.Sprintf("%q %q %q %q", m.Method, sorted(route.Hosts), route.Path(), m.Action.Value())
			routes = append(routes, line+routeOptions(&route))
		}
	}
	d.put(sorted(routes)...)
}

// routeOptions is what a route says beside its pattern and actions.
func routeOptions(r *policy.Route) string {
	out := ""
	if b := r.Body; b != nil {
		var fields []string
		for _, f := range b.Fields {
			fields = append(fields, attributeLine(f))
		}
		out += fmt.Sprintf(" body %d %q", b.MaxBytes, sorted(fields))
	}
	if a := r.BodyAction; a != nil {
		var pairs []string
		for _, m := range a.Map {
			pairs = append(pairs, fmt.Sprintf("%q=%q", m.Key.Value(), m.Value.Value()))
		}
		out += fmt.Sprintf(" chooses %q %q", a.Field.Value(), sorted(pairs))
	}
	if c := r.CORS; c != nil {
		out += fmt.Sprintf(" cors %q %q %t %d", sorted(values(c.Origins)), sorted(values(c.Headers)), c.Credentials, c.MaxAge)
		if len(c.Expose) > 0 {
			out += fmt.Sprintf(" expose %q", sorted(values(c.Expose)))
		}
	}
	out += fmt.Sprintf(" %t %t", r.WebSocket, r.KeepEncodedSlash)
	if r.KeepEmptySegments {
		out += " empty"
	}
	if r.KeepPathParams {
		out += " params"
	}
	return out
}

// attributeLine is a declaration in full; a body's fields are not in a layout
// one by one.
func attributeLine(a policy.Attribute) string {
	var enum, fields []string
	for _, v := range a.Enum {
		enum = append(enum, v.Text.Value())
	}
	for _, f := range a.Fields {
		fields = append(fields, attributeLine(f))
	}
	return fmt.Sprintf("%q %q %t %q %q %q %q %d %d %d %q", a.Name.Value(), a.Type.Value(), a.Optional, sorted(enum), a.Pattern.Value(), a.Min.Value(), a.Max.Value(),
		a.MaxItems, a.MaxEntries, a.MaxLength, sorted(fields))
}

func values(list []policy.Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.Value())
	}
	return out
}

func (d digester) definitions(consts []policy.Const, vars []policy.Var) {
	var entries []document.ValueEntry
	for _, k := range consts {
		entries = append(entries, document.ValueEntry{Key: k.Name, Value: k.Value})
	}
	d.entries(entries)
	var lines []string
	for _, v := range vars {
		lines = append(lines, fmt.Sprintf("%q %q", v.Name.Value(), d.cel(v.Expr)))
	}
	d.put(strconv.Itoa(len(lines)))
	d.put(sorted(lines)...)
}

func (d digester) libraries(list []*policy.Library) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *policy.Library) int { return strings.Compare(a.Name.Value(), b.Name.Value()) })
	for _, l := range list {
		d.put("library", l.Name.Value())
		d.definitions(l.Consts, l.Vars)
	}
}

func (d digester) policy(p *policy.Policy) {
	d.setting(p)
	for _, r := range p.Rules {
		d.rule(r)
	}
}

// setting is what the rules of a policy share.
func (d digester) setting(p *policy.Policy) {
	d.put("policy", p.Name.Value())
	d.texts(p.Resources)
	d.texts(p.Without)
	d.texts(p.Imports)
	d.definitions(p.Consts, p.Vars)
}

func (d digester) rule(r *policy.Rule) {
	d.put("rule", r.ID.Value(), r.Effect.Value(), strconv.FormatBool(r.Anonymous), d.cel(r.When), fmt.Sprint(r.HTTP, r.AuthZEN, r.Shadow), r.UntilText.Value())
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, fmt.Sprintf("%q %q", h.Name.Value(), d.cel(h.Value)))
	}
	d.put(strconv.Itoa(len(headers)))
	d.put(sorted(headers)...)
	d.texts(r.Actions)
	d.texts(r.Roles)
	d.texts(r.Scopes)
	d.texts(r.AnyScope)
	if r.Reason != nil {
		d.put("reason", r.Reason.Code.Value(), r.Reason.Message.Value(), strconv.Itoa(r.Reason.Status))
		if c := r.Reason.Challenge; c != nil {
			d.put("challenge", c.Error.Value(), strconv.FormatInt(c.MaxAge, 10))
			d.texts(c.ACRValues)
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
				fixtures[resourceKey{f.Type.Value(), id.Text.Value()}] = f.Fields
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
			inner := newDigester(d.lib)
			inner.put(u.Name.Value(), strconv.FormatBool(u.Anonymous))
			inner.entries(u.Fields)
			inner.value(u.Claims)
			users = append(users, string(inner.sum()))
		}
	}
	d.put(sorted(users)...)
}

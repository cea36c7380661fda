package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

// TestLanguageTypes holds the table of types to those that can be declared.
func TestLanguageTypes(t *testing.T) {
	page := languagePage(t)
	known := slot.TypeNames()
	for i, name := range known {
		switch {
		case strings.HasPrefix(name, "list("):
			known[i] = "list(T)"
		case strings.HasPrefix(name, "map("):
			known[i] = "map(string, T)"
		}
	}
	sameNames(t, page, "types", "type", known)
}

// TestLanguageProviders holds the tables of providers to the names of `from`,
// and the defaults to those of a compiled set.
func TestLanguageProviders(t *testing.T) {
	page := languagePage(t)
	sameNames(t, page, "providers", "in `from`", slot.ProviderNames())
	src, found := policy.Load([]policy.File{{Path: "x.yaml", Data: []byte(`apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: x}
spec: {user: {x: {type: int, optional: true}}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: thing}
spec: {actions: {read: {attributes: {x: {type: int, optional: true}}}}, attributes: {x: {type: int, optional: true}}}
`)}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	layout := set.DirectRequest("thing", "read").Values().Layout()
	told := map[string]string{}
	for _, r := range page.table(t, "providers", "attribute of").rows {
		told[codeSpans(r.cells[0])[0]] = strings.Trim(r.cells[1], "`")
	}
	for _, root := range []slot.Root{slot.User, slot.Resource, slot.Action} {
		i, ok := layout.Lookup(root, "x")
		if !ok {
			t.Fatalf("%s.x is not declared", root)
		}
		var from []string
		for _, name := range slot.ProviderNames() {
			if p, _ := slot.ParseProvider(name); slices.Contains(layout.Attr(i).From, p) {
				from = append(from, name)
			}
		}
		if want := "[" + strings.Join(from, ", ") + "]"; told[root.String()] != want {
			t.Errorf("attributes of %s come from %s, and the page says %s", root, want, told[root.String()])
		}
	}
}

// TestLanguageBuiltIns holds the table of built-in attributes to those of every
// layout: names, types, and whether they can be absent.
func TestLanguageBuiltIns(t *testing.T) {
	page, layout := languagePage(t), slot.NewLayout()
	known := map[string]*slot.Attr{}
	for i := range layout.Len() {
		a := layout.Attr(slot.Index(i))
		known[a.FullName()] = a
	}
	sameNames(t, page, "built-in-attributes", "attribute", slices.Collect(maps.Keys(known)))
	for _, r := range page.table(t, "built-in-attributes", "attribute").rows {
		a := known[strings.Trim(r.cells[0], "`")]
		if a == nil {
			continue // told above
		}
		if want := "`" + a.Type.String() + "`"; r.cells[1] != want {
			t.Errorf("%s:%d: %s is a %s", page.name, r.line, a.FullName(), want)
		}
		if can := a.Optional || a.Demanded; can == (r.cells[2] == "never") {
			t.Errorf("%s:%d: %s can be absent: %t, and the page says %q", page.name, r.line, a.FullName(), can, r.cells[2])
		}
		if list := a.Root == slot.User && a.Type.Kind == slot.List; list && a.MaxItems != slot.MaxListFromCredential {
			t.Errorf("%s has at most %d items, and the table of limits says %d", a.FullName(), a.MaxItems, slot.MaxListFromCredential)
		}
	}
}

// sameNames holds the first column of a table to a list of names, in any order.
func sameNames(t *testing.T, page *markdown, anchor, first string, known []string) {
	t.Helper()
	var told []string
	for _, r := range page.table(t, anchor, first).rows {
		told = append(told, codeSpans(r.cells[0])...)
	}
	slices.Sort(told)
	known = slices.Sorted(slices.Values(known))
	if !slices.Equal(told, known) {
		t.Errorf("%s: the table of #%s has %q, want %q", page.name, anchor, told, known)
	}
}

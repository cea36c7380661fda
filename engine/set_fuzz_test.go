package engine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/format"
	"github.com/gwctl/gwctl/policy"
)

const separator = "\n---\n"

// FuzzSet: whatever stands in a file, it loads and compiles or there is a
// finding in it; and what compiles means the same whatever the order of its
// documents, and after it was laid out.
func FuzzSet(f *testing.F) {
	paths, err := filepath.Glob("../examples/quickstart/*.yaml")
	if err != nil || len(paths) == 0 {
		f.Fatalf("%d seeds, %v", len(paths), err)
	}
	var docs []string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if !policy.IsTestFile(path) {
			docs = append(docs, strings.TrimSuffix(string(data), "\n"))
		}
		f.Add(string(data))
	}
	f.Add(strings.Join(docs, separator))
	f.Add("apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: r}\nspec:\n  actions: {read: {}, edit: {attributes: {soft: {type: bool, optional: true}}}}\n" +
		"  attributes: {owner: {type: string, optional: true}, n: {type: int, min: 0, from: [path]}}\n  hosts: ['{owner}.example.com']\n" +
		"  routes:\n    - {route: 'GET,PUT /r/{n}', action: {GET: read, PUT: edit}, body: {type: json, fields: {a: {type: string, pattern: '[a-z]+'}}}}\n    - {route: POST /r, action: {body: op, map: {x: edit}}}\n" +
		separator + "apiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n  resources: [r]\n  imports: [l]\n  consts: {c: [1, 2]}\n  vars: {v: 'l.open && consts.c[0] == 1'}\n  rules:\n" +
		"    - {id: a, effect: allow, actions: [\"*\"], roles: [x], when: vars.v, obligations: {set_headers: {X-A: \"'a'\"}}}\n    - {id: b, effect: deny, mode: shadow, until: 2026-01-01, reason: {code: no, status: 401, challenge: {error: e, acr_values: [a]}}}\n" +
		separator + "apiVersion: gwctl.dev/v1\nkind: Library\nmetadata: {name: l}\nspec: {vars: {open: user.authenticated}}\n" +
		separator + "apiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec: {users: {u: {id: u}}, resources: [{type: r, id: '1', owner: o}]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		digest, ok := digestOf(t, text)
		if !ok {
			return
		}
		reversed := strings.Split(text, separator)
		slices.Reverse(reversed)
		if other, ok := digestOf(t, strings.Join(reversed, "\n"+separator)); ok && other != digest {
			t.Errorf("the order of documents changes the digest of\n%s", text)
		}
		laidOut, found, err := format.Source("a.yaml", []byte(text))
		if err != nil || found.HasErrors() {
			return // a layout that is not understood is refused
		}
		if other, ok := digestOf(t, string(laidOut)); !ok || other != digest {
			t.Errorf("laid out, the set compiles: %t, and its digest is %s, not %s\n%s\n--- as\n%s", ok, other, digest, text, laidOut)
		}
	})
}

// digestOf is the digest of a set of one file, if it compiles.
func digestOf(t *testing.T, text string) (digest string, ok bool) {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "a.yaml", Data: []byte(text)}})
	var set *engine.Set
	if !found.HasErrors() {
		if set, found = engine.Compile(src); (set == nil) != found.HasErrors() {
			t.Fatalf("a set: %t, and %v", set != nil, found)
		}
	}
	lines := strings.Split(text, "\n")
	for _, d := range found {
		if d.Code == "" || d.Code == "internal" || d.Message == "" || d.Line < 1 || d.Line > len(lines) || d.Column < 1 || d.Column > len([]rune(lines[d.Line-1]))+1 {
			t.Errorf("%+v", d)
		}
	}
	if set == nil {
		return "", false
	}
	return set.Digest(), true
}

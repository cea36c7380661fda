package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestLimits loads a document with a value as long, or as deep, as may be, and
// with one that is longer by one.
func TestLimits(t *testing.T) {
	letters := func(n int) string { return strings.Repeat("a", n) }
	methods := func(n int) string { return strings.Join(slices.Concat(routeMethods, []string{"TRACE"})[:n], ",") }
	host := func(n int) string { return strings.Repeat("a.", n)[:n-1] + "b" }
	const actions = "  actions: {a: {}}\n"
	route := func(spec string) string { return actions + "  routes: [{" + spec + "}]\n" }
	rule := func(spec string) string { return "  resources: [t]\n  rules: [{" + spec + "}]\n" }
	object := func(n int) string {
		return actions + "  attributes: {o: " + strings.Repeat("{type: object, fields: {a: ", n) + "{type: int}" + strings.Repeat("}}", n) + "}\n"
	}
	for _, tt := range []struct {
		name, kind string
		spec       func(n int) string
		most       int
		code       string
	}{
		{"name of an action", "Resource", func(n int) string { return "  actions: {" + letters(n) + ": {}}\n" }, maxName, "bad_name"},
		{"name of an attribute", "Schema", func(n int) string { return "  user: {" + letters(n) + ": {type: int}}\n" }, maxName, "bad_name"},
		{"name of a user", "Directory", func(n int) string { return "  users: {" + letters(n) + ": {id: a}}\n" }, maxName, "bad_name"},
		{"methods of a route", "Resource", func(n int) string { return route("route: '" + methods(n) + " /a', action: a") }, maxMethods, "bad_route"},
		{"bytes of a host", "Resource", func(n int) string { return route("route: GET " + host(n) + "/a, action: a") }, 253, "bad_host"},
		{"bytes of a body", "Resource", func(n int) string {
			return route(fmt.Sprintf("route: POST /a, action: a, body: {type: json, maxBytes: %d}", n))
		}, MaxMaxBody, "bad_body"},
		{"seconds of CORS", "Resource", func(n int) string {
			return route(fmt.Sprintf("route: GET /a, action: a, cors: {origins: ['https://a.example'], max_age: %d}", n))
		}, 86400, "bad_setting"},
		{"objects in objects", "Resource", func(n int) string { return object(n) }, maxFieldDepth, "too_deep"},
		{"letters of a header", "Policy", func(n int) string {
			return rule("id: r, effect: allow, actions: [a], obligations: {set_headers: {" + letters(n) + ": a}}")
		}, 64, "bad_name"},
		{"letters of a reason", "Policy", func(n int) string { return rule("id: r, effect: deny, reason: {code: " + letters(n) + "}") }, 64, "bad_reason"},
		{"bytes of a challenge", "Policy", func(n int) string {
			return rule("id: r, effect: deny, reason: {code: a, status: 401, challenge: {error: a, acr_values: [" + letters(n) + "]}}")
		}, 256, "bad_reason"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			load := func(n int) Diagnostics {
				_, found := Load([]File{{"a.yaml", []byte(doc(tt.kind, "d", tt.spec(n)))}})
				return found
			}
			if found := load(tt.most); len(found) > 0 {
				t.Errorf("%d: %v", tt.most, found[0])
			}
			if found := load(tt.most + 1); len(found) != 1 || found[0].Code != tt.code {
				t.Errorf("%d: %v, want %s", tt.most+1, found, tt.code)
			}
		})
	}
}

// TestMostFiles loads as many files as a set may have; TestTooManyFiles has one
// more.
func TestMostFiles(t *testing.T) {
	files := make([]File, MaxFiles)
	for i := range files {
		files[i] = File{Path: fmt.Sprintf("%05d.yaml", i), Data: []byte("kind: Sidecar\n")}
	}
	if _, found := Load(files); len(found) > 0 {
		t.Errorf("%d files: %v", MaxFiles, found[0])
	}
}

// TestDefaultBody: a route that says nothing of its body's size has the
// default.
func TestDefaultBody(t *testing.T) {
	for body, want := range map[string]int64{"{type: json}": DefaultMaxBody, "{type: json, maxBytes: 65537}": DefaultMaxBody + 1} {
		set, found := Load([]File{{"a.yaml", []byte(doc("Resource", "r", "  actions: {a: {}}\n  routes: [{route: POST /a, action: a, body: "+body+"}]\n"))}})
		if len(found) > 0 || set.Resources[0].Routes[0].Body.MaxBytes != want {
			t.Errorf("%s: %v, want %d bytes", body, found, want)
		}
	}
}

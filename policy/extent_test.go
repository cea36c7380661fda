package policy

import (
	"fmt"
	"strings"
	"testing"
)

// doc writes one document.
func doc(kind, name, spec string) string {
	return "apiVersion: gwctl.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec:\n" + spec
}

// numbered joins pieces that differ in a number.
func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// extentSet has as many types, with as many actions each, and a guard with as
// many rules over each action of them.
func extentSet(types, actions, rules int) []File {
	var b strings.Builder
	for i := range types {
		b.WriteString(doc("Resource", fmt.Sprintf("t%d", i), "  actions: {"+numbered(actions, "a%d: {}, ")+"}\n") + "---\n")
	}
	b.WriteString(doc("Policy", "guard", "  resources: ['*']\n  rules:\n"+numbered(rules, "    - {id: r%d, effect: deny}\n")))
	return []File{{"a.yaml", []byte(b.String())}}
}

// routesSet has a type with as many hosts, routes and methods of each.
func routesSet(hosts, routes, methods int) []File {
	names := strings.Join([]string{"GET", "PUT", "POST", "PATCH", "DELETE"}[:methods], ",")
	return []File{{"a.yaml", []byte(doc("Resource", "t", "  actions: {a: {}}\n  hosts: ["+numbered(hosts, "h%d, ")+"]\n  routes:\n"+
		numbered(routes, "    - {route: '"+names+" /%d', action: a}\n")))}}
}

// patternSet has as many attributes whose patterns take the given steps.
func patternSet(attributes, steps int) []File {
	pattern := strings.Repeat("[a-z]{500}", steps/500) + strings.Repeat("x", steps%500-1)
	var files []File
	for i := range attributes {
		spec := "  actions: {a: {}}\n  attributes: {x: {type: object, fields: {y: {type: string, pattern: '" + pattern + "'}}}}\n"
		files = append(files, File{fmt.Sprintf("%03d.yaml", i), []byte(doc("Resource", fmt.Sprintf("t%d", i), spec))})
	}
	return files
}

// TestExtent loads sets at a limit, and one step beyond it.
func TestExtent(t *testing.T) {
	for _, tt := range []struct {
		name     string
		at, over []File
		message  string
	}{
		{"rules of all types", extentSet(400, 1, MaxRules/400), extentSet(400, 1, MaxRules/400+1), "more than 200000 rules, counted once for each resource type"},
		{"rules of all actions", extentSet(10, 500, MaxCandidates/5000), extentSet(10, 500, MaxCandidates/5000+1), "more than 1000000 rules, counted once for each resource type and action"},
		{"routes", routesSet(100, 200, 5), routesSet(100, 201, 5), "more than 100000 routes"},
		{"patterns", patternSet(MaxPatterns/4096, 4096), patternSet(MaxPatterns/4096+1, 4096), "more than 1048576 steps in patterns"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, found := Load(tt.at); len(found) > 0 {
				t.Errorf("at the limit: %v", found[0])
			}
			_, found := Load(tt.over)
			if len(found) != 1 || found[0].Code != "set_too_large" || !strings.Contains(found[0].Message, tt.message) {
				t.Errorf("beyond it: %v", found)
			}
		})
	}
}

// TestDeclared loads documents with as much of a kind as may be, and with one
// more.
func TestDeclared(t *testing.T) {
	const res = "  actions: {a: {}}\n"
	const pol = "  resources: [t]\n  rules: [{id: r, effect: deny}]\n"
	for _, tt := range []struct{ name, key, kind, before, format, after string }{
		{"actions", "actions", "Resource", "  actions: {", "a%d: {}, ", "}\n"},
		{"attributes", "attributes", "Resource", res + "  attributes: {", "a%d: {type: int}, ", "}\n"},
		{"fields", "fields", "Resource", res + "  attributes: {o: {type: object, fields: {", "a%d: {type: int}, ", "}}}\n"},
		{"attributes of an action", "attributes", "Resource", "  actions: {a: {attributes: {", "a%d: {type: int}, ", "}}}\n"},
		{"fields of a body", "fields", "Resource", res + "  routes: [{route: POST /, action: a, body: {type: json, fields: {", "a%d: {type: int}, ", "}}}]\n"},
		{"values of a body", "map", "Resource", res + "  routes: [{route: POST /, action: {body: m, map: {", "a%d: a, ", "}}}]\n"},
		{"hosts", "hosts", "Resource", res + "  hosts: [", "h%d, ", "]\n"},
		{"user", "user", "Schema", "  user: {", "a%d: {type: int}, ", "}\n"},
		{"env", "env", "Schema", "  env: {", "a%d: {type: int}, ", "}\n"},
		{"enum", "enum", "Schema", "  user: {a: {type: string, enum: [", "a%d, ", "]}}\n"},
		{"roles", "roles", "Schema", "  roles: [", "a%d, ", "]\n"},
		{"resources", "resources", "Policy", "  rules: [{id: r, effect: deny}]\n  resources: [", "t%d, ", "]\n"},
		{"imports", "imports", "Policy", pol + "  imports: [", "l%d, ", "]\n"},
		{"consts", "consts", "Policy", pol + "  consts: {", "a%d: 1, ", "}\n"},
		{"vars", "vars", "Policy", pol + "  vars: {", "a%d: 'true', ", "}\n"},
		{"actions of a rule", "actions", "Policy", "  resources: [t]\n  rules: [{id: r, effect: deny, actions: [", "a%d, ", "]}]\n"},
		{"roles of a rule", "roles", "Policy", "  resources: [t]\n  rules: [{id: r, effect: allow, actions: [a], roles: [", "a%d, ", "]}]\n"},
		{"headers of a rule", "set_headers", "Policy", "  resources: [t]\n  rules: [{id: r, effect: allow, actions: [a], obligations: {set_headers: {", "X-%d: a, ", "}}}]\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			load := func(n int) Diagnostics {
				_, found := Load([]File{{"a.yaml", []byte(doc(tt.kind, "d", tt.before+numbered(n, tt.format)+tt.after))}})
				return found
			}
			if found := load(1000); len(found) > 0 {
				t.Errorf("1000: %v", found[0])
			}
			if found := load(1001); len(found) != 1 || found[0].Code != "too_many" || !strings.Contains(found[0].Message, `"`+tt.key+`" holds 1001`) {
				t.Errorf("1001: %v", found)
			}
		})
	}
}

// TestHeaderTwice: two spellings of a header are one to upstreams.
func TestHeaderTwice(t *testing.T) {
	for headers, want := range map[string]string{"X-A: a, X-B: b": "", "X-A: a, x-a: b": "duplicate_name"} {
		_, found := Load([]File{{"a.yaml", []byte(doc("Policy", "p", "  resources: [t]\n  rules: [{id: r, effect: allow, actions: [a], obligations: {set_headers: {"+headers+"}}}]\n"))}})
		if (want == "") != (len(found) == 0) || len(found) == 1 && found[0].Code != want {
			t.Errorf("%s: %v", headers, found)
		}
	}
}

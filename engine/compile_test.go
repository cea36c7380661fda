package engine

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

const suiteFile = `
apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: t}
spec:
  now: 2026-01-15T10:00:00Z
  env: {ip: 192.0.2.1}
  users: {dave: {id: dave, plan: pro}, nobody: anonymous}
  resources: {o: {type: order, id: "1", tenant: acme, number: 5}}
  cases:
    - {name: c1, user: dave, resource: o, action: read, expect: {effect: deny, rule: p/r3, reason: stop}}
    - {name: c2, user: alice, request: GET /orders/1, delivers: {owner: alice}, env: {ip: 192.0.2.2}, expect: {effect: deny, reason: request_not_canonical}}
    - {name: c3, user: anonymous, request: GET /orders/1, expect: allow}
  matrix:
    - {users: [dave, nobody], resources: [o], actions: [read, list], expect: deny}
`

func check(set, suite string) policy.Diagnostics {
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(set)}, {Path: "set_test.yaml", Data: []byte(suite)}})
	if found.HasErrors() {
		return found
	}
	compiled, found := Compile(src)
	if (compiled == nil) != found.HasErrors() {
		return append(found, policy.Diagnostic{Code: "a set with errors, or none without"})
	}
	return found
}

// marked is the text under a diagnostic's caret.
func marked(d policy.Diagnostic) string {
	line := []rune(d.SourceLine)
	return string(line[min(d.Column-1, len(line)):min(d.EndColumn-1, len(line))])
}

// TestCompileRefuses: each fault is one finding, at its token. The set that it
// is put into compiles.
func TestCompileRefuses(t *testing.T) {
	if found := check(digested, suiteFile); len(found) > 0 {
		t.Fatalf("the good set: %v", found)
	}
	const when = "vars.mine && consts.limit > 3"
	for _, tt := range []struct{ old, new, code, token string }{
		// schema
		{"level: {type: int,", "level: {type: integr,", "unknown_type", "integr"},
		{"level: {type: int,", "level: {type: list(),", "unknown_type", "list()"},
		{"level: {type: int, min: 0,", "level: {type: int, min: x,", "bad_constraint", "x"},
		{"level: {type: int, min: 0,", "level: {type: string, min: 0,", "bad_constraint", "0"},
		{"level: {type: int, min: 0,", "level: {type: int, maxItems: 3,", "bad_constraint", "int"},
		{"level: {type: int, min: 0,", "level: {type: int, maxLength: 3,", "bad_constraint", "int"},
		{"level: {type: int, min: 0,", `level: {type: int, pattern: "a",`, "bad_constraint", `"a"`},
		{"level: {type: int, min: 0,", "level: {type: int, enum: [1, two],", "bad_constraint", "two"},
		{"country: {type: string,", `country: {type: string, pattern: "[A-Z",`, "bad_pattern", `"[A-Z"`},
		{"country: {type: string,", `country: {type: string, pattern: "a)|(b",`, "bad_pattern", `"a)|(b"`},
		{"country: {type: string,", `country: {type: string, pattern: "([a-z]{1,100}){1,100}",`, "bad_pattern", `"([a-z]{1,100}){1,100}"`},
		{"country: {type: string,", "country: {type: string, from: [nowhere],", "unknown_provider", "nowhere"},
		{"spec:\n  user:", "spec:\n  env: {zone: {type: string, optional: true, from: [source]}}\n  user:", "bad_constraint", "source"},
		{"country: {type: string,", "authenticated: {type: string,", "built_in", "authenticated"},
		{"country: {type: string,", "roles: {type: string,", "built_in", "string"},
		{"country: {type: string,", "tenant: {type: int,", "built_in", "int"},
		{"owner: {type: string, optional: true}", "owner: {type: string}\n    id: {type: string}", "built_in", "id"},
		{"owner: {type: string, optional: true}", "owner: {type: string, for: [human]}", "bad_constraint", "human"},
		// routes
		{`"GET /orders/{id}", action: read`, `"GET /orders/{id}", action: raed`, "undeclared_action", "raed"},
		{`"GET /orders/{id}", action: read`, `"GET /orders/{order}", action: read`, "undeclared_attribute", `"GET /orders/{order}"`},
		{`"GET /orders/{id}", action: read`, `"GET /orders/{type}", action: read`, "undeclared_attribute", `"GET /orders/{type}"`},
		{`"GET /orders/{id}", action: read`, `"GET /orders//{id}", action: read`, "bad_route", `"GET /orders//{id}"`},
		{`"GET /orders/{id}", action: read`, `"GET /orders/{id}/{number...}", action: read`, "bad_route", `"GET /orders/{id}/{number...}"`},
		{`"GET /orders/{id}", action: read`, `"GET /{id}/1/2/3", action: read`, "route_conflict", `"GET /files/{rest...}"`},
		{`"DELETE /orders/{id}"`, `"GET /orders/{id}"`, "route_conflict", `"GET /orders/{id}"`},
		{"number: {type: int, optional: true, from: [path, source]}", "number: {type: int, optional: true, from: [source]}", "undeclared_provider", `"GET /tenants/{tenant}/{number}"`},
		{`"GET /files/{rest...}"`, `"GET /files/{many}"`, "bad_route", `"GET /files/{many}"`},
		// policy
		{"resources: [order]\n  consts", "resources: [ordr]\n  consts", "undeclared_resource", "ordr"},
		{"actions: [read], roles", "actions: [raed], roles", "undeclared_action", "raed"},
		{"names: [x, y]", "names: [x, 1]", "bad_constant", "["},
		{"names: [x, y]", "names: {a: [x], b: x}", "bad_constant", "{"},
		{"limit: 5", "limit: [x, 1]", "bad_constant", "["}, // and not once more where it is read
		{when, "vars.mne && consts.limit > 3", "undeclared_attribute", "mne"},
		{when, "vars.mine && consts.limit > '3'", "type_mismatch", ">"},
		{when, "user.id", "type_mismatch", "user.id"},
		{when, "resource.ownr == 'x'", "undeclared_attribute", "ownr"},
		{"resource.owner == user.id", "resource.ownr == user.id", "undeclared_attribute", "ownr"},
		{"mine: has(resource.owner) && resource.owner == user.id", "mine: vars.mine", "variable_cycle", "mine"},
		{"mine: has(resource.owner) && resource.owner == user.id", "mine: vars.b, b: vars.c, c: vars.mine", "variable_cycle", "mine"},
		// directories
		{`{type: order, id: "1", tenant: acme}`, `{type: ordr, id: "1"}`, "undeclared_resource", "ordr"},
		{`{type: order, id: "1", tenant: acme}`, `{type: order, tenant: acme}`, "missing_key", "{"},
		{`{type: order, id: "1", tenant: acme}`, `{type: order, id: "1", tennant: acme}`, "undeclared_attribute", "tennant"},
		{`{type: order, id: "1", tenant: acme}`, `{type: order, id: "1", number: x}`, "attribute_invalid", "x"},
		{`{type: order, id: "1", tenant: acme}`, `{type: order, id: "1"}, {type: order, id: 1}`, "duplicate_name", "{"},
		// suites
		{"now: 2026-01-15T10:00:00Z", "now: 2026-01-15", "bad_time", "2026-01-15"},
		{"plan: pro}, nobody", "plan: max}, nobody", "attribute_invalid", "max"},
		{"plan: pro}, nobody", "pln: pro}, nobody", "undeclared_attribute", "pln"},
		{"plan: pro}, nobody", "authenticated: true}, nobody", "undeclared_attribute", "authenticated"},
		{"number: 5", "number: five", "attribute_invalid", "five"},
		{"number: 5", "numbr: 5", "undeclared_attribute", "numbr"},
		{"{name: c1, user: dave,", "{name: c1, user: dav,", "undeclared_user", "dav"},
		{"resource: o, action: read", "resource: oo, action: read", "undeclared_fixture", "oo"},
		{"resource: o, action: read", "resource: o, action: raed", "undeclared_action", "raed"},
		{"rule: p/r3", "rule: p/r4", "undeclared_rule", "p/r4"},
		{"reason: stop", "reason: stopp", "undeclared_reason", "stopp"},
		{"delivers: {owner: alice}", "delivers: {ownr: alice}", "undeclared_attribute", "ownr"},
		{"delivers: {owner: alice}", "delivers: {type: page}", "undeclared_attribute", "type"},
		{"env: {ip: 192.0.2.1}", "env: {ip: 192.0.2}", "attribute_invalid", "192.0.2"},
		{"env: {ip: 192.0.2.2}", "env: {region: eu}", "undeclared_attribute", "region"},
		{"users: [dave, nobody]", "users: [dav, nobody]", "undeclared_user", "dav"},
		{"actions: [read, list], expect", "actions: [raed, list], expect", "undeclared_action", "raed"},
	} {
		t.Run(tt.code+" "+tt.new, func(t *testing.T) {
			set, suite := strings.Replace(digested, tt.old, tt.new, 1), suiteFile
			if set == digested {
				if suite = strings.Replace(suiteFile, tt.old, tt.new, 1); suite == suiteFile {
					t.Fatalf("nothing says %q", tt.old)
				}
			}
			found := check(set, suite)
			if len(found) != 1 || found[0].Code != tt.code || found[0].Line < 1 || !found.HasErrors() {
				t.Fatalf("%v, want one %s", found, tt.code)
			}
			if got := marked(found[0]); got != tt.token && !(tt.token == "{" && strings.HasPrefix(got, "{")) {
				t.Errorf("marks %q, want %q", got, tt.token)
			}
		})
	}
}

// TestCompileAccepts what looks like a fault and is none.
func TestCompileAccepts(t *testing.T) {
	for _, tt := range [][2]string{
		{"limit: 5", `limit: 5, empty: "", nothing: ["", "a"]`},
		{"country: {type: string,", "roles: {type: list(string), from: [source],"},
		{"country: {type: string,", "tenant: {type: string,"},
		{"country: {type: string,", `country: {type: string, pattern: "a|b",`},
		{"mine: has", "mine: vars.early && vars.early, early: has"},
		{"metadata: {name: shop}\nspec:\n", "metadata: {name: shop}\nspec:\n  roles: [customer, other]\n"},
	} {
		changed := strings.Replace(digested, tt[0], tt[1], 1)
		if found := check(changed, suiteFile); changed == digested || len(found) > 0 {
			t.Errorf("%q: %v", tt[1], found)
		}
	}
}

// TestRoleLiterals: with the roles declared, conditions cannot misspell one,
// and tokens may still hold any.
func TestRoleLiterals(t *testing.T) {
	schema := "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec: {roles: [admin, ops]}\n---\n" +
		"apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: order}\nspec: {actions: {read: {}}}\n---\n"
	if found := check(schema+policyOf("p", allowAll+`, when: "'admn' in user.roles"`), suiteOfNothing); len(found) != 1 || found[0].Code != "undeclared_role" {
		t.Errorf("misspelt: %v", found)
	}
	if found := check(schema+policyOf("p", allowAll+`, roles: [admn]`), suiteOfNothing); len(found) != 1 || found[0].Code != "undeclared_role" {
		t.Errorf("misspelt in roles: %v", found)
	}
	set := compile(t, schema+policyOf("p", allowAll+`, roles: [ops], when: "'admin' in user.roles"`))
	r := set.DirectRequest("order", "read")
	r.Authenticate(Principal{Method: "jwt", Type: "human"})
	r.Supply(slot.Credential, slot.User, "roles", slot.Strings([]string{"stranger", "admin", "ops"}))
	if d := set.Decide(r); !d.Allowed() {
		t.Errorf("a role that nobody declared: %s", short(d))
	}
}

const suiteOfNothing = "apiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: none}\nspec: {users: {nobody: anonymous}}\n"

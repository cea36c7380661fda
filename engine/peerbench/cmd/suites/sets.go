package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The policies: for each resource type the owner reads, writes and deletes what
// is of the own tenant, and support reads. The cases: some users, each asking for
// every action on some resources.

type person struct{ id, tenant, role string }

type thing struct{ id, tenant, owner string }

func people() []person {
	return []person{{"ann", "acme", "customer"}, {"bob", "acme", "customer"}, {"cid", "globex", "customer"}, {"dan", "acme", "support"}, {"eve", "globex", "support"}, {"fay", "globex", "customer"}, {"gus", "acme", "support"}, {"hal", "acme", "customer"}}
}

func things() []thing {
	return []thing{{"r1", "acme", "ann"}, {"r2", "acme", "bob"}, {"r3", "globex", "cid"}, {"r4", "globex", "fay"}, {"r5", "acme", "hal"}, {"r6", "globex", "eve"}, {"r7", "acme", "dan"}, {"r8", "acme", "cid"}}
}

func actions() []string { return []string{"read", "write", "delete"} }

// allowed is what all three sets say.
func allowed(p person, t thing, action string) bool {
	return p.tenant == t.tenant && (p.role == "customer" && p.id == t.owner || p.role == "support" && action == "read")
}

// writeSets writes the three sets and tells how many cases each has.
func writeSets(dir string, types int) (int, error) {
	files := map[string]*strings.Builder{}
	in := func(name string) *strings.Builder {
		if files[name] == nil {
			files[name] = &strings.Builder{}
		}
		return files[name]
	}
	fmt.Fprint(in("gwctl/schema.yaml"), "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: bench}\nspec: {roles: [customer, support]}\n")
	fmt.Fprint(in("opa/data.rego"), "package bench\n\nimport rego.v1\n\ndefault allow := false\n")
	cases := 0
	for i := range types {
		name := fmt.Sprintf("kind%d", i)
		gwctlSet(in("gwctl/"+name+".yaml"), name)
		fmt.Fprintf(in("opa/data.rego"), "\nallow if {\n\tinput.resource.kind == %q\n\tinput.user.role == \"customer\"\n\tinput.user.tenant == input.resource.tenant\n\tinput.user.id == input.resource.owner\n}\n\nallow if {\n\tinput.resource.kind == %q\n\tinput.user.role == \"support\"\n\tinput.action == \"read\"\n\tinput.user.tenant == input.resource.tenant\n}\n", name, name)
		cerbosPolicy(in("cerbos/"+name+".yaml"), name)
		cases += suites(in, name)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return 0, fmt.Errorf("making the directories of the sets: %w", err)
		}
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			return 0, fmt.Errorf("writing the sets: %w", err)
		}
	}
	return cases, nil
}

func gwctlSet(w *strings.Builder, name string) {
	fmt.Fprintf(w, `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: %[1]s}
spec:
  actions: {read: {}, write: {}, delete: {}}
  attributes: {tenant: {type: string}, owner: {type: string}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: %[1]s}
spec:
  resources: [%[1]s]
  vars: {same_tenant: has(user.tenant) && user.tenant == resource.tenant}
  rules:
    - {id: owner, effect: allow, actions: ["*"], roles: [customer], when: vars.same_tenant && user.id == resource.owner}
    - {id: support, effect: allow, actions: [read], roles: [support], when: vars.same_tenant}
`, name)
}

func cerbosPolicy(w *strings.Builder, name string) {
	fmt.Fprintf(w, `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: %s
  version: default
  rules:
    - actions: ["*"]
      effect: EFFECT_ALLOW
      roles: [customer]
      condition: {match: {expr: "P.attr.tenant == R.attr.tenant && P.id == R.attr.owner"}}
    - actions: [read]
      effect: EFFECT_ALLOW
      roles: [support]
      condition: {match: {expr: "P.attr.tenant == R.attr.tenant"}}
`, name)
}

// suites writes the cases of one resource type, and tells how many there are.
func suites(in func(string) *strings.Builder, name string) int {
	g, o, c := in("gwctl/"+name+"_test.yaml"), in("opa/"+name+"_test.rego"), in("cerbos/"+name+"_test.yaml")
	fmt.Fprintf(g, "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: %s}\nspec:\n  users:\n", name)
	fmt.Fprintf(o, "package bench_test\n\nimport rego.v1\n\nimport data.bench\n")
	fmt.Fprintf(c, "name: %s\nprincipals:\n", name)
	for _, p := range people() {
		fmt.Fprintf(g, "    %s: {id: %s, tenant: %s, roles: [%s]}\n", p.id, p.id, p.tenant, p.role)
		fmt.Fprintf(c, "  %s: {id: %s, roles: [%s], attr: {tenant: %s}}\n", p.id, p.id, p.role, p.tenant)
	}
	g.WriteString("  resources:\n")
	c.WriteString("resources:\n")
	for _, t := range things() {
		fmt.Fprintf(g, "    %s: {type: %s, id: %s, tenant: %s, owner: %s}\n", t.id, name, t.id, t.tenant, t.owner)
		fmt.Fprintf(c, "  %s: {id: %s, kind: %s, attr: {tenant: %s, owner: %s}}\n", t.id, t.id, name, t.tenant, t.owner)
	}
	g.WriteString("  cases:\n")
	c.WriteString("tests:\n")
	n := 0
	for _, p := range people() {
		for _, t := range things() {
			fmt.Fprintf(c, "  - name: %s %s\n    input: {principals: [%s], resources: [%s], actions: [read, write, delete]}\n    expected:\n      - {principal: %s, resource: %s, actions: {", p.id, t.id, p.id, t.id, p.id, t.id)
			for i, action := range actions() {
				effect, not := "allow", ""
				if !allowed(p, t, action) {
					effect, not = "deny", "not "
				}
				fmt.Fprintf(g, "    - {name: %s %s %s, user: %s, resource: %s, action: %s, expect: %s}\n", p.id, action, t.id, p.id, t.id, action, effect)
				fmt.Fprintf(o, "\ntest_%s_%s_%s_%s if {\n\t%sbench.allow with input as {\"user\": {\"id\": %q, \"tenant\": %q, \"role\": %q}, \"action\": %q, \"resource\": {\"kind\": %q, \"tenant\": %q, \"owner\": %q}}\n}\n",
					name, p.id, action, t.id, not, p.id, p.tenant, p.role, action, name, t.tenant, t.owner)
				if i > 0 {
					c.WriteString(", ")
				}
				fmt.Fprintf(c, "%s: EFFECT_%s", action, strings.ToUpper(effect))
				n++
			}
			c.WriteString("}}\n")
		}
	}
	return n
}

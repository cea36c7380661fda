package peerbench

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gwctl/gwctl/engine/peerbench/workload"
	"github.com/gwctl/gwctl/policy"
)

// This file writes the workloads in gwctl's policy language.

// perFile is how many documents or rules a file of a generated set holds.
const perFile = 500

// documents cuts documents into files.
func documents(name string, docs []string) []policy.File {
	var out []policy.File
	for part := range slices.Chunk(docs, perFile) {
		out = append(out, policy.File{Path: fmt.Sprintf("%s-%d.yaml", name, len(out)), Data: []byte(strings.Join(part, "---\n"))})
	}
	return out
}

func header(kind, name string) string {
	return "apiVersion: gwctl.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec:\n"
}

// routesSet has a Resource for each service and a Policy for each route.
func routesSet(w *workload.Routes) []policy.File {
	var resources, policies []string
	for part := range slices.Chunk(w.Rules, workload.Operations) {
		var actions, routes strings.Builder
		for _, r := range part {
			fmt.Fprintf(&actions, "    %s: {}\n", r.Operation)
			fmt.Fprintf(&routes, "    - {route: \"%s /%s/tenants/{tenant}/users/{owner}\", action: %s}\n", r.Method, r.Key(), r.Operation)
			policies = append(policies, header("Policy", r.Service+"-"+r.Operation)+fmt.Sprintf(
				"  resources: [%s]\n  rules:\n    - id: owner\n      effect: allow\n      actions: [%s]\n      roles: [%s]\n"+
					"      when: has(user.tenant) && user.tenant == resource.tenant && resource.owner == user.id\n",
				r.Service, r.Operation, r.Role))
		}
		resources = append(resources, header("Resource", part[0].Service)+"  actions:\n"+actions.String()+
			"  attributes:\n    tenant: {type: string, from: [path]}\n    owner: {type: string, from: [path]}\n  routes:\n"+routes.String())
	}
	return slices.Concat(documents("resources", resources), documents("policies", policies))
}

// mixSet has a Resource and a Policy for each type, and one guard.
func mixSet() []policy.File {
	docs := []string{header("Schema", "mix") + "  user:\n    country: {type: string, pattern: \"[A-Z]{2}\"}\n" +
		"    plan: {type: string, enum: [free, pro, enterprise]}\n    clearance: {type: int, min: 0, max: 9}\n    mfa: {type: bool}\n" +
		"    projects: {type: list(string)}\n    regions: {type: list(string)}\n"}
	for _, t := range workload.MixTypes() {
		doc := header("Resource", t.Name) + "  actions:\n"
		for _, a := range t.Actions {
			doc += "    " + a.Name + ": {}\n"
		}
		doc += "  attributes:\n"
		for _, name := range []string{"tenant", "project", "owner", "region", "level"} {
			if !t.Has(name) {
				continue
			}
			kind := "string"
			if name == "level" {
				kind = "int"
			}
			doc += "    " + name + ": {type: " + kind + ", from: [path]}\n"
		}
		doc += "  routes:\n"
		for _, a := range t.Actions {
			doc += fmt.Sprintf("    - {route: \"%s %s\", action: %s}\n", a.Method, t.Path, a.Name)
		}
		docs = append(docs, doc, mixPolicy(t.Name, func(r workload.MixRule) bool { return slices.Contains(r.Types, t.Name) }))
	}
	return documents("mix", append(docs, mixPolicy("*", func(r workload.MixRule) bool { return r.Types == nil })))
}

// mixPolicy writes the rules that belong to it, and the variables they read.
func mixPolicy(resource string, mine func(workload.MixRule) bool) string {
	name := strings.ReplaceAll(resource, "*", "guard")
	var rules strings.Builder
	var written []workload.MixRule
	for _, r := range workload.MixRules() {
		if !mine(r) {
			continue
		}
		written = append(written, r)
		effect := "allow"
		if r.Deny {
			effect = "deny"
		}
		fmt.Fprintf(&rules, "    - id: %s\n      effect: %s\n", r.ID, effect)
		switch {
		case r.Actions != nil:
			fmt.Fprintf(&rules, "      actions: [%s]\n", strings.Join(r.Actions, ", "))
		case !r.Deny:
			rules.WriteString("      actions: [\"*\"]\n")
		}
		if r.Roles != nil {
			fmt.Fprintf(&rules, "      roles: [%s]\n", strings.Join(r.Roles, ", "))
		}
		fmt.Fprintf(&rules, "      when: \"%s\"\n", r.Condition("!", "vars.", " && "))
	}
	doc := header("Policy", name) + "  resources: [\"" + resource + "\"]\n  consts:\n"
	for _, n := range workload.MixNets() {
		doc += fmt.Sprintf("    %s: [\"%s\"]\n", n.Name, strings.Join(n.CIDRs, `", "`))
	}
	doc += "  vars:\n"
	for _, c := range workload.MixConditions() {
		if slices.ContainsFunc(written, func(r workload.MixRule) bool { return r.Reads(c.Name) }) {
			doc += fmt.Sprintf("    %s: \"%s\"\n", c.Name, c.Gwctl)
		}
	}
	return doc + "  rules:\n" + rules.String()
}

// crowdSet has one Resource with one action, and all rules over it.
func crowdSet(w *workload.Crowd) []policy.File {
	var docs []string
	for part := range slices.Chunk(w.Rules, perFile) {
		var doc strings.Builder
		doc.WriteString(header("Policy", fmt.Sprintf("part-%d", len(docs))) + "  resources: [item]\n  rules:\n")
		for i, r := range part {
			fmt.Fprintf(&doc, "    - {id: rule-%d, effect: allow, actions: [read], when: \"%s\"}\n", i, crowdCondition(r))
		}
		docs = append(docs, doc.String())
	}
	files := []policy.File{{Path: "item.yaml", Data: []byte(header("Resource", "item") + "  actions: {read: {}}\n  attributes:\n" +
		"    owner: {type: string, from: [path]}\n    delegate: {type: string, from: [path]}\n    kind: {type: string, from: [path]}\n" +
		"  routes:\n    - {route: \"GET /items/{owner}/{delegate}/{kind}/{id}\", action: read}\n")}}
	for i, doc := range docs {
		files = append(files, policy.File{Path: fmt.Sprintf("part-%d.yaml", i), Data: []byte(doc)})
	}
	return files
}

func crowdCondition(r workload.CrowdRule) string {
	switch r.Shape {
	case 0:
		return fmt.Sprintf("has(user.tenant) && user.tenant == '%s' && resource.kind == '%s'", r.Tenant, r.Kind)
	case 1:
		return fmt.Sprintf("'%s' in user.groups && resource.kind == '%s'", r.Group, r.Kind)
	case 2:
		return fmt.Sprintf("resource.id in ['%s']", strings.Join(r.IDs, "', '"))
	}
	return fmt.Sprintf("user.id == '%s' && (resource.owner == user.id || resource.delegate == user.id)", r.Owner)
}

// driveSet has one rule for each of Cedar's permits, and the documents and
// folders of all graphs as a Directory.
func driveSet(w *workload.Drive) []policy.File {
	const rules = `  user:
    view: {type: string}
    owned_documents: {type: list(string), maxItems: 1000}
    owned_folders: {type: list(string), maxItems: 1000}
---
` + `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: document}
spec:
  actions: {read: {}, write: {}, share: {}, change-owner: {}}
  attributes:
    above: {type: "map(string, bool)", maxEntries: 1000, from: [directory]}
    is_public: {type: bool, from: [directory]}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: folder}
spec:
  actions: {create-document: {}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: documents}
spec:
  resources: [document]
  rules:
    - id: viewers-read
      effect: allow
      actions: [read]
      when: user.view in resource.above
    - id: public
      effect: allow
      actions: [read]
      when: resource.is_public
    - id: owners
      effect: allow
      actions: [read, write, share]
      when: resource.id in user.owned_documents || user.owned_folders.exists(f, f in resource.above)
    - id: owners-change-the-owner
      effect: allow
      actions: [change-owner]
      when: resource.id in user.owned_documents
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: folders}
spec:
  resources: [folder]
  rules:
    - id: owners-create-documents
      effect: allow
      actions: [create-document]
      when: resource.id in user.owned_folders
`
	files := []policy.File{{Path: "drive.yaml", Data: []byte(header("Schema", "drive") + rules)}}
	for n, g := range w.Graphs {
		var doc strings.Builder
		doc.WriteString(header("Directory", fmt.Sprintf("graph-%d", n)) + "  resources:\n")
		for _, e := range g.Sorted("Document") {
			fmt.Fprintf(&doc, "    - {type: document, id: \"%s\", is_public: %t, above: {", driveID(n, e.UID), e.IsPublic)
			for _, a := range e.Up() {
				fmt.Fprintf(&doc, "\"%s\": true, ", driveID(n, a))
			}
			doc.WriteString("}}\n")
		}
		for _, e := range g.Sorted("Folder") {
			fmt.Fprintf(&doc, "    - {type: folder, id: \"%s\"}\n", driveID(n, e.UID))
		}
		files = append(files, policy.File{Path: fmt.Sprintf("graph-%d.yaml", n), Data: []byte(doc.String())})
	}
	return files
}

// driveID names an entity of one graph among those of all.
func driveID(graph int, u workload.UID) string { return fmt.Sprintf("%d:%s:%s", graph, u.Type, u.ID) }

func driveIDs(graph int, list []workload.UID) []string {
	out := []string{}
	for _, u := range list {
		out = append(out, driveID(graph, u))
	}
	return out
}

// driveAction spells an action of Cedar's as gwctl does: changeOwner is
// change-owner.
func driveAction(name string) string {
	var out strings.Builder
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			out.WriteByte('-')
		}
		out.WriteRune(unicode.ToLower(c))
	}
	return out.String()
}

func driveKind(u workload.UID) string { return strings.ToLower(u.Type) }

package engine

import "testing"

// TestBrokenLibrary: a mistake in a library is reported where it stands, and not
// once more for each reader.
func TestBrokenLibrary(t *testing.T) {
	text := func(v string) string {
		return `apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec: {roles: [editor]}
---
apiVersion: gwctl.dev/v1
kind: Library
metadata: {name: common}
spec: {vars: {edits: "` + v + `"}}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec: {actions: {read: {}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [page]
  imports: [common]
  rules:
    - {id: a, effect: allow, actions: [read], when: common.edits}
    - {id: b, effect: allow, actions: [read], when: "common.edits && user.id == 'x'"}
`
	}
	if found := check(text("'edtor' in user.roles"), suiteOfNothing); len(found) != 1 || found[0].Code != "undeclared_role" {
		t.Errorf("found %v", found)
	}
	if found := check(text("'editor' in user.roles"), suiteOfNothing); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gateFile is the file of the set that the tests edit.
const gateFile = "gate.yaml"

// gate is a policy that denies access to the named orders. Its reason code
// tells the edit: edit_7.
func gate(edit int, closed ...string) string {
	return fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: gate}
spec:
  resources: [order]
  consts:
    closed: ["none", "%s"]
  rules:
    - id: closed
      effect: deny
      when: user.authenticated && resource.id in consts.closed
      reason: {code: edit_%d, message: "Closed for the time being."}
`, strings.Join(append([]string{"nothing"}, closed...), `", "`), edit)
}

// copyPolicies lays the set of testdata/policies out in a new directory, with a
// gate that is open.
func copyPolicies(t testing.TB, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "policies"))); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, gateFile), gate(0))
}

// replaceFile puts a file in another's place by renaming over it.
func replaceFile(t testing.TB, path, text string) {
	t.Helper()
	writeFile(t, path+".new", text) // no *.yaml: not read as part of the set
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// replaceLink lets a link point to another target, in one step.
func replaceLink(t testing.TB, path, target string) {
	t.Helper()
	tmp := filepath.Join(filepath.Dir(path), ".link-new")
	if err := os.Symlink(target, tmp); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, path); err != nil {
		t.Fatal(err)
	}
}

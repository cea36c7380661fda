package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// missing skips the test; in CI nothing may be missing.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// binary gives the gwctl under test: $GWCTL_BIN, else what `make build` made.
func binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("GWCTL_BIN")
	if path == "" {
		path = filepath.Join("..", "..", "bin", "gwctl")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		missing(t, "no gwctl at "+path+": run make build, or set GWCTL_BIN")
	}
	return path
}

// node gives the interpreter, if it and the provider's packages are there.
func node(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		missing(t, "no node in PATH: the OpenID provider needs Node.js 20 or newer")
	}
	if _, err := os.Stat(filepath.Join("provider", "node_modules", "oidc-provider", "package.json")); err != nil {
		missing(t, "the OpenID provider is not installed: run npm ci in sidecar/e2e/provider")
	}
	return path
}

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"strings"
	"testing"
)

// Every configuration of examples/authn loads as it is, and stands in the docs as
// it is.
func TestAuthnExamples(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CLIENT_KEY", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	t.Setenv("INTROSPECT_SECRET", "s3cret")
	dir := filepath.Join(root, "examples", "authn")
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	page := readText(t, filepath.Join(root, "docs", "authentication.md"))
	for _, file := range files {
		text := readText(t, file)
		if !strings.Contains(text, "\nkind: Sidecar\n") {
			continue
		}
		if out, code := gwctl("serve", "-c", file, "--check"); code != 0 {
			t.Errorf("%s: exit %d\n%s", file, code, out)
		}
		if !strings.Contains(page, "```yaml\n"+text+"```\n") {
			t.Errorf("docs/authentication.md does not show %s as it is", file)
		}
	}
	if out, code := gwctl("policy", "lint", filepath.Join(dir, "policies")); code != 0 {
		t.Errorf("the policies: exit %d\n%s", code, out)
	}
}

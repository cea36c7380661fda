package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	// With certificates of the test's own, which no example holds.
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "examples", "authn"))); err != nil {
		t.Fatal(err)
	}
	cert := selfSigned(t, key)
	for name, text := range map[string][]byte{
		"server.pem": cert, "clients.pem": cert, "server-key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) < 7 {
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

// selfSigned gives a certificate in PEM that is its own CA.
func selfSigned(t *testing.T, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

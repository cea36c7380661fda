package authn

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// external gives a file or directory of the data that others wrote, which
// GWCTL_EXTERNAL names; a test without it says so and does not run.
func external(t *testing.T, path ...string) string {
	t.Helper()
	root := os.Getenv("GWCTL_EXTERNAL")
	if root == "" {
		t.Skip("GWCTL_EXTERNAL is not set: it names the folder with the vectors of others")
	}
	return filepath.Join(append([]string{root}, path...)...)
}

// readExternal reads one document of it.
func readExternal(t *testing.T, into any, path ...string) {
	t.Helper()
	name := external(t, path...)
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		t.Skipf("no such file: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// everyAlgorithm is what [VerifyCompact] can check.
var everyAlgorithm = []string{
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// privateParts are the members of a JWK that are not public (RFC 7518 section 6).
var privateParts = []string{"d", "p", "q", "dp", "dq", "qi", "oth"}

// keysOf reads JWKs as a verifier would have them: public keys through the
// reader for an issuer's document, without their private parts, and secrets,
// which that refuses, through go-jose.
func keysOf(t *testing.T, keys ...json.RawMessage) jose.JSONWebKeySet {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, raw := range keys {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		if string(members["kty"]) == `"oct"` {
			var key jose.JSONWebKey
			if err := json.Unmarshal(raw, &key); err != nil {
				t.Fatal(err)
			}
			set.Keys = append(set.Keys, key)
			continue
		}
		for _, name := range privateParts {
			delete(members, name)
		}
		public, ignored, err := parseJWKS([]byte(jwks(string(must(json.Marshal(members))))), 64)
		if err != nil || len(ignored) > 0 {
			t.Fatalf("%v, %v", ignored, err)
		}
		set.Keys = append(set.Keys, public...)
	}
	return set
}

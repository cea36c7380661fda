package authn

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// disputed lists vectors whose published result is not followed, by file and
// tcId.
var disputed = map[string]map[int]string{
	"json_web_signature_test.json": {
		346: "valid, but alg is PS384 under a key for PS256", 350: "as 346",
		347: "valid, but the key's alg ES521 does not exist", 351: "as 347",
		367: "invalid, but the same bytes as 357, which is valid", 370: "as 367",
		372: "valid, but the header has a question mark", 373: "valid, but the payload has a question mark",
	},
}

// A52. GWCTL_EXTERNAL names the directory that holds jwt/wycheproof.
func TestWycheproof(t *testing.T) {
	external := os.Getenv("GWCTL_EXTERNAL")
	if external == "" {
		t.Skip("GWCTL_EXTERNAL is not set: no Wycheproof vectors")
	}
	for _, name := range []string{"json_web_key_test.json", "json_web_signature_test.json"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(external, "jwt", "wycheproof", name))
			if os.IsNotExist(err) {
				t.Skipf("no such file: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			var file struct {
				NumberOfTests int `json:"numberOfTests"`
				TestGroups    []struct {
					Public, Private json.RawMessage
					Tests           []struct {
						TcID    int `json:"tcId"`
						Comment string
						JWS     json.RawMessage `json:"jws"`
						Result  string
					}
				} `json:"testGroups"`
			}
			if err := json.Unmarshal(data, &file); err != nil {
				t.Fatal(err)
			}
			ran := 0
			for _, group := range file.TestGroups {
				set := wycheproofKeys(t, group.Public, group.Private)
				for _, tc := range group.Tests {
					ran++
					// A JSON serialization is an object: its text is the token.
					token := string(tc.JWS)
					_ = json.Unmarshal(tc.JWS, &token)
					_, err := VerifyCompact(token, set, []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
						"PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
					want := (tc.Result == "valid") == (disputed[name][tc.TcID] == "")
					if (err == nil) != want {
						t.Errorf("tcId %d (%s, %s): %v", tc.TcID, tc.Comment, tc.Result, err)
					}
				}
			}
			if ran != file.NumberOfTests {
				t.Errorf("ran %d of %d", ran, file.NumberOfTests)
			}
		})
	}
}

// wycheproofKeys reads a key or a set. Public keys go through the reader for an
// issuer's document; secrets, which that refuses, through go-jose.
func wycheproofKeys(t *testing.T, public, private json.RawMessage) jose.JSONWebKeySet {
	t.Helper()
	raw := public
	if raw == nil {
		raw = private
	}
	o, err := parseObject(raw)
	if err != nil {
		t.Fatal(err)
	}
	if _, isSet := o.get("keys"); !isSet {
		raw = json.RawMessage(jwks(string(raw)))
	}
	if public != nil {
		keys, _, err := parseJWKS(raw, 64)
		if err != nil {
			t.Fatal(err)
		}
		return jose.JSONWebKeySet{Keys: keys}
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Logf("keys not readable: %v", err)
	}
	return set
}

package authn

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// cookbook is an example of RFC 7520, RFC 7797 or RFC 8037.
type cookbook struct {
	Input struct {
		Payload string
		Key     json.RawMessage
	}
	Output map[string]json.RawMessage
}

// cookbookWants says how the compact form of each example ends, "" where there
// is none, and the number of JSON forms.
var cookbookWants = map[string]struct {
	compact string
	forms   int
}{
	"jws/4_1.rsa_v15_signature.json":                 {"ok", 2},
	"jws/4_2.rsa-pss_signature.json":                 {"ok", 2},
	"jws/4_3.ecdsa_signature.json":                   {"ok", 2},
	"jws/4_4.hmac-sha2_integrity_protection.json":    {"ok", 2},
	"jws/4_5.signature_with_detached_content.json":   {ReasonSignatureInvalid, 2}, // a bearer token has its payload in it
	"jws/4_6.protecting_specific_header_fields.json": {"", 2},
	"jws/4_7.protecting_content_only.json":           {"", 2},
	"jws/4_8.multiple_signatures.json":               {"", 1},
	"curve25519/jws.json":                            {"ok", 2},
	"rfc7797/4.2.hmac-sha2_b64_false.json":           {"", 2},
	"rfc7797/hmac-sha2_b64_false.json":               {ReasonTokenMalformed, 2}, // its payload is not base64url
}

// TestJOSECookbookSignatures: what is a signed compact token is verified, and
// every other form of the same signature is refused (A59).
func TestJOSECookbookSignatures(t *testing.T) {
	for name, want := range cookbookWants {
		t.Run(name, func(t *testing.T) {
			var example cookbook
			readExternal(t, &example, "jwt", "jose-cookbook", name)
			keys := []json.RawMessage{example.Input.Key}
			if example.Input.Key[0] == '[' {
				keys = nil
				if err := json.Unmarshal(example.Input.Key, &keys); err != nil {
					t.Fatal(err)
				}
			}
			set := jose.JSONWebKeySet{}
			for _, key := range keys {
				set.Keys = append(set.Keys, keysOf(t, key).Keys...)
			}
			forms := 0
			for form, raw := range example.Output {
				if form == "compact" {
					wantExample(t, must(unquote(raw)), set, want.compact, example.Input.Payload)
					continue
				}
				forms++
				if _, err := VerifyCompact(string(raw), set, everyAlgorithm); reasonOf(err) != ReasonTokenMalformed {
					t.Errorf("%s: %v", form, err)
				}
			}
			if _, compact := example.Output["compact"]; forms != want.forms || compact != (want.compact != "") {
				t.Errorf("%d JSON forms, a compact one: %v", forms, compact)
			}
		})
	}
}

// wantExample verifies a compact token, and one whose payload was changed.
func wantExample(t *testing.T, token string, set jose.JSONWebKeySet, want, payload string) {
	t.Helper()
	got, err := VerifyCompact(token, set, everyAlgorithm)
	if reasonOf(err) != want || err == nil && string(got) != payload {
		t.Errorf("%q, %v, want %s with %q", got, err, want, payload)
	}
	if want != "ok" {
		return
	}
	header, rest, _ := strings.Cut(token, ".")
	_, signature, _ := strings.Cut(rest, ".")
	forged := strings.Join([]string{header, b64(payload + "!"), signature}, ".")
	if _, err := VerifyCompact(forged, set, everyAlgorithm); reasonOf(err) != ReasonSignatureInvalid {
		t.Errorf("with another payload: %v", err)
	}
}

// TestJOSECookbookEncryption: gwctl has no key that decrypts, so that every form
// of every encrypted example is refused, a signed token inside included.
func TestJOSECookbookEncryption(t *testing.T) {
	names := must(filepath.Glob(external(t, "jwt", "jose-cookbook", "jwe", "*.json")))
	names = append(names, external(t, "jwt", "jose-cookbook", "curve25519", "ecdh-es.json"))
	outputs := map[string]map[string]json.RawMessage{}
	for _, name := range names {
		var example cookbook
		readExternal(t, &example, strings.TrimPrefix(name, external(t)))
		outputs[name] = example.Output
	}
	var nested struct {
		Sign    cookbook
		Encrypt cookbook
	}
	readExternal(t, &nested, "jwt", "jose-cookbook", "6.nesting_signatures_and_encryption.json")
	outputs["nested"] = nested.Encrypt.Output
	compact, other := 0, 0
	for name, forms := range outputs {
		for form, raw := range forms {
			token := string(raw)
			if other++; form == "compact" {
				token = must(unquote(raw))
				compact++
				other--
			}
			if _, err := VerifyCompact(token, keysOf(t, nested.Sign.Input.Key), everyAlgorithm); reasonOf(err) != ReasonTokenMalformed {
				t.Errorf("%s, %s: %v", name, form, err)
			}
		}
	}
	if compact != 11 || other != 29 {
		t.Errorf("%d compact forms and %d others", compact, other)
	}
	// Control: what is inside is a good token.
	wantExample(t, must(unquote(nested.Sign.Output["compact"])), keysOf(t, nested.Sign.Input.Key), "ok", nested.Sign.Input.Payload)
}

// TestJOSECookbookKeys: of an issuer's document only public keys count.
func TestJOSECookbookKeys(t *testing.T) {
	for name, want := range map[string]string{
		"3_1.ec_public_key.json":                 "",
		"3_2.ec_private_key.json":                IgnoredPrivate,
		"3_3.rsa_public_key.json":                "",
		"3_4.rsa_private_key.json":               IgnoredPrivate,
		"3_5.symmetric_key_mac_computation.json": IgnoredSymmetric,
		"3_6.symmetric_key_encryption.json":      IgnoredSymmetric,
	} {
		var raw json.RawMessage
		readExternal(t, &raw, "jwt", "jose-cookbook", "jwk", name)
		keys, ignored, err := parseJWKS([]byte(jwks(string(raw))), 64)
		if err != nil || (want == "") != (len(keys) == 1) || want != "" && (len(ignored) != 1 || ignored[0].Reason != want) {
			t.Errorf("%s: %d keys, ignored %v, %v; want %q", name, len(keys), ignored, err, want)
		}
	}
}

// No example is left out.
func TestJOSECookbookIsWhole(t *testing.T) {
	root := external(t, "jwt", "jose-cookbook")
	known := slices.Collect(maps.Keys(cookbookWants))
	if _, err := os.Stat(root); err != nil {
		t.Skip(err)
	}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".json" || name == "package.json" {
			return err
		}
		run := slices.Contains(known, name) || path.Dir(name) == "jwe" || path.Dir(name) == "jwk" ||
			name == "curve25519/ecdh-es.json" || name == "6.nesting_signatures_and_encryption.json"
		if !run {
			t.Errorf("%s is not run", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

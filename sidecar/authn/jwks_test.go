package authn

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// read gives kids and ignored keys of a document as text.
func read(body string) (string, error) {
	keys, ignored, err := parseJWKS([]byte(body), 64)
	if err != nil {
		return "", err
	}
	ring, more := newKeyring(keys)
	var out []string
	for _, key := range ring.keys {
		out = append(out, cmp.Or(key.KeyID, "(none)"))
	}
	for _, key := range append(ignored, more...) {
		out = append(out, "!"+key.KeyID+":"+key.Reason)
	}
	return strings.Join(out, " "), nil
}

func TestParseJWKSKeys(t *testing.T) {
	rsa1 := jwk("r", "RS256", rsaKey())
	ec1 := jwk("e", "ES256", ecKey())
	ed1 := jwk("d", "EdDSA", edKey())
	edit := func(key, name, value string) string {
		o := must(parseObject([]byte(key)))
		c := claimSet{}
		for _, m := range o {
			c[m.name] = string(m.raw)
		}
		return c.with(name, value).String()
	}
	p384 := jwk("p384", "ES384", newEC(elliptic.P384()))
	small := jwk("r", "RS256", newRSA(1024))
	for _, tc := range []struct{ name, body, want string }{
		{"control", jwks(rsa1, ec1, ed1, p384), "r e d p384"},
		{"control: RSA 4097 bits and more", jwks(edit(rsa1, "n", quote(b64(string(shifted(rsaKey().N, 6144).Bytes()[:768])+strings.Repeat("\x01", 256))))), "r"},
		{"control: unknown members", jwks(edit(ec1, "x5c", `["AA"]`)), "e"},
		{"control: no use", jwks(edit(ec1, "use", "")), "e"},
		{"control: key_ops verify", jwks(edit(ec1, "key_ops", `["verify"]`)), "e"},
		{"control: the same key twice", jwks(ec1, ec1), "e"},
		{"control: no kid", jwks(edit(ec1, "kid", "")), "(none)"},
		{"use enc", jwks(edit(ec1, "use", `"enc"`), rsa1), "r !e:not_for_signatures"},
		{"key_ops encrypt", jwks(edit(rsa1, "key_ops", `["encrypt"]`), ec1), "e !r:not_for_signatures"},
		{"A54 oct", jwks(`{"kty":"oct","kid":"s","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, ec1), "e !s:symmetric"},
		{"private EC", jwks(edit(ec1, "d", `"AA"`), rsa1), "r !e:private"},
		{"private RSA", jwks(edit(rsa1, "p", `"AA"`), ec1), "e !r:private"},
		{"duplicate kid", jwks(rsa1, edit(ec1, "kid", `"r"`), ed1), "d !r:duplicate_kid !r:duplicate_kid"},
		{"duplicate kid, other alg", jwks(rsa1, edit(rsa1, "alg", `"PS256"`), ed1), "d !r:duplicate_kid !r:duplicate_kid"},
		{"control: kid of an encryption key", jwks(rsa1, edit(edit(ec1, "kid", `"r"`), "use", `"enc"`)), "r !r:not_for_signatures"},
		{"RSA 1024", jwks(small, ec1), "e !r:weak"},
		{"RSA e = 1", jwks(edit(rsa1, "e", `"AQ"`), ec1), "e !r:weak"},
		{"RSA huge e", jwks(edit(rsa1, "e", quote(b64(strings.Repeat("\xff", 200)))), ec1), "e !r:weak"},
		{"RSA without n", jwks(edit(rsa1, "n", ""), ec1), "e !r:malformed"},
		{"RSA padded n", jwks(edit(rsa1, "n", `"AQAB=="`), ec1), "e !r:malformed"},
		{"EC off the curve", jwks(edit(ec1, "y", quote(b64(strings.Repeat("\x01", 32)))), rsa1), "r !e:malformed"},
		{"EC short coordinate", jwks(edit(ec1, "x", `"AQ"`), rsa1), "r !e:malformed"},
		{"EC of another curve", jwks(edit(ec1, "crv", `"P-384"`), rsa1), "r !e:malformed"},
		{"EC secp256k1", jwks(edit(ec1, "crv", `"secp256k1"`), rsa1), "r !e:unsupported"},
		{"Ed25519 low order", jwks(edit(ed1, "x", quote(b64("\x01"+strings.Repeat("\x00", 31)))), rsa1), "r !d:malformed"},
		{"Ed25519 short", jwks(edit(ed1, "x", `"AQ"`), rsa1), "r !d:malformed"},
		{"X25519", jwks(edit(ed1, "crv", `"X25519"`), rsa1), "r !d:unsupported"},
		{"kty of another", jwks(edit(ec1, "kty", `"RSA"`), rsa1), "r !e:malformed"},
		{"kty unknown", jwks(edit(ec1, "kty", `"AKP"`), rsa1), "r !e:unsupported"},
		{"kty missing", jwks(edit(ec1, "kty", ""), rsa1), "r !e:unsupported"},
		{"kid number", jwks(edit(ec1, "kid", "1"), rsa1), "r !:malformed"},
		{"kid CRLF", jwks(edit(ec1, "kid", `"a\r\nb"`), rsa1), `r !a\r\nb:malformed`},
		{"not an object", jwks(`"x"`, rsa1), "r !:malformed"},
		{"no keys", jwks(), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := read(tc.body)
			if err != nil || got != tc.want {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestParseJWKSDocuments(t *testing.T) {
	key := jwk("e", "ES256", ecKey())
	many := func(n int) string {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = strings.Replace(key, `"e"`, fmt.Sprintf(`"e%d"`, i), 1)
		}
		return jwks(keys...)
	}
	if _, err := read(many(64)); err != nil {
		t.Errorf("control: %v", err)
	}
	if _, err := read(many(65)); !errors.Is(err, errTooManyKeys) {
		t.Errorf("65 keys: %v", err)
	}
	for name, body := range map[string]string{
		"empty":          "",
		"HTML":           "<html>",
		"no member":      `{"Keys":[]}`,
		"duplicate keys": `{"keys":[],"keys":[` + key + `]}`,
		"object":         `{"keys":{}}`,
		"null":           `{"keys":null}`,
		"data after":     jwks(key) + "x",
		"duplicate kid":  jwks(`{"kid":"a","kid":"b"}`),
	} {
		if got, err := read(body); err == nil {
			t.Errorf("%s: accepted %q", name, got)
		}
	}
}

func FuzzJWKS(f *testing.F) {
	f.Add([]byte(jwks(jwk("r", "RS256", rsaKey()), jwk("e", "", ecKey()), jwk("d", "EdDSA", edKey()))))
	f.Add([]byte(jwks(`{"kty":"oct","k":"AAAA"}`, `{"kty":"RSA","n":"AQ","e":"AQAB"}`)))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}],"keys":[]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, _, err := parseJWKS(body, 64)
		if err != nil {
			return
		}
		ring, _ := newKeyring(keys)
		if len(ring.keys) > 64 {
			t.Fatalf("%d keys", len(ring.keys))
		}
		for _, key := range ring.keys {
			switch k := key.Key.(type) {
			case *rsa.PublicKey:
				if n := k.N.BitLen(); n < minRSABits || n > maxRSABits {
					t.Fatalf("RSA key of %d bits", n)
				}
			case *ecdsa.PublicKey:
				if _, err := k.Bytes(); err != nil {
					t.Fatalf("EC key: %v", err)
				}
			case ed25519.PublicKey:
				if len(k) != ed25519.PublicKeySize {
					t.Fatalf("Ed25519 key of %d bytes", len(k))
				}
			default:
				t.Fatalf("key of type %T", k)
			}
			if key.Use != "" && key.Use != "sig" {
				t.Fatalf("key for use %q", key.Use)
			}
		}
		for kid, i := range ring.byID {
			if ring.keys[i].KeyID != kid || !slices.ContainsFunc(keys, func(k jose.JSONWebKey) bool { return k.KeyID == kid }) {
				t.Fatalf("kid %q leads to another key", kid)
			}
		}
	})
}

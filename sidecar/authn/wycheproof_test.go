package authn

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// vector is one case of a Wycheproof file with the keys of its group.
type vector struct {
	TcID    int             `json:"tcId"`
	Comment string          `json:"comment"`
	JWS     json.RawMessage `json:"jws"`
	JWE     json.RawMessage `json:"jwe"`
	Result  string          `json:"result"`

	keys  json.RawMessage
	token string
}

// disputes are the reasons for which a published result is not followed. Each
// can be seen in the vector itself, so that no other one hides behind it.
var disputes = map[string]func(v vector, all []vector) bool{
	// The key says which alg it is for, and the header has another.
	"valid, but the key is for another alg": func(v vector, _ []vector) bool {
		var key struct{ Alg string }
		var header struct{ Alg string }
		_ = json.Unmarshal(v.keys, &key)
		c, err := parseCompact(v.token, hardMaxToken)
		return v.Result == "valid" && err == nil && json.Unmarshal(c.header, &header) == nil && key.Alg != header.Alg
	},
	// What the comment says has got lost: the bytes are those of a valid vector.
	"invalid, but the same bytes are valid in another vector": func(v vector, all []vector) bool {
		return v.Result == "invalid" && slices.ContainsFunc(all, func(o vector) bool {
			return o.Result == "valid" && o.token == v.token && string(o.keys) == string(v.keys)
		})
	},
	"valid, but there is a byte outside base64url": func(v vector, _ []vector) bool {
		return v.Result == "valid" && strings.Contains(v.token, "?")
	},
}

// A52. Every vector is run: a JWE is no token for gwctl, and is refused.
func TestWycheproof(t *testing.T) {
	for _, tc := range []struct {
		name        string
		valid, jwes int            // of the published results
		disputed    map[string]int // by reason
	}{
		{"json_web_key_test.json", 5, 0, nil},
		{"json_web_crypto_test.json", 6, 34, nil},
		{"json_web_signature_test.json", 46, 0, map[string]int{
			"valid, but the key is for another alg":                   4,
			"invalid, but the same bytes are valid in another vector": 2,
			"valid, but there is a byte outside base64url":            2,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			all := wycheproof(t, tc.name)
			valid, jwes, disputed := 0, 0, map[string]int{}
			for _, v := range all {
				if v.JWE != nil {
					jwes++
				}
				want := v.Result == "valid"
				if want {
					valid++
				}
				_, err := VerifyCompact(v.token, wycheproofKeys(t, v.keys), everyAlgorithm)
				if (err == nil) == (want && v.JWE == nil) {
					continue
				}
				why := ""
				for reason, holds := range disputes {
					if holds(v, all) {
						why = reason
					}
				}
				if disputed[why]++; why == "" {
					t.Errorf("tcId %d (%s, %s): %v", v.TcID, v.Comment, v.Result, err)
				}
			}
			if valid != tc.valid || jwes != tc.jwes || !slices.Equal(counts(disputed), counts(tc.disputed)) {
				t.Errorf("%d valid, %d encrypted, disputed %v; want %d, %d, %v", valid, jwes, disputed, tc.valid, tc.jwes, tc.disputed)
			}
		})
	}
}

// wycheproof reads the vectors of a file, all of them.
func wycheproof(t *testing.T, name string) []vector {
	t.Helper()
	var file struct {
		NumberOfTests int `json:"numberOfTests"`
		TestGroups    []struct {
			Public, Private json.RawMessage
			Tests           []vector
		} `json:"testGroups"`
	}
	readExternal(t, &file, "jwt", "wycheproof", name)
	var all []vector
	for _, group := range file.TestGroups {
		for _, v := range group.Tests {
			if v.keys = group.Public; v.keys == nil {
				v.keys = group.Private
			}
			raw := v.JWS
			if raw == nil {
				raw = v.JWE
			}
			// A JSON serialization is an object: its text is the token.
			v.token = string(raw)
			_ = json.Unmarshal(raw, &v.token)
			all = append(all, v)
		}
	}
	if len(all) == 0 || len(all) != file.NumberOfTests {
		t.Fatalf("read %d of %d", len(all), file.NumberOfTests)
	}
	return all
}

// wycheproofKeys reads a key or a set. Secrets come through go-jose, whose keys
// the verifier examines as it does those of an issuer.
func wycheproofKeys(t *testing.T, raw json.RawMessage) jose.JSONWebKeySet {
	t.Helper()
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	if set.Keys == nil {
		set.Keys = []json.RawMessage{raw}
	}
	var out jose.JSONWebKeySet
	for _, key := range set.Keys {
		public, ignored, err := parseJWKS([]byte(jwks(string(key))), 64)
		if err != nil {
			t.Fatal(err)
		}
		out.Keys = append(out.Keys, public...)
		if len(ignored) == 1 && ignored[0].Reason == IgnoredSymmetric {
			var secret jose.JSONWebKey
			if err := json.Unmarshal(key, &secret); err != nil {
				t.Logf("key not readable: %v", err)
				continue
			}
			out.Keys = append(out.Keys, secret)
		}
	}
	return out
}

// counts makes a comparable list of a count.
func counts(by map[string]int) []string {
	var out []string
	for name, n := range by {
		out = append(out, name+strings.Repeat("|", n))
	}
	slices.Sort(out)
	return out
}

package authn

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Whatever a document says, keys are fetched over https from a host that may be
// asked, and only of the issuer's own document.
func FuzzDiscovery(f *testing.F) {
	f.Add([]byte(`{"issuer":"https://idp.test","jwks_uri":"https://idp.test/jwks"}`))
	f.Add([]byte(`{"issuer":"https://idp.test","jwks_uri":"http://169.254.169.254/"}`))
	f.Add([]byte(`{"issuer":"https://idp.test","jwks_uri":"https://[::ffff:a9fe:a9fe]:443/a?b#c"}`))
	f.Add([]byte(`{"issuer":"https://idp.test","jwks_uri":"https://u:p@idp.test/"}`))
	f.Add([]byte(`{"issuer":"https://idp.test/","jwks_uri":"https://idp.test/jwks"}`))
	f.Add([]byte(`{"ISSUER":"https://idp.test","issuer":"https://idp.test","jwks_uri":["https://idp.test/jwks"]}`))
	f.Add([]byte(`{"issuer":"https://idp.test","issuer":"https://idp.test","jwks_uri":"file:///etc/passwd"}`))
	k := must(NewKeySet(KeySetConfig{Issuer: "https://idp.test"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		uri, err := k.parseDiscovery(data)
		if err != nil {
			if _, ok := errors.AsType[*fetchError](err); !ok || uri != "" {
				t.Fatalf("%q, %v", uri, err)
			}
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || loopbackHost(u.Hostname()) {
			t.Fatalf("keys would be fetched from %q", uri)
		}
		var doc map[string]json.RawMessage
		if err := json.Unmarshal(data, &doc); err != nil || string(doc["issuer"]) == "" {
			t.Fatalf("%q: %v", data, err)
		}
	})
}

// Whatever stands in a token, a method takes only what was signed for it: the
// signature of any header and payload is made here, so that the claims are
// reached.
func FuzzClaims(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	good := goodClaims("https://idp.test", now)
	f.Add(good.String())
	f.Add(good.with("aud", `["x","shop-api"]`).String())
	f.Add(good.with("exp", "1e400").String())
	f.Add(good.with("cnf", `{"jkt":"x"}`).String())
	f.Add(`{"sub":"mallory",` + good.String()[1:])
	f.Add(good.with("name", `"\\ud83d\\ude00"`).String())
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ecKey().Public(), KeyID: "k1"}}}
	cfg := JWTConfig{Name: "main", Issuer: "https://idp.test", Audiences: []string{audience}}
	f.Fuzz(func(t *testing.T, payload string) {
		got, err := VerifyJWT(sign(jose.ES256, ecKey(), "k1", "at+jwt", payload), set, cfg, func() time.Time { return now })
		if err != nil {
			if _, ok := errors.AsType[*Refused](err); !ok {
				t.Fatal(err)
			}
			return
		}
		// Another reader sees the same. It takes the last of two members.
		var claims map[string]any
		if err := json.Unmarshal(got, &claims); err != nil {
			t.Fatal(err)
		}
		sub, _ := claims["sub"].(string)
		exp, _ := claims["exp"].(float64)
		_, bound := claims["cnf"]
		if string(got) != payload || claims["iss"] != cfg.Issuer || sub == "" || bound || claims["aud"] == nil || exp <= float64(now.Unix()-30) || exp > float64(now.Unix()+86_430) {
			t.Fatalf("passed: %s", got)
		}
	})
}

package attacks_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"
)

const plainHeader = `{"alg":"RS256","kid":"r","typ":"at+jwt"}`

// TestTokens is section 2.3 of the corpus at the doors: each token is a good one
// with one fault, and the good one passes.
func TestTokens(t *testing.T) {
	t.Run("proxy", func(t *testing.T) { tokensAt(t, "") })
	// The dialects hand over the same header; nginx has statuses of its own.
	t.Run("forward_auth", func(t *testing.T) { tokensAt(t, "nginx") })
}

func tokensAt(t *testing.T, dialect string) {
	f := newForge(t)
	r := start(t, setup{dialect: dialect, methods: f.method("")})
	if dialect != "" {
		r.doors = []door{forwardDoor{r, dialect}}
	}
	good := get("/admin/x", bearer(signed(f.rsa, plainHeader, f.good().String())))
	var cases []refusal
	for _, tt := range append(headerFaults(f), claimFaults(f)...) {
		cases = append(cases, refusal{tt.name, get("/admin/x", bearer(tt.token)), badToken(tt.reason), good, nil})
	}
	before := f.fetches.Load()
	r.refuse(t, cases)
	if n := f.fetches.Load() - before; n > 2 { // one for an unknown key, one for a bad signature
		t.Errorf("%d fetches of keys", n)
	}
	if n := f.strange.Load(); n > 0 {
		t.Errorf("A55: %d requests to where a token pointed", n)
	}
	for i, e := range r.stop(t) {
		name := r.wants[i].name
		if offers := strings.Contains(name, "A55") && r.wants[i].verdict.status != 200; offers != (len(e.IgnoredHeaders) > 0) {
			t.Errorf("%s is recorded with ignored headers %q", name, e.IgnoredHeaders)
		}
	}
}

// fault is a good token with one fault.
type fault struct{ name, token, reason string }

func headerFaults(f *forge) []fault {
	payload := f.good().String()
	header := func(h string) string { return signed(f.rsa, h, payload) }
	forged := func(more string) string { return signed(f.wrong, `{"alg":"RS256","kid":"r"`+more+`}`, payload) }
	good := signed(f.rsa, plainHeader, payload)
	parts := strings.Split(good, ".")
	public := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&f.rsa.PublicKey)})
	keyed := func(secret []byte) string {
		input := b64([]byte(`{"alg":"HS256","kid":"r"}`)) + "." + b64([]byte(payload))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + b64(mac.Sum(nil))
	}
	embedded := fmt.Sprintf(`,"jwk":{"kty":"RSA","n":%q,"e":"AQAB"}`, b64(f.wrong.N.Bytes()))
	return []fault{
		{"A54 HMAC with an empty key", keyed(nil), "algorithm_not_allowed"},
		{"A54 HMAC with the public key", keyed(public), "algorithm_not_allowed"},
		{"A55 jwk", forged(embedded), "signature_invalid"},
		{"A55 jku", forged(`,"jku":"` + f.url + `/evil"`), "signature_invalid"},
		{"A55 jku of metadata", forged(`,"jku":"http://169.254.169.254/"`), "signature_invalid"},
		{"A55 x5u", forged(`,"x5u":"` + f.url + `/evil"`), "signature_invalid"},
		{"A55 x5c", forged(`,"x5c":["` + f.certificate() + `"]`), "signature_invalid"},
		{"A55 x5c that is no certificate", header(`{"alg":"RS256","kid":"r","x5c":["AAAA"]}`), "token_malformed"},
		{"A56 kid is a path", header(`{"alg":"RS256","kid":"../../dev/null"}`), "key_unknown"},
		{"A56 kid is SQL", header(`{"alg":"RS256","kid":"' OR 1"}`), "key_unknown"},
		{"A56 kid has a line end", header(`{"alg":"RS256","kid":"r\r\n"}`), "token_malformed"},
		{"A56 kid is a number", header(`{"alg":"RS256","kid":7}`), "token_malformed"},
		{"A56 kid is empty", header(`{"alg":"RS256","kid":""}`), "token_malformed"},
		{"A56 kid is null", header(`{"alg":"RS256","kid":null}`), "token_malformed"},
		{"A56 kid of 2 KiB", header(`{"alg":"RS256","kid":"` + strings.Repeat("k", 2<<10) + `"}`), "token_malformed"},
		{"A58 crit with b64", header(`{"alg":"RS256","kid":"r","crit":["b64"],"b64":false}`), "crit_not_supported"},
		{"A58 b64 without crit", header(`{"alg":"RS256","kid":"r","b64":false}`), "crit_not_supported"},
		{"A58 crit of nothing", header(`{"alg":"RS256","kid":"r","crit":[]}`), "crit_not_supported"},
		{"A59 flattened", fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2]), "token_malformed"},
		{"A60 unknown kid, known key", header(`{"alg":"RS256","kid":"nope"}`), "key_unknown"},
		{"A65 DPoP proof", header(`{"alg":"RS256","kid":"r","typ":"dpop+jwt"}`), "typ_not_allowed"},
		{"A65 logout token", header(`{"alg":"RS256","kid":"r","typ":"application/Logout+JWT"}`), "typ_not_allowed"},
		{"A65 what gwctl says to services", header(`{"alg":"RS256","kid":"r","typ":"gwctl-assertion+jwt"}`), "typ_not_allowed"},
		{"A65 nested", header(`{"alg":"RS256","kid":"r","cty":"JWT"}`), "nested_not_supported"},
		{"A65 encrypted", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA", "token_malformed"},
		{"A66 dots", strings.Repeat(".", 4<<10), "token_malformed"},
		{"A66 deep header", header(`{"alg":"RS256","kid":"r","x":` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}`), "token_malformed"},
		{"A68 alg twice", header(`{"alg":"none","alg":"RS256","kid":"r"}`), "token_malformed"},
		{"A69 padding", good + "==", "token_malformed"},
		{"A69 another last character", twin(good), "token_malformed"},
		{"A72 none", b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", "algorithm_not_allowed"},
		{"A72 no signature", parts[0] + "." + parts[1] + ".", "signature_invalid"},
	}
}

// twin is the other spelling of the same signature.
func twin(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return token[:len(token)-1] + string(alphabet[strings.IndexByte(alphabet, token[len(token)-1])^1])
}

func claimFaults(f *forge) []fault {
	in := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	with := func(name, value string) string {
		return signed(f.rsa, plainHeader, f.good().with(name, value).String())
	}
	old := f.good().with("exp", in(-time.Hour)).with("iat", in(-2*time.Hour)).String()
	return []fault{
		{"A61 no audience", with("aud", ""), "audience_mismatch"},
		{"A61 empty list", with("aud", "[]"), "audience_mismatch"},
		{"A61 another", with("aud", `["other"]`), "audience_mismatch"},
		{"A61 joined", with("aud", `"`+audience+`,other"`), "audience_mismatch"},
		{"A62 final slash", with("iss", `"`+f.url+`/"`), "issuer_unknown"},
		{"A62 suffix", with("iss", `"`+f.url+`.evil"`), "issuer_unknown"},
		{"A62 case", with("iss", `"`+strings.ToUpper(f.url)+`"`), "issuer_unknown"},
		{"A62 none", with("iss", ""), "issuer_unknown"},
		{"A62 list", with("iss", `["`+f.url+`"]`), "issuer_unknown"},
		{"A64 empty subject", with("sub", `""`), "claim_invalid"},
		{"A64 no subject", with("sub", ""), "claim_invalid"},
		{"A64 number", with("sub", "7"), "claim_invalid"},
		{"A65 ID token of Keycloak", with("typ", `"ID"`), "typ_not_allowed"},
		{"A68 subject twice", signed(f.rsa, plainHeader, `{"sub":"root",`+f.good().String()[1:]), "token_malformed"},
		{"A70 exp missing", with("exp", ""), "claim_invalid"},
		{"A70 exp null", with("exp", "null"), "claim_invalid"},
		{"A70 exp as text", with("exp", `"`+in(time.Hour)+`"`), "claim_invalid"},
		{"A70 exp 1e30", with("exp", "1e30"), "claim_invalid"},
		{"A70 exp -1", with("exp", "-1"), "claim_invalid"},
		{"A70 exp 0", with("exp", "0"), "token_expired"},
		{"A70 nbf ahead", with("nbf", in(2*time.Minute)), "token_not_yet_valid"},
		{"A70 iat ahead", with("iat", in(2*time.Minute)), "token_not_yet_valid"},
		{"A70 ten years", with("exp", in(87600*time.Hour)), "lifetime_exceeded"},
		{"A71 expired", signed(f.rsa, plainHeader, old), "token_expired"},
		{"A71 expired and forged", signed(f.wrong, plainHeader, old), "signature_invalid"},
		{"A74 bound to a certificate", with("cnf", `{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"}`), "certificate_required"},
		{"A74 bound to a key", with("cnf", `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`), "scheme_mismatch"},
		{"A74 bound to nothing that is known", with("cnf", `{}`), "cnf_not_supported"},
	}
}

// A good token in any other place than its header is no credential (A49): it is
// as if it were not there.
func TestOtherCarriers(t *testing.T) {
	everywhere(t, setup{}, func(t *testing.T, r *rig) {
		token := strings.TrimPrefix(r.as("admin"), "Authorization: Bearer ")
		good := get("/admin/x", bearer(token))
		r.refuse(t, []refusal{
			{"A49 in the query", get("/admin/x?access_token=" + token), nobody, good, nil},
			{"A49 in a cookie", get("/admin/x", "Cookie: access_token="+token), nobody, good, nil},
			{"A49 in a cookie of the usual name", get("/admin/x", "Cookie: Authorization=Bearer%20"+token), nobody, good, nil},
			{"A49 in another header", get("/admin/x", "X-Access-Token: "+token), nobody, good, nil},
			{"A49 for a proxy", get("/admin/x", "Proxy-Authorization: Bearer "+token), nobody, good, nil},
			{"A49 as a subprotocol", get("/admin/x", "Sec-WebSocket-Protocol: bearer, "+token), nobody, good, nil},
		})
		if text := r.out.String() + r.log.String(); strings.Contains(text, token[:40]) {
			t.Error("A49: a token is recorded or logged")
		}
	})
}

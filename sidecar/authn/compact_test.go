package authn

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func hmacSHA256(secret []byte, input string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return mac.Sum(nil)
}

func reasonOf(err error) string {
	if err == nil {
		return "ok"
	}
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Reason
	}
	return fmt.Sprintf("unexpected: %v", err)
}

// One token has one spelling: every other spelling of the same bytes is refused,
// at both entrances.
func TestOneSpelling(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()), jwk("r1", "RS256", rsaKey()))
	m := NewChain(newMethod(t, idp, nil))
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ecKey().Public(), KeyID: "k1"}, {Key: rsaKey().Public(), KeyID: "r1"}}}
	// Two spare bits in the last character of a 256 byte signature.
	claims := goodClaims(idp.url, time.Now())
	good := sign(jose.RS256, rsaKey(), "r1", "", claims.String())
	parts := strings.Split(good, ".")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, good[len(good)-1])
	twin := good[:len(good)-1] + string(alphabet[last^1])
	if a, b := must(base64.RawURLEncoding.DecodeString(parts[2])), must(base64.RawURLEncoding.DecodeString(strings.Split(twin, ".")[2])); string(a) != string(b) {
		t.Fatal("the twin is not one")
	}
	flattened := fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, parts[1], parts[0], parts[2])
	general := fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, parts[1], parts[0], parts[2])
	mixed := fmt.Sprintf(`{"payload":%q,"protected":%q,"header":{"alg":"none"},"signature":%q}`, parts[1], parts[0], parts[2])

	// Spare bits that the issuer itself has signed: only the spelling is at fault.
	// Blanks behind the text make room for them.
	spaced := func(twin int) string {
		own := []string{`{"alg":"RS256","kid":"r1"}`, claims.String()}
		for i, text := range own {
			own[i] = b64(text + strings.Repeat(" ", (4-len(text)%3)%3))
			if i == twin {
				own[i] = own[i][:len(own[i])-1] + string(alphabet[strings.IndexByte(alphabet, own[i][len(own[i])-1])|1])
			}
		}
		return signInput(rsaKey(), own[0]+"."+own[1])
	}
	wantOutcome(t, m, bearing(spaced(-1)), "ok")
	for _, tc := range []struct{ row, token, want string }{
		{"A69 spare bits in the header", spaced(0), ReasonTokenMalformed},
		{"A69 spare bits in the payload", spaced(1), ReasonTokenMalformed},
		{"A59 flattened", flattened, ReasonTokenMalformed},
		{"A59 general", general, ReasonTokenMalformed},
		{"A59 unprotected alg", mixed, ReasonTokenMalformed},
		{"A66 1 MB of dots", strings.Repeat(".", 1<<20), ReasonTokenTooLarge},
		{"A66 64 KB", strings.Repeat("A", 64<<10), ReasonTokenTooLarge},
		{"A66 dots within the limit", strings.Repeat(".", 8<<10), ReasonTokenMalformed},
		{"A69 last character", twin, ReasonTokenMalformed},
		{"A69 padding", good + "==", ReasonTokenMalformed},
		{"A69 trailing space", good + " ", ReasonTokenMalformed},
		{"A69 leading space", " " + good, ReasonTokenMalformed},
		{"A69 newline inside", good[:9] + "\n" + good[9:], ReasonTokenMalformed},
		{"A69 CR at the end", good + "\r", ReasonTokenMalformed},
		{"A69 standard alphabet", parts[0] + "." + parts[1] + ".+/" + parts[2][2:], ReasonTokenMalformed},
		{"A69 a character that is no byte", good + "AAA", ReasonTokenMalformed},
		{"two segments", parts[0] + "." + parts[1], ReasonTokenMalformed},
		{"four segments", good + ".", ReasonTokenMalformed},
		{"JWE", "e30.AA.AA.AA.AA", ReasonTokenMalformed},
		{"A64 empty", "", ReasonTokenMalformed},
	} {
		t.Run(tc.row, func(t *testing.T) {
			wantOutcome(t, m, bearing(tc.token), tc.want)
			_, err := VerifyCompact(tc.token, set, []string{"RS256"})
			if got := reasonOf(err); got != tc.want {
				t.Errorf("VerifyCompact: %q, want %q", got, tc.want)
			}
			wantOutcome(t, m, bearing(good), "ok")
		})
	}
}

// A66: a token over the limit costs nothing that grows with it.
func TestTooLargeAllocatesLittle(t *testing.T) {
	huge := strings.Repeat("eyJhbGciOiJub25lIn0.", 1<<16)
	got := testing.AllocsPerRun(10, func() {
		if _, err := VerifyCompact(huge, jose.JSONWebKeySet{}, []string{"RS256"}); reasonOf(err) != ReasonTokenTooLarge {
			t.Fatal(err)
		}
	})
	if got > 4 {
		t.Errorf("%v allocations", got)
	}
	// The limit of a method is its own, and a token at the limit is read.
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := newMethod(t, idp, func(c *JWTConfig) { c.MaxToken = 1 << 10 })
	claims := goodClaims(idp.url, time.Now())
	for size, want := range map[int]string{100: "ok", 1000: ReasonTokenTooLarge} {
		token := sign(jose.ES256, ecKey(), "k1", "", claims.with("pad", quote(strings.Repeat("x", size))).String())
		wantOutcome(t, NewChain(m), bearing(token), want)
	}
}

func TestVerifyCompact(t *testing.T) {
	secret := []byte(strings.Repeat("s", 64))
	oct := func(kid string, n int) jose.JSONWebKey { return jose.JSONWebKey{Key: secret[:n], KeyID: kid} }
	pub := func(kid string, key *rsa.PrivateKey) jose.JSONWebKey {
		return jose.JSONWebKey{Key: key.Public(), KeyID: kid}
	}
	rs := signRaw(rsaKey(), `{"alg":"RS256","kid":"a"}`, "not JSON")
	rsNoKid := signRaw(rsaKey(), `{"alg":"RS256"}`, "not JSON")
	hs := sign(jose.HS256, secret, "s", "", "x")
	es512 := sign(jose.ES512, p521Key(), "p", "", "x")
	for _, tc := range []struct {
		name, token string
		keys        []jose.JSONWebKey
		algs        []string
		want        string
	}{
		{"control", rs, []jose.JSONWebKey{pub("a", rsaKey())}, []string{"RS256"}, "ok"},
		{"no algorithms", rs, []jose.JSONWebKey{pub("a", rsaKey())}, nil, ReasonAlgorithmNotAllowed},
		{"no keys", rs, nil, []string{"RS256"}, ReasonKeyUnknown},
		{"A60 other kid", rs, []jose.JSONWebKey{pub("b", rsaKey())}, []string{"RS256"}, ReasonKeyUnknown},
		{"key without kid does not serve a kid", rs, []jose.JSONWebKey{pub("", rsaKey())}, []string{"RS256"}, ReasonKeyUnknown},
		{"other key", rs, []jose.JSONWebKey{pub("a", otherRSAKey())}, []string{"RS256"}, ReasonSignatureInvalid},
		{"duplicate kid", rs, []jose.JSONWebKey{pub("a", rsaKey()), pub("a", otherRSAKey())}, []string{"RS256"}, ReasonKeyUnknown},
		{"control: the same key twice", rs, []jose.JSONWebKey{pub("a", rsaKey()), pub("a", rsaKey())}, []string{"RS256"}, "ok"},
		{"private key", rs, []jose.JSONWebKey{{Key: rsaKey(), KeyID: "a"}}, []string{"RS256"}, ReasonKeyUnknown},
		{"encryption key", rs, []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "a", Use: "enc"}}, []string{"RS256"}, ReasonKeyUnknown},
		{"control: no kid, one key", rsNoKid, []jose.JSONWebKey{pub("a", rsaKey())}, []string{"RS256"}, "ok"},
		{"no kid, two keys", rsNoKid, []jose.JSONWebKey{pub("a", rsaKey()), pub("b", otherRSAKey())}, []string{"RS256"}, ReasonKeyUnknown},
		{"control: HS256", hs, []jose.JSONWebKey{oct("s", 64)}, []string{"HS256"}, "ok"},
		{"HS256 not asked for", hs, []jose.JSONWebKey{oct("s", 64)}, []string{"RS256"}, ReasonAlgorithmNotAllowed},
		{"HS256 short secret", hmacToken("s", secret[:31]), []jose.JSONWebKey{oct("s", 31)}, []string{"HS256"}, ReasonKeyUnknown},
		{"HS512 secret of HS256 length", sign(jose.HS512, secret, "s", "", "x"), []jose.JSONWebKey{oct("s", 32)}, []string{"HS512"}, ReasonAlgorithmNotAllowed},
		{"HS256 with a public key in the set", hs, []jose.JSONWebKey{oct("s", 64), pub("a", rsaKey())}, []string{"HS256"}, ReasonKeyUnknown},
		{"HS256 by kid of a public key", hmacToken("a", secret), []jose.JSONWebKey{pub("a", rsaKey())}, []string{"HS256", "RS256"}, ReasonAlgorithmNotAllowed},
		{"control: ES512", es512, []jose.JSONWebKey{{Key: p521Key().Public(), KeyID: "p"}}, []string{"ES512"}, "ok"},
		{"ES256 key for ES512", es512, []jose.JSONWebKey{{Key: ecKey().Public(), KeyID: "p"}}, []string{"ES512"}, ReasonAlgorithmNotAllowed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			payload, err := VerifyCompact(tc.token, jose.JSONWebKeySet{Keys: tc.keys}, tc.algs)
			if got := reasonOf(err); got != tc.want {
				t.Errorf("%q, want %q (%v)", got, tc.want, err)
			}
			if (err == nil) != (len(payload) > 0) {
				t.Errorf("payload %q with error %v", payload, err)
			}
		})
	}
}

func hmacToken(kid string, secret []byte) string {
	input := b64(`{"alg":"HS256","kid":"`+kid+`"}`) + "." + b64("x")
	return input + "." + b64(string(hmacSHA256(secret, input)))
}

func FuzzCompact(f *testing.F) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ecKey().Public(), KeyID: "k1"}}}
	good := sign(jose.ES256, ecKey(), "k1", "JWT", `{"sub":"alice"}`)
	f.Add(good)
	f.Add(good + "=")
	f.Add(good[:20] + "\n" + good[20:])
	f.Add("..")
	f.Add(b64(`{"alg":"none"}`) + "." + b64(`{}`) + ".")
	f.Add(b64(`{"alg":"ES256","crit":["b64"],"b64":false}`) + ".x." + b64(strings.Repeat("\x00", 64)))
	f.Add(b64(`{"alg":"ES256","jwk":{"kty":"oct","k":"AA"}}`) + ".." + b64("x"))
	f.Add(b64(`{"alg":"ES256","x5c":["AA"],"kid":"k1"}`) + ".." + b64("x"))
	f.Fuzz(func(t *testing.T, token string) {
		payload, err := VerifyCompact(token, set, []string{"ES256"})
		if err != nil {
			if _, ok := errors.AsType[*Refused](err); !ok || payload != nil {
				t.Fatalf("%q, %v", payload, err)
			}
			return
		}
		// Only what was signed may pass, in the one spelling. ECDSA has a second
		// signature for each, so header and payload are compared.
		if cut := strings.LastIndexByte(good, '.'); !strings.HasPrefix(token, good[:cut+1]) || len(token) != len(good) {
			t.Fatalf("accepted %q", token)
		}
	})
}

package authn

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Each refusal has one fault, and the same proof without it is accepted.
func TestProofFaults(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	in := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	good := newProving("the.access.token", now)
	full := string(must(jose.JSONWebKey{Key: ecKey()}.MarshalJSON())) // with d
	for _, tc := range []struct{ name, where, member, value, want string }{
		{"typ missing", "header", "typ", "", ReasonProofMalformed},
		{"typ JWT", "header", "typ", `"JWT"`, ReasonProofMalformed},
		{"typ of an access token", "header", "typ", `"at+jwt"`, ReasonProofMalformed},
		{"typ in capitals", "header", "typ", `"DPOP+JWT"`, ReasonProofMalformed},
		{"typ in the long form", "header", "typ", `"application/dpop+jwt"`, ReasonProofMalformed},
		{"typ a number", "header", "typ", "1", ReasonProofMalformed},
		{"alg none", "header", "alg", `"none"`, ReasonProofAlgorithm},
		{"alg missing", "header", "alg", "", ReasonProofAlgorithm},
		{"alg HS256", "header", "alg", `"HS256"`, ReasonProofAlgorithm},
		{"alg not in the list", "header", "alg", `"ES512"`, ReasonProofAlgorithm},
		{"alg of another key", "header", "alg", `"RS256"`, ReasonProofAlgorithm},
		{"crit", "header", "crit", `["exp"]`, ReasonProofMalformed},
		{"b64", "header", "b64", "false", ReasonProofMalformed},
		{"cty", "header", "cty", `"JWT"`, ReasonProofMalformed},
		{"enc", "header", "enc", `"A128GCM"`, ReasonProofMalformed},
		{"header too long", "header", "x", quote(strings.Repeat("x", 2048)), ReasonProofMalformed},
		{"control: kid", "header", "kid", `"k"`, "ok"},
		{"control: jku is not followed", "header", "jku", `"http://169.254.169.254/"`, "ok"},

		{"no key", "header", "jwk", "", ReasonProofKey},
		{"key null", "header", "jwk", "null", ReasonProofKey},
		{"key a string", "header", "jwk", `"x"`, ReasonProofKey},
		{"private key", "header", "jwk", full, ReasonProofKey},
		{"private key, null", "header", "jwk", extended(publicJWK(ecKey()), "d", "null"), ReasonProofKey},
		{"secret", "header", "jwk", `{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}`, ReasonProofKey},
		{"key for encryption", "header", "jwk", extended(publicJWK(ecKey()), "use", `"enc"`), ReasonProofKey},
		{"key not on the curve", "header", "jwk", strings.Replace(publicJWK(ecKey()), `"x":"`, `"x":"AAAA`, 1), ReasonProofKey},
		{"key with a member twice", "header", "jwk", extended(publicJWK(ecKey()), "kty", `"EC"`), ReasonProofMalformed},
		{"key of another alg", "header", "jwk", extended(publicJWK(ecKey()), "alg", `"ES384"`), ReasonProofAlgorithm},
		{"control: key for signatures", "header", "jwk", extended(publicJWK(ecKey()), "use", `"sig"`), "ok"},
		{"control: key with a kid", "header", "jwk", extended(publicJWK(ecKey()), "kid", `"mine"`), "ok"},
		{"signed by another key", "header", "jwk", publicJWK(otherECKey()), ReasonProofSignature},

		{"jti null", "claims", "jti", "null", ReasonProofMalformed},
		{"jti empty", "claims", "jti", `""`, ReasonProofMalformed},
		{"jti too long", "claims", "jti", quote(strings.Repeat("j", maxProofID+1)), ReasonProofMalformed},
		{"control: jti as long as may be", "claims", "jti", quote(strings.Repeat("j", maxProofID)), "ok"},
		{"jti a number", "claims", "jti", "1", ReasonProofMalformed},
		{"htm missing", "claims", "htm", "", ReasonProofMalformed},
		{"htm of another method", "claims", "htm", `"POST"`, ReasonProofMethod},
		{"htm in small letters", "claims", "htm", `"get"`, ReasonProofMethod},
		{"htm a list", "claims", "htm", `["GET"]`, ReasonProofMalformed},
		{"htu missing", "claims", "htu", "", ReasonProofMalformed},
		{"htu a path", "claims", "htu", `"/orders"`, ReasonProofURI},
		{"htu of another scheme", "claims", "htu", `"http://api.test/orders"`, ReasonProofURI},
		{"htu of another host", "claims", "htu", `"https://evil.test/orders"`, ReasonProofURI},
		{"htu of another port", "claims", "htu", `"https://api.test:8443/orders"`, ReasonProofURI},
		{"htu with a user", "claims", "htu", `"https://api.test@evil.test/orders"`, ReasonProofURI},
		{"htu of another path", "claims", "htu", `"https://api.test/orders/1"`, ReasonProofURI},
		{"htu with a slash more", "claims", "htu", `"https://api.test/orders/"`, ReasonProofURI},
		{"htu of a path in capitals", "claims", "htu", `"https://api.test/Orders"`, ReasonProofURI},
		{"htu encoded twice", "claims", "htu", `"https://api.test/%256frders"`, ReasonProofURI},
		{"control: htu normalised", "claims", "htu", `"HTTPS://API.test.:443/x/%2e%2e/%6frders"`, "ok"},
		{"control: htu with query and fragment", "claims", "htu", `"https://api.test/orders?a=b#c"`, "ok"},
		{"iat missing", "claims", "iat", "", ReasonProofMalformed},
		{"iat a string", "claims", "iat", quote(in(0)), ReasonProofMalformed},
		{"iat a fraction", "claims", "iat", in(0) + ".5", ReasonProofMalformed},
		{"iat before 1970", "claims", "iat", "-1", ReasonProofMalformed},
		{"iat too long ago", "claims", "iat", in(-61 * time.Second), ReasonProofExpired},
		{"control: iat a minute ago", "claims", "iat", in(-60 * time.Second), "ok"},
		{"iat ahead", "claims", "iat", in(6 * time.Second), ReasonProofNotYetValid},
		{"control: iat a little ahead", "claims", "iat", in(5 * time.Second), "ok"},
		{"ath missing", "claims", "ath", "", ReasonProofToken},
		{"ath of another token", "claims", "ath", quote(strings.Repeat("A", 43)), ReasonProofToken},
		{"ath in another spelling", "claims", "ath", strings.TrimSuffix(good.claims["ath"], `"`) + `="`, ReasonProofToken},
		{"ath null", "claims", "ath", "null", ReasonProofMalformed},
		{"control: a nonce that nobody asked for", "claims", "nonce", `"x"`, "ok"},
		{"nonce a number", "claims", "nonce", "1", ReasonProofMalformed},
		{"control: another claim", "claims", "x", `{"y":[1]}`, "ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := rulesOf(t, DPoPConfig{})
			wantReason(t, confirmed(r, good, good.with(tc.where, tc.member, tc.value).proof(), now), tc.want)
			wantReason(t, confirmed(r, good, good.proof(), now), "ok")
		})
	}
}

// A proof has one spelling, and there is one.
func TestProofShapes(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	r := rulesOf(t, DPoPConfig{})
	good := newProving("t", now)
	proof := good.proof()
	for name, text := range map[string]string{
		"empty": "", "padded": proof + "=", "a space": " " + proof, "a line break": proof[:20] + "\n" + proof[20:], "two parts": proof[:strings.LastIndexByte(proof, '.')],
		"four parts": proof + ".x", "two in one header": proof + "," + good.proof(), "two with a space": proof + ", " + good.proof(),
		"a JSON serialization": `{"payload":"e30"}`, "long": strings.Repeat("a", maxProof+1), "two objects": signES256(ecKey(), good.header.String(), good.claims.with("jti", `"x"`).String()+"{}"),
		"jti missing":              signES256(ecKey(), good.header.String(), good.claims.String()),
		"claims a list":            signES256(ecKey(), good.header.String(), "[]"),
		"a claim twice":            signES256(ecKey(), good.header.String(), `{"jti":"a","jti":"a",`+good.claims.String()[1:]),
		"a parameter of it twice":  signES256(ecKey(), `{"alg":"ES256",`+good.header.String()[1:], good.claims.with("jti", `"x"`).String()),
		"unprotected header added": proof + "?",
	} {
		wantReasonOf(t, name, confirmed(r, good, text, now), ReasonProofMalformed)
	}
	wantReasonOf(t, "signature of zeros", confirmed(r, good, proof[:strings.LastIndexByte(proof, '.')+1]+b64(strings.Repeat("\x00", 64)), now), ReasonProofSignature)
	wantReasonOf(t, "signature of another proof", confirmed(r, good, proof[:strings.LastIndexByte(proof, '.')]+good.proof()[strings.LastIndexByte(proof, '.'):], now), ReasonProofSignature)
	wantReasonOf(t, "control", confirmed(r, good, proof, now), "ok")

	c := good.credentials("")
	delete(c.Header, "Dpop")
	wantReasonOf(t, "none", r.confirm(boundTo(ecKey()), presented{"t", SchemeDPoP}, c, now), ReasonProofRequired)
	c.Header = http.Header{"Dpop": {good.proof(), good.proof()}}
	wantReasonOf(t, "two headers", r.confirm(boundTo(ecKey()), presented{"t", SchemeDPoP}, c, now), ReasonProofMalformed)
}

func wantReasonOf(t *testing.T, name string, err error, want string) {
	t.Helper()
	if got := reasonOf(err); got != want {
		t.Errorf("%s: %s (%v), want %s", name, got, err, want)
	}
}

// What the request is counts, not what the proof says of it.
func TestProofOfAnotherRequest(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	good := newProving("t", now)
	for want, change := range map[string]func(c *Credentials){
		ReasonProofMethod: func(c *Credentials) { c.Method = "DELETE" },
		ReasonProofURI:    func(c *Credentials) { c.Path = "/orders/7" },
		"proof_uri ":      func(c *Credentials) { c.Host = "other.test" },
		"proof_uri  ":     func(c *Credentials) { c.Scheme = "http" },
		ReasonProofToken:  func(c *Credentials) { c.Authorization = "DPoP u" },
	} {
		r := rulesOf(t, DPoPConfig{})
		c := good.credentials(good.proof())
		change(&c)
		p, _ := present(c)
		wantReason(t, r.confirm(boundTo(ecKey()), p, c, now), strings.TrimSpace(want))
		wantReason(t, confirmed(r, good, good.proof(), now), "ok")
	}
	// The token of somebody else, with a good proof of one's own key.
	r := rulesOf(t, DPoPConfig{})
	wantReason(t, r.confirm(boundTo(otherECKey()), presented{"t", SchemeDPoP}, good.credentials(good.proof()), now), ReasonProofKeyMismatch)
	wantReason(t, r.confirm(boundTo(ecKey()), presented{"t", SchemeDPoP}, good.credentials(good.proof()), now), "ok")
}

// Every algorithm of the lists works with its keys, and with no other.
func TestProofAlgorithms(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p384 := newEC(elliptic.P384())
	for _, tc := range []struct {
		alg  jose.SignatureAlgorithm
		key  crypto.Signer
		want string
	}{
		{jose.RS256, rsaKey(), "ok"}, {jose.PS256, rsaKey(), "ok"}, {jose.ES256, ecKey(), "ok"}, {jose.ES384, p384, "ok"}, {jose.EdDSA, edKey(), "ok"},
		{jose.RS512, rsaKey(), ReasonProofAlgorithm}, {jose.ES512, p521Key(), ReasonProofAlgorithm},
	} {
		good := newProving("t", now)
		header := claimSet{"typ": `"dpop+jwt"`, "alg": quote(string(tc.alg)), "jwk": publicJWK(tc.key)}
		opts := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
		signer := must(jose.NewSigner(jose.SigningKey{Algorithm: tc.alg, Key: tc.key}, opts))
		proof := must(must(signer.Sign([]byte(good.claims.with("jti", `"a"`).String()))).CompactSerialize())
		r := rulesOf(t, DPoPConfig{})
		err := r.confirm(boundTo(tc.key), presented{"t", SchemeDPoP}, good.credentials(proof), now)
		wantReasonOf(t, header.String(), err, tc.want)
		if tc.want != "ok" {
			r = rulesOf(t, DPoPConfig{Algorithms: []string{string(tc.alg)}})
			wantReasonOf(t, header.String(), r.confirm(boundTo(tc.key), presented{"t", SchemeDPoP}, good.credentials(proof), now), "ok")
		}
	}
}

// The client chooses the key; it may not choose what costs the most, or nothing.
func TestProofWeakKeys(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	good := newProving("t", now)
	signed := func(key *rsa.PrivateKey) string {
		header := claimSet{"typ": `"dpop+jwt"`, "alg": `"RS256"`, "jwk": publicJWK(key)}
		return signRaw(key, header.String(), good.claims.with("jti", `"a"`).String())
	}
	r := rulesOf(t, DPoPConfig{})
	t.Setenv("GODEBUG", "rsa1024min=0")
	small := must(rsa.GenerateKey(rand.Reader, 1024))
	wantReason(t, r.confirm(boundTo(small), presented{"t", SchemeDPoP}, good.credentials(signed(small)), now), ReasonProofKey)
	wantReason(t, r.confirm(boundTo(rsaKey()), presented{"t", SchemeDPoP}, good.credentials(signed(rsaKey())), now), "ok")

	big := rsa.PublicKey{N: newRSA(2048).N, E: 65537}
	big.N.Lsh(big.N, 4097-2048).SetBit(big.N, 0, 1)
	header := claimSet{"typ": `"dpop+jwt"`, "alg": `"RS256"`, "jwk": string(must(jose.JSONWebKey{Key: &big}.MarshalJSON()))}
	_, err := readProof(b64(header.String())+"."+b64("{}")+"."+b64("x"), ProofAlgorithms())
	wantReason(t, err, ReasonProofKey)

	// Under a point of low order anybody can sign.
	low := claimSet{"typ": `"dpop+jwt"`, "alg": `"EdDSA"`, "jwk": `{"kty":"OKP","crv":"Ed25519","x":` + quote(b64(string(make([]byte, ed25519.PublicKeySize)))) + `}`}
	_, err = readProof(b64(low.String())+"."+b64("{}")+"."+b64(strings.Repeat("\x00", 64)), ProofAlgorithms())
	wantReason(t, err, ReasonProofKey)
}

// What a request that stands is asked again does not make its proof old.
func TestStandingProof(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	good := newProving("t", now)
	r := rulesOf(t, DPoPConfig{Nonce: true})
	good = good.with("claims", "nonce", quote(r.nonces.make(now)))
	c := good.credentials(good.proof())
	ask := func(c Credentials, cnf confirmation, at time.Time) string {
		return reasonOf(r.confirm(cnf, presented{"t", SchemeDPoP}, c, at))
	}
	for i, want := range []string{"ok", ReasonProofReplayed} {
		if got := ask(c, boundTo(ecKey()), now); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	later := now.Add(time.Hour)
	if got := ask(c, boundTo(ecKey()), later); got != ReasonProofExpired {
		t.Errorf("an hour later: %s", got)
	}
	c.Standing = true
	if got := ask(c, boundTo(ecKey()), later); got != "ok" {
		t.Errorf("standing: %s", got)
	}
	if got := ask(c, boundTo(otherECKey()), later); got != ReasonProofKeyMismatch {
		t.Errorf("standing, of a token that is now bound to another key: %s", got)
	}
}

func TestDPoPConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg DPoPConfig
		ok  bool
	}{
		"nothing": {DPoPConfig{}, true}, "HS256": {DPoPConfig{Algorithms: []string{"HS256"}}, false}, "none": {DPoPConfig{Algorithms: []string{"none"}}, false},
		"ES512": {DPoPConfig{Algorithms: []string{"ES512"}}, true}, "too long": {DPoPConfig{MaxAge: 4*time.Minute + 1}, false}, "long": {DPoPConfig{MaxAge: 4 * time.Minute}, true},
		"too short": {DPoPConfig{MaxAge: time.Second}, false}, "key without nonces": {DPoPConfig{NonceKey: strings.Repeat("k", 32)}, false},
		"short key": {DPoPConfig{Nonce: true, NonceKey: strings.Repeat("k", 31)}, false}, "key": {DPoPConfig{Nonce: true, NonceKey: strings.Repeat("k", 32)}, true},
	} {
		if _, err := newProofRules(tc.cfg); (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
		text := fmt.Sprintf("%v %+v %#v", tc.cfg, tc.cfg, JWTConfig{DPoP: tc.cfg})
		if tc.cfg.NonceKey != "" && strings.Contains(text, tc.cfg.NonceKey) {
			t.Errorf("%s: prints %s", name, text)
		}
	}
}

// ath is that of the token as it was sent.
func TestProofHashesTheToken(t *testing.T) {
	long := strings.Repeat("t", 3<<10)
	if digestOfToken(long) != sha256.Sum256([]byte(long)) || digestOfToken("t") != sha256.Sum256([]byte("t")) {
		t.Error("not SHA-256")
	}
}

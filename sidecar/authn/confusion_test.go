package authn

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A signature belongs to one algorithm and one kind of key (RFC 8725 sections
// 3.1 to 3.3): every other reading of the same bytes is refused. Keys without an
// alg of their own leave the choice to the header, which is the harder case.
func TestAlgorithmConfusion(t *testing.T) {
	p384 := newEC(elliptic.P384())
	idp := newIssuer(t, jwk("r", "", rsaKey()), jwk("e", "", ecKey()), jwk("w", "", p384), jwk("d", "", edKey()))
	m := NewChain(newMethod(t, idp, nil))
	payload := goodClaims(idp.url, time.Now()).String()
	input := func(alg, kid string) string { return b64(`{"alg":"`+alg+`","kid":"`+kid+`"}`) + "." + b64(payload) }
	hs := func(kid string, secret []byte) string {
		in := input("HS256", kid)
		return in + "." + b64(string(hmacSHA256(secret, in)))
	}
	pub := &rsaKey().PublicKey
	pkix := must(x509.MarshalPKIXPublicKey(pub))
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	pss := func(alg string, salt int) string {
		in := input(alg, "r")
		sum := sha256.Sum256([]byte(in))
		return in + "." + b64(string(must(rsa.SignPSS(rand.Reader, rsaKey(), crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: salt}))))
	}
	es := func(alg, kid string, key *ecdsa.PrivateKey, size int) string {
		in := input(alg, kid)
		sum := sha256.Sum256([]byte(in))
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return in + "." + b64(string(r.FillBytes(make([]byte, size)))+string(s.FillBytes(make([]byte, size))))
	}
	der := func() string {
		in := input("ES256", "e")
		sum := sha256.Sum256([]byte(in))
		return in + "." + b64(string(must(ecdsa.SignASN1(rand.Reader, ecKey(), sum[:]))))
	}
	raw := func(r, s *big.Int) string {
		return input("ES256", "e") + "." + b64(string(r.FillBytes(make([]byte, 32)))+string(s.FillBytes(make([]byte, 32))))
	}
	n, zero, one := elliptic.P256().Params().N, new(big.Int), big.NewInt(1)
	for _, tc := range []struct{ name, token, want string }{
		{"control: RS256", sign(jose.RS256, rsaKey(), "r", "", payload), "ok"},
		{"control: PS256", pss("PS256", rsa.PSSSaltLengthEqualsHash), "ok"},
		{"control: ES256", es("ES256", "e", ecKey(), 32), "ok"},
		{"control: ES384", sign(jose.ES384, p384, "w", "", payload), "ok"},
		{"control: EdDSA", sign(jose.EdDSA, edKey(), "d", "", payload), "ok"},
		{"HS256 with the key in PEM (PKIX)", hs("r", block("PUBLIC KEY", pkix)), ReasonAlgorithmNotAllowed},
		{"HS256 with the key in PEM (PKIX), trimmed", hs("r", bytes.TrimSpace(block("PUBLIC KEY", pkix))), ReasonAlgorithmNotAllowed},
		{"HS256 with the key in PEM (PKCS 1)", hs("r", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(pub))), ReasonAlgorithmNotAllowed},
		{"HS256 with the key in DER", hs("r", pkix), ReasonAlgorithmNotAllowed},
		{"HS256 with the modulus", hs("r", pub.N.Bytes()), ReasonAlgorithmNotAllowed},
		{"HS256 with the modulus as the JWK has it", hs("r", []byte(base64.RawURLEncoding.EncodeToString(pub.N.Bytes()))), ReasonAlgorithmNotAllowed},
		{"HS256 with the JWK", hs("r", []byte(jwk("r", "", rsaKey()))), ReasonAlgorithmNotAllowed},
		{"HS256 under the kid of an EC key", hs("e", nil), ReasonAlgorithmNotAllowed},
		{"RS256 called PS256", relabel(t, sign(jose.RS256, rsaKey(), "r", "", payload), input("PS256", "r")), ReasonSignatureInvalid},
		{"PS256 called RS256", pss("RS256", rsa.PSSSaltLengthEqualsHash), ReasonSignatureInvalid},
		{"PS256 without salt", pss("PS256", 0), ReasonSignatureInvalid},
		{"ES256 under a P-384 key", es("ES256", "w", p384, 48), ReasonAlgorithmNotAllowed},
		{"ES384 under a P-256 key", es("ES384", "e", ecKey(), 32), ReasonAlgorithmNotAllowed},
		{"ES256 under an Ed25519 key", es("ES256", "d", ecKey(), 32), ReasonAlgorithmNotAllowed},
		{"RS256 under an EC key", sign(jose.RS256, rsaKey(), "e", "", payload), ReasonAlgorithmNotAllowed},
		{"ES256 in ASN.1", der(), ReasonSignatureInvalid},
		{"ES256 with long halves", es("ES256", "e", ecKey(), 33), ReasonSignatureInvalid},
		{"ES256 of nothing", raw(zero, zero), ReasonSignatureInvalid},
		{"ES256 with r = 0", raw(zero, one), ReasonSignatureInvalid},
		{"ES256 with s = 0", raw(one, zero), ReasonSignatureInvalid},
		{"ES256 with r = n", raw(n, one), ReasonSignatureInvalid},
		{"ES256 with both = n", raw(n, n), ReasonSignatureInvalid},
		{"EdDSA called Ed25519", relabel(t, sign(jose.EdDSA, edKey(), "d", "", payload), input("Ed25519", "d")), ReasonAlgorithmNotAllowed},
		{"none", input("none", "r") + ".", ReasonAlgorithmNotAllowed},
		{"None", input("None", "r") + ".", ReasonAlgorithmNotAllowed},
		{"rs256", relabel(t, sign(jose.RS256, rsaKey(), "r", "", payload), input("rs256", "r")), ReasonAlgorithmNotAllowed},
		{"RS256 and a blank", relabel(t, sign(jose.RS256, rsaKey(), "r", "", payload), input("RS256 ", "r")), ReasonAlgorithmNotAllowed},
	} {
		t.Run(tc.name, func(t *testing.T) { wantOutcome(t, m, bearing(tc.token), tc.want) })
	}
}

// relabel puts a signature under other header and payload.
func relabel(t *testing.T, token, input string) string {
	t.Helper()
	c := must(parseCompact(token, hardMaxToken))
	return input + c.token[len(b64(string(c.header)))+1+len(b64(string(c.payload))):]
}

// What a header says about compression, nesting and encryption is refused, in
// any type of value; the same header without it passes.
func TestHeaderOfOtherFormats(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "RS256", rsaKey()))
	m := NewChain(newMethod(t, idp, nil))
	payload := goodClaims(idp.url, time.Now()).String()
	const good = `{"alg":"RS256","kid":"k1"}`
	for member, want := range map[string]string{
		`"zip":"DEF"`: ReasonTokenMalformed, `"zip":null`: ReasonTokenMalformed, `"enc":""`: ReasonTokenMalformed,
		`"crit":"exp"`: ReasonCritNotSupported, `"crit":{}`: ReasonCritNotSupported, `"crit":["alg"]`: ReasonCritNotSupported, `"crit":null`: ReasonCritNotSupported,
		`"cty":"jwt"`: ReasonNestedNotSupported, `"cty":"APPLICATION/JWT"`: ReasonNestedNotSupported, `"cty":7`: ReasonTokenMalformed,
		`"cty":"json"`: "ok", `"x":"zip"`: "ok",
	} {
		t.Run(member, func(t *testing.T) {
			wantOutcome(t, m, bearing(signRaw(rsaKey(), good[:len(good)-1]+","+member+"}", payload)), want)
			wantOutcome(t, m, bearing(signRaw(rsaKey(), good, payload)), "ok")
		})
	}
}

// Numbers that readers understand differently are none (RFC 8725 section 2.4 is
// about the same thing for algorithms).
func TestTimesThatAreNone(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := NewChain(newMethod(t, idp, nil))
	good := goodClaims(idp.url, time.Now())
	for _, name := range []string{"exp", "nbf", "iat"} {
		for value, want := range map[string]string{
			"NaN": ReasonTokenMalformed, "Infinity": ReasonTokenMalformed, "0x7fffffff": ReasonTokenMalformed, "01": ReasonTokenMalformed, "+1": ReasonTokenMalformed,
			"1e400": ReasonClaimInvalid, "1e9": ReasonClaimInvalid, "-1": ReasonClaimInvalid, "-0": ReasonClaimInvalid, "1.0": ReasonClaimInvalid, "true": ReasonClaimInvalid,
			"[1]": ReasonClaimInvalid, `{}`: ReasonClaimInvalid, `""`: ReasonClaimInvalid, "99999999999999999999": ReasonClaimInvalid, "18446744073709551617": ReasonClaimInvalid,
		} {
			wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", good.with(name, value).String())), want)
			wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", good.String())), "ok")
			if t.Failed() {
				t.Fatalf("%s: %s", name, value)
			}
		}
	}
	wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", good.with("nbf", "0").String())), "ok")
}

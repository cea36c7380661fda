package authn

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// certificate makes one of the client's own.
func certificate(t testing.TB, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))))
}

func x5t(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// A74: what binds a token is understood whole, or the token is refused.
func TestConfirmationShapes(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := newMethod(t, idp, nil)
	mine := certificate(t, ecKey())
	good := goodClaims(idp.url, time.Now())
	print := quote(x5t(mine))
	for _, tc := range []struct{ name, cnf, want string }{
		{"a text", `"x"`, ReasonConfirmationUnsupported},
		{"a list", `[]`, ReasonConfirmationUnsupported},
		{"null", `null`, ReasonConfirmationUnsupported},
		{"nothing", `{}`, ReasonConfirmationUnsupported},
		{"kid", `{"kid":"x"}`, ReasonConfirmationUnsupported},
		{"jwk", `{"jwk":` + publicJWK(ecKey()) + `}`, ReasonConfirmationUnsupported},
		{"in capitals", `{"X5T#S256":` + print + `}`, ReasonConfirmationUnsupported},
		{"two that are known", `{"x5t#S256":` + print + `,"jkt":` + quote(jkt(ecKey())) + `}`, ReasonConfirmationUnsupported},
		{"one that is known and one that is not", `{"x5t#S256":` + print + `,"x":1}`, ReasonConfirmationUnsupported},
		{"a number", `{"x5t#S256":1}`, ReasonConfirmationUnsupported},
		{"empty", `{"x5t#S256":""}`, ReasonConfirmationUnsupported},
		{"padded", `{"x5t#S256":"` + x5t(mine) + `="}`, ReasonConfirmationUnsupported},
		{"a byte less", `{"x5t#S256":"` + x5t(mine)[:42] + `"}`, ReasonConfirmationUnsupported},
		{"spare bits", `{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`, ReasonConfirmationUnsupported},
		{"a line break", `{"x5t#S256":"` + x5t(mine)[:42] + `\n"}`, ReasonConfirmationUnsupported},
		{"a member twice", `{"x5t#S256":` + print + `,"x5t#S256":` + print + `}`, "not mine"},
		{"the key's", `{"jkt":` + quote(jkt(ecKey())) + `}`, ReasonSchemeMismatch},
		{"another certificate", `{"x5t#S256":` + quote(x5t(certificate(t, otherECKey()))) + `}`, ReasonCertificateMismatch},
		{"control", `{"x5t#S256":` + print + `}`, "ok"},
		{"control: unbound", "", "ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := bearing(sign(jose.ES256, ecKey(), "k1", "", good.with("cnf", tc.cnf).String()))
			c.Certificate = mine
			for range 2 { // from the first byte, and remembered
				wantOutcome(t, m, c, tc.want)
			}
			// The same, asked about.
			body := activeAnswer().with("cnf", tc.cnf).String()
			if tc.want != "not mine" {
				i := must(NewIntrospection(introspectionConfig(&authorizer{body: body}, nil)))
				c.Authorization = "Bearer opaque"
				for range 2 {
					wantOutcome(t, i, c, tc.want)
				}
			}
		})
	}
}

// A74, A84: a token that is remembered brings no proof with it. A request with
// its certificate or proof does not help the next one without.
func TestBindingOfRememberedTokens(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	keys := newMethod(t, idp, nil).keys
	now := time.Now()
	asked := &authorizer{}
	mine, other := certificate(t, ecKey()), certificate(t, otherECKey())
	for name, cnf := range map[string]string{"certificate": `{"x5t#S256":` + quote(x5t(mine)) + `}`, "key": `{"jkt":` + quote(jkt(ecKey())) + `}`} {
		token := sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, now).with("cnf", cnf).String())
		asked.says(activeAnswer().with("cnf", cnf).String())
		for kind, m := range map[string]Method{
			"jwt":           must(NewJWT(JWTConfig{Name: "j", Issuer: idp.url, Audiences: []string{audience}}, keys, nil)),
			"introspection": must(NewIntrospection(introspectionConfig(asked, func(c *IntrospectionConfig) { c.Issuer = idp.url }))),
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				p := newProving(token, now)
				good := func() Credentials { return p.credentials(p.proof()) }
				bad := map[string]Credentials{}
				c := good()
				c.Header = nil
				bad[ReasonProofRequired] = c
				c = good()
				c.Authorization = "Bearer " + token
				bad[ReasonSchemeMismatch] = c
				c = p.credentials(p.with("claims", "htm", `"POST"`).proof())
				bad[ReasonProofMethod] = c
				if name == "certificate" {
					good = func() Credentials { c := bearing(token); c.Certificate = mine; return c }
					c = good()
					c.Authorization = "DPoP " + token
					withOther := good()
					withOther.Certificate = other
					bad = map[string]Credentials{ReasonCertificateRequired: bearing(token), ReasonCertificateMismatch: withOther, ReasonSchemeMismatch: c}
				}
				for range 2 {
					for want, c := range bad {
						wantOutcome(t, m, c, want)
					}
					wantOutcome(t, m, good(), "ok")
				}
			})
		}
	}
	if n := asked.asked.Load(); n != 2 {
		t.Errorf("asked %d times about two tokens", n)
	}
}

// What the client is told: the scheme it used, what was wrong there, and which
// proofs would do.
func TestChallenges(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	now := time.Now()
	cnf := `{"jkt":` + quote(jkt(ecKey())) + `}`
	plain := sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, now).String())
	bound := sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, now).with("cnf", cnf).String())
	keys := newMethod(t, idp, nil).keys
	open := NewChain(methodOver(t, keys, nil))
	strict := NewChain(methodOver(t, keys, func(c *JWTConfig) { c.DPoP = DPoPConfig{Required: true, Nonce: true, Algorithms: []string{"ES256"}} }))
	p := newProving(bound, now)
	as := func(scheme, token, proof string) Credentials {
		c := p.credentials(proof)
		c.Authorization = scheme + " " + token
		return c
	}
	all := ProofAlgorithms()
	for _, tc := range []struct {
		name          string
		chain         *Chain
		sent          Credentials
		reason        string
		scheme, error string
		algorithms    []string
	}{
		{"bound, as a bearer", open, as("Bearer", bound, p.proof()), ReasonSchemeMismatch, "Bearer", "", all},
		{"unbound, as DPoP", open, as("DPoP", plain, p.proof()), ReasonSchemeMismatch, "DPoP", "", all},
		{"a bad proof", open, as("dpop", bound, "x"), ReasonProofMalformed, "DPoP", ErrorProof, all},
		{"no token", open, as("DPoP", "x", p.proof()), ReasonTokenMalformed, "DPoP", "", all},
		{"a bad bearer", open, as("Bearer", "x", ""), ReasonTokenMalformed, "Bearer", "", nil},
		{"another scheme", open, as("Basic", "x", ""), ReasonCredentialUnsupported, "", "", nil},
		{"unbound where that is required", strict, as("Bearer", plain, ""), ReasonDPoPRequired, "Bearer", "", []string{"ES256"}},
		{"without a nonce", strict, as("DPoP", bound, p.proof()), ReasonProofNonce, "DPoP", ErrorNonce, []string{"ES256"}},
	} {
		_, err := tc.chain.Authenticate(t.Context(), tc.sent)
		r, ok := errors.AsType[*Refused](err)
		if !ok {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		got := r.Challenge
		if r.Reason != tc.reason || got.Scheme != tc.scheme || got.Error != tc.error || !slices.Equal(got.Algorithms, tc.algorithms) || (got.Nonce != "") != (tc.error == ErrorNonce) {
			t.Errorf("%s: %s %+v", tc.name, r.Reason, got)
		}
		if tc.error == ErrorNonce {
			c := as("DPoP", bound, p.with("claims", "nonce", quote(got.Nonce)).proof())
			wantOutcome(t, tc.chain, c, "ok")
		}
	}
	wantOutcome(t, open, as("DPoP", bound, p.proof()), "ok")
	wantOutcome(t, open, as("Bearer", plain, "a proof that nobody needs"), "ok")
}

// Two methods that both judge one token judge one request.
func TestProofOfTwoMethods(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	now := time.Now()
	cnf := `{"jkt":` + quote(jkt(ecKey())) + `}`
	proofs := NewProofs()
	j := newMethod(t, idp, func(c *JWTConfig) { c.DPoP.Proofs = proofs })
	i := must(NewIntrospection(introspectionConfig(&authorizer{body: activeAnswer().with("cnf", cnf).String()}, func(c *IntrospectionConfig) {
		c.Issuer, c.DPoP.Proofs = idp.url, proofs
	})))
	p := newProving(sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, now).with("cnf", cnf).String()), now)
	chain := NewChain(j, i)
	sent := p.credentials(p.proof())
	wantOutcome(t, chain, sent, "ok")
	wantOutcome(t, chain, sent, ReasonProofReplayed)
	wantOutcome(t, NewChain(i), sent, ReasonProofReplayed)
	wantOutcome(t, chain, p.credentials(p.proof()), "ok")
}

// The windows of a proof on a clock that moves: what is remembered counts until
// the proof is too old by itself.
func TestProofReplayOverTime(t *testing.T) {
	key := ecKey()
	synctest.Test(t, func(t *testing.T) {
		a := &authorizer{body: activeAnswer().with("cnf", `{"jkt":`+quote(jkt(key))+`}`).String()}
		m := must(NewIntrospection(introspectionConfig(a, nil)))
		p := newProving("opaque", time.Now())
		sent := p.credentials(p.proof())
		began := time.Now()
		wantOutcome(t, m, sent, "ok")
		for time.Since(began) <= time.Minute {
			wantOutcome(t, m, sent, ReasonProofReplayed)
			time.Sleep(7 * time.Second)
		}
		wantOutcome(t, m, sent, ReasonProofExpired)
		fresh := p.with("claims", "iat", fmt.Sprint(time.Now().Unix()))
		wantOutcome(t, m, fresh.credentials(fresh.proof()), "ok")
		synctest.Wait()
	})
}

// RFC 8705 appendix A, and the header of RFC 9449 figure 14 with RFC 7638's own
// example.
func TestThumbprintsOfTheRFCs(t *testing.T) {
	der := must(base64.StdEncoding.DecodeString(rfc8705Certificate))
	var c confirmation
	c.member = BoundToCertificate
	if !decodeThumbprint("A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0", &c.thumbprint) {
		t.Fatal("not decoded")
	}
	wantReason(t, c.checkCertificate(must(x509.ParseCertificate(der))), "ok")
	wantReason(t, c.checkCertificate(certificate(t, ecKey())), ReasonCertificateMismatch)
	for want, jwk := range map[string]string{"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs": rfc7638Key, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I": rfc9449Key} {
		key, unfit := parseJWK([]byte(jwk))
		sum, reason := examinePublic(key)
		if got := base64.RawURLEncoding.EncodeToString(sum[:]); unfit != "" || reason != "" || got != want {
			t.Errorf("%s %s %s, want %s", got, unfit, reason, want)
		}
	}
}

// RFC 9449 figures 13 and 14: the proof of a request to a resource.
func TestProofOfTheRFC(t *testing.T) {
	const token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
	at := time.Unix(1562262618, 0)
	c := confirmation{member: BoundToKey}
	if !decodeThumbprint("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", &c.thumbprint) {
		t.Fatal("not decoded")
	}
	sent := Credentials{Method: "GET", Scheme: "https", Host: "resource.example.org", Path: "/protectedresource", Header: http.Header{"Dpop": {rfc9449Proof}}}
	r := rulesOf(t, DPoPConfig{})
	wantReason(t, r.confirm(c, presented{token + "x", SchemeDPoP}, sent, at), ReasonProofToken)
	wantReason(t, r.confirm(c, presented{token, SchemeDPoP}, sent, at.Add(61*time.Second)), ReasonProofExpired)
	wantReason(t, r.confirm(c, presented{token, SchemeDPoP}, sent, at), "ok")
	wantReason(t, r.confirm(c, presented{token, SchemeDPoP}, sent, at), ReasonProofReplayed)
	// Figure 2 is a proof for the token endpoint: the same key, another request.
	sent.Header = http.Header{"Dpop": {rfc9449TokenProof}}
	wantReason(t, r.confirm(c, presented{token, SchemeDPoP}, sent, at), ReasonProofToken)
}

const (
	rfc8705Certificate = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY="
	rfc7638Key         = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	rfc9449Key         = `{"kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","crv":"P-256"}`
	rfc9449TokenProof  = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	rfc9449Proof       = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)

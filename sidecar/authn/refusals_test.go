package authn

import (
	"crypto/rsa"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// draft is a token before it is signed with RS256. The zero finish leaves it as
// it is.
type draft struct {
	header, claims claimSet
	key            *rsa.PrivateKey
	finish         func(string) string
}

func (d draft) token() string {
	text := signRaw(d.key, d.header.String(), d.claims.String())
	if d.finish != nil {
		text = d.finish(text)
	}
	return text
}

// TestEachRefusalHasItsControl: for every reason that a JWT is refused for, one
// change to a good draft is refused for that reason and no other, and the draft
// without the change passes.
func TestEachRefusalHasItsControl(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "RS256", rsaKey()))
	chain := NewChain(newMethod(t, idp, nil))
	now := time.Now()
	at := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	good := func() draft {
		return draft{
			header: claimSet{"alg": `"RS256"`, "kid": `"k1"`, "typ": `"at+jwt"`},
			claims: goodClaims(idp.url, now), key: rsaKey(),
		}
	}
	for reason, faults := range map[string][]func(*draft){
		ReasonTokenMalformed: {
			func(d *draft) { d.finish = func(s string) string { return s + "=" } },
			func(d *draft) { d.finish = func(s string) string { return s + "." } },
			func(d *draft) { d.header["kid"] = "7" },
			func(d *draft) { d.header["enc"] = `"A128GCM"` },
			func(d *draft) { d.claims["x"] = `"\ud800"` },
			func(d *draft) { d.claims["x"] = `{"a":1,"a":1}` },
		},
		ReasonTokenTooLarge:       {func(d *draft) { d.claims["pad"] = quote(strings.Repeat("x", 8<<10)) }},
		ReasonIssuerUnknown:       {func(d *draft) { d.claims["iss"] = quote(idp.url + "/") }, func(d *draft) { delete(d.claims, "iss") }},
		ReasonAlgorithmNotAllowed: {func(d *draft) { d.header["alg"] = `"RS512"` }, func(d *draft) { d.header["alg"] = `"PS256"` }, func(d *draft) { delete(d.header, "alg") }},
		ReasonTypeNotAllowed:      {func(d *draft) { d.header["typ"] = `"dpop+jwt"` }, func(d *draft) { d.claims["typ"] = `"ID"` }},
		ReasonCritNotSupported:    {func(d *draft) { d.header["crit"] = `["exp"]` }, func(d *draft) { d.header["b64"] = `true` }},
		ReasonNestedNotSupported:  {func(d *draft) { d.header["cty"] = `"JWT"` }},
		ReasonKeyUnknown:          {func(d *draft) { d.header["kid"] = `"k2"` }},
		ReasonSignatureInvalid: {
			func(d *draft) { d.key = otherRSAKey() },
			func(d *draft) { d.finish = func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] } },
			func(d *draft) {
				d.finish = func(s string) string {
					c := must(parseCompact(s, hardMaxToken))
					return strings.Replace(s, b64(string(c.payload)), b64(d.claims.with("sub", `"root"`).String()), 1)
				}
			},
		},
		ReasonSchemeMismatch:          {func(d *draft) { d.claims["cnf"] = `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}` }},
		ReasonCertificateRequired:     {func(d *draft) { d.claims["cnf"] = `{"x5t#S256":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}` }},
		ReasonConfirmationUnsupported: {func(d *draft) { d.claims["cnf"] = `{"jwk":{}}` }, func(d *draft) { d.claims["cnf"] = `null` }},
		ReasonTokenExpired:            {func(d *draft) { d.claims["exp"] = at(-31 * time.Second) }},
		ReasonTokenNotYetValid: {
			func(d *draft) { d.claims["nbf"] = at(time.Minute) },
			func(d *draft) { d.claims["iat"] = at(time.Minute) },
		},
		ReasonLifetimeExceeded: {func(d *draft) { d.claims["exp"] = at(25 * time.Hour) }, func(d *draft) { d.claims["iat"] = at(-24 * time.Hour) }},
		ReasonAudienceMismatch: {func(d *draft) { d.claims["aud"] = `"other"` }, func(d *draft) { delete(d.claims, "aud") }},
		ReasonClaimInvalid: {
			func(d *draft) { delete(d.claims, "sub") },
			func(d *draft) { delete(d.claims, "exp") },
			func(d *draft) { d.claims["exp"] += ".5" },
			func(d *draft) { d.claims["jti"] = "7" },
		},
	} {
		for i, fault := range faults {
			t.Run(fmt.Sprint(reason, i), func(t *testing.T) {
				bad := good()
				fault(&bad)
				wantOutcome(t, chain, bearing(bad.token()), reason)
				wantOutcome(t, chain, bearing(good().token()), "ok")
			})
		}
	}
}

// Every reason that a refusal can have is one that a test wants.
func TestEachReasonIsTested(t *testing.T) {
	declared, wanted := map[string]bool{}, map[string]bool{}
	for _, name := range must(filepath.Glob("*.go")) {
		data := must(os.ReadFile(name))
		file := must(parser.ParseFile(token.NewFileSet(), name, data, 0))
		isTest := strings.HasSuffix(name, "_test.go")
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for _, id := range n.Names {
					if !isTest && strings.HasPrefix(id.Name, "Reason") {
						declared[id.Name] = true
					}
				}
			case *ast.Ident:
				if isTest {
					wanted[n.Name] = true
				}
			}
			return true
		})
	}
	if len(declared) < 18 {
		t.Fatalf("found %d reasons", len(declared))
	}
	for name := range declared {
		if !wanted[name] {
			t.Errorf("no test wants %s", name)
		}
	}
}

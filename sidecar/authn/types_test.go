package authn

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// spellings are those under which a typ is one and the same (RFC 7515 section
// 4.1.9).
func spellings(typ string) []string {
	return []string{typ, strings.ToUpper(typ), "application/" + typ, "Application/" + strings.ToUpper(typ[:1]) + typ[1:]}
}

// A65: the tokens that have a type of their own never pass, with or without a
// profile, in no spelling, and no configuration lets them.
func TestDeniedTypes(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	plain := newMethod(t, idp, nil)
	methods := map[string]*JWT{
		"plain":  plain,
		"strict": methodOver(t, plain.keys, func(c *JWTConfig) { c.Profile = ProfileRFC9068 }),
		"more":   methodOver(t, plain.keys, func(c *JWTConfig) { c.Types = []string{"vendor+jwt"} }),
	}
	payload := goodClaims(idp.url, time.Now()).with("client_id", `"shop-web"`).String()
	for _, typ := range append(deniedTypes[:], "wimse-id+jwt", "id_token") {
		for _, spelling := range spellings(typ) {
			for name, m := range methods {
				wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", spelling, payload)), ReasonTypeNotAllowed)
				wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "at+jwt", payload)), "ok")
				if t.Failed() {
					t.Fatalf("typ %q for %s", spelling, name)
				}
			}
			if typ == "id_token" {
				continue // no media type, but somebody may call access tokens so
			}
			if _, err := NewJWT(JWTConfig{Name: "main", Issuer: idp.url, Audiences: []string{audience}, Types: []string{spelling}}, plain.keys, nil); err == nil {
				t.Errorf("typ %q can be configured", spelling)
			}
		}
	}
	for _, spelling := range spellings("vendor+jwt") {
		wantOutcome(t, methods["more"], bearing(sign(jose.ES256, ecKey(), "k1", spelling, payload)), "ok")
	}
	// Those that everybody has to deny are there.
	for _, typ := range []string{"dpop+jwt", "logout+jwt", "secevent+jwt", "token-introspection+jwt", "kb+jwt", "oauth-authz-req+jwt", "gwctl-assertion+jwt"} {
		if !slices.Contains(deniedTypes[:], typ) {
			t.Errorf("%s is not denied", typ)
		}
	}
}

// A type is compared as a whole: what has parameters or blanks would never be
// that of a token, so it is a mistake.
func TestTypesThatAreNone(t *testing.T) {
	for typ, want := range map[string]bool{
		"vendor+jwt": true, "application/vendor+jwt": true, "text/vendor": true, "vnd.example.at+jwt": true,
		"": false, "application/": false, "vendor+jwt;a=b": false, "vendor jwt": false, "a/b/c": false, "dpop+jwt ": false, "dpöp+jwt": false,
		strings.Repeat("a", 128): false,
	} {
		if got := accessType(typ); got != want {
			t.Errorf("%q: %v", typ, got)
		}
	}
}

// RFC 9068 section 2.2: an access token has seven claims. Without the profile,
// three of them need not be there.
func TestJWTProfileClaims(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	plain := newMethod(t, idp, nil)
	strict := methodOver(t, plain.keys, func(c *JWTConfig) { c.Profile = ProfileRFC9068 })
	good := goodClaims(idp.url, time.Now()).with("client_id", `"shop-web"`)
	for _, tc := range []struct{ claim, value, strict, plain string }{
		{"iss", "", ReasonIssuerUnknown, ReasonIssuerUnknown},
		{"exp", "", ReasonClaimInvalid, ReasonClaimInvalid},
		{"aud", "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"sub", "", ReasonClaimInvalid, ReasonClaimInvalid},
		{"client_id", "", ReasonClaimInvalid, "ok"},
		{"client_id", `""`, ReasonClaimInvalid, "ok"},
		{"client_id", `7`, ReasonClaimInvalid, "ok"},
		{"iat", "", ReasonClaimInvalid, "ok"},
		{"jti", "", ReasonClaimInvalid, "ok"},
		{"jti", `""`, ReasonClaimInvalid, "ok"},
	} {
		t.Run(tc.claim+tc.value, func(t *testing.T) {
			c := bearing(sign(jose.ES256, ecKey(), "k1", "at+jwt", good.with(tc.claim, tc.value).String()))
			wantOutcome(t, NewChain(strict), c, tc.strict)
			wantOutcome(t, NewChain(plain), c, tc.plain)
			wantOutcome(t, strict, bearing(sign(jose.ES256, ecKey(), "k1", "at+jwt", good.String())), "ok")
			got := strict.Assess(strings.TrimPrefix(c.Authorization, "Bearer "))
			if reasonOf(got) != tc.strict {
				t.Errorf("Assess: %v", got)
			}
		})
	}
}

// A65: what Keycloak calls a token in a claim counts where its header says
// nothing.
func TestOtherKindsOfToken(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := newMethod(t, idp, nil)
	good := goodClaims(idp.url, time.Now())
	for kind, want := range map[string]string{
		`"ID"`: ReasonTypeNotAllowed, `"Refresh"`: ReasonTypeNotAllowed, `"Offline"`: ReasonTypeNotAllowed, `"logout"`: ReasonTypeNotAllowed,
		`"Bearer"`: "ok", `"premium"`: "ok", `7`: "ok", "": "ok",
	} {
		wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "JWT", good.with("typ", kind).String())), want)
		if t.Failed() {
			t.Fatalf("typ %s", kind)
		}
	}
}

// A55: what a token offers as its key is noted with it, taken or refused.
func TestIgnoredHeadersOfRefused(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "", rsaKey()))
	m := NewChain(newMethod(t, idp, nil))
	payload := goodClaims(idp.url, time.Now()).String()
	expired := goodClaims(idp.url, time.Now()).with("exp", "1").String()
	attacker := newRSA(2048)
	header := func(rest string) string {
		return `{"kid":"k1","jwk":` + jwk("k1", "RS256", attacker) + `,"x5c":[]` + rest + `}`
	}
	for want, token := range map[string]string{
		ReasonSignatureInvalid:    signRaw(attacker, header(`,"alg":"RS256"`), payload),
		ReasonAlgorithmNotAllowed: signRaw(attacker, header(`,"alg":"RS512"`), payload),
		ReasonTypeNotAllowed:      signRaw(attacker, header(`,"alg":"RS256","typ":"dpop+jwt"`), payload),
		ReasonTokenExpired:        signRaw(rsaKey(), header(`,"alg":"RS256"`), expired),
	} {
		_, err := m.Authenticate(t.Context(), bearing(token))
		r, ok := errors.AsType[*Refused](err)
		if !ok || r.Reason != want || strings.Join(r.IgnoredHeaders, " ") != "jwk x5c" {
			t.Errorf("%s: %+v", want, err)
		}
	}
	_, err := m.Authenticate(t.Context(), bearing(signRaw(attacker, `{"alg":"RS256","kid":"k1"}`, payload)))
	if r, ok := errors.AsType[*Refused](err); !ok || r.IgnoredHeaders != nil {
		t.Errorf("control: %+v", err)
	}
}

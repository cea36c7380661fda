package authn

import (
	"errors"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// What Assess says of a token with a good signature is what a request with it
// gets, and a bad signature is the one thing that it does not see.
func TestAssessAgrees(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := newMethod(t, idp, nil)
	now := time.Now()
	good := goodClaims(idp.url, now)
	for name, claims := range map[string]claimSet{
		"control": good, "expired": good.with("exp", "1"), "no exp": good.with("exp", ""), "another audience": good.with("aud", `"x"`),
		"another issuer": good.with("iss", `"https://x.test"`), "no sub": good.with("sub", ""), "cnf": good.with("cnf", "{}"), "not yet": good.with("nbf", "9999999999"),
	} {
		for _, typ := range []string{"", "at+jwt", "logout+jwt"} {
			token := sign(jose.ES256, ecKey(), "k1", typ, claims.String())
			_, want := NewChain(m).Authenticate(t.Context(), bearing(token))
			got := m.Assess(token)
			a, _ := errors.AsType[*Refused](got)
			b, _ := errors.AsType[*Refused](want)
			if (a == nil) != (b == nil) || a != nil && a.Reason != b.Reason {
				t.Errorf("%s of type %q: %v, a request gets %v", name, typ, got, want)
			}
		}
	}
	forged := sign(jose.ES256, otherECKey(), "k1", "", good.String())
	if err := m.Assess(forged); err != nil {
		t.Errorf("forged: %v", err)
	}
	wantOutcome(t, m, bearing(forged), ReasonSignatureInvalid)
	if n := idp.fetches.Load(); n > 2 {
		t.Errorf("%d fetches", n)
	}
}

func TestInspect(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	v, err := Inspect(sign(jose.ES256, ecKey(), "k1", "at+jwt", goodClaims("https://idp.test", now).String()))
	if err != nil || v.Issuer != "https://idp.test" || !v.Issued.Equal(now) || !v.Expires.Equal(now.Add(time.Hour)) || !v.NotBefore.IsZero() {
		t.Errorf("%+v, %v", v, err)
	}
	for name, token := range map[string]string{
		"opaque": "abc", "no JSON": b64("{}") + "." + b64("x") + "." + b64("y"), "a bad header": b64("[]") + "." + b64("{}") + "." + b64("y"),
		"padding": b64("{}") + "." + b64("{}") + ".eA==",
	} {
		if v, err := Inspect(token); err == nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
	odd, err := Inspect(b64("{}") + "." + b64(`{"iss":7,"exp":"soon"}`) + "." + b64("y"))
	if err != nil || odd.Issuer != "" || !odd.Expires.IsZero() {
		t.Errorf("%+v, %v", odd, err)
	}
	m := must(NewIntrospection(introspectionConfig(&authorizer{}, nil)))
	if err := m.Assess("opaque"); err != nil {
		t.Errorf("opaque: %v", err)
	}
	if err := m.Assess(sign(jose.ES256, ecKey(), "k1", "", `{"iss":"x"}`)); err == nil {
		t.Error("a JWT of somebody else would be sent")
	}
}

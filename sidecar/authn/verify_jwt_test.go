package authn

import (
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestVerifyJWT(t *testing.T) {
	const iss = "https://idp.test"
	now := time.Unix(2_000_000_000, 0)
	clock := func() time.Time { return now }
	cfg := JWTConfig{Name: "main", Issuer: iss, Audiences: []string{audience}}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: ecKey().Public(), KeyID: "k1"}}}
	good := goodClaims(iss, now)
	token := func(c claimSet) string { return sign(jose.ES256, ecKey(), "k1", "at+jwt", c.String()) }
	for _, tc := range []struct {
		name, token, want string
		at                time.Duration
		change            func(*JWTConfig)
	}{
		{"control", token(good), "ok", 0, nil},
		{"almost expired", token(good), "ok", time.Hour + 30*time.Second - 1, nil},
		{"expired", token(good), ReasonTokenExpired, time.Hour + 30*time.Second, nil},
		{"not yet", token(good), ReasonTokenNotYetValid, -time.Minute, nil},
		{"another audience", token(good.with("aud", `"x"`)), ReasonAudienceMismatch, 0, nil},
		{"another issuer", token(good.with("iss", `"https://x.test"`)), ReasonIssuerUnknown, 0, nil},
		{"too long", token(good), ReasonLifetimeExceeded, 0, func(c *JWTConfig) { c.MaxLifetime = time.Minute }},
		{"another alg", token(good), ReasonAlgorithmNotAllowed, 0, func(c *JWTConfig) { c.Algorithms = []string{"RS256"} }},
		{"another type", sign(jose.ES256, ecKey(), "k1", "dpop+jwt", good.String()), ReasonTypeNotAllowed, 0, nil},
		{"the profile", token(good), ReasonClaimInvalid, 0, func(c *JWTConfig) { c.Profile = ProfileRFC9068 }},
		{"bound to a key", token(good.with("cnf", `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`)), ReasonSchemeMismatch, 0, nil},
		{"bound to a certificate", token(good.with("cnf", `{"x5t#S256":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`)), ReasonCertificateRequired, 0, nil},
		{"bound to something", token(good.with("cnf", `{"x":"y"}`)), ReasonConfirmationUnsupported, 0, nil},
		{"forged", sign(jose.ES256, otherECKey(), "k1", "", good.String()), ReasonSignatureInvalid, 0, nil},
		{"forged and expired", sign(jose.ES256, otherECKey(), "k1", "", good.with("exp", "1").String()), ReasonSignatureInvalid, 0, nil},
		{"another key", sign(jose.ES256, ecKey(), "k2", "", good.String()), ReasonKeyUnknown, 0, nil},
		{"no JSON", sign(jose.ES256, ecKey(), "k1", "", "x"), ReasonTokenMalformed, 0, nil},
		{"no token", "x", ReasonTokenMalformed, 0, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now = time.Unix(2_000_000_000, 0).Add(tc.at)
			cfg := cfg
			if tc.change != nil {
				tc.change(&cfg)
			}
			payload, err := VerifyJWT(tc.token, set, cfg, clock)
			if got := reasonOf(err); got != tc.want || (err == nil) != (string(payload) == good.String()) {
				t.Errorf("%q, %v, want %s", payload, err, tc.want)
			}
		})
	}
	cfg.Audiences = nil
	if _, err := VerifyJWT(token(good), set, cfg, clock); err == nil || reasonOf(err) == ReasonAudienceMismatch {
		t.Errorf("without audiences: %v", err)
	}
}

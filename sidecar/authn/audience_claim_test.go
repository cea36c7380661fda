package authn

import (
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Where client_id plays the audience it is compared exactly, and an aud that is
// there all the same still counts.
func TestAudienceClaim(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	byClient := newMethod(t, idp, func(c *JWTConfig) { c.Audiences = []string{"web", "jobs"}; c.AudienceClaim = "client_id" })
	byAud := methodOver(t, byClient.keys, func(c *JWTConfig) { c.Audiences = []string{"web", "jobs"}; c.AudienceClaim = "aud" })
	for _, tt := range []struct{ name, client, aud, byClient, byAud string }{
		{"access token of Cognito", `"web"`, "", "ok", ReasonAudienceMismatch},
		{"of the other client", `"jobs"`, "", "ok", ReasonAudienceMismatch},
		{"of a client of somebody else", `"other"`, "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"ID token", "", `"web"`, ReasonAudienceMismatch, "ok"},
		{"neither", "", "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"both", `"web"`, `"web"`, "ok", "ok"},
		{"both, as a list", `"web"`, `["elsewhere","jobs"]`, "ok", "ok"},
		{"for another service", `"web"`, `"elsewhere"`, ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"for nobody", `"web"`, `[]`, ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"aud of a wrong type", `"web"`, `null`, ReasonClaimInvalid, ReasonClaimInvalid},
		{"for us, of another client", `"other"`, `"web"`, ReasonAudienceMismatch, "ok"},
		{"client of a wrong type", `["web"]`, "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"client null", `null`, "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"no client", `""`, "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"other case", `"Web"`, "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"prefix", `"web2"`, "", ReasonAudienceMismatch, ReasonAudienceMismatch},
		{"several in one", `"web,jobs"`, "", ReasonAudienceMismatch, ReasonAudienceMismatch},
	} {
		claims := goodClaims(idp.url, time.Now()).with("client_id", tt.client).with("aud", tt.aud)
		c := bearing(sign(jose.ES256, ecKey(), "k1", "", claims.String()))
		for range 2 { // verified, and known
			if got := outcome(byClient, c); got != tt.byClient {
				t.Errorf("%s, held by client_id: %s, want %s", tt.name, got, tt.byClient)
			}
		}
		if got := outcome(byAud, c); got != tt.byAud {
			t.Errorf("%s, held by aud: %s, want %s", tt.name, got, tt.byAud)
		}
	}
	for name, change := range map[string]func(*JWTConfig){
		"azp":     func(c *JWTConfig) { c.AudienceClaim = "azp" },
		"profile": func(c *JWTConfig) { c.AudienceClaim, c.Profile = "client_id", ProfileRFC9068 },
		"none":    func(c *JWTConfig) { c.AudienceClaim, c.Audiences = "client_id", nil },
		"empty":   func(c *JWTConfig) { c.AudienceClaim, c.Audiences = "client_id", []string{""} },
	} {
		cfg := JWTConfig{Name: "main", Issuer: idp.url, Audiences: []string{"web"}}
		change(&cfg)
		if _, err := NewJWT(cfg, byClient.keys, nil); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

package authn

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestIntrospectionIdentity(t *testing.T) {
	asking(t, func(c *IntrospectionConfig) { c.Issuer, c.UserType = "https://idp.test", TypeService }, func(t *testing.T, a *authorizer, m *Introspection) {
		id, err := m.Authenticate(t.Context(), bearing("opaque-1"))
		if err != nil {
			t.Fatal(err)
		}
		in, err := id.Input()
		scope, _ := in.Member("scope")
		if text, _ := scope.Str(); err != nil || text != "orders:read orders:write" {
			t.Errorf("scope %q, %v", text, err)
		}
		if id.Method != "introspection" || id.Name != "opaque" || id.Issuer != "https://idp.test" || id.Type != TypeService || id.Source != SourceAuthorization ||
			id.JTIFingerprint == "" || strings.Contains(id.TokenFingerprint, "opaque-1") || !id.Expires.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("%+v", id)
		}
		if a.last.Get("token") != "opaque-1" || a.last.Get("token_type_hint") != "access_token" || len(a.last) != 2 {
			t.Errorf("asked %v", a.last)
		}
	})
}

// A88: what an answer must be for a token to pass. Everything else refuses, or
// is no answer: then nobody can say, and nothing is remembered.
func TestIntrospectionAnswers(t *testing.T) {
	with := func(name, value string) func(*authorizer) {
		return func(a *authorizer) { a.body = activeAnswer().with(name, value).String() }
	}
	raw := func(body string) func(*authorizer) { return func(a *authorizer) { a.body = body } }
	status := func(code int) func(*authorizer) { return func(a *authorizer) { a.status = code } }
	for _, tc := range []struct {
		name   string
		change func(*authorizer)
		want   string
	}{
		{"control", func(*authorizer) {}, "ok"},
		{"inactive", raw(`{"active":false}`), ReasonTokenInactive},
		{"inactive with claims", with("active", "false"), ReasonTokenInactive},
		{"active as text", with("active", `"true"`), "broken"},
		{"active as number", with("active", "1"), "broken"},
		{"active null", with("active", "null"), "broken"},
		{"active missing", with("active", ""), "broken"},
		{"Active", raw(`{"Active":true,"sub":"alice"}`), "broken"},
		{"active twice", raw(`{"active":false,"sub":"alice","active":true}`), "broken"},
		{"expired", with("exp", "1"), ReasonTokenExpired},
		{"exp as text", with("exp", `"9999999999"`), ReasonClaimInvalid},
		{"exp as fraction", with("exp", "9999999999.5"), ReasonClaimInvalid},
		{"no exp", with("exp", ""), "ok"},
		{"nbf ahead", with("nbf", "9999999999"), ReasonTokenNotYetValid},
		{"iat ahead", with("iat", "9999999999"), ReasonTokenNotYetValid},
		{"sub empty", with("sub", `""`), ReasonClaimInvalid},
		{"sub a number", with("sub", "7"), ReasonClaimInvalid},
		{"sub null", with("sub", "null"), ReasonClaimInvalid},
		{"no sub but a client", with("sub", ""), "ok"},
		{"neither sub nor client", func(a *authorizer) { a.body = activeAnswer().with("sub", "").with("client_id", "").String() }, ReasonClaimInvalid},
		{"another issuer", with("iss", `"https://evil.test"`), ReasonIssuerUnknown},
		{"the issuer", with("iss", `"https://idp.test"`), "ok"},
		{"issuer a list", with("iss", `["https://idp.test"]`), ReasonIssuerUnknown},
		{"another audience", with("aud", `"other"`), "ok"}, // none is configured
		{"token type DPoP", with("token_type", `"DPoP"`), ReasonTypeNotAllowed},
		{"token type refresh", with("token_type", `"refresh_token"`), ReasonTypeNotAllowed},
		{"token type a number", with("token_type", "1"), ReasonTypeNotAllowed},
		{"token type absent", with("token_type", ""), "ok"},
		{"token type bearer", with("token_type", `"bearer"`), "ok"},
		{"token use id", with("token_use", `"id"`), ReasonTypeNotAllowed},
		{"token use access", with("token_use", `"access"`), "ok"},
		{"typ Refresh", with("typ", `"Refresh"`), ReasonTypeNotAllowed},
		{"typ Bearer", with("typ", `"Bearer"`), "ok"},
		{"cnf", with("cnf", `{"jkt":"x"}`), ReasonConfirmationUnsupported},
		{"cnf of a key, as a bearer", with("cnf", `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`), ReasonSchemeMismatch},
		{"cnf of a certificate", with("cnf", `{"x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"}`), ReasonCertificateRequired},
		{"typ DPoP without a key", with("typ", `"DPoP"`), ReasonTypeNotAllowed},
		{"a list", raw(`[{"active":true}]`), "broken"},
		{"nothing", raw(""), "broken"},
		{"truncated", raw(`{"active":true,"sub":"ali`), "broken"},
		{"two objects", raw(`{"active":true,"sub":"alice"}{"active":true}`), "broken"},
		{"not UTF-8", raw("{\"active\":true,\"sub\":\"\xff\"}"), "broken"},
		{"HTML", func(a *authorizer) {
			a.header, a.body = http.Header{"Content-Type": {"text/html"}}, "<html>login</html>"
		}, "broken"},
		{"JSON called HTML", func(a *authorizer) { a.header = http.Header{"Content-Type": {"text/html"}} }, "broken"},
		{"JSON with a charset", func(a *authorizer) { a.header = http.Header{"Content-Type": {"application/json; charset=utf-8"}} }, "ok"},
		{"a signed answer", func(a *authorizer) {
			a.header = http.Header{"Content-Type": {"application/token-introspection+jwt"}}
		}, "broken"},
		{"as large as may be", func(a *authorizer) { a.body += strings.Repeat(" ", maxAnswer-len(a.body)) }, "ok"},
		{"a byte larger", func(a *authorizer) { a.body += strings.Repeat(" ", maxAnswer-len(a.body)+1) }, "broken"},
		{"201", status(http.StatusCreated), "broken"},
		{"204", status(http.StatusNoContent), "broken"},
		{"302", func(a *authorizer) {
			a.status, a.header = http.StatusFound, http.Header{"Location": {"https://idp.test/other"}}
		}, "broken"},
		{"400", status(http.StatusBadRequest), "broken"},
		{"401", status(http.StatusUnauthorized), "broken"},
		{"403", status(http.StatusForbidden), "broken"},
		{"429", status(http.StatusTooManyRequests), "broken"},
		{"500", status(http.StatusInternalServerError), "broken"},
		{"503", status(http.StatusServiceUnavailable), "broken"},
		{"no connection", func(a *authorizer) { a.fails = errors.New("connection refused") }, "broken"},
		{"slower than the limit", func(a *authorizer) { a.delay = 1001 * time.Millisecond }, "broken"},
		{"almost as slow", func(a *authorizer) { a.delay = 999 * time.Millisecond }, "ok"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asking(t, func(c *IntrospectionConfig) { c.Issuer = "https://idp.test" }, func(t *testing.T, a *authorizer, m *Introspection) {
				a.set(tc.change)
				got, after := refusedAs(m, bearing("opaque-1"))
				if got != tc.want || got == "broken" && after < time.Second {
					t.Errorf("outcome %s (retry after %v), want %s", got, after, tc.want)
				}
				if tc.want != "broken" {
					// The control: when the answer is forgotten, the good one counts.
					time.Sleep(time.Minute + time.Second)
				}
				// What is no answer is not remembered: the next request hears of the good one.
				a.set(func(a *authorizer) {
					a.status, a.header, a.delay, a.fails, a.body = 0, nil, 0, nil, activeAnswer().String()
				})
				wantOutcome(t, m, bearing("opaque-1"), "ok")
			})
		})
	}
}

func TestIntrospectionAudience(t *testing.T) {
	for aud, want := range map[string]string{
		"": ReasonAudienceMismatch, `[]`: ReasonAudienceMismatch, `"other"`: ReasonAudienceMismatch, `"shop-api,other"`: ReasonAudienceMismatch,
		`7`: ReasonClaimInvalid, `"shop-api"`: "ok", `["other","shop-api"]`: "ok",
	} {
		asking(t, func(c *IntrospectionConfig) { c.Audiences = []string{audience} }, func(t *testing.T, a *authorizer, m *Introspection) {
			a.says(activeAnswer().with("aud", aud).String())
			if got := outcome(m, bearing("opaque-1")); got != want {
				t.Errorf("aud %s: %s, want %s", aud, got, want)
			}
		})
	}
}

// A token is sent to the endpoint only if it may be the endpoint's.
func TestIntrospectionSendsOnlyItsOwn(t *testing.T) {
	now := time.Now()
	token := func(iss string) string {
		return sign(jose.ES256, ecKey(), "k1", "", goodClaims(iss, now).String())
	}
	mine := token("https://idp.test")
	apiKey, _ := NewAPIKey("job")
	for _, tc := range []struct {
		name, header, want string
		asked              int64
	}{
		{"opaque", "Bearer abc.DEF-_~+/==", "ok", 1},
		{"a JWT of the issuer", "Bearer " + mine, "ok", 1},
		{"a JWT of another issuer", "Bearer " + token("https://other.test"), "not mine", 0},
		{"a JWT of a longer issuer", "Bearer " + token("https://idp.test/"), "not mine", 0},
		{"a JWT without an issuer", "Bearer " + sign(jose.ES256, ecKey(), "k1", "", `{"sub":"a"}`), "not mine", 0},
		{"a JWT with padding", "Bearer " + mine + "=", "not mine", 0},
		{"a JWT whose payload is none", "Bearer " + sign(jose.ES256, ecKey(), "k1", "", "x"), "not mine", 0},
		{"a JWT of another issuer, spaced", "Bearer " + b64(`{ "alg":"ES256"}`) + "." + b64(`{"iss":"https://other.test"}`) + ".AAAA", "not mine", 0},
		{"a JWT of the issuer, spaced", "Bearer " + b64("{\n\"alg\":\"ES256\"}") + "." + b64(`{"iss":"https://idp.test"}`) + ".AAAA", "ok", 1},
		{"what looks like one", "Bearer ewog.a.b", "not mine", 0},
		{"three parts that are none", "Bearer v1.local.abc", "ok", 1},
		{"an API key", "Bearer " + apiKey, "not mine", 0},
		{"almost an API key", "Bearer " + apiKey + "A", "ok", 1},
		{"five parts are opaque", "Bearer eyJ.a.b.c.d", "ok", 1},
		{"two spaces", "Bearer  abc", "not mine", 0},
		{"empty", "Bearer ", "not mine", 0},
		{"only padding", "Bearer ==", "not mine", 0},
		{"padding inside", "Bearer a=b", "not mine", 0},
		{"a comma", "Bearer a,b", "not mine", 0},
		{"a quote", `Bearer "a"`, "not mine", 0},
		{"a line break", "Bearer a\nb", "not mine", 0},
		{"8 KiB", "Bearer " + strings.Repeat("a", 8<<10), "ok", 1},
		{"more", "Bearer " + strings.Repeat("a", 8<<10+1), "not mine", 0},
		{"another scheme", "Basic abc", "not mine", 0},
		{"DPoP", "DPoP abc", ReasonSchemeMismatch, 1},
		{"the scheme in capitals", "BEARER abc", "ok", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asking(t, func(c *IntrospectionConfig) { c.Issuer = "https://idp.test" }, func(t *testing.T, a *authorizer, m *Introspection) {
				wantOutcome(t, m, Credentials{Authorization: tc.header, HasAuthorization: true}, tc.want)
				if n := a.asked.Load(); n != tc.asked {
					t.Errorf("asked %d times", n)
				}
				// What nobody takes is refused, and no credential is nobody's.
				if got := outcome(NewChain(m), Credentials{Authorization: tc.header, HasAuthorization: true}); tc.want == "not mine" && (got == "ok" || got == "not mine") {
					t.Errorf("the chain says %s", got)
				}
			})
		})
	}
	asking(t, nil, func(t *testing.T, a *authorizer, m *Introspection) {
		wantOutcome(t, m, Credentials{}, "not mine")
		// No issuer is configured: no JWT is sent anywhere.
		wantOutcome(t, m, bearing(mine), "not mine")
		wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", `{"sub":"a"}`)), "not mine")
		wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", `{"iss":""}`)), "not mine")
		wantOutcome(t, m, bearing("opaque"), "ok")
	})
}

// Where one issuer is configured twice, a token has to pass both: the signature,
// and the server that may have revoked it.
func TestIntrospectionBesideJWT(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	local := newMethod(t, idp, nil)
	a := &authorizer{}
	m := must(NewIntrospection(introspectionConfig(a, func(c *IntrospectionConfig) { c.Issuer = idp.url })))
	chain := NewChain(local, m)
	good := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, time.Now()).String()))
	forged := bearing(sign(jose.ES256, otherECKey(), "k1", "", goodClaims(idp.url, time.Now()).String()))
	a.says(activeAnswer().String())
	wantOutcome(t, chain, good, "ok")
	wantOutcome(t, chain, forged, ReasonSignatureInvalid)
	if n := a.asked.Load(); n != 1 {
		t.Errorf("asked %d times; a forged token must not be sent", n)
	}
	a.says(`{"active":false}`)
	revoked := bearing(sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, time.Now()).with("jti", `"id-2"`).String()))
	wantOutcome(t, chain, revoked, ReasonTokenInactive)
	wantOutcome(t, local, revoked, "ok")
}

func TestNewIntrospectionRefuses(t *testing.T) {
	for name, change := range map[string]func(*IntrospectionConfig){
		"no name":              func(c *IntrospectionConfig) { c.Name = "" },
		"no endpoint":          func(c *IntrospectionConfig) { c.Endpoint = "" },
		"http":                 func(c *IntrospectionConfig) { c.Endpoint = "http://idp.test/introspect" },
		"file":                 func(c *IntrospectionConfig) { c.Endpoint = "file:///etc/passwd" },
		"metadata address":     func(c *IntrospectionConfig) { c.Endpoint = "https://169.254.169.254/" },
		"password in the URL":  func(c *IntrospectionConfig) { c.Endpoint = "https://a:s3cret@idp.test/" },
		"fragment":             func(c *IntrospectionConfig) { c.Endpoint += "#a" },
		"no client id":         func(c *IntrospectionConfig) { c.Auth.ID = "" },
		"no secret":            func(c *IntrospectionConfig) { c.Auth.Secret = "" },
		"secret and key":       func(c *IntrospectionConfig) { c.Auth.Key = "x" },
		"unknown client auth":  func(c *IntrospectionConfig) { c.Auth.Method = "none" },
		"empty audience":       func(c *IntrospectionConfig) { c.Audiences = []string{""} },
		"unknown type":         func(c *IntrospectionConfig) { c.UserType = "robot" },
		"remembering too long": func(c *IntrospectionConfig) { c.ActiveTTL = 301 * time.Second },
		"waiting too long":     func(c *IntrospectionConfig) { c.Timeout = 11 * time.Second },
		"shared transport":     func(c *IntrospectionConfig) { c.HTTP = &http.Client{} },
	} {
		if _, err := NewIntrospection(introspectionConfig(&authorizer{}, change)); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	m, err := NewIntrospection(introspectionConfig(&authorizer{}, nil))
	if err != nil {
		t.Fatalf("control: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v", m.cfg.Auth, m.cfg, m.cfg.Auth); strings.Contains(text, "s3cret") {
		t.Errorf("printed %s", text)
	}
}

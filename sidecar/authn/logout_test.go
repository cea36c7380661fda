package authn

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	logoutClient = "shop-web"
	goodEvents   = `{"http://schemas.openid.net/event/backchannel-logout":{}}`
)

// logoutClaims are those of section 2.4 of the specification.
func logoutClaims(iss string, now time.Time) claimSet {
	return claimSet{
		"iss": quote(iss), "aud": quote(logoutClient), "jti": `"out-1"`, "events": goodEvents, "sub": `"alice"`,
		"iat": fmt.Sprint(now.Unix()), "exp": fmt.Sprint(now.Add(2 * time.Minute).Unix()),
	}
}

// loggedOut gives "ok", or why a logout token is not taken.
func loggedOut(t testing.TB, m *JWT, token string) string {
	t.Helper()
	_, err := m.Logout(t.Context(), token, netip.Addr{})
	if u, ok := errors.AsType[*unclaimed](err); ok {
		return "not mine: " + u.why.Reason
	}
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Reason
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}

func logsOut(c *JWTConfig) { c.LogoutClient = logoutClient }

// Each fault of a logout token refuses it, with its own reason, and lets the
// user's token pass; the good twin ends it (A111).
func TestLogoutToken(t *testing.T) {
	later := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	for _, tc := range []struct {
		name   string
		typ    string
		change func(c claimSet) claimSet
		want   string
	}{
		{"good twin", "logout+jwt", func(c claimSet) claimSet { return c }, "ok"},
		{"media type in full", "application/logout+JWT", func(c claimSet) claimSet { return c }, "ok"},
		{"plain type", "JWT", func(c claimSet) claimSet { return c }, "ok"},
		{"no type", "", func(c claimSet) claimSet { return c }, "ok"},
		{"session beside the user", "logout+jwt", func(c claimSet) claimSet { return c.with("sid", `"s-1"`) }, "ok"},
		{"one of several audiences", "logout+jwt", func(c claimSet) claimSet { return c.with("aud", `["other","shop-web"]`) }, "ok"},
		{"type of an access token", "at+jwt", func(c claimSet) claimSet { return c }, ReasonTypeNotAllowed},
		{"type of a proof", "dpop+jwt", func(c claimSet) claimSet { return c }, ReasonTypeNotAllowed},
		{"no iss", "logout+jwt", func(c claimSet) claimSet { return c.with("iss", "") }, "not mine: " + ReasonIssuerUnknown},
		{"another iss", "logout+jwt", func(c claimSet) claimSet { return c.with("iss", `"https://evil"`) }, "not mine: " + ReasonIssuerUnknown},
		{"no aud", "logout+jwt", func(c claimSet) claimSet { return c.with("aud", "") }, ReasonAudienceMismatch},
		{"aud of the API, not of the client", "logout+jwt", func(c claimSet) claimSet { return c.with("aud", quote(audience)) }, ReasonAudienceMismatch},
		{"aud is a number", "logout+jwt", func(c claimSet) claimSet { return c.with("aud", "7") }, ReasonAudienceMismatch},
		{"no iat", "logout+jwt", func(c claimSet) claimSet { return c.with("iat", "") }, ReasonLogoutInvalid},
		{"no exp", "logout+jwt", func(c claimSet) claimSet { return c.with("exp", "") }, ReasonLogoutInvalid},
		{"iat is no whole number", "logout+jwt", func(c claimSet) claimSet { return c.with("iat", "1.5") }, ReasonClaimInvalid},
		{"exp has passed", "logout+jwt", func(c claimSet) claimSet { return c.with("exp", later(-time.Minute)) }, ReasonTokenExpired},
		{"older than any on its way", "logout+jwt", func(c claimSet) claimSet { return c.with("iat", later(-6*time.Minute)) }, ReasonTokenExpired},
		{"iat lies ahead", "logout+jwt", func(c claimSet) claimSet { return c.with("iat", later(time.Minute)) }, ReasonTokenNotYetValid},
		{"nbf lies ahead", "logout+jwt", func(c claimSet) claimSet { return c.with("nbf", later(time.Minute)) }, ReasonTokenNotYetValid},
		{"nonce", "logout+jwt", func(c claimSet) claimSet { return c.with("nonce", `"n"`) }, ReasonLogoutInvalid},
		{"nonce that is null", "logout+jwt", func(c claimSet) claimSet { return c.with("nonce", "null") }, ReasonLogoutInvalid},
		{"no events", "logout+jwt", func(c claimSet) claimSet { return c.with("events", "") }, ReasonLogoutInvalid},
		{"events is a text", "logout+jwt", func(c claimSet) claimSet {
			return c.with("events", `"http://schemas.openid.net/event/backchannel-logout"`)
		}, ReasonLogoutInvalid},
		{"events is a list", "logout+jwt", func(c claimSet) claimSet { return c.with("events", "["+goodEvents+"]") }, ReasonLogoutInvalid},
		{"another event", "logout+jwt", func(c claimSet) claimSet {
			return c.with("events", `{"http://schemas.openid.net/event/frontchannel-logout":{}}`)
		}, ReasonLogoutInvalid},
		{"two events", "logout+jwt", func(c claimSet) claimSet { return c.with("events", goodEvents[:len(goodEvents)-1]+`,"x":{}}`) }, ReasonLogoutInvalid},
		{"event is no object", "logout+jwt", func(c claimSet) claimSet { return c.with("events", strings.Replace(goodEvents, "{}", "true", 1)) }, ReasonLogoutInvalid},
		{"neither sub nor sid", "logout+jwt", func(c claimSet) claimSet { return c.with("sub", "") }, ReasonLogoutInvalid},
		{"empty sub beside a sid", "logout+jwt", func(c claimSet) claimSet { return c.with("sub", `""`).with("sid", `"s"`) }, ReasonLogoutInvalid},
		{"sid is a number", "logout+jwt", func(c claimSet) claimSet { return c.with("sid", "7") }, ReasonLogoutInvalid},
		{"sub is too long", "logout+jwt", func(c claimSet) claimSet { return c.with("sub", quote(strings.Repeat("a", 1025))) }, ReasonLogoutInvalid},
		{"no jti", "logout+jwt", func(c claimSet) claimSet { return c.with("jti", "") }, ReasonLogoutInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, b *bench) {
				b.start()
				m := methodOver(t, b.keys, logsOut)
				token := b.good("k1")
				wantOutcome(t, m, bearing(token), "ok")
				claims := tc.change(logoutClaims(b.idp.url, time.Now()))
				if got := loggedOut(t, m, sign(jose.ES256, ecKey(), "k1", tc.typ, claims.String())); got != tc.want {
					t.Fatalf("%s, want %s", got, tc.want)
				}
				after := "ok"
				if tc.want == "ok" {
					after = ReasonTokenRevoked
				}
				wantOutcome(t, m, bearing(token), after)
			})
		})
	}
}

// What a signature does not cover is not believed, and a token that is no logout
// token does not become one.
func TestLogoutSignature(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		m := methodOver(t, b.keys, logsOut)
		claims := logoutClaims(b.idp.url, time.Now()).String()
		good := sign(jose.ES256, ecKey(), "k1", "logout+jwt", claims)
		head := b64(`{"alg":"none","typ":"logout+jwt"}`)
		for name, tc := range map[string][2]string{
			"alg none":             {head + "." + b64(claims) + ".", ReasonAlgorithmNotAllowed},
			"alg none, signature":  {head + "." + b64(claims) + "." + strings.Split(good, ".")[2], ReasonAlgorithmNotAllowed},
			"another key":          {sign(jose.ES256, otherECKey(), "k1", "logout+jwt", claims), ReasonSignatureInvalid},
			"a secret":             {sign(jose.HS256, []byte(strings.Repeat("k", 32)), "k1", "logout+jwt", claims), ReasonAlgorithmNotAllowed},
			"unknown kid":          {sign(jose.ES256, ecKey(), "k9", "logout+jwt", claims), ReasonKeyUnknown},
			"padding":              {good + "=", "not mine: " + ReasonTokenMalformed},
			"an access token":      {b.good("k1"), ReasonAudienceMismatch},
			"an ID token":          {sign(jose.ES256, ecKey(), "k1", "JWT", goodClaims(b.idp.url, time.Now()).with("aud", quote(logoutClient)).with("nonce", `"n"`).String()), ReasonLogoutInvalid},
			"empty":                {"", "not mine: " + ReasonTokenMalformed},
			"longer than a token":  {strings.Repeat("a", 9<<10), "not mine: " + ReasonTokenTooLarge},
			"two claims of a name": {sign(jose.ES256, ecKey(), "k1", "logout+jwt", strings.Replace(claims, "{", `{"sub":"bob",`, 1)), "not mine: " + ReasonTokenMalformed},
		} {
			if got := loggedOut(t, m, tc[0]); got != tc[1] {
				t.Errorf("%s: %s, want %s", name, got, tc[1])
			}
		}
		wantOutcome(t, m, bearing(b.good("k1")), "ok")
		if got := loggedOut(t, b.m, good); got != ErrNotMine.Error() {
			t.Errorf("without logout in the configuration: %s", got)
		}
		if got := loggedOut(t, m, good); got != "ok" {
			t.Errorf("good twin: %s", got)
		}
		if got := loggedOut(t, m, good); got != ReasonLogoutReplayed {
			t.Errorf("a second time: %s", got)
		}
		time.Sleep(time.Minute)
		next := logoutClaims(b.idp.url, time.Now()).with("jti", `"out-2"`).String()
		if got := loggedOut(t, m, sign(jose.ES256, ecKey(), "k1", "logout+jwt", next)); got != "ok" {
			t.Errorf("another one: %s", got)
		}
	})
}

// A logout token is taken for a logout only, also where its client is an
// audience and it has no type of its own (A65).
func TestLogoutTokenIsNoAccessToken(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		b.start()
		m := methodOver(t, b.keys, func(c *JWTConfig) { c.Audiences, c.LogoutClient = []string{logoutClient}, logoutClient })
		claims := logoutClaims(b.idp.url, time.Now())
		for _, typ := range []string{"logout+jwt", "JWT", ""} {
			for _, events := range []string{goodEvents, strings.Replace(goodEvents, "{}", "1", 1)} {
				wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", typ, claims.with("events", events).String())), ReasonTypeNotAllowed)
			}
		}
		for _, events := range []string{"", `{"https://example.com/another":{}}`, `"text"`} {
			wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "JWT", claims.with("events", events).String())), "ok")
		}
	})
}

// While the keys are missing nobody can say what a logout token is worth.
func TestLogoutWithoutKeys(t *testing.T) {
	bubble(t, nil, func(t *testing.T, b *bench) {
		m := methodOver(t, b.keys, logsOut)
		_, err := m.Logout(t.Context(), sign(jose.ES256, ecKey(), "k1", "logout+jwt", logoutClaims(b.idp.url, time.Now()).String()), netip.Addr{})
		if _, ok := errors.AsType[*Broken](err); !ok {
			t.Errorf("%v", err)
		}
	})
}

func FuzzLogout(f *testing.F) {
	idp := newIssuer(f, jwk("k1", "ES256", ecKey()))
	m := newMethod(f, idp, logsOut)
	now := time.Now()
	for _, claims := range []claimSet{
		logoutClaims(idp.url, now), logoutClaims(idp.url, now).with("sid", `"s"`), logoutClaims(idp.url, now).with("nonce", "1"),
		logoutClaims(idp.url, now).with("events", `{"a":{"b":[]}}`), logoutClaims(idp.url, now).with("sub", ""),
	} {
		f.Add(claims.String())
	}
	f.Fuzz(func(t *testing.T, claims string) {
		o, err := parseObject([]byte(claims))
		if err != nil {
			return
		}
		l, id, err := m.readLogout(o)
		if err != nil {
			if _, ok := errors.AsType[*Refused](err); !ok {
				t.Fatalf("%v", err)
			}
			return
		}
		_, nonce := o.get("nonce")
		aud, _, _ := o.texts("aud")
		if id == "" || l.Whose == (Whose{}) || l.Whose.ID != "" || nonce || !isLogout(o) || len(aud) == 0 || l.Issued.IsZero() {
			t.Fatalf("taken: %s", claims)
		}
	})
}

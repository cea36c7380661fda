package authn

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A116: nothing that is printed about a request holds its token or claims.
func TestNothingPrintsSecrets(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := NewChain(newMethod(t, idp, nil))
	claims := goodClaims(idp.url, time.Now()).with("sub", `"topsecretsub"`)
	tokens := []string{
		sign(jose.ES256, ecKey(), "k1", "", claims.with("exp", "1").String()),
		sign(jose.ES256, otherECKey(), "k1", "", claims.String()),
		sign(jose.ES256, ecKey(), "k1", "topsecrettyp", claims.String()),
		sign(jose.ES256, ecKey(), "k1", "", claims.with("aud", `"topsecretaud"`).String()),
		sign(jose.ES256, ecKey(), "k1", "", claims.with("iss", `"topsecretiss"`).String()),
		"topsecrettoken",
	}
	for _, token := range tokens {
		c := bearing(token)
		_, err := m.Authenticate(t.Context(), c)
		if err == nil {
			t.Fatal("accepted")
		}
		var b strings.Builder
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "c", c)
		fmt.Fprintf(&b, "%v %+v %#v %s %q %v", c, c, &c, c, c, err)
		if s := b.String(); strings.Contains(s, "topsecret") || strings.Contains(s, token[max(0, len(token)-20):]) {
			t.Errorf("leak: %s", s)
		}
		if raw, _ := json.Marshal(redactedCredentials); !strings.Contains(b.String(), string(raw)) {
			t.Errorf("credentials are not redacted: %s", b.String())
		}
	}
	// A56, A115: a kid is escaped and cut.
	_, err := m.Authenticate(t.Context(), bearing(sign(jose.ES256, ecKey(), "\u202e\u2028"+strings.Repeat("z", 200), "", claims.String())))
	if s := err.Error(); strings.Contains(s, "\u2028") || strings.Contains(s, strings.Repeat("z", 65)) || !strings.Contains(s, `\u202e\u2028zzz`) {
		t.Errorf("kid in error: %s", s)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"key-1": "key-1", "a\r\nb": `a\r\nb`, "\x1b[31m": `\x1b[31m`, `a"b`: `a\"b`, "é": `\u00e9`,
		strings.Repeat("z", 100): strings.Repeat("z", 64), strings.Repeat("\n", 100): strings.Repeat(`\n`, 32),
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

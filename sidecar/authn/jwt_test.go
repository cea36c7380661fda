package authn

import (
	"crypto"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestJWTAcceptsEveryAlgorithm(t *testing.T) {
	for _, tc := range []struct {
		alg  jose.SignatureAlgorithm
		key  crypto.Signer
		hint string // alg in the JWK
	}{
		{jose.RS256, rsaKey(), "RS256"},
		{jose.RS256, rsaKey(), ""},
		{jose.PS256, rsaKey(), ""},
		{jose.ES256, ecKey(), "ES256"},
		{jose.EdDSA, edKey(), "EdDSA"},
		{jose.EdDSA, edKey(), "Ed25519"},
	} {
		t.Run(string(tc.alg)+"/"+tc.hint, func(t *testing.T) {
			idp := newIssuer(t, jwk("k1", tc.hint, tc.key))
			m := newMethod(t, idp, nil)
			claims := goodClaims(idp.url, time.Now())
			token := sign(tc.alg, tc.key, "k1", "at+jwt", claims.String())

			id, err := m.Authenticate(t.Context(), bearing(token))
			if err != nil {
				t.Fatal(err)
			}
			if id.Method != "jwt" || id.Name != "main" || id.Source != SourceAuthorization ||
				id.Issuer != idp.url || id.Type != TypeHuman || id.KeyID != "k1" {
				t.Errorf("identity %+v", id)
			}
			if string(id.Claims) != claims.String() {
				t.Errorf("claims %s", id.Claims)
			}
			if fmt.Sprint(id.Expires.Unix()) != claims["exp"] {
				t.Errorf("expires %v", id.Expires)
			}
			if id.TokenFingerprint != fingerprint(token) || len(id.TokenFingerprint) != len("sha256:")+12 || id.JTIFingerprint != fingerprint("id-1") {
				t.Errorf("fingerprints %q %q", id.TokenFingerprint, id.JTIFingerprint)
			}
			// Control for the signature: the same token with another key's.
			forged := token[:strings.LastIndexByte(token, '.')] + "." + b64(strings.Repeat("x", 64))
			wantOutcome(t, m, bearing(forged), ReasonSignatureInvalid)
		})
	}
}

// Each row is a good token with one fault; the good token is the control.
func TestJWTClaimAttacks(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := NewChain(newMethod(t, idp, nil))
	now := time.Now()
	in := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	good := goodClaims(idp.url, now)
	token := func(c claimSet) Credentials {
		return bearing(sign(jose.ES256, ecKey(), "k1", "at+jwt", c.String()))
	}

	for _, tc := range []struct {
		row, claim, value, want string
	}{
		{"control", "extra", `{"deep":[1.5,null,true]}`, "ok"},

		{"A61 no aud", "aud", "", ReasonAudienceMismatch},
		{"A61 empty list", "aud", `[]`, ReasonAudienceMismatch},
		{"A61 other", "aud", `["other"]`, ReasonAudienceMismatch},
		{"A61 comma", "aud", `"shop-api,other"`, ReasonAudienceMismatch},
		{"A61 case", "aud", `"Shop-API"`, ReasonAudienceMismatch},
		{"A61 number", "aud", `5`, ReasonClaimInvalid},
		{"A61 list with a number", "aud", `["shop-api",5]`, ReasonClaimInvalid},
		{"A61 object", "aud", `{"shop-api":true}`, ReasonClaimInvalid},
		{"A61 null", "aud", `null`, ReasonClaimInvalid},
		{"A61 control: list", "aud", `["other","shop-api"]`, "ok"},

		{"A62 slash", "iss", quote(idp.url + "/"), ReasonIssuerUnknown},
		{"A62 suffix", "iss", quote(idp.url + ".evil"), ReasonIssuerUnknown},
		{"A62 case", "iss", quote(strings.ToUpper(idp.url)), ReasonIssuerUnknown},
		{"A62 missing", "iss", "", ReasonIssuerUnknown},
		{"A62 list", "iss", "[" + quote(idp.url) + "]", ReasonIssuerUnknown},
		{"A62 null", "iss", "null", ReasonIssuerUnknown},

		{"A64 empty sub", "sub", `""`, ReasonClaimInvalid},
		{"A64 missing sub", "sub", "", ReasonClaimInvalid},
		{"A64 number sub", "sub", "7", ReasonClaimInvalid},
		{"A64 object sub", "sub", "{}", ReasonClaimInvalid},
		{"A64 null sub", "sub", "null", ReasonClaimInvalid},
		{"jti number", "jti", "7", ReasonClaimInvalid},
		{"control: no jti", "jti", "", "ok"},

		{"A68 control: Aud is just another claim", "Aud", `"other"`, "ok"},
		{"A68 control: EXP is just another claim", "EXP", `1`, "ok"},
		{"A68 lone surrogate", "name", `"\ud800"`, ReasonTokenMalformed},
		{"A68 control: surrogate pair", "name", `"\ud83d\ude00"`, "ok"},

		{"A70 exp missing", "exp", "", ReasonClaimInvalid},
		{"A70 exp null", "exp", "null", ReasonClaimInvalid},
		{"A70 exp string", "exp", `"` + in(time.Hour) + `"`, ReasonClaimInvalid},
		{"A70 exp exponent", "exp", "1e30", ReasonClaimInvalid},
		{"A70 exp fraction", "exp", in(time.Hour) + ".5", ReasonClaimInvalid},
		{"A70 exp 2^53", "exp", "9007199254740992", ReasonClaimInvalid},
		{"A70 exp below 2^53", "exp", "9007199254740991", ReasonLifetimeExceeded},
		{"A70 exp -1", "exp", "-1", ReasonClaimInvalid},
		{"A70 exp 0", "exp", "0", ReasonTokenExpired},
		{"A70 expired", "exp", in(-31 * time.Second), ReasonTokenExpired},
		{"A70 control: expired within leeway", "exp", in(-25 * time.Second), "ok"},
		{"A70 nbf ahead", "nbf", in(35 * time.Second), ReasonTokenNotYetValid},
		{"A70 nbf string", "nbf", `"1"`, ReasonClaimInvalid},
		{"A70 control: nbf within leeway", "nbf", in(29 * time.Second), "ok"},
		{"A70 iat ahead", "iat", in(35 * time.Second), ReasonTokenNotYetValid},
		{"A70 iat fraction", "iat", "1.5", ReasonClaimInvalid},
		{"A70 control: no iat", "iat", "", "ok"},
		{"A70 10 years", "exp", in(10 * 365 * 24 * time.Hour), ReasonLifetimeExceeded},
		{"A70 long since iat", "iat", in(-24 * time.Hour), ReasonLifetimeExceeded},

		{"A74 bound token", "cnf", `{"x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"}`, ReasonCertificateRequired},
		{"A74 bound token, null", "cnf", `null`, ReasonConfirmationUnsupported},
	} {
		t.Run(tc.row, func(t *testing.T) {
			wantOutcome(t, m, token(good.with(tc.claim, tc.value)), tc.want)
			wantOutcome(t, m, token(good), "ok")
		})
	}
	t.Run("10 years without iat", func(t *testing.T) {
		long := good.with("iat", "").with("exp", in(25*time.Hour))
		wantOutcome(t, m, token(long), ReasonLifetimeExceeded)
	})
	t.Run("A68 duplicates", func(t *testing.T) {
		plain := good.String()
		for _, dup := range []string{
			`{"sub":"mallory",` + plain[1:],
			`{"\u0073ub":"mallory",` + plain[1:],
			`{"nest":{"a":1,"a":2},` + plain[1:],
			plain + `{}`,
			plain + "x",
			`[` + plain + `]`,
			"\ufeff" + plain,
			`{"bad":"` + "\xff" + `",` + plain[1:],
		} {
			wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", dup)), ReasonTokenMalformed)
		}
		wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", `{"Sub":"mallory",`+plain[1:])), "ok")
	})
}

// The leeway is exactly 30 s on both sides.
func TestJWTLeewayIsExact(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	keys := newMethod(t, idp, nil).keys
	base := time.Unix(2_000_000_000, 0)
	now := base
	m := must(NewJWT(JWTConfig{Name: "main", Issuer: idp.url, Audiences: []string{audience}}, keys, func() time.Time { return now }))
	for _, tc := range []struct {
		claim string
		at    time.Duration // of the clock
		want  string
	}{
		{"exp", 30*time.Second - 1, "ok"},
		{"exp", 30 * time.Second, ReasonTokenExpired},
		{"nbf", -30 * time.Second, "ok"},
		{"nbf", -30*time.Second - 1, ReasonTokenNotYetValid},
		{"iat", -30 * time.Second, "ok"},
		{"iat", -30*time.Second - 1, ReasonTokenNotYetValid},
	} {
		claims := goodClaims(idp.url, base).with("iat", "").with(tc.claim, fmt.Sprint(base.Unix()))
		now = base.Add(tc.at)
		t.Run(fmt.Sprint(tc.claim, tc.at), func(t *testing.T) {
			wantOutcome(t, m, bearing(sign(jose.ES256, ecKey(), "k1", "", claims.String())), tc.want)
		})
	}
}

func TestJWTHeaderAttacks(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "RS256", rsaKey()), jwk("k2", "RS256", otherRSAKey()), jwk("ec", "ES256", ecKey()))
	m := NewChain(newMethod(t, idp, nil))
	payload := goodClaims(idp.url, time.Now()).String()
	const good = `{"alg":"RS256","kid":"k1","typ":"at+jwt"}`
	before := idp.fetches.Load()

	for _, tc := range []struct{ row, header, want string }{
		{"A56 kid number", `{"alg":"RS256","kid":1}`, ReasonTokenMalformed},
		{"A56 kid null", `{"alg":"RS256","kid":null}`, ReasonTokenMalformed},
		{"A56 kid empty", `{"alg":"RS256","kid":""}`, ReasonTokenMalformed},
		{"A56 kid CRLF", `{"alg":"RS256","kid":"k1\r\n"}`, ReasonTokenMalformed},
		{"A56 kid long", `{"alg":"RS256","kid":"` + strings.Repeat("k", 300) + `"}`, ReasonTokenMalformed},
		{"A56 kid 10 KB", `{"alg":"RS256","kid":"` + strings.Repeat("k", 10<<10) + `"}`, ReasonTokenTooLarge},
		{"A58 crit exp", `{"alg":"RS256","kid":"k1","crit":["exp"]}`, ReasonCritNotSupported},
		{"A58 crit unknown", `{"alg":"RS256","kid":"k1","crit":["x-pol"],"x-pol":1}`, ReasonCritNotSupported},
		{"A58 crit empty", `{"alg":"RS256","kid":"k1","crit":[]}`, ReasonCritNotSupported},
		{"A58 crit b64 true", `{"alg":"RS256","kid":"k1","crit":["b64"],"b64":true}`, ReasonCritNotSupported},
		{"A58 crit b64 false", `{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}`, ReasonCritNotSupported},
		{"A58 b64 false", `{"alg":"RS256","kid":"k1","b64":false}`, ReasonCritNotSupported},
		{"A58 b64 true", `{"alg":"RS256","kid":"k1","b64":true}`, ReasonCritNotSupported},
		{"A68 dup alg", `{"alg":"RS256","alg":"RS256","kid":"k1"}`, ReasonTokenMalformed},
		{"A68 dup alg escaped", `{"alg":"RS256","\u0061lg":"none","kid":"k1"}`, ReasonTokenMalformed},
		{"A68 case", `{"ALG":"RS256","kid":"k1"}`, ReasonAlgorithmNotAllowed},
		{"alg missing", `{"kid":"k1"}`, ReasonAlgorithmNotAllowed},
		{"alg number", `{"alg":256,"kid":"k1"}`, ReasonTokenMalformed},
		{"alg none", `{"alg":"none","kid":"k1"}`, ReasonAlgorithmNotAllowed},
		{"alg nOnE", `{"alg":"nOnE","kid":"k1"}`, ReasonAlgorithmNotAllowed},
		{"alg not configured", `{"alg":"RS512","kid":"k1"}`, ReasonAlgorithmNotAllowed},
		{"alg of another key", `{"alg":"RS256","kid":"ec"}`, ReasonAlgorithmNotAllowed},
		{"alg other than the key's own", `{"alg":"PS256","kid":"k1"}`, ReasonAlgorithmNotAllowed},
		{"cty", `{"alg":"RS256","kid":"k1","cty":"JWT"}`, ReasonNestedNotSupported},
		{"cty long form", `{"alg":"RS256","kid":"k1","cty":"application/jwt"}`, ReasonNestedNotSupported},
		{"enc", `{"alg":"RS256","kid":"k1","enc":"A128GCM"}`, ReasonTokenMalformed},
		{"header list", `["RS256"]`, ReasonTokenMalformed},
		{"header big", `{"alg":"RS256","kid":"k1","x":"` + strings.Repeat("x", 2048) + `"}`, ReasonTokenMalformed},
		{"A66 header deep", `{"alg":"RS256","kid":"k1","x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, ReasonTokenMalformed},
		{"A66 control: 16 levels", `{"alg":"RS256","kid":"k1","x":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}`, "ok"},

		{"A65 dpop", `{"alg":"RS256","kid":"k1","typ":"dpop+jwt"}`, ReasonTypeNotAllowed},
		{"A65 logout", `{"alg":"RS256","kid":"k1","typ":"logout+jwt"}`, ReasonTypeNotAllowed},
		{"A65 logout long form", `{"alg":"RS256","kid":"k1","typ":"Application/Logout+JWT"}`, ReasonTypeNotAllowed},
		{"A65 secevent", `{"alg":"RS256","kid":"k1","typ":"secevent+jwt"}`, ReasonTypeNotAllowed},
		{"A65 introspection", `{"alg":"RS256","kid":"k1","typ":"token-introspection+jwt"}`, ReasonTypeNotAllowed},
		{"A65 other", `{"alg":"RS256","kid":"k1","typ":"id+jwt"}`, ReasonTypeNotAllowed},
		{"A65 number", `{"alg":"RS256","kid":"k1","typ":1}`, ReasonTokenMalformed},
		{"A65 control: none", `{"alg":"RS256","kid":"k1"}`, "ok"},
		{"A65 control: JWT", `{"alg":"RS256","kid":"k1","typ":"JWT"}`, "ok"},
		{"A65 control: long form", `{"alg":"RS256","kid":"k1","typ":"application/at+jwt"}`, "ok"},
		{"A65 control: upper case", `{"alg":"RS256","kid":"k1","typ":"AT+JWT"}`, "ok"},

		{"A55 control: jku", `{"alg":"RS256","kid":"k1","jku":"http://169.254.169.254/"}`, "ok"},
	} {
		t.Run(tc.row, func(t *testing.T) {
			wantOutcome(t, m, bearing(signRaw(rsaKey(), tc.header, payload)), tc.want)
			wantOutcome(t, m, bearing(signRaw(rsaKey(), good, payload)), "ok")
		})
	}
	// "alg of another key" may mean a replaced key: one fetch in 5 min.
	if got := idp.fetches.Load() - before; got > 1 {
		t.Errorf("%d fetches", got)
	}
}

func TestJWTKeyAttacks(t *testing.T) {
	noAlg := jwk("k1", "", rsaKey())
	idp := newIssuer(t, noAlg, jwk("k2", "", otherECKey()))
	m := NewChain(newMethod(t, idp, nil))
	payload := goodClaims(idp.url, time.Now()).String()
	good := signRaw(rsaKey(), `{"alg":"RS256","kid":"k1"}`, payload)
	attacker := newRSA(2048)
	embedded := jwk("k1", "RS256", attacker)

	hmac := func(kid string, secret []byte) string {
		var signer jose.Signer
		opts := (&jose.SignerOptions{}).WithHeader("kid", kid)
		signer = must(jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, opts))
		return must(must(signer.Sign([]byte(payload))).CompactSerialize())
	}
	for _, tc := range []struct{ row, token, want string }{
		{"A54 HS256 with an empty key", hmacEmpty(`{"alg":"HS256","kid":"k1"}`, payload), ReasonAlgorithmNotAllowed},
		{"A54 HS256 with the public key", hmac("k1", []byte(noAlg)), ReasonAlgorithmNotAllowed},
		{"A55 jwk", signRaw(attacker, `{"alg":"RS256","kid":"k1","jwk":`+embedded+`}`, payload), ReasonSignatureInvalid},
		{"A55 jku file", signRaw(attacker, `{"alg":"RS256","kid":"k1","jku":"file:///etc/passwd"}`, payload), ReasonSignatureInvalid},
		{"A55 x5u", signRaw(attacker, `{"alg":"RS256","kid":"k1","x5u":"`+idp.url+`/x5u"}`, payload), ReasonSignatureInvalid},
		{"A55 x5c", signRaw(attacker, `{"alg":"RS256","kid":"k1","x5c":[]}`, payload), ReasonSignatureInvalid},
		{"A60 unknown kid, known key", signRaw(rsaKey(), `{"alg":"RS256","kid":"nope"}`, payload), ReasonKeyUnknown},
		{"A56 path", signRaw(rsaKey(), `{"alg":"RS256","kid":"../../dev/null"}`, payload), ReasonKeyUnknown},
		{"A56 SQL", signRaw(rsaKey(), `{"alg":"RS256","kid":"' OR 1"}`, payload), ReasonKeyUnknown},
		{"A71 bad signature", signRaw(attacker, `{"alg":"RS256","kid":"k1"}`, payload), ReasonSignatureInvalid},
		{"A71 bad signature and expired", signRaw(attacker, `{"alg":"RS256","kid":"k1"}`,
			goodClaims(idp.url, time.Now().Add(-48*time.Hour)).String()), ReasonSignatureInvalid},
		{"A71 expired", signRaw(rsaKey(), `{"alg":"RS256","kid":"k1"}`,
			goodClaims(idp.url, time.Now().Add(-48*time.Hour)).String()), ReasonTokenExpired},
		{"A72 empty signature", good[:strings.LastIndexByte(good, '.')+1], ReasonSignatureInvalid},
		{"A72 none with empty signature", b64(`{"alg":"none"}`) + "." + b64(payload) + ".", ReasonAlgorithmNotAllowed},
		{"control: no kid, one key fits", signRaw(rsaKey(), `{"alg":"RS256"}`, payload), "ok"},
		{"no kid, no key fits", sign(jose.EdDSA, edKey(), "", "", payload), ReasonKeyUnknown},
	} {
		t.Run(tc.row, func(t *testing.T) {
			wantOutcome(t, m, bearing(tc.token), tc.want)
			wantOutcome(t, m, bearing(good), "ok")
		})
	}
	if got := idp.discoveries.Load(); got != 1 {
		t.Errorf("%d discoveries, want 1", got)
	}
}

// hmacEmpty signs with a key of no bytes, which go-jose would not.
func hmacEmpty(header, payload string) string {
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(string(hmacSHA256(nil, input)))
}

func TestJWTIgnoredHeadersAreReported(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "", rsaKey()))
	m := newMethod(t, idp, nil)
	payload := goodClaims(idp.url, time.Now()).String()
	id, err := m.Authenticate(t.Context(), bearing(signRaw(rsaKey(), `{"alg":"RS256","kid":"k1","x5u":"https://e/","jku":"https://e/"}`, payload)))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(id.IgnoredHeaders, " "); got != "jku x5u" {
		t.Errorf("ignored headers %q", got)
	}
}

// A token of an unknown issuer must not cause a fetch, whatever its kid.
func TestJWTUnknownIssuerNeverFetches(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	m := NewChain(newMethod(t, idp, nil))
	before := idp.fetches.Load()
	claims := goodClaims("https://idp.evil", time.Now())
	wantOutcome(t, m, bearing(sign(jose.ES256, otherECKey(), "fresh", "", claims.String())), ReasonIssuerUnknown)
	if got := idp.fetches.Load(); got != before {
		t.Errorf("%d fetches", got-before)
	}
	// Control: the same kid from the known issuer does.
	claims = goodClaims(idp.url, time.Now())
	wantOutcome(t, m, bearing(sign(jose.ES256, otherECKey(), "fresh", "", claims.String())), ReasonKeyUnknown)
	if got := idp.fetches.Load(); got != before+1 {
		t.Errorf("%d fetches, want 1", got-before)
	}
}

func TestJWTProfileRFC9068(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	strict := newMethod(t, idp, func(c *JWTConfig) { c.Profile = ProfileRFC9068 })
	extra := methodOver(t, strict.keys, func(c *JWTConfig) { c.Types = []string{"application/vendor+jwt"}; c.UserType = TypeService })
	payload := goodClaims(idp.url, time.Now()).with("client_id", `"shop-web"`).String()
	for _, tc := range []struct{ typ, strict, extra string }{
		{"", ReasonTypeNotAllowed, "ok"},
		{"JWT", ReasonTypeNotAllowed, "ok"},
		{"at+jwt", "ok", "ok"},
		{"application/at+jwt", "ok", "ok"},
		{"vendor+jwt", ReasonTypeNotAllowed, "ok"},
		{"dpop+jwt", ReasonTypeNotAllowed, ReasonTypeNotAllowed},
	} {
		c := bearing(sign(jose.ES256, ecKey(), "k1", tc.typ, payload))
		t.Run("typ "+tc.typ, func(t *testing.T) {
			wantOutcome(t, strict, c, tc.strict)
			wantOutcome(t, extra, c, tc.extra)
		})
	}
}

func TestNewJWTRefusesBadConfig(t *testing.T) {
	keys := must(NewKeySet(KeySetConfig{Issuer: "https://idp.test"}))
	good := JWTConfig{Name: "main", Issuer: "https://idp.test", Audiences: []string{audience}}
	if _, err := NewJWT(good, keys, nil); err != nil {
		t.Fatalf("control: %v", err)
	}
	for name, change := range map[string]func(*JWTConfig){
		"no name":           func(c *JWTConfig) { c.Name = "" },
		"A61 no audiences":  func(c *JWTConfig) { c.Audiences = nil },
		"A61 empty one":     func(c *JWTConfig) { c.Audiences = []string{""} },
		"other issuer":      func(c *JWTConfig) { c.Issuer = "https://idp.test/" },
		"HS256":             func(c *JWTConfig) { c.Algorithms = []string{"RS256", "HS256"} },
		"none":              func(c *JWTConfig) { c.Algorithms = []string{"none"} },
		"unknown algorithm": func(c *JWTConfig) { c.Algorithms = []string{"rs256"} },
		"profile":           func(c *JWTConfig) { c.Profile = "RFC9068" },
		"profile and types": func(c *JWTConfig) { c.Profile = ProfileRFC9068; c.Types = []string{"x+jwt"} },
		"denied type":       func(c *JWTConfig) { c.Types = []string{"application/DPoP+JWT"} },
		"wimse type":        func(c *JWTConfig) { c.Types = []string{"wimse-id+jwt"} },
		"leeway":            func(c *JWTConfig) { c.Leeway = 6 * time.Minute },
		"negative leeway":   func(c *JWTConfig) { c.Leeway = -time.Second },
		"max lifetime":      func(c *JWTConfig) { c.MaxLifetime = -time.Hour },
		"max token":         func(c *JWTConfig) { c.MaxToken = 17 << 10 },
		"user type":         func(c *JWTConfig) { c.UserType = "robot" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			change(&cfg)
			if m, err := NewJWT(cfg, keys, nil); err == nil || m != nil {
				t.Errorf("accepted")
			}
		})
	}
	if _, err := NewJWT(good, nil, nil); err == nil {
		t.Error("accepted without a key set")
	}
}

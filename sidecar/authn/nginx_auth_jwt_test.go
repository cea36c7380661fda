package authn

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// stricter lists the cases that gwctl refuses although the module does not, and
// the outcome: checks cannot be switched off, a leeway is five minutes at most,
// times are whole numbers and not negative, a user has a name, and no token is
// read from query or cookie.
var stricter = map[string]string{
	"auth_jwt_validate_exp#set to off in location":              ReasonTokenExpired,
	"auth_jwt_validate_exp#set to off in server":                ReasonTokenExpired,
	"auth_jwt_validate_sig#set to off in location":              ReasonSignatureInvalid,
	"auth_jwt_validate_sig#set to off in server":                ReasonSignatureInvalid,
	"auth_jwt_validate_sig#set to off and no auth_jwt_key_file": ReasonSignatureInvalid,
	"auth_jwt_leeway#set valid value":                           ReasonTokenExpired,
	"auth_jwt_validation_claim_exp#valid":                       ReasonTokenExpired,
	"auth_jwt_validation_claim_exp#valid leeway":                ReasonTokenExpired,
	"auth_jwt_validation_claim_nbf#valid in leeway":             ReasonTokenNotYetValid,
	"auth_jwt#exp claim of decimal point":                       ReasonClaimInvalid,
	"auth_jwt_validation_claim_iat#invalid iat to off":          ReasonClaimInvalid,
	"auth_jwt_validation_claim_sub#default in missing sub":      ReasonClaimInvalid,
	"auth_jwt_validation_header_alg#valid none":                 ReasonAlgorithmNotAllowed,
	"auth_jwt#query token":                                      "unexpected: " + ErrNotMine.Error(),
	"auth_jwt#cookie token":                                     "unexpected: " + ErrNotMine.Error(),
}

// byHeader is the case in which the module looks into the query only, and finds
// nothing there. The token in the header, which gwctl reads, is good.
const byHeader = "auth_jwt#invalid location with set multiple on server and location"

type nginxCase struct {
	ID         string
	Token      string
	Headers    map[string]string `json:"request_headers"`
	Source     string            `json:"token_source"`
	CEL        string            `json:"cel"`
	Directives []string
	Expect     struct{ Status int }
}

type nginxCases struct {
	Cases    []nginxCase
	KeyFiles map[string]json.RawMessage `json:"key_files"`
	Tokens   map[string]struct{ JWT string }
}

// TestNginxAuthJWT runs the cases of a module of nginx: whom it refuses, gwctl
// refuses, and whom it lets through passes, but for what [stricter] lists.
func TestNginxAuthJWT(t *testing.T) {
	var file nginxCases
	readExternal(t, &file, "jwt", "nginx-auth-jwt", "cases.json")
	var keys struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(file.KeyFiles["jwks.json"], &keys); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	ran, allowed, off := 0, 0, 0
	for _, c := range file.Cases {
		ran++
		set := keysOf(t, keys.Keys...)
		if slices.ContainsFunc(c.Directives, func(d string) bool { return strings.HasSuffix(d, "keys.json keyval") }) {
			set = pemKeys(t, file.KeyFiles["keys.json"])
		}
		err := c.ask(t, file.token(c), set, now)
		switch want := c.Expect.Status == http.StatusOK || c.ID == byHeader; {
		case err == nil && !want:
			t.Errorf("%s: passes", c.ID)
		case err == nil:
			allowed++
		case want:
			if off++; stricter[c.ID] == "" || reasonOf(err) != stricter[c.ID] {
				t.Errorf("%s: %v", c.ID, err)
			}
		}
	}
	if ran != 116 || allowed != 42 || off != len(stricter) {
		t.Errorf("ran %d: %d pass, and %d of %d do not by design", ran, allowed, off, len(stricter))
	}
}

// token gives the value of the Authorization header of a case, "" for none.
func (f *nginxCases) token(c nginxCase) string {
	if c.Source == "variable" {
		return "Bearer " + f.Tokens[c.Token].JWT
	}
	return c.Headers["Authorization"] // gwctl looks nowhere else
}

// ask verifies what a case sends. The module has no issuers, hence no audiences
// and no longest life; the rest is what a method does.
func (c *nginxCase) ask(t *testing.T, header string, set jose.JSONWebKeySet, now time.Time) error {
	p, ok := present(Credentials{Authorization: header, HasAuthorization: header != ""})
	if !ok {
		return ErrNotMine
	}
	token := p.token
	if jws, err := parseCompact(token, hardMaxToken); err == nil && jws.readHeader() == nil {
		// Secrets and public keys do not serve together.
		secret := strings.HasPrefix(jws.alg, "HS")
		set.Keys = slices.DeleteFunc(set.Keys, func(k jose.JSONWebKey) bool { _, oct := k.Key.([]byte); return oct != secret })
	}
	payload, err := VerifyCompact(token, set, everyAlgorithm)
	if err != nil {
		return err
	}
	claims, err := parseObject(payload)
	if err != nil {
		return err
	}
	b, err := readClaims(claims, true)
	if err != nil {
		return err
	}
	rules := requirements{leeway: c.leeway()}
	if err := rules.judge(&b, now); err != nil {
		return err
	}
	if c.CEL == "" {
		if slices.ContainsFunc(c.Directives, func(d string) bool { return strings.HasPrefix(d, "auth_jwt_require_") }) {
			return errors.New("a condition without a value")
		}
		return nil
	}
	parsed, _ := parseCompact(token, hardMaxToken)
	return holds(t, c.CEL, string(parsed.header), string(payload), now)
}

// leeway is that of the case, as far as gwctl goes: five minutes.
func (c *nginxCase) leeway() time.Duration {
	if slices.ContainsFunc(c.Directives, func(d string) bool { return strings.HasPrefix(d, "auth_jwt_leeway") }) {
		return 5 * time.Minute
	}
	return 0
}

// holds asks a condition over claims and header as `attributes` of a method.
func holds(t *testing.T, condition, header, claims string, now time.Time) error {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte("apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec: {user: {ok: {type: bool, optional: true}}}\n---\napiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: r}\nspec: {actions: {read: {}}}\n")}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	condition = strings.NewReplacer("NOW", strconv.FormatInt(now.Unix(), 10), `header[`, `claims["header"][`, `claims[`, `claims["claims"][`).Replace(condition)
	docs, found := document.Parse("gwctl.yaml", []byte("ok: "+quote(condition)+"\n"))
	if found.HasErrors() {
		t.Fatal(found)
	}
	var w document.Walker
	var expressions []mapping.Expression
	for _, e := range w.Object(docs[0], "attributes").Entries() {
		expressions = append(expressions, mapping.Expression{Attribute: e.Key, Expr: w.Text(e.Value, "ok")})
	}
	m, found := mapping.New(set, expressions)
	if found.HasErrors() {
		if !strings.Contains(condition, "!= 1 &&") {
			t.Errorf("%s: %v", condition, found)
		}
		return errors.New("the condition does not compile") // every operator with one number: no header meets it
	}
	in, err := slot.ParseJSON([]byte(fmt.Sprintf(`{"header":%s,"claims":%s}`, header, claims)))
	if err != nil {
		t.Fatal(err)
	}
	r := set.DirectRequest("r", "read")
	r.Authenticate(engine.Principal{Method: KindJWT})
	if err := m.Apply(r, in); err != nil {
		return err
	}
	i, _ := r.Values().Layout().Lookup(slot.User, "ok")
	if v, state := r.Values().Get(i); state != slot.Present || v.Text() != "true" {
		return errors.New("the condition does not hold")
	}
	return nil
}

// pemKeys reads public keys by kid.
func pemKeys(t *testing.T, raw json.RawMessage) jose.JSONWebKeySet {
	t.Helper()
	var texts map[string]string
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	for kid, text := range texts {
		block, _ := pem.Decode([]byte(text))
		set.Keys = append(set.Keys, jose.JSONWebKey{KeyID: kid, Key: must(x509.ParsePKIXPublicKey(block.Bytes))})
	}
	return set
}

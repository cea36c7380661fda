package attacks_test

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/config"
)

// A74: a proof is one of the request that the client made, not of the one that
// the proxy in front asks with (RFC 9449 section 4.3), in every dialect.
func TestProofsOfTheClient(t *testing.T) {
	t.Run("proxy", func(t *testing.T) { proofsAt(t, "") })
	for _, dialect := range config.Dialects() {
		t.Run(dialect, func(t *testing.T) { proofsAt(t, dialect) })
	}
}

func proofsAt(t *testing.T, dialect string) {
	f := newForge(t)
	r := start(t, setup{dialect: dialect, methods: f.method("")})
	if dialect != "" {
		r.doors = []door{forwardDoor{r, dialect}}
	}
	print, err := (&jose.JSONWebKey{Key: f.ec.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	token := signed(f.rsa, plainHeader, f.good().with("cnf", `{"jkt":"`+b64(print)+`"}`).String())
	show := func(method, uri string) request {
		return get("/admin/x", "Authorization: DPoP "+token, "DPoP: "+f.proof(t, token, method, uri))
	}
	good := func() request { return show("GET", "http://app.test/admin/x") }
	bad := func(code, reason string) verdict {
		return verdict{status: 401, code: code, kind: record.KindAuthnFailure, reason: reason}
	}
	bare := get("/admin/x", "Authorization: DPoP "+token)
	r.refuse(t, []refusal{
		{"A74 no proof", bare, bad("invalid_dpop_proof", "proof_required"), good(), nil},
		{"A74 as a bearer", get("/admin/x", bearer(token)), bad("invalid_token", "scheme_mismatch"), good(), nil},
		{"A74 of the carrier", show("GET", "http://gwctl.internal/decide"), bad("invalid_dpop_proof", "proof_uri"), good(), nil},
		{"A74 of another path", show("GET", "http://app.test/public/x"), bad("invalid_dpop_proof", "proof_uri"), good(), nil},
		{"A74 of another host", show("GET", "http://evil.test/admin/x"), bad("invalid_dpop_proof", "proof_uri"), good(), nil},
		{"A74 of another method", show("POST", "http://app.test/admin/x"), bad("invalid_dpop_proof", "proof_method"), good(), nil},
	})
	r.stop(t)
	text := r.out.String() + r.log.String()
	for _, secret := range append(f.shown, token) {
		if strings.Contains(text, secret[len(secret)-40:]) {
			t.Error("a token or a proof is recorded or logged")
		}
	}
}

// proof makes a DPoP proof by the EC key.
func (f *forge) proof(t *testing.T, token, method, uri string) string {
	t.Helper()
	opts := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: f.ec}, opts)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(token))
	jws, err := signer.Sign(fmt.Appendf(nil, `{"jti":"proof-%d","htm":%q,"htu":%q,"iat":%d,"ath":%q}`, len(f.shown), method, uri, time.Now().Unix(), b64(hash[:])))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	f.shown = append(f.shown, text)
	return text
}

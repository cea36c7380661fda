package authn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// proving makes proofs of one request: GET https://api.test/orders with a token.
// What a test changes is the only thing that is wrong.
type proving struct {
	key            *ecdsa.PrivateKey
	header, claims claimSet
	sent           Credentials
	token          string
	ids            *int
}

func newProving(token string, now time.Time) *proving {
	p := &proving{key: ecKey(), token: token, ids: new(int), sent: Credentials{HasAuthorization: true, Method: "GET", Scheme: "https", Host: "api.test", Path: "/orders"}}
	p.header = claimSet{"typ": `"dpop+jwt"`, "alg": `"ES256"`, "jwk": publicJWK(ecKey())}
	hash := sha256.Sum256([]byte(token))
	p.claims = claimSet{
		"htm": `"GET"`, "htu": `"https://api.test/orders"`, "iat": fmt.Sprint(now.Unix()), "ath": quote(base64.RawURLEncoding.EncodeToString(hash[:])),
	}
	return p
}

// publicJWK writes a key without anything that a thumbprint does not cover.
func publicJWK(key crypto.Signer) string {
	return string(must(jose.JSONWebKey{Key: key.Public()}.MarshalJSON()))
}

// jkt is the thumbprint of a key.
func jkt(key crypto.Signer) string {
	return base64.RawURLEncoding.EncodeToString(must((&jose.JSONWebKey{Key: key.Public()}).Thumbprint(crypto.SHA256)))
}

func boundTo(key crypto.Signer) confirmation {
	c := confirmation{member: BoundToKey}
	if !decodeThumbprint(jkt(key), &c.thumbprint) {
		panic("no thumbprint")
	}
	return c
}

// proof signs a proof with a jti of its own, unless the claims have one.
func (p *proving) proof() string {
	claims := p.claims
	if _, ok := claims["jti"]; !ok {
		*p.ids++
		claims = claims.with("jti", fmt.Sprintf(`"proof-%d"`, *p.ids))
	}
	return signES256(p.key, p.header.String(), claims.String())
}

// signES256 signs any header bytes.
func signES256(key *ecdsa.PrivateKey, header, payload string) string {
	input := b64(header) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + b64(string(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)))
}

// credentials are those of the request with a proof.
func (p *proving) credentials(proof string) Credentials {
	c := p.sent
	c.Authorization = "DPoP " + p.token
	c.Header = http.Header{"Dpop": {proof}}
	return c
}

// wantReason compares what a rule says of a proof.
func wantReason(t testing.TB, err error, want string) {
	t.Helper()
	if got := reasonOf(err); got != want {
		t.Errorf("%s (%v), want %s", got, err, want)
	}
}

// confirmed asks the rules about the token of p with a proof.
func confirmed(r *proofRules, p *proving, proof string, now time.Time) error {
	return r.confirm(boundTo(ecKey()), presented{p.token, SchemeDPoP}, p.credentials(proof), now)
}

func rulesOf(t testing.TB, cfg DPoPConfig) *proofRules {
	t.Helper()
	r, err := newProofRules(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// with gives a copy of a proof with a member of its header or claims changed.
func (p *proving) with(where, name, value string) *proving {
	out := *p
	switch where {
	case "header":
		out.header = p.header.with(name, value)
	case "claims":
		out.claims = p.claims.with(name, value)
	default:
		panic(where)
	}
	return &out
}

func extended(json, name, value string) string {
	return strings.TrimSuffix(json, "}") + "," + quote(name) + ":" + value + "}"
}

package authn

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// fixed is a method with one outcome.
type fixed struct {
	name string
	id   *Identity
	err  error
}

func (f fixed) Name() string { return f.name }
func (f fixed) Kind() string { return f.name + "_kind" }
func (f fixed) Authenticate(context.Context, Credentials) (*Identity, error) {
	return f.id, f.err
}

func TestChainOutcomes(t *testing.T) {
	ok := func(name, source string) Method {
		return fixed{name: name, id: &Identity{Name: name, Source: source}}
	}
	none := fixed{name: "none", err: ErrNotMine}
	bad := fixed{name: "bad", err: &Refused{Reason: ReasonTokenExpired}}
	broken := fixed{name: "broken", err: &Broken{Dependency: "x", RetryAfter: time.Second}}
	failing := fixed{name: "failing", err: errors.New("boom")}
	silent := fixed{name: "silent"}
	why := fixed{name: "why", err: &unclaimed{&Refused{Reason: ReasonIssuerUnknown}}}
	header := Credentials{Authorization: "Bearer x", HasAuthorization: true}
	for _, tc := range []struct {
		name    string
		cr      Credentials
		methods []Method
		want    string
		user    string
	}{
		{"nothing presented, no methods", Credentials{}, nil, "not mine", ""},
		{"nothing presented", Credentials{}, []Method{none, none}, "not mine", ""},
		{"one good", header, []Method{none, ok("a", SourceAuthorization)}, "ok", "a"},
		{"the first of two good is the user", header, []Method{ok("a", "certificate"), ok("b", SourceAuthorization)}, "ok", "a"},
		{"A72 good then bad", header, []Method{ok("a", SourceAuthorization), bad}, ReasonTokenExpired, ""},
		{"A72 bad then good", header, []Method{bad, ok("a", SourceAuthorization)}, ReasonTokenExpired, ""},
		{"broken over good", header, []Method{ok("a", SourceAuthorization), broken}, "broken", ""},
		{"refused over broken", header, []Method{broken, bad}, ReasonTokenExpired, ""},
		{"an unforeseen error is broken", header, []Method{ok("a", SourceAuthorization), failing}, "broken", ""},
		{"no identity and no error is broken", Credentials{}, []Method{silent}, "broken", ""},
		{"a header that nobody takes", header, []Method{none}, ReasonCredentialUnsupported, ""},
		{"a header without methods", header, nil, ReasonCredentialUnsupported, ""},
		{"a header that nobody takes beside a good certificate", header, []Method{ok("a", "certificate"), none}, ReasonCredentialUnsupported, ""},
		{"control: the certificate alone", Credentials{}, []Method{ok("a", "certificate"), none}, "ok", "a"},
		{"a header that nobody takes, with a reason", header, []Method{none, why}, ReasonIssuerUnknown, ""},
		{"a reason does not matter if another takes it", header, []Method{why, ok("a", SourceAuthorization)}, "ok", "a"},
		{"a header that nobody takes while one is broken", header, []Method{none, broken}, "broken", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			chain := NewChain(tc.methods...)
			wantOutcome(t, chain, tc.cr, tc.want)
			id, _ := chain.Authenticate(t.Context(), tc.cr)
			if id == nil {
				id = &Identity{}
			}
			if id.Name != tc.user {
				t.Errorf("user %q, want %q", id.Name, tc.user)
			}
		})
	}
}

// A64, A72: a header that is presented is never the same as none.
func TestChainAuthorizationShapes(t *testing.T) {
	idp := newIssuer(t, jwk("k1", "ES256", ecKey()))
	chain := NewChain(newMethod(t, idp, nil))
	token := sign(jose.ES256, ecKey(), "k1", "", goodClaims(idp.url, time.Now()).String())
	for _, tc := range []struct{ value, want string }{
		{"Bearer " + token, "ok"},
		{"bearer " + token, "ok"},
		{"BEARER " + token, "ok"},
		{"", ReasonCredentialUnsupported},
		{" ", ReasonCredentialUnsupported},
		{"Bearer", ReasonTokenMalformed},
		{"Bearer ", ReasonTokenMalformed},
		{"Bearer  " + token, ReasonTokenMalformed},
		{"Bearer " + token + " ", ReasonTokenMalformed},
		{"Bearer\t" + token, ReasonCredentialUnsupported},
		{"Bearer garbage", ReasonTokenMalformed},
		{"Bearer " + token + ", Bearer " + token, ReasonTokenMalformed},
		{token, ReasonCredentialUnsupported},
		{"Basic YTpi", ReasonCredentialUnsupported},
		{"DPoP " + token, ReasonSchemeMismatch},
		{"Token " + token, ReasonCredentialUnsupported},
	} {
		t.Run(tc.value[:min(12, len(tc.value))], func(t *testing.T) {
			wantOutcome(t, chain, Credentials{Authorization: tc.value, HasAuthorization: true}, tc.want)
		})
	}
	wantOutcome(t, chain, Credentials{}, "not mine")
	wantOutcome(t, chain, Credentials{Authorization: "Bearer " + token}, "not mine")
}

// A token goes to the method of its issuer, and a refusal names it.
func TestChainChoosesByIssuer(t *testing.T) {
	one, two := newIssuer(t, jwk("k1", "ES256", ecKey())), newIssuer(t, jwk("k1", "ES256", otherECKey()))
	chain := NewChain(newMethod(t, one, func(c *JWTConfig) { c.Name = "one" }), newMethod(t, two, func(c *JWTConfig) { c.Name = "two" }))
	mine := sign(jose.ES256, otherECKey(), "k1", "", goodClaims(two.url, time.Now()).String())
	id, err := chain.Authenticate(t.Context(), bearing(mine))
	if err != nil || id.Name != "two" || id.Issuer != two.url {
		t.Fatalf("%+v, %v", id, err)
	}
	// The keys of one issuer never serve another.
	cross := sign(jose.ES256, otherECKey(), "k1", "", goodClaims(one.url, time.Now()).String())
	_, err = chain.Authenticate(t.Context(), bearing(cross))
	if r, ok := errors.AsType[*Refused](err); !ok || r.Reason != ReasonSignatureInvalid || r.Method != "one" {
		t.Fatalf("%v", err)
	}
}

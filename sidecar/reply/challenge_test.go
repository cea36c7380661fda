package reply_test

import (
	"net/http"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// Each scheme that is offered has a challenge, and what is wrong stands in that of
// the scheme that the client used (RFC 9449 section 7.1).
func TestChallenges(t *testing.T) {
	both := reply.Schemes{DPoP: []string{"ES256", "EdDSA"}}
	only := reply.Schemes{DPoP: []string{"ES256"}, NoBearer: true}
	scope := engine.Decision{Reason: engine.ReasonInsufficientScope, Status: 403, Scopes: []string{"a", "b"}}
	refused := func(c reply.Context) reply.Answer { return reply.Refused("why", c) }
	decided := func(c reply.Context) reply.Answer { return reply.Decided(scope, c) }
	for _, tc := range []struct {
		name  string
		make  func(reply.Context) reply.Answer
		about reply.Context
		want  string
	}{
		{"nothing", reply.Unauthenticated, reply.Context{}, `Bearer realm="gwctl"`},
		{"nothing, of both", reply.Unauthenticated, reply.Context{Schemes: both, ResourceMetadata: "https://a/m"}, `Bearer realm="gwctl", resource_metadata="https://a/m", DPoP realm="gwctl", algs="ES256 EdDSA", resource_metadata="https://a/m"`},
		{"nothing, of DPoP", reply.Unauthenticated, reply.Context{Schemes: only, Realm: "r"}, `DPoP realm="r", algs="ES256"`},
		{"a bad bearer", refused, reply.Context{}, `Bearer realm="gwctl", error="invalid_token"`},
		{"a bad bearer, of both", refused, reply.Context{Schemes: both}, `Bearer realm="gwctl", error="invalid_token", DPoP realm="gwctl", algs="ES256 EdDSA"`},
		{"a bad bearer, of DPoP", refused, reply.Context{Schemes: only}, `DPoP realm="gwctl", algs="ES256", error="invalid_token"`},
		{"a bad proof", refused, reply.Context{Schemes: both, DPoP: true, Challenge: authn.Challenge{Error: authn.ErrorProof}}, `DPoP realm="gwctl", algs="ES256 EdDSA", error="invalid_dpop_proof", Bearer realm="gwctl"`},
		{"a bad proof, of DPoP", refused, reply.Context{Schemes: only, DPoP: true, Challenge: authn.Challenge{Error: authn.ErrorProof}}, `DPoP realm="gwctl", algs="ES256", error="invalid_dpop_proof"`},
		{"the method's algorithms", refused, reply.Context{Schemes: both, DPoP: true, Challenge: authn.Challenge{Algorithms: []string{"PS256"}}}, `DPoP realm="gwctl", algs="PS256", error="invalid_token", Bearer realm="gwctl"`},
		{"DPoP where it is not offered", refused, reply.Context{DPoP: true}, `Bearer realm="gwctl", error="invalid_token"`},
		{"no bearer and no DPoP", refused, reply.Context{Schemes: reply.Schemes{NoBearer: true}}, `Bearer realm="gwctl", error="invalid_token"`},
		{"a scope", decided, reply.Context{Schemes: both}, `Bearer realm="gwctl", error="insufficient_scope", scope="a b", DPoP realm="gwctl", algs="ES256 EdDSA"`},
		{"a scope, as DPoP", decided, reply.Context{Schemes: both, DPoP: true}, `DPoP realm="gwctl", algs="ES256 EdDSA", error="insufficient_scope", scope="a b", Bearer realm="gwctl"`},
	} {
		a := tc.make(tc.about)
		if got := a.Header["Www-Authenticate"]; len(got) != 1 || got[0] != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if len(a.Header["Dpop-Nonce"]) > 0 {
			t.Errorf("%s: a nonce", tc.name)
		}
	}
	a := reply.Refused("proof_nonce", reply.Context{Schemes: both, DPoP: true, Challenge: authn.Challenge{Error: authn.ErrorNonce, Nonce: "n"}}).Narrow()
	if a.Status != http.StatusUnauthorized || a.Reason != "proof_nonce" || a.Header.Get("DPoP-Nonce") != "n" || a.Header.Get("WWW-Authenticate") != `DPoP realm="gwctl", algs="ES256 EdDSA", error="use_dpop_nonce", Bearer realm="gwctl"` {
		t.Errorf("%+v", a)
	}
}

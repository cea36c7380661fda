package e2e

import (
	"encoding/base64"
	"strings"
	"testing"
)

// issuing is what the tests of two providers want of each.
type issuing interface {
	token(t testing.TB, client, resource, scope string) string
	revoke(t testing.TB, client, token string)
}

// verdict is everything that a decision tells, to the client, the record and the
// upstream.
type verdict struct {
	status                                    int
	code, challenge                           string
	event, effect, reason, rule, subject      string
	tenant, digest                            string
	userID, userRoles, userTenant, userClaims string
}

// TestTwoProviders runs the same policies behind two OpenID providers that have
// nothing in common. Only the block jwt of gwctl.yaml differs, and no decision
// does.
func TestTwoProviders(t *testing.T) {
	first, second := startProvider(t, 0), startZitadel(t)
	service := startUpstream(t)
	one := startSidecar(t, setup{issuer: first.issuer, upstream: service.URL})
	other := startSidecar(t, setup{issuer: second.URL, upstream: service.URL, attributes: zitadelAttributes})

	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	plain := func(client, resource, scope string) func(issuing) string {
		return func(p issuing) string { return bearer(p.token(t, client, resource, scope)) }
	}
	tests := []struct {
		name, method, target string
		authorization        func(issuing) string
		status               int
		reason               string
	}{
		{"RS256", "GET", order42, plain(reader, rs256, allScopes), 200, ""},
		{"ES256", "GET", order42, plain(reader, es256, allScopes), 200, ""},
		{"EdDSA", "GET", order42, plain(reader, eddsa, allScopes), 200, ""},
		{"an admin deletes", "DELETE", order42, plain(admin, rs256, allScopes), 200, ""},
		{"the role is missing", "GET", order42, plain(admin, rs256, allScopes), 403, "reader_role_missing"},
		{"no rule for the role", "DELETE", order42, plain(reader, es256, allScopes), 403, "no_matching_rule"},
		{"the scope is missing", "GET", order42, plain(reader, rs256, "orders:write"), 403, "insufficient_scope"},
		{"another tenant", "GET", order42, plain(stranger, eddsa, allScopes), 403, "no_matching_rule"},
		{"its own tenant", "GET", "/tenants/globex/orders/7", plain(stranger, rs256, allScopes), 200, ""},
		{"a status of the rule", "GET", "/tenants/acme/orders/frozen", plain(reader, rs256, allScopes), 423, "order_frozen"},
		{"no route", "GET", "/elsewhere", plain(reader, rs256, allScopes), 403, "no_route"},
		{"another audience", "GET", order42, plain(reader, otherAudience, allScopes), 401, "audience_mismatch"},
		{"an opaque token", "GET", order42, plain(reader, opaque, allScopes), 401, "token_malformed"},
		{"claims of another token", "GET", order42, func(p issuing) string {
			a, b := strings.Split(p.token(t, reader, rs256, allScopes), "."), strings.Split(p.token(t, stranger, rs256, allScopes), ".")
			return bearer(a[0] + "." + b[1] + "." + a[2])
		}, 401, "signature_invalid"},
		{"not signed", "GET", order42, func(p issuing) string {
			part := strings.Split(p.token(t, reader, rs256, allScopes), ".")
			return bearer(encode(`{"alg":"none"}`) + "." + part[1] + ".")
		}, 401, "algorithm_not_allowed"},
		{"a token of the other provider", "GET", order42, func(p issuing) string {
			if p == issuing(first) {
				return bearer(second.token(t, reader, rs256, allScopes))
			}
			return bearer(first.token(t, reader, rs256, allScopes))
		}, 401, "issuer_unknown"},
		{"no token", "GET", order42, func(issuing) string { return "X-No-Token: 1" }, 401, "unauthenticated"},
		{"no token where none is needed", "GET", "/public", func(issuing) string { return "X-No-Token: 1" }, 200, ""},
	}
	asked := make([][2]answered, len(tests))
	for i, test := range tests {
		asked[i][0] = one.asks(t, service, request(test.method, test.target, test.authorization(first)))
		asked[i][1] = other.asks(t, service, request(test.method, test.target, test.authorization(second)))
	}
	// Records are written in batches, so they come last.
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, b := one.verdict(t, asked[i][0]), other.verdict(t, asked[i][1])
			if a.status != test.status || a.reason != test.reason {
				t.Errorf("the first provider gives %+v, want %d %s", a, test.status, test.reason)
			}
			if a != b {
				t.Errorf("the first provider gives\n%+v, the second\n%+v", a, b)
			}
		})
	}
}

// answered is an answer, with what the upstream got if it is from there.
type answered struct {
	answer
	arrived arrival
}

func (s *sidecar) asks(t *testing.T, service *upstream, question string) answered {
	t.Helper()
	got := answered{answer: s.ask(t, question)}
	if got.status == 200 {
		got.arrived = service.arrived()
	}
	return got
}

// verdict adds what the record says.
func (s *sidecar) verdict(t *testing.T, a answered) verdict {
	t.Helper()
	e := s.record(t, a.answer)
	v := verdict{status: a.status, code: a.code(), challenge: a.header.Get("WWW-Authenticate"), event: e.Event, reason: e.Reason, subject: e.Subject, tenant: e.Tenant}
	if d := e.Decision; d != nil {
		v.effect, v.reason, v.rule, v.digest = d.Effect, d.Reason, d.Rule, d.Digest
	}
	if a.status == 200 {
		h := a.arrived.header
		v.reason = ""
		v.userID, v.userRoles, v.userTenant, v.userClaims = h.Get("X-User-Id"), h.Get("X-User-Roles"), h.Get("X-Tenant-Id"), h.Get("X-Auth-Claims")
	}
	return v
}

// A75, A79: TestSecondProvider is rotation, introspection and revocation with the second
// provider. It knows its JWTs by introspection, too: with both methods a JWT
// ends when it is revoked.
func TestSecondProvider(t *testing.T) {
	idp, service := startZitadel(t), startUpstream(t)
	both := introspectBy(t, idp.introspection(), activeTTL, zitadelAttributes, `, issuer: "`+idp.URL+`"`)
	s := startSidecar(t, setup{issuer: idp.URL, upstream: service.URL, attributes: zitadelAttributes, methods: both})
	fetches := idp.keyFetches.Load()
	idp.rotate(t)
	for _, alg := range []struct{ resource, kid string }{{rs256, "RS256-2"}, {es256, "ES256-2"}, {eddsa, "EdDSA-2"}} {
		a := s.expect(t, request("GET", order42, bearer(idp.token(t, reader, alg.resource, allScopes))), 200, "")
		if e := s.record(t, a); e.KeyID != alg.kid || e.Subject != reader || e.Tenant != "acme" {
			t.Errorf("record is %+v, want key %s", e, alg.kid)
		}
	}
	if n := idp.keyFetches.Load() - fetches; n != 1 {
		t.Errorf("the keys were read %d times, want once", n)
	}
	for _, kind := range []string{opaque, es256} {
		token := idp.token(t, reader, kind, allScopes)
		ask := request("GET", order42, bearer(token))
		s.expect(t, ask, 200, "")
		idp.revoke(t, reader, token)
		var a answer
		eventually(t, 10*activeTTL, "the revoked token to be refused", func() bool {
			a = s.ask(t, ask)
			return a.status != 200
		})
		checkRefusal(t, s, a, "token_inactive")
	}
	s.expect(t, request("GET", order42, bearer(idp.token(t, reader, opaque, allScopes))), 200, "")
	s.expect(t, request("GET", order42, bearer(idp.token(t, stranger, opaque, allScopes))), 403, "no_matching_rule")
	a := s.expect(t, request("GET", order42, bearer("nobody-has-issued-this")), 401, "invalid_token")
	checkRefusal(t, s, a, "token_inactive")
}

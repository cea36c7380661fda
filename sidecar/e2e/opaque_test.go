package e2e

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// activeTTL is how long the tests let an answer about an active token count:
// the shortest time there is.
const activeTTL = time.Second

// introspect is a method of authn that asks the first provider about opaque
// tokens; more are further keys, each with a comma before it.
func introspect(t testing.TB, endpoint string, ttl time.Duration, more string) string {
	t.Helper()
	return introspectBy(t, endpoint, ttl, "{id: claims.client_id, roles: claims.roles, tenant: claims.tenant}", more)
}

// introspectBy is the same with other attributes.
func introspectBy(t testing.TB, endpoint string, ttl time.Duration, attributes, more string) string {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	writePrivate(t, secret, providerClients[gateway].Secret)
	return fmt.Sprintf(`    - introspection: {endpoint: "%s", client_id: %s, client_secret: {file: "%s"}, audiences: [%s], type: service, active_ttl: %s, ignore_no_store: true, attributes: %s%s}
`, endpoint, gateway, secret, audience, ttl, attributes, more)
}

// TestOpaqueTokens asks a real authorization server about its opaque tokens.
func TestOpaqueTokens(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	endpoint := idp.issuer + "/token/introspection"
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, methods: introspect(t, endpoint, activeTTL, "")})
	asked := func(result string) float64 {
		return s.metric(t, `gwctl_introspection_cache_total{endpoint="`+endpoint+`",result="`+result+`"}`)
	}

	t.Run("the rules decide as they do about a JWT", func(t *testing.T) {
		a := s.expect(t, request("GET", order42, bearer(idp.token(t, reader, opaque, allScopes))), 200, "")
		if h := service.arrived().header; h.Get("X-User-Id") != reader || h.Get("X-User-Roles") != "reader" || h.Get("X-Tenant-Id") != "acme" {
			t.Errorf("upstream got %v", identityHeaders(h))
		}
		if e := s.record(t, a); e.Decision == nil || e.Decision.Rule != "orders/readers-read" || e.Subject != reader || e.Tenant != "acme" {
			t.Errorf("record is %+v", e)
		}
		s.expect(t, request("GET", order42, bearer(idp.token(t, reader, opaque, "orders:write"))), 403, "insufficient_scope")
		s.expect(t, request("GET", order42, bearer(idp.token(t, stranger, opaque, allScopes))), 403, "no_matching_rule")
		s.expect(t, request("GET", order42, bearer(idp.token(t, admin, opaque, allScopes))), 403, "reader_role_missing")
	})
	t.Run("what the server does not know is refused", func(t *testing.T) {
		before := asked("inactive")
		a := s.expect(t, request("GET", order42, bearer("nobody-has-issued-this")), 401, "invalid_token")
		checkRefusal(t, s, a, "token_inactive")
		if n := asked("inactive") - max(before, 0); n != 1 {
			t.Errorf("asked %v times, want once", n)
		}
	})
	t.Run("a JWT is not sent", func(t *testing.T) {
		before := asked("active") + asked("inactive")
		s.expect(t, request("GET", order42, bearer(idp.token(t, reader, rs256, allScopes))), 200, "")
		if n := asked("active") + asked("inactive") - before; n != 0 {
			t.Errorf("the server was asked %v times", n)
		}
	})
	t.Run("other keys do not matter to it", func(t *testing.T) {
		ask := request("GET", order42, bearer(idp.token(t, reader, opaque, allScopes)))
		idp.rotate(t)
		idp.dropOldKeys(t)
		s.expect(t, ask, 200, "")
	})
}

// A75: TestRevokedWithinTTL revokes tokens at the server while requests use them: it
// is over when the remembered answer ends, and not before that answer was used.
func TestRevokedWithinTTL(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	endpoint := idp.issuer + "/token/introspection"
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, methods: introspect(t, endpoint, activeTTL, "")})
	revoked, kept := idp.token(t, reader, opaque, allScopes), idp.token(t, reader, opaque, allScopes)
	still := request("GET", order42, bearer(kept))
	l := startLoad(t, s, 1, still, func(a answer) string {
		if a.status != 200 {
			return "a token that nobody has revoked"
		}
		return ""
	})
	ask := request("GET", order42, bearer(revoked))
	s.expect(t, ask, 200, "")
	hits := s.metric(t, `gwctl_introspection_cache_total{endpoint="`+endpoint+`",result="hit"}`)
	s.expect(t, ask, 200, "")
	if now := s.metric(t, `gwctl_introspection_cache_total{endpoint="`+endpoint+`",result="hit"}`); now <= hits {
		t.Errorf("%v answers were remembered, %v before", now, hits)
	}

	idp.revoke(t, reader, revoked)
	at := time.Now()
	var a answer
	eventually(t, 10*activeTTL, "the revoked token to be refused", func() bool {
		a = s.ask(t, ask)
		return a.status != 200
	})
	took := time.Since(at)
	if a.status != 401 || a.code() != "invalid_token" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	checkRefusal(t, s, a, "token_inactive")
	t.Logf("refused %v after it was revoked", took.Round(time.Millisecond))
	if most := 5 * activeTTL; took > most {
		t.Errorf("refused %v after it was revoked, the answer counted for %v", took, activeTTL)
	}
	l.stop(t)
}

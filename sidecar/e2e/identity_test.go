package e2e

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// order42 is an order of the tenant that the client "reader" belongs to.
const order42 = "/tenants/acme/orders/42"

// fold is how a careless service may read a header's name.
func fold(name string) string {
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
}

// identityHeaders gives the headers that a service could take for the identity
// of the user, names as they arrived.
func identityHeaders(h http.Header) http.Header {
	found := http.Header{}
	for name, values := range h {
		switch fold(name) {
		case "x-user-id", "x-user-roles", "x-tenant-id", "x-request-id", "x-auth-claims", "authorization":
			found[name] = values
		}
	}
	return found
}

var spoofed = []string{
	"X-User-ID: root", "X_User_ID: root", "x-user-id: root", "X.User.Id: root", "x_user-id: root",
	"X-User-Roles: admin", "X_USER_ROLES: admin", "x-tenant-id: globex", "X_Tenant_ID: globex", "X-Tenant.Id: globex",
	"X-Auth-Claims: e30", "X_Auth_Claims: e30", "X-Request-ID: chosen-by-the-client", "x_request_id: chosen-by-the-client",
}

func TestIdentity(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL})
	token := idp.token(t, reader, rs256, allScopes)

	t.Run("an allowed request carries the identity and no token", func(t *testing.T) {
		a := s.expect(t, request("GET", order42+"?full=1", bearer(token)), 200, "")
		got := service.arrived()
		if got.method != "GET" || got.target != order42+"?full=1" || got.host != "shop.test" {
			t.Errorf("upstream got %s %s of %s", got.method, got.target, got.host)
		}
		want := http.Header{
			"X-User-Id": {reader}, "X-User-Roles": {"reader"}, "X-Tenant-Id": {"acme"}, "X-Request-Id": {a.body},
			"X-Auth-Claims": {base64.RawURLEncoding.EncodeToString([]byte(`{"plan":"pro"}`))},
		}
		if h := identityHeaders(got.header); !maps.EqualFunc(h, want, slices.Equal) {
			t.Errorf("upstream got %v, want %v", h, want)
		}
		e := s.record(t, a)
		if e.Event != "decision" || e.Decision == nil || e.Decision.Effect != "allow" || e.Decision.Rule != "orders/readers-read" ||
			e.Decision.Digest == "" || e.Subject != reader || e.Tenant != "acme" || e.path() != order42 {
			t.Errorf("record is %+v", e)
		}
		for _, line := range append(s.stdout.from(0), s.stderr.from(0)...) {
			if strings.Contains(line, token) || strings.Contains(line, strings.Split(token, ".")[2]) {
				t.Fatalf("a token in the output: %.200s", line)
			}
		}
	})
	t.Run("what a client says about itself never arrives", func(t *testing.T) {
		a := s.expect(t, request("GET", order42, append(slices.Clone(spoofed), bearer(token))...), 200, "")
		h := identityHeaders(service.arrived().header)
		if len(h) != 5 || h.Get("X-User-Id") != reader || h.Get("X-User-Roles") != "reader" || h.Get("X-Tenant-Id") != "acme" || a.body == "chosen-by-the-client" {
			t.Errorf("upstream got %v", h)
		}
	})
	t.Run("an anonymous request carries no identity", func(t *testing.T) {
		a := s.expect(t, request("GET", "/public", spoofed...), 200, "")
		if h := identityHeaders(service.arrived().header); len(h) != 1 || h.Get("X-Request-Id") != a.body {
			t.Errorf("upstream got %v", h)
		}
		if e := s.record(t, a); e.Decision == nil || e.Decision.Rule != "public/anyone-views" || e.Subject != "" {
			t.Errorf("record is %+v", e)
		}
	})
	for _, alg := range []struct{ resource, kid string }{{rs256, "RS256-1"}, {es256, "ES256-1"}, {eddsa, "EdDSA-1"}} {
		t.Run("a token signed by "+alg.kid, func(t *testing.T) {
			a := s.expect(t, request("GET", order42, bearer(idp.token(t, reader, alg.resource, allScopes))), 200, "")
			if e := s.record(t, a); e.KeyID != alg.kid {
				t.Errorf("record is %+v", e)
			}
		})
	}
	t.Run("by policy", func(t *testing.T) { testDenials(t, s, idp, service) })
	t.Run("by credential", func(t *testing.T) { testRefusals(t, s, idp, service) })
}

// testDenials asks with good tokens for what the policies do not allow.
func testDenials(t *testing.T, s *sidecar, idp *provider, service *upstream) {
	const realm = `Bearer realm="gwctl"`
	tests := []struct {
		name, client, scope, method, target string
		status                              int
		reason, rule, challenge             string
	}{
		{"the role is missing", admin, allScopes, "GET", order42, 403, "reader_role_missing", "orders/readers-only", ""},
		{"no rule for the role", reader, allScopes, "DELETE", order42, 403, "no_matching_rule", "", ""},
		{"the scope is missing", reader, "orders:write", "GET", order42, 403, "insufficient_scope", "", realm + `, error="insufficient_scope", scope="orders:read"`},
		{"another tenant", stranger, allScopes, "GET", order42, 403, "no_matching_rule", "", ""},
		{"a rule with a status of its own", reader, allScopes, "GET", "/tenants/acme/orders/frozen", 423, "order_frozen", "orders/frozen", ""},
		{"no route", reader, allScopes, "GET", "/elsewhere", 403, "no_route", "", ""},
		{"no route for the method", reader, allScopes, "PUT", order42, 405, "no_route", "", ""},
		{"no token", "", "", "GET", order42, 401, "unauthenticated", "", realm},
	}
	before := service.count.Load()
	answers := make([]answer, len(tests))
	for i, test := range tests {
		var headers []string
		if test.client != "" {
			headers = []string{bearer(idp.token(t, test.client, rs256, test.scope))}
		}
		answers[i] = s.expect(t, request(test.method, test.target, headers...), test.status, test.reason)
	}
	if n := service.count.Load() - before; n > 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	// Records are written in batches, so they come last.
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := answers[i].header.Get("WWW-Authenticate"); got != test.challenge {
				t.Errorf("challenge is %q, want %q", got, test.challenge)
			}
			e := s.record(t, answers[i])
			if e.Decision == nil || e.Decision.Effect != "deny" || e.Decision.Reason != test.reason || e.Decision.Rule != test.rule || e.Decision.Status != test.status {
				t.Errorf("record is %+v, decision %+v", e, e.Decision)
			}
		})
	}
	a := s.expect(t, request("DELETE", order42, bearer(idp.token(t, admin, rs256, allScopes))), 200, "")
	if e := s.record(t, a); e.Decision == nil || e.Decision.Rule != "orders/admins-delete" {
		t.Errorf("record is %+v", e)
	}
}

// testRefusals presents bad credentials. The client learns nothing but that the
// token is invalid; the record knows why.
func testRefusals(t *testing.T, s *sidecar, idp *provider, service *upstream) {
	good := idp.token(t, reader, rs256, allScopes)
	part := strings.Split(good, ".")
	other := strings.Split(idp.token(t, stranger, rs256, allScopes), ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	tests := []struct{ name, authorization, reason string }{
		{"made for another audience", "Bearer " + idp.token(t, reader, otherAudience, allScopes), "audience_mismatch"},
		{"signature of another token", "Bearer " + part[0] + "." + part[1] + "." + other[2], "signature_invalid"},
		{"claims of another token", "Bearer " + part[0] + "." + other[1] + "." + part[2], "signature_invalid"},
		{"not signed", "Bearer " + encode(`{"alg":"none","typ":"at+jwt"}`) + "." + part[1] + ".", "algorithm_not_allowed"},
		{"of an unknown issuer", "Bearer " + part[0] + "." + encode(`{"iss":"http://127.0.0.1:1","sub":"reader"}`) + "." + part[2], "issuer_unknown"},
		{"not a JWT", "Bearer " + idp.token(t, reader, opaque, allScopes), "token_malformed"},
		{"no bearer token", "Basic cmVhZGVyOnJlYWRlcg==", "credential_unsupported"},
	}
	before := service.count.Load()
	answers := make([][2]answer, len(tests))
	for i, test := range tests {
		// Where anybody is let in without a token, a bad one is still bad.
		for j, target := range []string{order42, "/public"} {
			answers[i][j] = s.expect(t, request("GET", target, "Authorization: "+test.authorization), 401, "invalid_token")
		}
	}
	if n := service.count.Load() - before; n > 0 {
		t.Errorf("the upstream was asked %d times", n)
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, a := range answers[i] {
				checkRefusal(t, s, a, test.reason)
			}
		})
	}
	s.expect(t, request("GET", order42, bearer(good)), 200, "")
}

func checkRefusal(t *testing.T, s *sidecar, a answer, reason string) {
	t.Helper()
	if got, want := a.header.Get("WWW-Authenticate"), `Bearer realm="gwctl", error="invalid_token"`; got != want {
		t.Errorf("challenge is %q, want %q", got, want)
	}
	if e := s.record(t, a); e.Event != "authn_failure" || e.Reason != reason {
		t.Errorf("record is %+v, want reason %s", e, reason)
	}
}

func TestExpiry(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, jwt: ", leeway: 1s"})
	ask := request("GET", order42, bearer(idp.token(t, reader, shortLived, allScopes)))
	s.expect(t, ask, 200, "")
	var a answer
	eventually(t, 15*time.Second, "the token to expire", func() bool {
		a = s.ask(t, ask)
		return a.status != 200
	})
	if a.status != 401 || a.code() != "invalid_token" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	checkRefusal(t, s, a, "token_expired")
}

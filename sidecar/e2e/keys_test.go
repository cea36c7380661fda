package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// A79.
func TestKeyRotation(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	c := setup{issuer: idp.issuer, upstream: service.URL}
	s := startSidecar(t, c)
	old := request("GET", order42, bearer(idp.token(t, reader, rs256, allScopes)))
	s.expect(t, old, 200, "")
	l := startLoad(t, s, 4, old, func(a answer) string {
		if a.status != 200 {
			return "not 200"
		}
		return ""
	})

	idp.rotate(t)
	for _, alg := range []struct{ resource, kid string }{{rs256, "RS256-2"}, {es256, "ES256-2"}, {eddsa, "EdDSA-2"}} {
		// The first try must do: nobody tells the client to come again.
		a := s.expect(t, request("GET", order42, bearer(idp.token(t, reader, alg.resource, allScopes))), 200, "")
		if e := s.record(t, a); e.KeyID != alg.kid {
			t.Errorf("record is %+v, want key %s", e, alg.kid)
		}
	}
	s.expect(t, old, 200, "")
	if n := s.metric(t, `gwctl_jwks_fetch_total{issuer="`+idp.issuer+`",result="ok",trigger="unknown_kid"}`); n != 1 {
		t.Errorf("%v fetches for unknown kids, want 1: the first brought all three keys", n)
	}
	l.stop(t)

	// Once the provider has dropped the old keys, whoever asks it anew refuses
	// them.
	idp.dropOldKeys(t)
	fresh := startSidecar(t, c)
	a := fresh.expect(t, old, 401, "invalid_token")
	checkRefusal(t, fresh, a, "key_unknown")
	fresh.expect(t, request("GET", order42, bearer(idp.token(t, reader, rs256, allScopes))), 200, "")
}

// TestKeyRotationDuringDrain rotates after SIGTERM: until the listener closes,
// requests are served as ever.
func TestKeyRotationDuringDrain(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, drain: "{delay: 2s, timeout: 10s}"})
	s.expect(t, request("GET", order42, bearer(idp.token(t, reader, es256, allScopes))), 200, "")
	s.signal(t, syscall.SIGTERM)
	eventually(t, 5*time.Second, "readiness to end", func() bool {
		status, _ := s.get("/readyz")
		return status == 503
	})
	idp.rotate(t)
	s.expect(t, request("GET", order42, bearer(idp.token(t, reader, es256, allScopes))), 200, "")
	if err := s.wait(20 * time.Second); err != nil {
		t.Errorf("gwctl: %v", err)
	}
}

func TestOutages(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL})
	cached := request("GET", order42, bearer(idp.token(t, reader, rs256, allScopes)))
	s.expect(t, cached, 200, "")
	idp.rotate(t)
	unknown := request("GET", order42, bearer(idp.token(t, reader, rs256, allScopes)))
	if err := idp.stop(10 * time.Second); err != nil {
		t.Fatalf("stopping the provider: %v", err)
	}

	for range 20 {
		s.expect(t, cached, 200, "")
	}
	// Nobody can say that this token is bad, so it is no 401.
	a := s.expect(t, unknown, 503, "dependency_unavailable")
	if a.header.Get("Retry-After") == "" || a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("headers are %v", a.header)
	}
	s.record(t, a)
	s.expect(t, cached, 200, "")
	if status, body := s.get("/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, body)
	}

	service.Close()
	a = s.expect(t, cached, 502, "upstream_unreachable")
	if e := s.record(t, a); e.Event != "decision" || e.Decision == nil || e.Decision.Effect != "allow" {
		t.Errorf("record is %+v", e)
	}
}

// A81: without keys there is no answer but 503.
func TestColdStart(t *testing.T) {
	idp, service := startProvider(t, 0), startUpstream(t)
	token := idp.token(t, reader, rs256, allScopes)
	port := idp.port(t)
	if err := idp.stop(10 * time.Second); err != nil {
		t.Fatalf("stopping the provider: %v", err)
	}

	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, unready: true})
	if status, body := s.get("/readyz"); status != 503 || !strings.Contains(body, "no keys for issuer") {
		t.Errorf("/readyz: %d %s", status, body)
	}
	s.expect(t, request("GET", order42, bearer(token)), 503, "dependency_unavailable")
	s.expect(t, request("GET", "/public"), 200, "")

	idp = startProvider(t, port)
	eventually(t, 15*time.Second, "gwctl to find the keys", func() bool {
		status, _ := s.get("/readyz")
		return status == 200
	})
	s.expect(t, request("GET", order42, bearer(idp.token(t, reader, rs256, allScopes))), 200, "")
}

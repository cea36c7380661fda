package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// relay passes what the provider sends to gwctl's proxy, whose port is chosen
// after the provider has been told where to send to. Nothing of it is changed.
type relay struct {
	*httptest.Server
	client http.Client

	mu     sync.Mutex
	to     string
	bodies []string
	status []int
}

func newRelay(t testing.TB) *relay {
	t.Helper()
	r := &relay{client: http.Client{Timeout: 10 * time.Second}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		body, err := io.ReadAll(io.LimitReader(in.Body, 1<<20))
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(r.pass(t, in.URL.Path, in.Header, body))
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *relay) pass(t testing.TB, path string, header http.Header, body []byte) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	out, err := http.NewRequest(http.MethodPost, "http://"+r.to+path, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return http.StatusInternalServerError
	}
	out.Header = header.Clone()
	resp, err := r.client.Do(out)
	if err != nil {
		t.Error(err)
		return http.StatusBadGateway
	}
	defer resp.Body.Close()
	r.bodies, r.status = append(r.bodies, string(body)), append(r.status, resp.StatusCode)
	return resp.StatusCode
}

func (r *relay) seen() ([]string, []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bodies, r.status
}

// A user logs in at a real provider and out again: the provider's own logout
// token ends the user's access token at gwctl, and that of nobody else (A111).
func TestBackchannelLogout(t *testing.T) {
	const path = "/.well-known/gwctl/backchannel-logout"
	to := newRelay(t)
	web := &webClient{
		ID: "shop-web", Secret: "web-secret-of-the-tests-0000", Scope: "openid " + allScopes, Redirect: "http://127.0.0.1:9/callback", Logout: to.URL + path,
		Claims: providerClients[reader].Claims,
	}
	idp, service := startProviderWith(t, 0, "", web), startUpstream(t)
	s := startSidecar(t, setup{issuer: idp.issuer, upstream: service.URL, jwt: ", backchannel_logout: {client_id: shop-web}"})
	to.mu.Lock()
	to.to = s.proxy
	to.mu.Unlock()

	alice, bob := newBrowser(t, idp, web), newBrowser(t, idp, web)
	aliceToken, aliceID := alice.login("alice", rs256, "orders:read")
	bobToken, _ := bob.login("bob", es256, "orders:read")
	s.expect(t, request("GET", order42, bearer(aliceToken)), 200, "")
	s.expect(t, request("GET", order42, bearer(bobToken)), 200, "")

	alice.logout(aliceID)
	eventually(t, 10*time.Second, "the provider's logout token", func() bool { _, status := to.seen(); return len(status) > 0 })
	bodies, status := to.seen()
	if len(status) != 1 || status[0] != http.StatusOK {
		t.Fatalf("answered %v to %q", status, bodies)
	}
	a := s.expect(t, request("GET", order42, bearer(aliceToken)), 401, "invalid_token")
	if e := s.record(t, a); e.Event != "authn_failure" || e.Reason != "token_revoked" {
		t.Errorf("recorded %+v", e)
	}
	s.expect(t, request("GET", order42, bearer(bobToken)), 200, "")

	// The very same bytes again, the logout token as an access token, and an ID
	// token in its place.
	if got := to.pass(t, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte(bodies[0])); got != http.StatusBadRequest {
		t.Errorf("again: %d", got)
	}
	form, err := url.ParseQuery(bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	s.expect(t, request("GET", order42, bearer(form.Get("logout_token"))), 401, "invalid_token")
	_, bobID := bob.login("bob", rs256, "orders:read")
	if got := to.pass(t, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte("logout_token="+bobID)); got != http.StatusBadRequest {
		t.Errorf("an ID token: %d", got)
	}
	s.expect(t, request("GET", order42, bearer(bobToken)), 200, "")

	// A new login works at once, but for the second in which the logout was.
	eventually(t, 5*time.Second, "a token of a new login", func() bool {
		again, _ := newBrowser(t, idp, web).login("alice", rs256, "orders:read")
		return s.ask(t, request("GET", order42, bearer(again))).status == http.StatusOK
	})
}

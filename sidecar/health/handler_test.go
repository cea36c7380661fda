package health

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func ready() *State {
	s := new(State)
	s.SetLoaded(true)
	return s
}

func get(t testing.TB, h http.Handler, method, target string) (status int, body string, header http.Header) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

func TestHandlerPaths(t *testing.T) {
	h := Handler(ready(), NewMetrics())
	tests := []struct {
		method, target string
		status         int
		has            string
	}{
		{"GET", "/livez", 200, "alive\n"},
		{"HEAD", "/livez", 200, ""},
		{"GET", "/livez?verbose", 200, "alive\n"},
		{"GET", "/readyz", 200, "ready\n"},
		{"GET", "/metrics", 200, "gwctl_config_last_reload_successful 0\n"},
		{"HEAD", "/metrics", 200, ""},
		{"POST", "/livez", 404, ""},
		{"OPTIONS", "/metrics", 404, ""},
		{"get", "/livez", 404, ""},
		{"DELETE", "/readyz", 404, ""},
		{"GET", "/", 404, ""},
		{"GET", "/livez/", 404, ""},
		{"GET", "//livez", 404, ""},
		{"GET", "/%6Civez", 404, ""},
		{"GET", "/x/../livez", 404, ""},
		{"GET", "/LIVEZ", 404, ""},
		{"GET", "/metrics/../-/status", 404, ""},
		{"GET", "/-/status", 404, ""},
		{"GET", "/debug/pprof/", 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.target, func(t *testing.T) {
			status, body, header := get(t, h, tt.method, tt.target)
			if status != tt.status || !strings.Contains(body, tt.has) {
				t.Errorf("%d %.200q, want %d with %q", status, body, tt.status, tt.has)
			}
			if header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(header.Get("Content-Type"), "text/plain") {
				t.Errorf("headers %v", header)
			}
		})
	}
}

func TestHeadHasNoBody(t *testing.T) {
	srv := httptest.NewServer(Handler(ready(), NewMetrics()))
	defer srv.Close()
	resp, err := srv.Client().Head(srv.URL + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 100))
	if err != nil || len(body) != 0 || resp.StatusCode != 200 {
		t.Errorf("%d %q %v", resp.StatusCode, body, err)
	}
}

func TestReadiness(t *testing.T) {
	at := time.Date(2026, 1, 15, 12, 0, 0, 999, time.FixedZone("", 7200))
	issuers := func(names ...string) func() []string { return func() []string { return names } }
	many := make([]string, maxIssuers+2)
	tests := map[string]struct {
		set    func(*State)
		status int
		body   string
	}{
		"ready":      {func(s *State) {}, 200, "ready\n"},
		"not loaded": {func(s *State) { s.SetLoaded(false) }, 503, "not ready: policies not loaded\n"},
		"draining":   {(*State).SetDraining, 503, "not ready: draining\n"},
		"draining stays": {func(s *State) { s.SetDraining(); s.SetLoaded(true); s.SetReload(false, at) }, 503,
			"not ready: draining\n"},
		"issuers fine": {func(s *State) { s.SetIssuers(issuers()) }, 200, "ready\n"},
		"issuer without keys": {func(s *State) { s.SetIssuers(issuers("https://idp.example.com")) }, 503,
			"not ready: no keys for issuer \"https://idp.example.com\"\n"},
		"hostile issuer": {func(s *State) { s.SetIssuers(issuers("a\nready\n\x1b" + strings.Repeat("b", 1000))) }, 503,
			`not ready: no keys for issuer "a\nready\n\x1b` + strings.Repeat("b", maxName-9) + "\"\n"},
		"many issuers": {func(s *State) { s.SetIssuers(issuers(many...)) }, 503,
			strings.Repeat("not ready: no keys for issuer \"\"\n", maxIssuers) + "not ready: no keys for 2 more issuers\n"},
		"reload failed":    {func(s *State) { s.SetReload(true, at) }, 200, "ready\nlast reload failed at 2026-01-15T10:00:00Z\n"},
		"reload then fine": {func(s *State) { s.SetReload(true, at); s.SetReload(false, at) }, 200, "ready\n"},
		"all at once": {func(s *State) {
			s.SetLoaded(false)
			s.SetDraining()
			s.SetIssuers(issuers("x"))
			s.SetReload(true, at)
		}, 503, "not ready: draining\nnot ready: policies not loaded\nnot ready: no keys for issuer \"x\"\nlast reload failed at 2026-01-15T10:00:00Z\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := ready()
			tt.set(s)
			h := Handler(s, NewMetrics())
			if status, body, _ := get(t, h, "GET", "/readyz"); status != tt.status || body != tt.body {
				t.Errorf("%d %q\nwant %d %q", status, body, tt.status, tt.body)
			}
			if status, _, _ := get(t, h, "GET", "/livez"); status != 200 {
				t.Errorf("/livez answers %d", status)
			}
		})
	}
}

func TestZeroStateIsNotReady(t *testing.T) {
	if status, body, _ := get(t, Handler(new(State), NewMetrics()), "GET", "/readyz"); status != 503 || body != "not ready: policies not loaded\n" {
		t.Errorf("%d %q", status, body)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	s, m := new(State), NewMetrics()
	h := Handler(s, m)
	errs := make(chan error, 8)
	var wg sync.WaitGroup
	for i := range cap(errs) {
		wg.Go(func() {
			for range 20 {
				s.SetLoaded(i%2 == 0)
				s.SetIssuers(func() []string { return []string{"x"} })
				s.SetReload(i%2 == 0, time.Unix(int64(i), 0))
				m.Decision("proxy", "allow", "allowed", time.Microsecond)
				m.JWKS(func() []JWKSStatus { return []JWKSStatus{{Issuer: "x", Age: 1}} })
				m.Audit(func() []AuditStats { return []AuditStats{{}} })
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", []string{"/readyz", "/metrics"}[i%2], nil))
				if w.Body.Len() == 0 {
					errs <- errors.New("empty answer")
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

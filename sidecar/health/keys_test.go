package health_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/health"
)

func TestKeys(t *testing.T) {
	h := health.Keys(health.Handler(&health.State{}, health.NewMetrics()), func() []byte { return []byte(`{"keys":[]}`) })
	for _, tt := range []struct {
		method, path string
		status       int
		body         string
	}{
		{http.MethodGet, health.KeysPath, http.StatusOK, `{"keys":[]}`},
		{http.MethodHead, health.KeysPath, http.StatusOK, ""},
		{http.MethodPost, health.KeysPath, http.StatusNotFound, "not found\n"},
		{http.MethodGet, "/.well-known/gwctl-jwks.jso%6E", http.StatusNotFound, "not found\n"},
		{http.MethodGet, health.KeysPath + "/", http.StatusNotFound, "not found\n"},
		{http.MethodGet, "/livez", http.StatusOK, "alive\n"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
		if w.Code != tt.status || w.Body.String() != tt.body {
			t.Errorf("%s %s: %d %q", tt.method, tt.path, w.Code, w.Body)
		}
		if tt.status == http.StatusOK && tt.path == health.KeysPath && (w.Header().Get("Content-Type") != "application/jwk-set+json" || w.Header().Get("Content-Length") != "11") {
			t.Errorf("%s %s: %v", tt.method, tt.path, w.Header())
		}
	}
}

// Of several certificates of one use the first to end counts.
func TestCertificateExpiry(t *testing.T) {
	m := health.NewMetrics()
	m.Certificates(func() []health.CertificateStatus {
		return []health.CertificateStatus{{Use: "upstream", Expires: 50}, {Use: "upstream", Expires: -5}, {Use: "listener", Expires: 70}, {Use: "/etc/key", Expires: 1}}
	})
	w := httptest.NewRecorder()
	health.Handler(&health.State{}, m).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{`{use="upstream"} -5`, `{use="listener"} 70`, `{use="other"} 1`} {
		if !strings.Contains(w.Body.String(), "gwctl_certificate_expiry_seconds"+want+"\n") {
			t.Errorf("%s is not in the metrics", want)
		}
	}
}

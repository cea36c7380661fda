package sidecar_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// service is an upstream that tells what it was reached with.
type service struct {
	*httptest.Server
	asked atomic.Int64 // requests
	last  atomic.Pointer[http.Request]
}

// newService starts one without TLS, or with the settings.
func newService(t testing.TB, cfg *tls.Config, protocols *http.Protocols) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		s.last.Store(r)
		_, _ = io.WriteString(w, r.Proto)
	}))
	s.Config.Protocols, s.Config.ErrorLog = protocols, log.New(io.Discard, "", 0)
	if cfg == nil {
		s.Start()
	} else {
		if protocols != nil && protocols.HTTP2() {
			cfg.NextProtos = append(cfg.NextProtos, "h2")
		}
		if protocols != nil && protocols.HTTP1() {
			cfg.NextProtos = append(cfg.NextProtos, "http/1.1")
		}
		s.TLS = cfg
		s.StartTLS()
	}
	t.Cleanup(s.Close)
	return s
}

func only(set ...func(*http.Protocols, bool)) *http.Protocols {
	p := new(http.Protocols)
	for _, f := range set {
		f(p, true)
	}
	return p
}

// serving is the TLS of a service with a certificate for names.
func serving(a *authority, names ...string) *tls.Config {
	a.Helper()
	return &tls.Config{Certificates: []tls.Certificate{a.pair(names...)}}
}

func one(url, more string) string {
	return fmt.Sprintf(`[{match: "/{rest...}", url: %q%s}]`, url, more)
}

// How an upstream is reached, and by which protocol.
func TestUpstreamProtocols(t *testing.T) {
	ca := newAuthority(t, "services")
	http1, http2, h2c := (*http.Protocols).SetHTTP1, (*http.Protocols).SetHTTP2, (*http.Protocols).SetUnencryptedHTTP2
	for _, tt := range []struct {
		name, more string
		tls        bool
		speaks     *http.Protocols
		want       string
	}{
		{"plain", "", false, nil, "HTTP/1.1"},
		{"TLS, both", "", true, only(http1, http2), "HTTP/2.0"},
		{"TLS, HTTP/1.1 only", "", true, only(http1), "HTTP/1.1"},
		{"TLS, HTTP/1.1 wanted", ", protocol: http1", true, only(http1, http2), "HTTP/1.1"},
		{"TLS, HTTP/2 wanted", ", protocol: h2", true, only(http1, http2), "HTTP/2.0"},
		{"TLS, HTTP/2 wanted and not there", ", protocol: h2", true, only(http1), ""},
		{"plain HTTP/2", ", protocol: h2c", false, only(h2c), "HTTP/2.0"},
		{"plain HTTP/2 wanted and not there", ", protocol: h2c", false, only(http1), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var cfg *tls.Config
			if tt.tls {
				cfg = serving(ca, "127.0.0.1")
				tt.more += ", tls: {ca: ca.pem}"
			}
			s := newService(t, cfg, tt.speaks)
			r := start(t, setup{upstreams: one(s.URL, tt.more), files: map[string]string{"ca.pem": ca.pem}})
			got := r.get("GET /public/x")
			if tt.want != "" && (got.status != http.StatusOK || got.body != tt.want) {
				t.Errorf("answer %s, want %s", got.raw, tt.want)
			}
			if tt.want == "" && (got.status != http.StatusBadGateway || got.code(t) != "upstream_unreachable" || s.last.Load() != nil && s.last.Load().Method != "PRI") {
				t.Errorf("answer %s", got.raw)
			}
			r.stop()
		})
	}
}

// An upstream that does not show who it should be gets no byte of a request.
func TestUpstreamIsVerified(t *testing.T) {
	ca, other := newAuthority(t, "services"), newAuthority(t, "others")
	expired, key := ca.issue(-time.Minute, "orders.internal")
	old, err := tls.X509KeyPair([]byte(expired), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		cfg  *tls.Config
		more string
		code string // "" is an answer
	}{
		{"the name of the URL", serving(ca, "127.0.0.1"), "{ca: ca.pem}", ""},
		{"another name, as is said", serving(ca, "orders.internal"), "{ca: ca.pem, server_name: orders.internal}", ""},
		{"another name", serving(ca, "orders.internal"), "{ca: ca.pem}", "upstream_untrusted"},
		{"the wrong name", serving(ca, "orders.internal"), "{ca: ca.pem, server_name: items.internal}", "upstream_untrusted"},
		{"another CA", serving(other, "127.0.0.1"), "{ca: ca.pem}", "upstream_untrusted"},
		{"no CA of the system", serving(ca, "127.0.0.1"), "{server_name: '127.0.0.1'}", "upstream_untrusted"},
		{"expired", &tls.Config{Certificates: []tls.Certificate{old}}, "{ca: ca.pem, server_name: orders.internal}", "upstream_untrusted"},
		{"an old version", &tls.Config{Certificates: serving(ca, "127.0.0.1").Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, "{ca: ca.pem}", "upstream_unreachable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, tt.cfg, nil)
			r := start(t, setup{upstreams: one(s.URL, ", tls: "+tt.more), files: map[string]string{"ca.pem": ca.pem}})
			got := r.get("GET /public/x")
			if tt.code == "" {
				if got.status != http.StatusOK || s.asked.Load() != 1 {
					t.Errorf("answer %s", got.raw)
				}
			} else if got.status != http.StatusBadGateway || got.code(t) != tt.code || s.asked.Load() != 0 {
				t.Errorf("answer %s", got.raw)
			}
			r.stop()
			if tt.code != "" && !strings.Contains(r.log.String(), "reason="+tt.code) {
				t.Errorf("log %s", r.log.String())
			}
		})
	}
}

// gwctl shows its certificate, the one that is in the file now; requests on
// their way end on the connection that they have.
func TestUpstreamMTLS(t *testing.T) {
	ca, clients := newAuthority(t, "services"), newAuthority(t, "clients")
	cfg := serving(ca, "127.0.0.1")
	cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, clients.pool()
	s := newService(t, cfg, nil)
	both := func(a *authority, name string) string {
		cert, key := a.issue(time.Hour, name)
		return cert + key
	}
	upstreams := one(s.URL, ", tls: {ca: ca.pem, cert: own.pem, key: own.pem}")
	r := start(t, setup{upstreams: upstreams, files: map[string]string{"ca.pem": ca.pem, "own.pem": both(clients, "gwctl-1")}})
	shown := func() string { return s.last.Load().TLS.PeerCertificates[0].Subject.CommonName }
	ask := func(want int, code string) {
		t.Helper()
		if got := r.get("GET /public/x"); got.status != want || code != "" && got.code(t) != code {
			t.Errorf("answer %s, want %d", got.raw, want)
		}
	}
	ask(http.StatusOK, "")
	if shown() != "gwctl-1" {
		t.Errorf("shown %s", shown())
	}
	conn := s.last.Load().RemoteAddr
	r.reload(record.Reload{By: "signal"}, r.car.Reload)
	ask(http.StatusOK, "")
	if s.last.Load().RemoteAddr != conn {
		t.Error("a reload without a change has dropped the connections")
	}
	r.reload(record.Reload{}, func() { r.write("own.pem", both(clients, "gwctl-2")) })
	ask(http.StatusOK, "")
	if shown() != "gwctl-2" {
		t.Errorf("after the reload shown %s", shown())
	}
	r.reload(record.Reload{Error: "not_compiled"}, func() { r.remove("own.pem") })
	ask(http.StatusOK, "")
	r.reload(record.Reload{}, func() { r.write("own.pem", both(ca, "stranger")) })
	before := s.asked.Load()
	ask(http.StatusBadGateway, "upstream_unreachable")
	r.reload(record.Reload{}, func() { r.write("own.pem", both(clients, "gwctl-3")) })
	r.reload(record.Reload{}, func() { r.write("ca.pem", clients.pem) })
	ask(http.StatusBadGateway, "upstream_untrusted")
	if s.asked.Load() != before {
		t.Error("a request came through")
	}
	if got := r.metric(`gwctl_certificate_expiry_seconds{use="upstream"}`); !strings.HasPrefix(got, "35") {
		t.Errorf("the certificate ends in %s s", got)
	}
	r.stopReloads()
}

// Upstreams change without a restart: who is on the way ends where it began.
func TestUpstreamReload(t *testing.T) {
	r := start(t, setup{})
	began, end := make(chan struct{}), make(chan struct{})
	r.upstream.answer = func(c net.Conn, _ *http.Request) {
		close(began)
		<-end
		_, _ = io.WriteString(c, fixedAnswer)
	}
	c := r.dial()
	defer c.Close()
	c.write(request("GET /public/slow"))
	<-began
	s := newService(t, nil, nil)
	r.setup.upstreams = one(s.URL, "")
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	if got := r.get("GET /public/x"); got.body != "HTTP/1.1" || s.asked.Load() != 1 {
		t.Errorf("answer %s", got.raw)
	}
	close(end)
	if got := c.read(false); got.body != "hello" {
		t.Errorf("the slow answer is %s", got.raw)
	}
	r.stopReloads()
}

// Waiting has an end of each upstream's own.
func TestUpstreamTimeouts(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	url := silent.Addr().String()
	r := start(t, setup{upstreams: fmt.Sprintf(`[{match: "/{rest...}", url: "http://%s", timeouts: {response_header: 50ms}}, {match: "/public/tls", url: "https://%s", timeouts: {tls_handshake: 50ms}}]`, url, url)})
	for _, path := range []string{"/public/x", "/public/tls"} {
		if got := r.get("GET " + path); got.status != http.StatusGatewayTimeout || got.code(t) != "upstream_timeout" {
			t.Errorf("%s: answer %s", path, got.raw)
		}
	}
	r.stop()
}

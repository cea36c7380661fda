package sidecar_test

import (
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/examples/service/gateway"
	"github.com/gwctl/gwctl/sidecar/dev"
)

// The example of docs/proxy.md, with its own certificates and free ports.
func TestProxyTLSExample(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "examples", "proxy-tls"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "certs"), 0o700); err != nil {
		t.Fatal(err)
	}
	servers, clients, services := newAuthority(t, "servers"), newAuthority(t, "clients"), newAuthority(t, "services")
	for name, a := range map[string]*authority{"clients": clients, "services": services} {
		writeTo(t, dir, "certs/"+name+".pem", a.pem)
	}
	issue := func(file string, a *authority, names ...string) {
		cert, key := a.issue(time.Hour, names...)
		writeTo(t, dir, "certs/"+file+".pem", cert)
		writeTo(t, dir, "certs/"+file+"-key.pem", key)
	}
	issue("server", servers, "localhost", "127.0.0.1")
	issue("gwctl", services, "gwctl.internal")
	writeTo(t, dir, "certs/assertion.pem", keyPEM(t, newKey(t)))

	r := &rig{TB: t, dir: dir, idp: newIdentityProvider(t), upstream: newUpstream(t), ended: make(chan struct{})}
	var verifier *gateway.Verifier
	orders := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		verifier.Require(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			who := gateway.From(q)
			_, _ = w.Write([]byte(q.Proto + " " + who.Subject + " " + strings.Join(who.Roles, ",") + " " + q.Header.Get("X-Auth-Claims")))
		})).ServeHTTP(w, q)
	}))
	orders.TLS = &tls.Config{Certificates: []tls.Certificate{services.pair("orders.internal")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: services.pool()}
	orders.EnableHTTP2 = true
	orders.StartTLS()
	t.Cleanup(orders.Close)
	path := filepath.Join(dir, "gwctl.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for old, with := range map[string]string{
		"127.0.0.1:8443": "127.0.0.1:0", "127.0.0.1:9900": "127.0.0.1:0", "https://127.0.0.1:9443": orders.URL,
		"127.0.0.1:9000": r.upstream.addr, "http://127.0.0.1:9100": r.idp.url,
	} {
		if strings.Count(string(text), old) != 1 {
			t.Fatalf("%s is not once in the example", old)
		}
		text = []byte(strings.Replace(string(text), old, with, 1))
	}
	writeTo(t, dir, "gwctl.yaml", string(text)+"  drain: {delay: 0s}\n")
	r.run()
	verifier = gateway.New("http://"+r.car.HealthAddr().String()+gatewayKeys, "https://gw.example.com", "orders", &http.Client{Timeout: patience}, time.Now)

	s := &secured{r, servers}
	mine := clients.pair("client.internal")
	client, cfg := s.client("HTTP/2.0")
	cfg.ServerName = "localhost"
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine, nil }
	token, err := r.idp.issuer.Load().Token(dev.TokenSpec{Subject: "mia", Audience: "shop", Claims: []byte(`{"roles":["orders:clerk","books:clerk"],"email":"mia@example.com"}`)})
	if err != nil {
		t.Fatal(err)
	}
	user := bearer(token)
	want := "HTTP/2.0 mia orders:clerk " + base64.RawURLEncoding.EncodeToString([]byte(`{"email":"mia@example.com"}`))
	if status, body, _ := s.ask(client, "localhost", "/orders/o-1", user); status != http.StatusOK || body != want {
		t.Errorf("answer %d %q, want %q", status, body, want)
	}
	seen := r.forwarded(func() {
		if status, body, _ := s.ask(client, "localhost", "/pages/about", user); status != http.StatusOK || body != "hello" {
			t.Errorf("answer %d %q", status, body)
		}
	})
	if !strings.Contains(seen, "X-User-Id: mia\r\n") || strings.Contains(seen, "X-User-Roles") || strings.Contains(seen, "X-Auth-Claims") || strings.Contains(seen, "X-Gwctl-Assertion") {
		t.Errorf("the pages saw %s", seen)
	}
	if status, body, _ := s.ask(client, "localhost", "/orders/o-1"); status != http.StatusUnauthorized {
		t.Errorf("without a token: answer %d %q", status, body)
	}
	if status, body, _ := s.ask(client, "shop.example.com", "/pages/about"); status != http.StatusMisdirectedRequest {
		t.Errorf("another host: answer %d %q", status, body)
	}
	bare, cfg := s.client("HTTP/2.0")
	cfg.ServerName = "localhost"
	if status, body, _ := s.ask(bare, "localhost", "/pages/about"); status != 0 {
		t.Errorf("without a certificate: answer %d %q", status, body)
	}
	// Past gwctl: the service speaks to its gateway only.
	past := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: services.pool(), ServerName: "orders.internal"}}}
	if resp, err := past.Get(orders.URL + "/orders/o-1"); err == nil {
		_ = resp.Body.Close()
		t.Errorf("past the gateway: answer %s", resp.Status)
	}
	r.stop()
}

const gatewayKeys = "/.well-known/gwctl-jwks.json"

package sidecar_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// secured is a rig whose listener speaks TLS, with the CA of its certificate.
type secured struct {
	*rig
	ca *authority
}

// startTLS starts a sidecar with a certificate for app.test and other.test.
func startTLS(t testing.TB, s setup) *secured {
	t.Helper()
	ca := newAuthority(t, "servers")
	cert, key := ca.issue(24*time.Hour, "app.test", "other.test", "127.0.0.1")
	if s.files == nil {
		s.files = map[string]string{}
	}
	s.files["server.pem"], s.files["server-key.pem"] = cert, key
	s.proxy += ", tls: {cert: server.pem, key: server-key.pem"
	if s.files["clients.pem"] != "" {
		s.proxy += ", client_ca: clients.pem"
	}
	s.proxy += "}"
	return &secured{start(t, s), ca}
}

// client gives a client that speaks one protocol, and its TLS to change. It
// sends app.test as the name.
func (r *secured) client(protocol string) (*http.Client, *tls.Config) {
	r.Helper()
	cfg := &tls.Config{RootCAs: r.ca.pool(), ServerName: "app.test"}
	p := new(http.Protocols)
	p.SetHTTP1(protocol == "HTTP/1.1")
	p.SetHTTP2(protocol == "HTTP/2.0")
	transport := &http.Transport{TLSClientConfig: cfg, Protocols: p}
	r.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}, cfg
}

// ask sends a GET for a host and counts the answer. Status 0 is none.
func (r *secured) ask(c *http.Client, host, path string, headers ...string) (status int, body string, resp *http.Response) {
	r.Helper()
	req, err := http.NewRequest(http.MethodGet, "https://"+r.car.Addr().String()+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	req.Host = host
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Add(name, value)
	}
	resp, err = c.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	r.answers.Add(1)
	return resp.StatusCode, string(text), resp
}

// Both protocols by ALPN; nothing else, and nothing old.
func TestTLS(t *testing.T) {
	r := startTLS(t, setup{})
	user := bearer(r.user(`{"roles":["customer"]}`))
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		c, _ := r.client(protocol)
		seen := r.forwarded(func() {
			if status, body, resp := r.ask(c, "app.test", "/items/7", user); status != http.StatusOK || body != "hello" || resp.Proto != protocol {
				t.Errorf("%s: answer %d %s", protocol, status, body)
			}
		})
		if !strings.Contains(seen, "X-Forwarded-Proto: https\r\n") || !strings.HasPrefix(seen, "GET /items/7 HTTP/1.1\r\nHost: app.test\r\n") {
			t.Errorf("%s: the upstream saw %s", protocol, seen)
		}
		if status, _, _ := r.ask(c, "app.test", "/items/7"); status != http.StatusUnauthorized {
			t.Errorf("%s: without a token: answer %d", protocol, status)
		}
	}
	r.untouched(func() {
		c, cfg := r.client("HTTP/1.1")
		cfg.MaxVersion = tls.VersionTLS11
		if status, body, _ := r.ask(c, "app.test", "/items/7", user); status != 0 {
			t.Errorf("TLS 1.1: answer %d %s", status, body)
		}
		plain := r.dial()
		defer plain.Close()
		plain.write(request("GET /items/7", user))
		if resp := plain.open(http.MethodGet); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: answer %s", resp.Status)
		}
	})
	until(t, "the handshakes to be counted", func() bool {
		return r.metric(`gwctl_tls_handshake_failures_total{result="plain_http"}`) == "1" && r.metric(`gwctl_tls_handshake_failures_total{result="failed"}`) == "1"
	})
	r.stop()
}

// What net/http's server refuses by itself leaves a record over TLS, too.
func TestSyntaxOverTLS(t *testing.T) {
	r := startTLS(t, setup{})
	c, err := tls.Dial("tcp", r.car.Addr().String(), &tls.Config{RootCAs: r.ca.pool(), ServerName: "app.test"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET /items/7 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Fatalf("answer %v, %v", resp, err)
	}
	r.answers.Add(1)
	if e := last(t, r.stop(), record.KindRequestRejected); e.Detail != "http_syntax" || e.Status != http.StatusBadRequest || e.SourceIP != "127.0.0.1" {
		t.Errorf("recorded %+v", e)
	}
}

// HTTP/2 without TLS is not spoken (ATTACKS A94).
func TestNoH2C(t *testing.T) {
	r := start(t, setup{})
	r.untouched(func() {
		if got := r.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); got.status < 400 || !got.closes {
			t.Errorf("answer %s", got.raw)
		}
		if got := r.get("GET /items/7", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"); got.status != http.StatusBadRequest {
			t.Errorf("answer %s", got.raw)
		}
	})
	r.stop()
}

// A listener with client CAs serves nobody else, and nobody under another name
// than that of the handshake (ATTACKS A98).
func TestClientCertificates(t *testing.T) {
	clients, strangers := newAuthority(t, "clients"), newAuthority(t, "strangers")
	r := startTLS(t, setup{files: map[string]string{"clients.pem": clients.pem}})
	user := bearer(r.user(`{"roles":["customer"]}`))
	good := clients.pair("cli")
	var rules []string // that the records name
	for _, tt := range []struct {
		name, sni, host string
		cert            *tls.Certificate
		status          int // 0: no connection
		rule            string
	}{
		{"right", "app.test", "app.test", &good, 200, ""},
		{"the listener's port", "app.test", "app.test:443", &good, 200, ""},
		{"another name of the certificate", "other.test", "other.test", &good, 200, ""},
		{"mixed case", "App.TEST", "app.test", &good, 200, ""},
		{"an address", "", "127.0.0.1", &good, 200, ""},
		{"no certificate", "app.test", "app.test", nil, 0, ""},
		{"a stranger's", "app.test", "app.test", ref(strangers.pair("cli")), 0, ""},
		{"one of its own", "app.test", "app.test", ref(r.ca.pair("cli")), 0, ""},
		{"another host", "app.test", "other.test", &good, 421, "server_name"},
		{"no name", "", "app.test", &good, 421, "server_name"},
		{"a name for an address", "app.test", "127.0.0.1", &good, 421, "server_name"},
	} {
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
			c, cfg := r.client(protocol)
			cfg.ServerName = tt.sni
			if tt.sni == "" {
				cfg.InsecureSkipVerify = true // the client's own check needs a name
			}
			if tt.cert != nil {
				cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return tt.cert, nil }
			}
			act := func() {
				status, body, _ := r.ask(c, tt.host, "/items/7", user)
				if status != tt.status || status == 421 && !strings.Contains(body, `"code":"misdirected_request"`) {
					t.Errorf("%s, %s: answer %d %s, want %d", tt.name, protocol, status, body, tt.status)
				}
			}
			if tt.status == http.StatusOK {
				act()
				continue
			}
			r.untouched(act)
			if tt.rule != "" {
				rules = append(rules, tt.rule)
			}
		}
	}
	for _, e := range r.stop() {
		if e.Kind != record.KindRequestRejected {
			continue
		}
		if len(rules) == 0 || e.Detail != rules[0] || e.Status != http.StatusMisdirectedRequest || e.Reason != "misdirected_request" {
			t.Fatalf("recorded %+v, want the rules %q", e, rules)
		}
		rules = rules[1:]
	}
	if len(rules) > 0 {
		t.Errorf("no record of %q", rules)
	}
}

func ref[T any](v T) *T { return &v }

// A file that is missing or broken ends the start, and --check says so
// (ATTACKS A90, A99).
func TestBrokenFilesEndTheStart(t *testing.T) {
	ca := newAuthority(t, "ca")
	cert, key := ca.issue(time.Hour, "app.test")
	otherCert, _ := ca.issue(time.Hour, "app.test")
	good := map[string]string{"cert.pem": cert, "key.pem": key, "ca.pem": ca.pem}
	for _, tt := range []struct {
		name, file, text, says string
	}{
		{"good", "", "", ""},
		{"no CA", "ca.pem", "", "no such file"},
		{"no certificate", "cert.pem", "", "no such file"},
		{"an empty CA", "ca.pem", "\n", "there is no certificate in PEM"},
		{"a key among the CAs", "ca.pem", ca.pem + key, `there is a block of type "PRIVATE KEY"`},
		{"half a CA", "ca.pem", ca.pem[:len(ca.pem)/2], "a block of PEM is broken"},
		{"a CA and half a one", "ca.pem", ca.pem + ca.pem[:len(ca.pem)/2], "a block of PEM is broken"},
		{"another's key", "cert.pem", otherCert, "private key does not match public key"},
		{"a certificate for a key", "key.pem", cert, "certificate and key cannot be used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, text := minimal(t)
			for name, data := range good {
				if name == tt.file {
					data = tt.text
				}
				if data != "" {
					writeTo(t, dir, name, data)
				}
			}
			text = strings.Replace(text, "proxy: {", "proxy: {tls: {cert: cert.pem, key: key.pem, client_ca: ca.pem}, ", 1)
			checkStart(t, dir, text, tt.says)
		})
	}
}

// The metrics say when the certificates in use end.
func TestCertificateMetrics(t *testing.T) {
	clients := newAuthority(t, "clients")
	r := startTLS(t, setup{files: map[string]string{"clients.pem": clients.pem}})
	for use, want := range map[string]time.Duration{"listener": 24 * time.Hour, "client_ca": 48 * time.Hour} {
		var seconds float64
		if _, err := fmt.Sscan(r.metric(`gwctl_certificate_expiry_seconds{use="`+use+`"}`), &seconds); err != nil {
			t.Fatal(err)
		}
		if got := time.Duration(seconds * float64(time.Second)); got > want || got < want-time.Minute {
			t.Errorf("%s ends in %s, want %s", use, got, want)
		}
	}
	r.stop()
}

// torn sends its first TLS record as two, with the parts of the handshake
// message in each.
type torn struct {
	net.Conn
	sent bool
}

func (c *torn) Write(p []byte) (int, error) {
	const head = 5
	if c.sent || len(p) < head+100 {
		return c.Conn.Write(p)
	}
	c.sent = true
	var out []byte
	for _, part := range [][]byte{p[head : head+20], p[head+20:]} {
		out = append(out, p[0], p[1], p[2], byte(len(part)>>8), byte(len(part)))
		out = append(out, part...)
	}
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// The demand for a certificate does not depend on how the handshake is cut
// (ATTACKS A98).
func TestTornHandshake(t *testing.T) {
	clients := newAuthority(t, "clients")
	r := startTLS(t, setup{files: map[string]string{"clients.pem": clients.pem}})
	good := clients.pair("cli")
	for _, certs := range [][]tls.Certificate{{good}, nil} {
		c, cfg := r.client("HTTP/1.1")
		cfg.Certificates = certs
		c.Transport.(*http.Transport).DialTLSContext = func(_ context.Context, network, address string) (net.Conn, error) {
			raw, err := net.Dial(network, address)
			if err != nil {
				return nil, err
			}
			return tls.Client(&torn{Conn: raw}, cfg), nil
		}
		want := http.StatusOK
		if certs == nil {
			want = 0
		}
		if status, body, _ := r.ask(c, "app.test", "/public/x"); status != want {
			t.Errorf("%d certificates: answer %d %s, want %d", len(certs), status, body, want)
		}
	}
	r.stop()
}

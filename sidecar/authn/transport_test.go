package authn

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestCheckAddr(t *testing.T) {
	for _, tc := range []struct {
		addr     string
		loopback bool // the host names loopback
		ok       bool
	}{
		{"93.184.216.34", false, true},
		{"10.0.0.1", false, true},
		{"192.168.1.1", false, true},
		{"100.64.0.1", false, true},
		{"2606:2800:220:1::1", false, true},
		{"fd00::1", false, true},
		{"64:ff9b::5db8:d822", false, true},
		{"127.0.0.1", true, true},
		{"127.9.9.9", true, true},
		{"::1", true, true},
		{"::ffff:127.0.0.1", true, true},

		{"127.0.0.1", false, false},
		{"::1", false, false},
		{"::ffff:127.0.0.1", false, false},
		{"64:ff9b::7f00:1", false, false},
		{"10.0.0.1", true, false},
		{"0.0.0.0", false, false},
		{"0.0.0.0", true, false},
		{"0.1.2.3", false, false},
		{"::", false, false},
		{"::", true, false},
		{"169.254.169.254", false, false},
		{"169.254.169.254", true, false},
		{"::ffff:169.254.169.254", false, false},
		{"::169.254.169.254", false, false},
		{"64:ff9b::a9fe:a9fe", false, false},
		{"2002:a9fe:a9fe::1", false, false},
		{"fe80::1", false, false},
		{"fe80::1%eth0", false, false},
		{"fd00:ec2::254", false, false},
		{"fd20:ce::254", false, false},
		{"100.100.100.200", false, false},
		{"168.63.129.16", false, false},
		{"192.0.0.192", false, false},
		{"224.0.0.1", false, false},
		{"ff02::1", false, false},
		{"255.255.255.255", false, false},
	} {
		err := checkAddr(netip.MustParseAddr(tc.addr), tc.loopback)
		if (err == nil) != tc.ok || (err != nil && !errors.Is(err, errAddress)) {
			t.Errorf("%s (loopback %v): %v, want ok %v", tc.addr, tc.loopback, err, tc.ok)
		}
	}
}

func get(client *http.Client, target string) (string, error) {
	resp, err := client.Get(target)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return string(body), err
}

func TestClientSchemes(t *testing.T) {
	var hits atomic.Int64
	hit := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { hits.Add(1); _, _ = io.WriteString(w, "ok") })
	plain := httptest.NewServer(hit)
	defer plain.Close()
	secure := httptest.NewTLSServer(hit)
	defer secure.Close()
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())

	local := NewHTTPClient(HTTPOptions{AllowLoopback: true, RootCAs: roots})
	for _, target := range []string{plain.URL, secure.URL} {
		if body, err := get(local, target); err != nil || body != "ok" {
			t.Errorf("control %s: %q, %v", target, body, err)
		}
	}
	before := hits.Load()
	strict := NewHTTPClient(HTTPOptions{RootCAs: roots})
	for _, target := range []string{plain.URL, secure.URL} {
		if _, err := get(strict, target); !errors.Is(err, errAddress) {
			t.Errorf("%s without loopback: %v", target, err)
		}
	}
	for _, target := range []string{"http://example.com/", "file:///etc/passwd", "http://169.254.169.254/", "https://169.254.169.254/"} {
		if _, err := get(local, target); !errors.Is(err, errAddress) {
			t.Errorf("%s: %v", target, err)
		}
	}
	// A certificate that does not verify is an error and not repeated.
	if _, err := get(NewHTTPClient(HTTPOptions{AllowLoopback: true}), secure.URL); err == nil {
		t.Error("unknown CA accepted")
	}
	if hits.Load() != before {
		t.Errorf("%d requests arrived", hits.Load()-before)
	}
}

// A name is judged by where it leads, at the moment of the connect.
func TestDialJudgesTheResolvedAddress(t *testing.T) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	dial := guardedDial(time.Second)
	// ip6-localhost and the like are names this test cannot count on; a literal
	// that is loopback in disguise takes the same way.
	conn, err := dial(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		t.Fatalf("control: %v", err)
	}
	conn.Close()
	for _, host := range []string{"0.0.0.0", "169.254.169.254", "::"} {
		if _, err := dial(t.Context(), "tcp", net.JoinHostPort(host, port)); !errors.Is(err, errAddress) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := dial(t.Context(), "tcp", "nonsense"); !errors.Is(err, errAddress) {
		t.Errorf("no port: %v", err)
	}
}

// A50, A82: a redirect leaves neither host nor port nor scheme, and ends.
func TestClientRedirects(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for from, to := range map[string]string{
		"/one": "/two", "/two": "/end", "/three": "/one", "/loop": "/loop",
		"/other": other.URL, "/metadata": "http://169.254.169.254/latest/", "/file": "file:///etc/passwd",
		"/name":   strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + "/end",
		"/secure": strings.Replace(srv.URL, "http:", "https:", 1) + "/end",
		"/user":   strings.Replace(srv.URL, "//", "//u:p@", 1) + "/end",
	} {
		mux.HandleFunc("GET "+from, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
	}
	mux.HandleFunc("GET /end", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "end") })
	client := NewHTTPClient(HTTPOptions{AllowLoopback: true})
	for path, ok := range map[string]bool{
		"/end": true, "/two": true, "/one": true, "/three": false, "/loop": false, "/other": false,
		"/metadata": false, "/file": false, "/name": false, "/secure": false, "/user": false,
	} {
		body, err := get(client, srv.URL+path)
		if ok && (err != nil || body != "end") {
			t.Errorf("%s: %q, %v", path, body, err)
		}
		if !ok && !errors.Is(err, errAddress) {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("the other host was asked")
	}
	// The rule holds also where the transport is not ours.
	via := []*http.Request{httptest.NewRequest("GET", "https://idp.test/a", nil)}
	for target, ok := range map[string]bool{"https://idp.test/b": true, "https://u@idp.test/b": false, "https://idp.test:8443/b": false} {
		if err := sameOrigin(httptest.NewRequest("GET", target, nil), via); (err == nil) != ok {
			t.Errorf("redirect to %s: %v", target, err)
		}
	}
}

func TestClientBounds(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/announced":
			_, _ = io.WriteString(w, strings.Repeat("x", 101))
		case "/endless":
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, strings.Repeat("x", 64))
				w.(http.Flusher).Flush()
			}
		case "/slow":
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			select {
			case <-release:
			case <-r.Context().Done():
			}
		default:
			_, _ = io.WriteString(w, strings.Repeat("x", 100))
		}
	}))
	defer srv.Close()
	defer close(release)
	client := NewHTTPClient(HTTPOptions{AllowLoopback: true, MaxBody: 100, Timeout: 300 * time.Millisecond})
	if body, err := get(client, srv.URL+"/"); err != nil || len(body) != 100 {
		t.Errorf("control: %d bytes, %v", len(body), err)
	}
	for _, path := range []string{"/announced", "/endless"} {
		if _, err := get(client, srv.URL+path); !errors.Is(err, errBodyTooLarge) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := get(client, srv.URL+"/slow"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow body: %v", err)
	}
}

// Only a connect that failed is repeated, and once.
func TestRetryConnect(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("refused")}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx  context.Context
		err  error
		want bool
	}{
		"connect":         {t.Context(), dial, true},
		"read":            {t.Context(), &net.OpError{Op: "read", Err: errors.New("reset")}, false},
		"any answer":      {t.Context(), nil, false},
		"address refused": {t.Context(), &net.OpError{Op: "dial", Err: addressError("x")}, false},
		"out of time":     {ended, dial, false},
	} {
		if got, err := retryConnect(tc.ctx, nil, tc.err); got != tc.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// 503 with Retry-After is an answer like any other.
	var hits atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	if _, err := get(NewHTTPClient(HTTPOptions{AllowLoopback: true}), srv.URL); err != nil || hits.Load() != 1 {
		t.Errorf("%d requests, %v", hits.Load(), err)
	}
}

// The environment does not choose a proxy.
func TestClientIgnoresProxyEnvironment(t *testing.T) {
	var proxied atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	client := NewHTTPClient(HTTPOptions{AllowLoopback: true, Timeout: 200 * time.Millisecond})
	guard := client.Transport.(*guardedTransport).next.(*limitedTransport)
	if guard.limit != DefaultMaxBody {
		t.Errorf("limit %d", guard.limit)
	}
	// .invalid does not resolve (RFC 6761), so only a proxy could answer.
	if _, err := get(client, "https://idp.invalid/"); err == nil {
		t.Error("answered")
	}
	if proxied.Load() != 0 {
		t.Error("the proxy was asked")
	}
}

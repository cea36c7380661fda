package proxy

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// policies lets everybody do everything below /public.
const policies = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {view: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes: [{route: "GET,POST /public/{rest...}", action: view}]
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules: [{id: anyone, effect: allow, actions: [view], anonymous: true}]
`

const (
	patience              = 10 * time.Second
	responseHeaderTimeout = 200 * time.Millisecond // of upstreams
)

// lines is a log and a sink of records.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// rig is a door with a point behind it, not yet serving.
type rig struct {
	testing.TB
	*Door
	log, out lines
	audit    *audit.Log
}

// newRig makes a door that forwards by patterns to addresses.
func newRig(t testing.TB, upstreams ...[2]string) *rig {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(policies)}})
	set, more := engine.Compile(src)
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	r := &rig{TB: t}
	cfg := &config.Config{AllowAnonymous: true, Proxy: config.Proxy{Limits: config.Limits{Connections: 100, Requests: 100, BodyMiB: 4}}}
	for _, u := range upstreams {
		up := config.DefaultUpstream(policy.NewText(u[0]), &url.URL{Scheme: "http", Host: u[1]}, config.Propagation{})
		up.Timeouts.ResponseHeader = responseHeaderTimeout
		cfg.Proxy.Upstreams = append(cfg.Proxy.Upstreams, up)
	}
	metrics := health.NewMetrics()
	r.audit = audit.New(audit.NewWriterSink(&r.out), audit.Options{})
	point := pdp.New(pdp.Options{Clock: time.Now, NewID: func() string { return "decision" }, Audit: r.audit, Metrics: metrics, Logger: slog.New(slog.DiscardHandler), Verify: (*engine.Set).Verify})
	snapshot, found := pdp.NewSnapshot(set, cfg, nil, nil)
	if found.HasErrors() {
		t.Fatal(found)
	}
	pools := transport.NewPools(time.Now)
	t.Cleanup(pools.Close)
	if snapshot.Upstreams, found = pools.Table(cfg.Proxy.Upstreams, nil); found.HasErrors() {
		t.Fatal(found)
	}
	point.Swap(snapshot)
	r.Door = New(Options{Clock: time.Now, Config: cfg.Proxy, Point: point, Metrics: metrics, Logger: slog.New(slog.NewTextHandler(&r.log, nil)), Draining: func() bool { return false }})
	return r
}

// serve opens the door and gives its address.
func (r *rig) serve() string {
	r.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	srv := r.Server()
	var running sync.WaitGroup
	bounded := r.Listener(l)
	running.Go(func() { _ = srv.Serve(bounded) }) // ends with Close below
	r.Cleanup(func() {
		_ = srv.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// send writes bytes and reads one answer.
func send(t testing.TB, addr, raw string) (resp *http.Response, body string, c net.Conn) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	resp, err = http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text), c
}

// listen is an upstream that hands each connection over once a byte has come.
func listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 4096)); err == nil {
					serve(c)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

const get = "GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n"

func TestUpstreamTimeout(t *testing.T) {
	done := make(chan struct{})
	slow := listen(t, func(net.Conn) { <-done })
	t.Cleanup(func() { close(done) })
	r := newRig(t, [2]string{"/{rest...}", slow})
	resp, body, _ := send(t, r.serve(), get)
	if resp.StatusCode != http.StatusGatewayTimeout || !strings.Contains(body, `"code":"upstream_timeout"`) || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("answer %s %s", resp.Status, body)
	}
	if !strings.Contains(r.log.String(), "reason=upstream_timeout") {
		t.Errorf("log %s", r.log.String())
	}
}

// The bounds that the documentation names.
func TestTimeouts(t *testing.T) {
	r := newRig(t)
	srv := r.Server()
	for name, pair := range map[string][2]time.Duration{
		"header of a request": {srv.ReadHeaderTimeout, 5 * time.Second},
		"idle client":         {srv.IdleTimeout, 2 * time.Minute},
		"body that is unread": {r.unwanted, 5 * time.Second},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %s, want %s", name, pair[0], pair[1])
		}
	}
	if srv.ReadTimeout != 0 || srv.WriteTimeout != 0 {
		t.Error("streams would be cut off")
	}
	if !srv.DisableGeneralOptionsHandler || srv.Protocols != nil {
		t.Errorf("server %+v", srv)
	}
}

// An allowed request goes by the most specific pattern, and nowhere without one.
func TestUpstreams(t *testing.T) {
	answer := func(name string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(name), name)
		}
	}
	r := newRig(t, [2]string{"/public/{rest...}", listen(t, answer("rest"))}, [2]string{"/public/{a}", listen(t, answer("one"))}, [2]string{"/public/x,y", listen(t, answer("literal"))})
	addr := r.serve()
	for path, want := range map[string]string{"/public": "rest", "/public/a": "one", "/public/a/": "one", "/public/a/b": "rest", "/public/x,y": "literal", "/public/x%2Cy": "literal"} {
		if resp, body, _ := send(t, addr, strings.Replace(get, "/public/x", path, 1)); resp.StatusCode != http.StatusOK || body != want {
			t.Errorf("%s: answer %s %s, want %s", path, resp.Status, body, want)
		}
	}
	r = newRig(t, [2]string{"/private/{rest...}", "127.0.0.1:1"})
	if resp, body, _ := send(t, r.serve(), get); resp.StatusCode != http.StatusBadGateway || !strings.Contains(body, `"code":"no_upstream"`) {
		t.Errorf("no pattern: answer %s %s", resp.Status, body)
	}
}

// A denial waits for a body that does not come for a time only, and then the
// connection ends.
func TestUnwantedBody(t *testing.T) {
	r := newRig(t, [2]string{"/{rest...}", "127.0.0.1:1"})
	r.unwanted = 30 * time.Millisecond
	addr := r.serve()
	for _, raw := range []string{
		"POST /private HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nhello",
		"POST /private HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\n",
		"POST /private HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
		"POST /a/../b HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\nhello",
		"POST /private HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10000000000\r\n\r\nhello",
	} {
		resp, body, c := send(t, addr, raw)
		if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: answer %s %s", raw, resp.Status, body)
		}
		if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("%q: the connection stays: %q, %v", raw, rest, err)
		}
	}
	// A body that is there is read past, and the connection kept.
	next := "GET /private HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n"
	resp, _, c := send(t, addr, "POST /private HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nhello")
	if resp.Close {
		t.Error("the connection is closed though the body was there")
	}
	if _, err := io.WriteString(c, next); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(rest), "HTTP/1.1 403 ") {
		t.Errorf("the next answer: %q, %v", rest, err)
	}
}

// No bytes after a body, and none of a body, are taken for a request that
// nobody decided.
func TestNoSmuggling(t *testing.T) {
	r := newRig(t, [2]string{"/{rest...}", "127.0.0.1:1"})
	addr := r.serve()
	const inner = "GET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n"
	raw := fmt.Sprintf("POST /private HTTP/1.1\r\nHost: app.test\r\nContent-Length: %d\r\n\r\n%s", len(inner), inner) +
		"GET /private HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n"
	_, _, c := send(t, addr, raw)
	if _, err := io.ReadAll(c); err != nil { // until the second answer is given
		t.Fatal(err)
	}
	if err := r.audit.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(r.out.String()) {
		e, err := record.Parse([]byte(line))
		if n++; err != nil || e.HTTP.Path != "/private" {
			t.Errorf("recorded %s, %v", line, err)
		}
	}
	if n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}

// What breaks a body counts as the client's only until the transport gives it
// up.
func TestClientBody(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		closed bool
		read   error
		want   bool
	}{
		{"end", io.EOF, false, io.EOF, false},
		{"cut short", io.ErrUnexpectedEOF, false, io.ErrUnexpectedEOF, true},
		{"after it was given up", io.ErrUnexpectedEOF, true, http.ErrBodyReadAfterClose, false},
	} {
		b := &clientBody{}
		req := &http.Request{Body: io.NopCloser(errorReader{tt.err})}
		b.wrap(req, nil, nil)
		if tt.closed {
			if err := req.Body.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := req.Body.Read(nil); err != tt.read || b.failed() != tt.want {
			t.Errorf("%s: %v, failed %v", tt.name, err, b.failed())
		}
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

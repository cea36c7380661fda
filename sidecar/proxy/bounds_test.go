package proxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// holding is an upstream that answers once it is let go.
func holding(t testing.TB) (addr string, arrived chan struct{}, letGo func()) {
	t.Helper()
	arrived, free := make(chan struct{}, 1000), make(chan struct{})
	addr = listen(t, func(c net.Conn) {
		arrived <- struct{}{}
		<-free
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	return addr, arrived, func() { close(free) }
}

// dialFrom writes bytes on a connection from an address.
func dialFrom(t testing.TB, from, addr, raw string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", addr)
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
	return c
}

func answerOf(t testing.TB, c net.Conn) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// A client that holds its share gets 503, somebody else is served (A102).
func TestMostRequests(t *testing.T) {
	upstream, arrived, letGo := holding(t)
	r := newRig(t, [2]string{"/{rest...}", upstream})
	r.bounds.requests = fair.New(3) // two for one client
	addr := r.serve()
	const ask = "GET /public/x HTTP/1.1\r\nHost: app.test\r\n\r\n"
	var waiting []net.Conn
	for range 2 {
		c := dialFrom(t, "127.0.0.2", addr, ask)
		waiting = append(waiting, c)
		<-arrived
	}
	resp, body := answerOf(t, dialFrom(t, "127.0.0.2", addr, ask))
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != "1" || !strings.Contains(body, `"code":"overloaded"`) {
		t.Errorf("one too many: %d %v %s", resp.StatusCode, resp.Header, body)
	}
	other := dialFrom(t, "127.0.0.3", addr, ask)
	<-arrived
	letGo()
	for _, c := range append(waiting, other) {
		if resp, body := answerOf(t, c); resp.StatusCode != http.StatusOK {
			t.Errorf("one of few: %d %s", resp.StatusCode, body)
		}
	}
	// The places are free again.
	if resp, body := answerOf(t, dialFrom(t, "127.0.0.2", addr, ask)); resp.StatusCode != http.StatusOK {
		t.Errorf("later: %d %s", resp.StatusCode, body)
	}
	refused := 0
	if err := r.audit.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(r.out.String()) {
		e, err := record.Parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == record.KindRequestRejected {
			refused++
			if e.Reason != reply.ReasonOverloaded || e.Detail != pdp.RuleRequests || e.Status != 503 || e.SourceIP != "127.0.0.2" {
				t.Errorf("recorded %+v", e)
			}
		}
	}
	if refused != 1 {
		t.Errorf("%d refusals are recorded", refused)
	}
}

// Connections beyond the share are closed before a byte is read.
func TestMostConnections(t *testing.T) {
	r := newRig(t, [2]string{"/{rest...}", "127.0.0.1:9"})
	r.bounds.connections = fair.New(3)
	addr := r.serve()
	var open []net.Conn
	for range 2 {
		c := dialFrom(t, "127.0.0.2", addr, "GET /nowhere HTTP/1.1\r\nHost: app.test\r\n\r\n")
		answerOf(t, c)
		open = append(open, c)
	}
	closed := func() bool {
		c := dialFrom(t, "127.0.0.2", addr, "")
		defer c.Close()
		if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, err := c.Read(make([]byte, 1))
		timeout, ok := err.(net.Error)
		return err != nil && !(ok && timeout.Timeout())
	}
	if !closed() {
		t.Error("a third connection of one client is kept")
	}
	if resp, _ := answerOf(t, dialFrom(t, "127.0.0.3", addr, "GET /nowhere HTTP/1.1\r\nHost: app.test\r\n\r\n")); resp.StatusCode != http.StatusForbidden {
		t.Errorf("somebody else: %d", resp.StatusCode)
	}
	for _, c := range open {
		_ = c.Close()
	}
	limit := time.Now().Add(patience)
	for closed() {
		if time.Now().After(limit) {
			t.Fatal("no place becomes free")
		}
	}
}

// A body that stops coming ends the request.
func TestSilentBody(t *testing.T) {
	r := newRig(t, [2]string{"/{rest...}", listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })})
	r.silent = 50 * time.Millisecond
	addr := r.serve()
	for _, length := range []string{"Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"} {
		resp, body := answerOf(t, dialFrom(t, "127.0.0.2", addr, "POST /public/x HTTP/1.1\r\nHost: app.test\r\n"+length))
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d %s", length, resp.StatusCode, body)
		}
	}
	// Silence behind a body is none of it: the connection is kept.
	slow := newRig(t, [2]string{"/{rest...}", listen(t, func(c net.Conn) {
		<-time.After(100 * time.Millisecond) // longer than the client may be silent
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	})})
	slow.silent = 30 * time.Millisecond
	if resp, body := answerOf(t, dialFrom(t, "127.0.0.2", slow.serve(), "POST /public/x HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nhello")); resp.StatusCode != http.StatusOK {
		t.Errorf("a slow service: %d %s", resp.StatusCode, body)
	}
}

// Bodies that are kept take their place as they come, and give it back.
func TestKeptBodies(t *testing.T) {
	recorder := func() *http.ResponseController { return http.NewResponseController(patient{}) }
	bodies := fair.New(64 << 10)
	one := &bufferedBody{bodies: bodies, who: netip.MustParseAddr("192.0.2.1"), silent: time.Second}
	data, err := one.read(recorder(), strings.NewReader(strings.Repeat("a", 10_000)), 20_000)
	if err != nil || len(data) != 10_000 || one.held != int64(cap(data)) || bodies.Used() != one.held {
		t.Errorf("%d bytes, %v; %d are held, %d in use", len(data), err, one.held, bodies.Used())
	}
	two := &bufferedBody{bodies: bodies, who: one.who, silent: time.Second}
	if _, err := two.read(recorder(), strings.NewReader(strings.Repeat("a", 60_000)), 60_001); !errors.Is(err, errNoMemory) {
		t.Errorf("a body too many of one client: %v", err)
	}
	two.release()
	other := &bufferedBody{bodies: bodies, who: netip.MustParseAddr("192.0.2.2"), silent: time.Second}
	if data, err := other.read(recorder(), strings.NewReader(strings.Repeat("b", 9_000)), 8_000); err != nil || len(data) != 8_000 {
		t.Errorf("of somebody else: %d bytes, %v", len(data), err)
	}
	one.release()
	other.release()
	if bodies.Used() != 0 {
		t.Errorf("%d are in use at the end", bodies.Used())
	}
}

// patient is a connection without deadlines.
type patient struct{ http.ResponseWriter }

func (patient) SetReadDeadline(time.Time) error { return nil }

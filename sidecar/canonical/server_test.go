package canonical_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// longToken has the size of a usual bearer token.
var longToken = strings.Repeat("abcdefgh", 96)

// loopback makes every peer of a test server trusted.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// outcome is what one message on the wire came to.
type outcome struct {
	status   int                  // answer of the server; 200 when Read accepted
	request  *canonical.Request   // nil unless accepted
	rejected *canonical.Rejection // nil when accepted, or when net/http answered alone
	sent     []byte               // what a proxy would write upstream; empty unless accepted
}

// line is the request line that goes upstream.
func (o outcome) line() string {
	first, _, _ := strings.Cut(string(o.sent), "\r\n")
	return first
}

// server runs Read behind net/http on a loopback port.
type server struct {
	t        testing.TB
	addr     string
	outcomes chan outcome
}

func newReader(t testing.TB, o canonical.Options) *canonical.Reader {
	t.Helper()
	r, err := canonical.New(o)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return r
}

func newServer(t testing.TB, o canonical.Options) *server {
	t.Helper()
	s := &server{t: t, outcomes: make(chan outcome, 1)}
	hs := httptest.NewUnstartedServer(s.handler(newReader(t, o)))
	hs.Config.DisableGeneralOptionsHandler = true // else net/http answers OPTIONS * alone
	hs.Start()
	t.Cleanup(hs.Close)
	s.addr = hs.Listener.Addr().String()
	return s
}

func (s *server) handler(r *canonical.Reader) http.HandlerFunc {
	upstream := &url.URL{Scheme: "http", Host: "upstream.test"}
	return func(w http.ResponseWriter, req *http.Request) {
		c, rejected := r.Read(req)
		o := outcome{status: http.StatusOK, request: c, rejected: rejected}
		if rejected != nil {
			o.status = rejected.Status
		} else {
			var out bytes.Buffer
			err := (&http.Request{Method: c.Method, URL: c.OutURL(upstream), Host: c.Host, Header: c.Header}).Write(&out)
			if err != nil {
				s.t.Errorf("writing the outgoing request: %v", err)
			}
			o.sent = out.Bytes()
		}
		s.outcomes <- o
		w.WriteHeader(o.status)
	}
}

// send writes raw bytes and waits for the answer.
func (s *server) send(raw string) outcome {
	s.t.Helper()
	conn, err := net.DialTimeout("tcp", s.addr, 5*time.Second)
	if err != nil {
		s.t.Fatalf("dial: %v", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		s.t.Fatalf("deadline: %v", err)
	}
	if _, err := io.WriteString(conn, raw); err != nil {
		s.t.Fatalf("write: %v", err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatalf("read answer to %q: %v", raw, err)
	}
	res.Body.Close()
	select {
	case o := <-s.outcomes:
		if o.status != res.StatusCode {
			s.t.Errorf("status on the wire = %d, want %d", res.StatusCode, o.status)
		}
		return o
	default:
		return outcome{status: res.StatusCode} // net/http refused before any handler
	}
}

// get is a GET of app.test with extra header lines.
func get(target string, lines ...string) string {
	return message("GET", target, append([]string{"Host: app.test"}, lines...)...)
}

func message(method, target string, lines ...string) string {
	return method + " " + target + " HTTP/1.1\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

// accept asserts that the message is accepted.
func (s *server) accept(raw string) outcome {
	s.t.Helper()
	o := s.send(raw)
	if o.rejected != nil {
		s.t.Fatalf("%q is refused by rule %s: %v", raw, o.rejected.Rule, o.rejected.Err)
	}
	if o.request == nil {
		s.t.Fatalf("%q is refused by net/http: %d", raw, o.status)
	}
	return o
}

// refuse asserts code and rule, and that the record would be complete.
func (s *server) refuse(raw, code, rule string) outcome {
	s.t.Helper()
	o := s.send(raw)
	if o.rejected == nil {
		s.t.Fatalf("%q: no rejection (status %d), want %s by rule %s", raw, o.status, code, rule)
	}
	checkRejection(s.t, o.rejected, code, rule)
	if !o.rejected.Peer.IsLoopback() || !o.rejected.ClientIP.IsValid() {
		s.t.Errorf("peer %v, client %v of a rejection, want a loopback peer and a client", o.rejected.Peer, o.rejected.ClientIP)
	}
	return o
}

func checkRejection(t testing.TB, j *canonical.Rejection, code, rule string) {
	t.Helper()
	status := http.StatusBadRequest
	if code == canonical.CodeMethodNotAllowed {
		status = http.StatusMethodNotAllowed
	}
	if j.Code != code || j.Rule != rule || j.Status != status {
		t.Errorf("refused with %d %s by rule %s (%v), want %d %s by rule %s", j.Status, j.Code, j.Rule, j.Err, status, code, rule)
	}
	if j.ID == "" || len(j.TargetSHA256) != 64 || j.Err == nil {
		t.Errorf("id %q, target digest %q, error %v: a rejection needs all three", j.ID, j.TargetSHA256, j.Err)
	}
}

// refusal is one bad message and the same message without the fault.
type refusal struct {
	name, bad, code, rule, good string
}

func (s *server) refusals(t *testing.T, rows []refusal) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := &server{t: t, addr: s.addr, outcomes: s.outcomes}
			s.refuse(row.bad, row.code, row.rule)
			s.accept(row.good)
		})
	}
}

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// wireTimeout bounds one request with its answer.
const wireTimeout = 10 * time.Second

// answer is a complete answer of the sidecar.
type answer struct {
	status int
	header http.Header
	body   string
	close  bool // the sidecar ends the connection
}

// code gives the reason code of a problem document, "" if it is none.
func (a answer) code() string {
	var problem struct{ Code string }
	if a.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal([]byte(a.body), &problem) != nil {
		return ""
	}
	return problem.Code
}

// requestID gives the id of the request, from the problem document or from what
// the upstream was told.
func (a answer) requestID() string {
	if a.status == http.StatusOK {
		return a.body
	}
	var problem struct{ Instance string }
	if json.Unmarshal([]byte(a.body), &problem) != nil {
		return ""
	}
	return problem.Instance
}

// wire is one connection to the sidecar that sends bytes as they are and never
// repeats a request by itself, as http.Transport would.
type wire struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	kept    bool // an answer came on this connection before
}

// brokenError is the end of a connection with a request under way.
type brokenError struct {
	err   error
	begun bool // part of the answer had come
	kept  bool // the connection had carried another request before
}

func (e *brokenError) Error() string { return fmt.Sprintf("broken connection: %v", e.err) }

// errNotConnected says that the sidecar does not take connections.
var errNotConnected = errors.New("not connected")

// do sends one request and reads its answer. It connects if need be.
func (w *wire) do(request string) (answer, error) {
	if w.conn == nil {
		conn, err := net.DialTimeout("tcp", w.address, wireTimeout)
		if err != nil {
			return answer{}, fmt.Errorf("%w: %w", errNotConnected, err)
		}
		w.conn, w.in, w.kept = conn, bufio.NewReader(conn), false
	}
	a, begun, err := w.exchange(request)
	if err != nil {
		w.close()
		return answer{}, &brokenError{err, begun, w.kept}
	}
	if w.kept = true; a.close {
		w.close()
	}
	return a, nil
}

func (w *wire) exchange(request string) (a answer, begun bool, err error) {
	if err := w.conn.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return answer{}, false, err
	}
	if _, err := io.WriteString(w.conn, request); err != nil {
		return answer{}, false, err
	}
	if _, err := w.in.Peek(1); err != nil {
		return answer{}, false, err
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		return answer{}, true, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return answer{}, true, err
	}
	return answer{resp.StatusCode, resp.Header, string(body), resp.Close}, true, nil
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// request writes a request in origin form. Headers are "Name: value".
func request(method, target string, headers ...string) string {
	lines := append([]string{method + " " + target + " HTTP/1.1", "Host: shop.test"}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// bearer is the header that presents a token.
func bearer(token string) string { return "Authorization: Bearer " + token }

// ask sends one request on a connection of its own.
func (s *sidecar) ask(t testing.TB, request string) answer {
	t.Helper()
	w := wire{address: s.proxy}
	defer w.close()
	a, err := w.do(request)
	if err != nil {
		line, _, _ := strings.Cut(request, "\r\n")
		t.Fatalf("%s: %v", line, err)
	}
	s.asked.Add(1)
	return a
}

// expect asks and compares status and reason code, "" for an answer of the
// upstream.
func (s *sidecar) expect(t testing.TB, request string, status int, code string) answer {
	t.Helper()
	a := s.ask(t, request)
	if a.status != status || a.code() != code {
		line, _, _ := strings.Cut(request, "\r\n")
		t.Errorf("%s: got %d %q, want %d %q; body %s", line, a.status, a.code(), status, code, a.body)
	}
	return a
}

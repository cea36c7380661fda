package attacks_test

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

	"github.com/gwctl/gwctl/engine/record"
)

// answer is what came back through a door.
type answer struct {
	status int
	header http.Header
	body   string
	closed bool // nothing came after it but the end of the connection
}

// code gives the reason code of a problem document, "" if it is none.
func (a answer) code() string {
	var problem struct {
		Code   string `json:"code"`
		Status int    `json:"status"`
	}
	if a.header.Get("Content-Type") != "application/problem+json" || json.Unmarshal([]byte(a.body), &problem) != nil || problem.Status != a.status {
		return ""
	}
	return problem.Code
}

// door is a way in.
type door interface {
	name() string
	// carries tells whether the door has a wire for a request.
	carries(request) bool
	// ask sends a request from an address and gives the answer.
	ask(t testing.TB, from string, q request) answer
	// judge says what is wrong with an answer to a bad request, "" for nothing.
	judge(a answer, want verdict) string
	// hands gives what the service behind the door learns of an allowed
	// request, with the same text for the same request.
	hands(a answer, seen string) string
}

// proxyDoor is the reverse proxy: the request itself, byte by byte.
type proxyDoor struct{ r *rig }

func (proxyDoor) name() string { return "proxy" }

func (proxyDoor) carries(request) bool { return true }

func (d proxyDoor) ask(t testing.TB, from string, q request) answer {
	t.Helper()
	return exchange(t, d.r.car.Addr(), from, q.wire())
}

func (proxyDoor) judge(a answer, want verdict) string {
	switch {
	case a.status != want.status || a.code() != want.code:
		return fmt.Sprintf("answer %d %q, want %d %q\n%s", a.status, a.code(), want.status, want.code, a.body)
	case want.kind == record.KindRequestRejected && !a.closed:
		return "the connection is kept"
	}
	return ""
}

// hands leaves out what differs between two requests that are the same.
func (proxyDoor) hands(_ answer, seen string) string {
	var kept []string
	for line := range strings.SplitSeq(seen, "\r\n") {
		if !strings.HasPrefix(line, "X-Request-Id: ") {
			kept = append(kept, strings.ReplaceAll(line, attacker, client))
		}
	}
	return strings.Join(kept, "\n")
}

// exchange writes bytes on a connection of its own and reads one answer. Then
// it says that nothing more comes, and waits for the end.
func exchange(t testing.TB, to net.Addr, from, bytes string) answer {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := dialer.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, bytes); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(bytes, " ")
	in := bufio.NewReader(c)
	resp, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no answer to %.200q: %v", bytes, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("the answer to %.200q: %v", bytes, err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if resp.Close {
		// A reset is an end, too: not everything that was sent is read.
		rest, err := io.ReadAll(in)
		var timeout net.Error
		a.closed = len(rest) == 0 && !(errors.As(err, &timeout) && timeout.Timeout())
	}
	return a
}

package sidecar_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	raw    string
	closes bool // the connection
}

func (a answer) code(t testing.TB) string {
	t.Helper()
	var problem struct {
		Code   string `json:"code"`
		Status int    `json:"status"`
	}
	if err := json.Unmarshal([]byte(a.body), &problem); err != nil {
		t.Fatalf("the body is no problem document: %v\n%s", err, a.raw)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" || problem.Status != a.status {
		t.Errorf("content type %q, status in the body %d: %s", got, problem.Status, a.raw)
	}
	return problem.Code
}

// get writes a request of its own making: a request line, headers, and Host
// app.test unless it is among them. The connection is not kept.
func (r *rig) get(line string, headers ...string) answer {
	r.Helper()
	return r.send(request(line, headers...))
}

func request(line string, headers ...string) string {
	if !strings.Contains(line, " HTTP/") {
		line += " HTTP/1.1"
	}
	text := line + "\r\n"
	host := false
	for _, h := range headers {
		host = host || strings.HasPrefix(strings.ToLower(h), "host:")
		text += h + "\r\n"
	}
	if !host {
		text += "Host: app.test\r\n"
	}
	return text + "\r\n"
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// send writes bytes to the proxy and reads one answer. It counts it.
func (r *rig) send(raw string) answer {
	r.Helper()
	c := r.dial()
	defer c.Close()
	c.write(raw)
	return c.read(strings.HasPrefix(raw, "HEAD "))
}

// soon asks until the answer is 200. A token with a new key waits one second
// for it, which a busy machine may need, and is refused then.
func (r *rig) soon(line string, headers ...string) {
	r.Helper()
	until(r, "an answer to "+line, func() bool { return r.get(line, headers...).status == http.StatusOK })
}

// wire is a connection of a client.
type wire struct {
	net.Conn
	r   *rig
	in  *bufio.Reader
	raw bytes.Buffer // what came since the last answer, and maybe before
}

func (r *rig) dial() *wire {
	r.Helper()
	return r.dialTo(r.car.Addr())
}

func (r *rig) dialTo(door net.Addr) *wire {
	r.Helper()
	c, err := net.Dial("tcp", door.String())
	if err != nil {
		r.Fatal(err)
	}
	return r.wireOf(c)
}

func (r *rig) wireOf(c net.Conn) *wire {
	r.Helper()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		r.Fatal(err)
	}
	w := &wire{Conn: c, r: r}
	w.in = bufio.NewReader(io.TeeReader(c, &w.raw))
	return w
}

func (w *wire) write(text string) {
	w.r.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		w.r.Fatal(err)
	}
}

// open takes the header of an answer.
func (w *wire) open(method string) *http.Response {
	w.r.Helper()
	resp, err := http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		w.r.Fatalf("no answer: %v", err)
	}
	return resp
}

// read takes one answer and counts it. For the answer to a HEAD it makes sure
// that nothing follows the header.
func (w *wire) read(head bool) answer {
	w.r.Helper()
	method := http.MethodGet
	if head {
		method = http.MethodHead
	}
	resp := w.open(method)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.r.Fatalf("the body of the answer: %v", err)
	}
	w.r.answers.Add(1)
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body), raw: w.raw.String(), closes: resp.Close}
	if head && w.in.Buffered() > 0 {
		w.r.Errorf("the answer to a HEAD has a body: %s", a.raw)
	}
	w.raw.Reset()
	return a
}

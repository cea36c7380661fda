package sidecar_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// The first event of a stream arrives before the second one is sent.
func TestStreamingAnswer(t *testing.T) {
	for name, header := range map[string]string{
		"events": "Content-Type: text/event-stream\r\n",
		"chunks": "Content-Type: application/json\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			more := make(chan struct{})
			r.upstream.answer = func(c net.Conn, _ *http.Request) {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+header+"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
				<-more
				_, _ = io.WriteString(c, "9\r\ndata: 2\n\n\r\n0\r\n\r\n")
			}
			c := r.dial()
			defer c.Close()
			c.write(request("GET /public/events"))
			resp := c.open(http.MethodGet)
			r.answers.Add(1)
			events := bufio.NewReader(resp.Body)
			if line, err := events.ReadString('\n'); err != nil || line != "data: 1\n" {
				t.Errorf("first %q, %v", line, err)
			}
			close(more)
			if rest, err := io.ReadAll(events); err != nil || string(rest) != "\ndata: 2\n\n" {
				t.Errorf("then %q, %v", rest, err)
			}
			r.stop()
		})
	}
}

// A body reaches the upstream while the client still sends it, and byte for
// byte.
func TestStreamingBody(t *testing.T) {
	for _, tt := range []struct{ name, header, first, second string }{
		{"of known length", "Content-Length: 10", "hello", "world"},
		{"in chunks", "Transfer-Encoding: chunked", "5\r\nhello\r\n", "5\r\nworld\r\n0\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, setup{})
			user := bearer(r.user(`{"roles":["customer"]}`))
			got := make(chan string, 2)
			r.upstream.answer = func(c net.Conn, req *http.Request) {
				first := make([]byte, 5)
				_, _ = io.ReadFull(req.Body, first)
				got <- string(first)
				rest, _ := io.ReadAll(req.Body)
				got <- string(rest)
				_, _ = io.WriteString(c, fixedAnswer)
			}
			c := r.dial()
			defer c.Close()
			c.write(request("POST /items/7", user, tt.header) + tt.first)
			if first := <-got; first != "hello" {
				t.Errorf("first %q", first)
			}
			c.write(tt.second)
			if rest := <-got; rest != "world" {
				t.Errorf("then %q", rest)
			}
			if a := c.read(false); a.status != http.StatusOK {
				t.Errorf("answer %s", a.raw)
			}
			_, headers := head(t, r.upstream.seen.String())
			if len(headers["Content-Length"])+len(headers["Transfer-Encoding"]) != 1 {
				t.Errorf("framed by %q and %q", headers["Content-Length"], headers["Transfer-Encoding"])
			}
			r.stop()
		})
	}
}

// Announced trailers of a client pass, others do not, and a protected one that
// was not announced ends the request before its body is complete.
func TestTrailers(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{"roles":["customer"]}`))
	for _, tt := range []struct {
		header, trailer string
		status          int
		seen            string // the end of what the upstream saw; "" if no request came to its end
	}{
		{"Trailer: X-Checksum", "X-Checksum: sum", http.StatusOK, "5\r\nhello\r\n0\r\nX-Checksum: sum\r\n\r\n"},
		{"Trailer: X-Checksum", "X-Checksum: sum\r\nX-Other: odd", http.StatusOK, "5\r\nhello\r\n0\r\nX-Checksum: sum\r\n\r\n"},
		{"X-Note: a", "X-Checksum: odd", http.StatusOK, "5\r\nhello\r\n0\r\n\r\n"},
		{"Trailer: Keep-Alive", "Keep-Alive: odd", http.StatusOK, "5\r\nhello\r\n0\r\n\r\n"},
		{"Trailer: X_Checksum", "X_Checksum: odd", http.StatusOK, "5\r\nhello\r\n0\r\n\r\n"},
		{"Trailer: X-User-Id", "X-User-Id: odd", http.StatusBadRequest, ""},
		{"Trailer: X-Gwctl-Assertion", "X-Gwctl-Assertion: odd", http.StatusBadRequest, ""},
		{"X-Note: a", "X-User-Id: odd", http.StatusBadRequest, ""},
		{"X-Note: a", "X_user_id: odd", http.StatusBadRequest, ""},
		{"Trailer: X-Checksum", "X-Checksum: a\x7fb", http.StatusBadRequest, ""},
	} {
		seen := r.forwarded(func() {
			raw := request("POST /items/7", user, "Transfer-Encoding: chunked", tt.header) + "5\r\nhello\r\n0\r\n" + tt.trailer + "\r\n\r\n"
			if got := r.send(raw); got.status != tt.status || tt.status != http.StatusOK && got.code(t) != "request_not_canonical" {
				t.Errorf("%s: answer %s", tt.trailer, got.raw)
			}
		})
		if !strings.HasSuffix(seen, tt.seen) || strings.Contains(seen, "odd") || strings.Contains(seen, "\r\n0\r\n") != (tt.seen != "") {
			t.Errorf("%s: the upstream saw %s", tt.trailer, seen)
		}
	}
	r.stop()
}

// A denied request is answered before its body is sent.
func TestExpectContinue(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{"roles":["customer"]}`))
	r.untouched(func() {
		c := r.dial()
		defer c.Close()
		c.write(request("POST /items/embargoed", user, "Content-Length: 1000000", "Expect: 100-continue"))
		if got := c.read(false); got.status != http.StatusUnavailableForLegalReasons || !got.closes {
			t.Errorf("answer %s", got.raw)
		}
	})
	c := r.dial()
	defer c.Close()
	c.write(request("POST /items/7", user, "Content-Length: 5", "Expect: 100-continue"))
	if resp := c.open(http.MethodPost); resp.StatusCode != http.StatusContinue {
		t.Fatalf("before the body: %s", resp.Status)
	}
	c.write("hello")
	if got := c.read(false); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	r.stop()
}

// The upstream learns that the client has gone.
func TestClientGone(t *testing.T) {
	r := start(t, setup{})
	asked, gone := make(chan struct{}), make(chan error, 1)
	r.upstream.answer = func(c net.Conn, _ *http.Request) {
		close(asked)
		_, err := c.Read(make([]byte, 1)) // returns when the sidecar hangs up
		gone <- err
	}
	c := r.dial()
	c.write(request("GET /public/slow"))
	<-asked
	_ = c.Close()
	if err := <-gone; err == nil {
		t.Error("the upstream read a byte instead of the end")
	}
	r.answers.Add(1) // nobody got it, but it was decided
	r.stop()
	if strings.Contains(r.log.String(), "upstream failed") {
		t.Errorf("the log blames the upstream: %s", r.log.String())
	}
}

// A body that is broken on its way is the client's fault (ATTACKS A96).
func TestBrokenBody(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{"roles":["customer"]}`))
	r.upstream.answer = func(c net.Conn, req *http.Request) {
		if _, err := io.Copy(io.Discard, req.Body); err == nil {
			_, _ = io.WriteString(c, fixedAnswer)
		}
	}
	for _, chunks := range []string{"xyz\r\n", "5\r\nhelloworld\r\n0\r\n\r\n", "-1\r\n", "10000000000000000000\r\n"} {
		got := r.send(request("POST /items/7", user, "Transfer-Encoding: chunked") + chunks)
		if got.status != http.StatusBadRequest || got.code(t) != "request_not_canonical" || !got.closes {
			t.Errorf("%q: answer %s", chunks, got.raw)
		}
	}
	if got := r.send(request("POST /items/7", user, "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n"); got.status != http.StatusOK {
		t.Errorf("answer %s", got.raw)
	}
	r.stop()
	if strings.Contains(r.log.String(), "upstream failed") {
		t.Errorf("the log blames the upstream: %s", r.log.String())
	}
}

// An answer that the upstream gives is passed on, whatever it is; a redirect is
// not followed and hop-by-hop headers stay.
func TestAnswerPasses(t *testing.T) {
	r := start(t, setup{})
	r.upstream.answer = func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nKeep-Alive: timeout=1\r\nConnection: X-Private\r\nX-Private: a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n")
	}
	got := r.get("GET /public/x")
	if got.status != http.StatusTemporaryRedirect || got.header.Get("Location") != "http://127.0.0.1:1/" || len(got.header.Values("Set-Cookie")) != 2 {
		t.Errorf("answer %s", got.raw)
	}
	if got.header.Get("Keep-Alive") != "" || got.header.Get("X-Private") != "" {
		t.Errorf("hop-by-hop headers in %s", got.raw)
	}
	r.stop()
}

// hang answers the first request by saying that it came, and no more until
// done.
func hang(asked chan<- struct{}, done <-chan struct{}) func(net.Conn, *http.Request) {
	var once sync.Once
	return func(c net.Conn, _ *http.Request) {
		once.Do(func() { close(asked) })
		<-done
		_ = c.Close()
	}
}

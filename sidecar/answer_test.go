package sidecar_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// ways are requests that go to the upstream over connections of different
// kinds.
var ways = map[string]func(user string) string{
	"without a body": func(user string) string { return request("GET /items/7", user) },
	"with a body":    func(user string) string { return request("POST /items/7", user, "Content-Length: 5") + "hello" },
}

// each runs a test both ways, with an upstream that answers with a text and
// hangs up.
func each(t *testing.T, answer string, test func(t *testing.T, r *rig, raw string)) {
	for name, raw := range ways {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			r.upstream.answer = func(c net.Conn, _ *http.Request) {
				_, _ = io.WriteString(c, answer) // told by what the client gets
				_ = c.Close()
			}
			test(t, r, raw(bearer(r.user(`{"roles":["customer"]}`))))
		})
	}
}

// Trailers of the service reach the client, announced or not.
func TestAnswerTrailers(t *testing.T) {
	each(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Grpc-Status\r\n\r\n2\r\nhi\r\n0\r\nGrpc-Status: 0\r\nGrpc-Message: late\r\n\r\n", func(t *testing.T, r *rig, raw string) {
		got := r.send(raw)
		if !strings.HasSuffix(got.raw, "0\r\nGrpc-Message: late\r\nGrpc-Status: 0\r\n\r\n") && !strings.HasSuffix(got.raw, "0\r\nGrpc-Status: 0\r\nGrpc-Message: late\r\n\r\n") {
			t.Errorf("answer %s", got.raw)
		}
		r.stop()
	})
	each(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Grpc-Status\r\n\r\n2\r\nhi\r\n0\r\nGrpc-Status: 0\r\n\r\n", func(t *testing.T, r *rig, raw string) {
		if got := r.send(raw); !strings.Contains(got.raw, "\r\nTrailer: Grpc-Status\r\n") || !strings.HasSuffix(got.raw, "0\r\nGrpc-Status: 0\r\n\r\n") {
			t.Errorf("answer %s", got.raw)
		}
		r.stop()
	})
}

// What the service says early reaches the client early.
func TestEarlyHints(t *testing.T) {
	each(t, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-Private\r\nX-Private: a\r\n\r\n"+fixedAnswer, func(t *testing.T, r *rig, raw string) {
		c := r.dial()
		defer c.Close()
		c.write(raw)
		early := c.open(http.MethodGet)
		if early.StatusCode != http.StatusEarlyHints || early.Header.Get("Link") != "</a.css>; rel=preload" || early.Header.Get("X-Private") != "" {
			t.Errorf("early answer %s %v", early.Status, early.Header)
		}
		if got := c.read(false); got.status != http.StatusOK || got.header.Get("Link") != "" {
			t.Errorf("answer %s", got.raw)
		}
		r.stop()
	})
}

// An answer that ends before its end is not passed off as whole.
func TestAnswerCutShort(t *testing.T) {
	for _, framing := range []string{"Content-Length: 50\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"} {
		each(t, "HTTP/1.1 200 OK\r\n"+framing, func(t *testing.T, r *rig, raw string) {
			c := r.dial()
			defer c.Close()
			c.write(raw)
			all, _ := io.ReadAll(c) // until the door hangs up, which it may do harshly
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(all)), nil)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q is taken for whole: %v", all, err)
			}
			r.answers.Add(1)
			r.stop()
		})
	}
}

// The head of an answer goes out before there is a body.
func TestHeadComesFirst(t *testing.T) {
	for name, raw := range ways {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{})
			more := make(chan struct{})
			r.upstream.answer = func(c net.Conn, _ *http.Request) {
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") // told by what the client gets
				<-more
				_, _ = io.WriteString(c, "5\r\nhello\r\n0\r\n\r\n")
			}
			c := r.dial()
			defer c.Close()
			c.write(raw(bearer(r.user(`{"roles":["customer"]}`))))
			resp := c.open(http.MethodGet)
			r.answers.Add(1)
			close(more)
			if body, err := io.ReadAll(resp.Body); string(body) != "hello" || err != nil {
				t.Errorf("%q, %v", body, err)
			}
			r.stop()
		})
	}
}

func TestUpstreamFails(t *testing.T) {
	for name, answer := range map[string]string{
		"hangs up":            "",
		"speaks no HTTP":      "hello\r\n\r\n",
		"switches protocols":  "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
		"switches to nothing": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			each(t, answer, func(t *testing.T, r *rig, raw string) {
				got := r.send(raw)
				if got.status != http.StatusBadGateway || got.code(t) != "upstream_unreachable" {
					t.Errorf("answer %s", got.raw)
				}
				if e := last(t, r.stop(), record.KindDecision); !e.Decision.Allowed() {
					t.Errorf("recorded %+v", e.Decision)
				}
			})
		})
	}
}

// What the service does not say of an answer, nobody makes up.
func TestNoGuessedType(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>hi\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<html>hi\n\r\n0\r\n\r\n"} {
		each(t, answer, func(t *testing.T, r *rig, raw string) {
			if got := r.send(raw); got.body != "<html>hi\n" || got.header.Values("Content-Type") != nil {
				t.Errorf("answer %s", got.raw)
			}
			r.stop()
		})
	}
}

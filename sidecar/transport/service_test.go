package transport

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
)

// service is an HTTP/1.1 server that says just what a test wants.
type service struct {
	testing.TB
	listener net.Listener
	accepted atomic.Int64
	asked    atomic.Int64
}

// serve starts a service. answer writes to a connection what comes back for a
// request, the nth of the connection from 0, and tells whether to go on.
func serve(t testing.TB, answer func(c net.Conn, n int, head string) bool) *service {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{TB: t, listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.accepted.Add(1)
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				for n := 0; ; n++ {
					head, err := readHead(in)
					if err != nil {
						return
					}
					s.asked.Add(1)
					if !answer(c, n, head) {
						return
					}
				}
			}()
		}
	}()
	return s
}

// says is a service that gives the same bytes to every request.
func says(t testing.TB, text string) *service {
	return serve(t, func(c net.Conn, _ int, _ string) bool {
		_, err := io.WriteString(c, text)
		return err == nil
	})
}

func readHead(in *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if head.WriteString(line); line == "\r\n" {
			return head.String(), nil
		}
	}
}

// pool makes the connections to a service.
func (s *service) pool(settings ...func(*config.Upstream)) *pool {
	s.Helper()
	u := upstream("/{rest...}", s.listener.Addr().String())
	for _, set := range settings {
		set(&u)
	}
	p, found := newPool(u, nil, time.Now)
	if len(found) > 0 {
		s.Fatal(found)
	}
	s.Cleanup(p.closeIdle)
	return p
}

func (s *service) request(ctx context.Context, method string) *http.Request {
	u := &url.URL{Scheme: "http", Host: s.listener.Addr().String(), Path: "/a", RawQuery: "b=1"}
	return (&http.Request{Method: method, URL: u, Host: "app.test", Header: http.Header{"X-One": {"1"}, "User-Agent": {""}}}).WithContext(ctx)
}

// get sends one request and reads its whole answer.
func (s *service) get(p *pool) (int, string, error) {
	resp, err := p.roundTrip(s.request(s.Context(), "GET"), nil)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // read to its end, or broken
	return resp.StatusCode, string(body), err
}

// gets wants an answer.
func (s *service) gets(p *pool, want string) {
	s.Helper()
	if status, body, err := s.get(p); err != nil || status != 200 || body != want {
		s.Fatalf("%d %q %v, want %q", status, body, err, want)
	}
}

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

package transport

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
)

// Which requests go over lines, and to which services.
func TestTakes(t *testing.T) {
	s := says(t, hello)
	p := s.pool()
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
		want   bool
	}{
		{"GET", func(r *http.Request) {}, true},
		{"HEAD", func(r *http.Request) { r.Method = "HEAD" }, true},
		{"OPTIONS", func(r *http.Request) { r.Method = "OPTIONS" }, true},
		{"no bytes", func(r *http.Request) { r.Body = http.NoBody }, true},
		{"POST", func(r *http.Request) { r.Method = "POST" }, false},
		{"DELETE", func(r *http.Request) { r.Method = "DELETE" }, false},
		{"a body", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), 1 }, false},
		{"a body of unknown length", func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), -1 }, false},
		{"trailers", func(r *http.Request) { r.Trailer = http.Header{"X-End": nil} }, false},
		{"upgrade", func(r *http.Request) { r.Header["Upgrade"] = []string{"websocket"} }, false},
	} {
		r := s.request(t.Context(), "GET")
		tt.change(r)
		if got := p.lines.takes(r); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	for _, other := range []func(*config.Upstream){
		func(u *config.Upstream) { u.Protocol = "h2c" },
		func(u *config.Upstream) { u.URL.Scheme = "https" },
	} {
		if p := s.pool(other); p.lines.takes(s.request(t.Context(), "GET")) {
			t.Error("a service that may not speak plain HTTP/1.1 is asked so")
		}
	}
}

// A connection is used again only if nothing can be left on it.
func TestReuse(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		read         bool
		want         int64 // connections for two requests
	}{
		{"whole", hello, true, 1},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true, 1},
		{"nothing", "HTTP/1.1 204 No Content\r\n\r\n", true, 1},
		{"nothing, not read", "HTTP/1.1 204 No Content\r\n\r\n", false, 1},
		{"not read", hello, false, 2},
		{"closed by word", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", true, 2},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", true, 2},
		{"more than asked for", hello + hello, true, 2},
		{"more than nothing", "HTTP/1.1 204 No Content\r\n\r\nhello", true, 2},
	} {
		s := says(t, tt.answer)
		p := s.pool()
		for range 2 {
			resp, err := p.roundTrip(s.request(t.Context(), "GET"), nil)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if tt.read {
				if _, err := io.ReadAll(resp.Body); err != nil {
					t.Errorf("%s: %v", tt.name, err)
				}
			}
			if err := resp.Body.Close(); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
				t.Errorf("%s: it can be read after its end", tt.name)
			}
		}
		if n := s.accepted.Load(); n != tt.want {
			t.Errorf("%s: %d connections, want %d", tt.name, n, tt.want)
		}
	}
}

// An answer that comes when nobody has asked is nobody's: the next request must
// not get it.
func TestUnsolicited(t *testing.T) {
	more := make(chan struct{})
	sent := make(chan struct{})
	s := serve(t, func(c net.Conn, n int, _ string) bool {
		if _, err := io.WriteString(c, hello); err != nil {
			return false
		}
		go func() {
			<-more
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison") // the other side may be gone
			sent <- struct{}{}
		}()
		return true
	})
	p := s.pool()
	s.gets(p, "hello")
	more <- struct{}{}
	<-sent
	s.gets(p, "hello")
	if n := s.accepted.Load(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

// A connection that has ended while it was idle costs nobody a request.
func TestStale(t *testing.T) {
	closed := make(chan struct{}, 2)
	s := serve(t, func(c net.Conn, _ int, _ string) bool {
		_, _ = io.WriteString(c, hello) // told by the answer
		_ = c.Close()
		closed <- struct{}{}
		return false
	})
	p := s.pool()
	s.gets(p, "hello")
	<-closed
	s.gets(p, "hello")
	if n := s.asked.Load(); n != 2 {
		t.Errorf("%d requests", n)
	}

	// It ends just after it was looked at: a request is sent, and nobody answers.
	s = serve(t, func(c net.Conn, n int, _ string) bool {
		if n == 1 {
			return false
		}
		_, err := io.WriteString(c, hello)
		return err == nil
	})
	p = s.pool()
	s.gets(p, "hello")
	s.gets(p, "hello")
	if asked, accepted := s.asked.Load(), s.accepted.Load(); asked != 3 || accepted != 2 {
		t.Errorf("%d requests on %d connections", asked, accepted)
	}
}

// Once only, never on a new connection, and never after a part of an answer.
func TestNotAgain(t *testing.T) {
	for _, tt := range []struct {
		name, second string
		want         int64
	}{
		{"silence for ever", "", 3},
		{"half an answer", "HTTP/1.1 20", 2},
		{"no HTTP", "hello\r\n\r\n", 2},
	} {
		var good atomic.Int64
		good.Store(1)
		s := serve(t, func(c net.Conn, n int, _ string) bool {
			if good.Add(-1) == 0 {
				_, err := io.WriteString(c, hello)
				return err == nil
			}
			_, _ = io.WriteString(c, tt.second) // told by the error
			return false
		})
		p := s.pool()
		s.gets(p, "hello")
		if _, body, err := s.get(p); err == nil {
			t.Errorf("%s: answered %q", tt.name, body)
		}
		if n := s.asked.Load(); n != tt.want {
			t.Errorf("%s: %d requests, want %d", tt.name, n, tt.want)
		}
	}
}

// Idle connections are bounded in number and time, and the last one is used
// first.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &lines{most: 2, idleTimeout: time.Minute, clock: time.Now}
		var ends []net.Conn
		made := func() *line {
			here, there := net.Pipe()
			ends = append(ends, there)
			return newLine(here, func() bool { return true })
		}
		open := func() (n int) {
			for _, c := range ends {
				if c.SetReadDeadline(time.Time{}) == nil { // fails once one end is closed
					n++
				}
			}
			return n
		}
		first, second := made(), made()
		s.put(first)
		time.Sleep(40 * time.Second)
		s.put(second)
		s.put(made())
		if n := open(); n != 2 {
			t.Errorf("%d are open, of at most 2", n)
		}
		if l := s.take(); l != second {
			t.Error("not the last one comes first")
		}
		s.put(second)
		time.Sleep(21 * time.Second)
		synctest.Wait()
		if n := open(); n != 1 || s.take() != second {
			t.Errorf("%d are open, the old one among them", n)
		}
		s.put(second)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := open(); n != 0 || s.take() != nil {
			t.Errorf("%d are open after their time", n)
		}
		s.put(made())
		s.closeIdle()
		if n := open(); n != 0 || s.take() != nil {
			t.Errorf("%d are open after all were closed", n)
		}
	})
}

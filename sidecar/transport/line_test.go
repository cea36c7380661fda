package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
)

// The bytes of a request, and one connection for many.
func TestLine(t *testing.T) {
	heads := make(chan string, 3)
	s := serve(t, func(c net.Conn, _ int, head string) bool {
		heads <- head
		_, err := io.WriteString(c, hello)
		return err == nil
	})
	p := s.pool()
	for range 3 {
		s.gets(p, "hello")
		if got, want := <-heads, "GET /a?b=1 HTTP/1.1\r\nHost: app.test\r\nX-One: 1\r\n\r\n"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// What would be another line, another header or another request is not sent.
func TestHeadRefuses(t *testing.T) {
	s := says(t, hello)
	p := s.pool()
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Header["X-One"] = []string{"a\r\nX-User-ID: root"} },
		func(r *http.Request) { r.Header["X-One"] = []string{"a\nb"} },
		func(r *http.Request) { r.Header["X-One"] = []string{"a\x00b"} },
		func(r *http.Request) { r.Header["X-One"] = []string{"a\x7fb"} },
		func(r *http.Request) { r.Header["X One"] = []string{"a"} },
		func(r *http.Request) { r.Header["X-One:"] = []string{"a"} },
		func(r *http.Request) { r.Header[""] = []string{"a"} },
		func(r *http.Request) { r.Header["X-\u00e9"] = []string{"a"} },
		func(r *http.Request) { r.Host = "app.test\r\nX-A: b" },
		func(r *http.Request) { r.Host = "" },
		func(r *http.Request) { r.URL.Opaque = "/a b" },
		func(r *http.Request) { r.URL.RawQuery = "a=\r\n" },
	} {
		r := s.request(t.Context(), "GET")
		change(r)
		if resp, err := p.roundTrip(r, nil); err == nil || !strings.Contains(err.Error(), "cannot be sent") {
			t.Errorf("%q %q %+v was sent: %v %v", r.Host, r.URL, r.Header, resp, err)
		}
	}
	if n := s.asked.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	s.gets(p, "hello")
}

// HEAD has the length of a body that does not come.
func TestHead(t *testing.T) {
	s := says(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
	p := s.pool()
	for range 2 {
		resp, err := p.roundTrip(s.request(t.Context(), "HEAD"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.ContentLength != 5 || resp.Body != http.NoBody {
			t.Errorf("%d bytes, %v", resp.ContentLength, resp.Body)
		}
	}
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// What the service may not do.
func TestAnswerRefused(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         error
	}{
		{"a header without end", "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("a", 65<<10) + "\r\n\r\n", errHeaderTooLarge},
		{"headers without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-Long: "+strings.Repeat("a", 1000)+"\r\n", 66) + "\r\n", errHeaderTooLarge},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", errUnaskedSwitch},
		{"early answers without end", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 7) + hello, errTooInformational},
	} {
		s := says(t, tt.answer)
		if _, _, err := s.get(s.pool()); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	s := says(t, "HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("a", 60<<10)+"\r\nContent-Length: 5\r\n\r\nhello")
	s.gets(s.pool(), "hello")
	s = serve(t, func(c net.Conn, _ int, _ string) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello") // told by the answer
		return false
	})
	if _, body, err := s.get(s.pool()); !errors.Is(err, io.ErrUnexpectedEOF) || body != "hello" {
		t.Errorf("a body cut short is %q, %v", body, err)
	}
}

// Answers of status 1xx are passed on, but for 100.
func TestInform(t *testing.T) {
	s := says(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"+hello)
	p := s.pool()
	var told []string
	resp, err := p.roundTrip(s.request(t.Context(), "GET"), func(status int, h http.Header) error {
		told = append(told, http.StatusText(status)+" "+h.Get("Link"))
		return nil
	})
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0] != "Early Hints </a.css>" {
		t.Errorf("told %q", told)
	}
	no := errors.New("enough")
	if _, err := p.roundTrip(s.request(t.Context(), "GET"), func(int, http.Header) error { return no }); !errors.Is(err, no) {
		t.Errorf("it goes on: %v", err)
	}
}

// The time of an answer ends with its header; that of a client with the client.
func TestLineTimes(t *testing.T) {
	release, arrived := make(chan struct{}), make(chan struct{}, 2)
	s := serve(t, func(c net.Conn, n int, _ string) bool {
		arrived <- struct{}{}
		<-release
		return false
	})
	defer close(release)
	p := s.pool(func(u *config.Upstream) { u.Timeouts.ResponseHeader = 20 * time.Millisecond })
	var network net.Error
	if _, _, err := s.get(p); !errors.As(err, &network) || !network.Timeout() {
		t.Errorf("a service that says nothing: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	p = s.pool()
	go func() {
		_, err := p.roundTrip(s.request(ctx, "GET"), nil)
		gone <- err
	}()
	<-arrived
	<-arrived
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("a client that has gone: %v", err)
	}

}

// A body may take longer than its header, and ends with the client.
func TestLineBody(t *testing.T) {
	const wait = 20 * time.Millisecond
	rest := make(chan struct{})
	s := serve(t, func(c net.Conn, n int, _ string) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello") // told by the answer
		<-rest
		_, err := io.WriteString(c, " ")
		return err == nil
	})
	p := s.pool(func(u *config.Upstream) { u.Timeouts.ResponseHeader = wait })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := p.roundTrip(s.request(ctx, "GET"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(3*wait, func() { close(rest) })
	if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil {
		t.Errorf("the rest of the body: %v", err)
	}
	cancel()
	if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the client has gone, and the body ends so: %v", err)
	}
	if err := resp.Body.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection is still there: %v", err)
	}
}

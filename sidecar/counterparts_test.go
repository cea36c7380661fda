package sidecar_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/dev"
)

// identityProvider is an OpenID issuer that can be away and change its key.
type identityProvider struct {
	url    string
	away   atomic.Bool
	hits   atomic.Int64
	issuer atomic.Pointer[dev.Issuer]
}

func newIdentityProvider(t testing.TB) *identityProvider {
	t.Helper()
	p := &identityProvider{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.hits.Add(1)
		if p.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		p.issuer.Load().Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p.url = srv.URL
	p.rotate(t)
	return p
}

// rotate gives the provider another key.
func (p *identityProvider) rotate(t testing.TB) {
	t.Helper()
	issuer, err := dev.NewIssuer(time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := issuer.SetURL(p.url); err != nil {
		t.Fatal(err)
	}
	p.issuer.Store(issuer)
}

func (p *identityProvider) token(t testing.TB, subject, claims string) string {
	t.Helper()
	token, err := p.issuer.Load().Token(dev.TokenSpec{Subject: subject, Audience: audience, Claims: json.RawMessage(claims)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// upstream records every byte it receives and answers by its function.
type upstream struct {
	addr   string
	seen   buffer
	conns  atomic.Int64
	close  func()                            // called again it does nothing
	answer func(c net.Conn, r *http.Request) // has the body still to read
}

const fixedAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\nX-Upstream: yes\r\n\r\nhello"

func newUpstream(t testing.TB) *upstream {
	t.Helper()
	u := &upstream{answer: func(c net.Conn, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(c, fixedAnswer)
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.addr = l.Addr().String()
	var running sync.WaitGroup
	open := map[net.Conn]bool{}
	var mu sync.Mutex
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			u.conns.Add(1)
			mu.Lock()
			open[c] = true
			mu.Unlock()
			running.Go(func() { u.serve(c) })
		}
	})
	u.close = func() {
		_ = l.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	}
	t.Cleanup(u.close)
	return u
}

func (u *upstream) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(io.TeeReader(c, &u.seen))
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		u.answer(c, r)
	}
}

package attacks_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// buffer is an io.Writer for several goroutines.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

func (b *buffer) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Len()
}

const greeting = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Upstream: yes\r\n\r\nhello"

// upstream is a TCP server that records every byte. It reads requests only to
// know where they end.
type upstream struct {
	addr   string
	issuer string // URL of the rig's issuer
	seen   buffer

	mu    sync.Mutex
	open  map[net.Conn]bool
	conns int
}

func newUpstream(t testing.TB) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{addr: l.Addr().String(), open: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			u.mu.Lock()
			u.open[c] = true
			u.conns++
			u.mu.Unlock()
			running.Go(func() { u.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		u.mu.Lock()
		for c := range u.open {
			_ = c.Close()
		}
		u.mu.Unlock()
		running.Wait()
	})
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
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		if _, err := io.WriteString(c, greeting); err != nil {
			return
		}
	}
}

// received gives the bytes and the number of connections that one action of the
// test made the upstream see.
func (u *upstream) received(act func()) (text string, conns int) {
	u.mu.Lock()
	before := u.conns
	u.mu.Unlock()
	from := u.seen.Len()
	act()
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.seen.String()[from:], u.conns - before
}

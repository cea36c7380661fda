package e2e

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// recorder is a service that keeps every byte it receives: a server of
// net/http would change the spelling of headers.
type recorder struct {
	address string

	mu   sync.Mutex
	seen bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen.Write(p)
}

// during gives the bytes that arrived while act ran.
func (r *recorder) during(act func()) string {
	at := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.seen.Len()
	}
	from := at()
	act()
	to := at()
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.seen.Bytes()[from:to])
}

func startRecorder(t testing.TB) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{address: l.Addr().String()}
	var running sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[c] = true
			mu.Unlock()
			running.Go(func() { r.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return r
}

func (r *recorder) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(io.TeeReader(c, r))
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		body := "served\n"
		if req.Method == http.MethodHead {
			body = ""
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"+body); err != nil {
			return
		}
	}
}

// headersOf gives the header lines of the one request among recorded bytes, by
// folded name: how a careless service reads them.
func headersOf(t testing.TB, seen string) (line string, headers map[string][]string) {
	t.Helper()
	head, rest, whole := strings.Cut(seen, "\r\n\r\n")
	if !whole || strings.Contains(rest, " HTTP/1.") {
		t.Fatalf("the service saw no single request: %q", seen)
	}
	all := strings.Split(head, "\r\n")
	headers = map[string][]string{}
	for _, h := range all[1:] {
		name, value, _ := strings.Cut(h, ":")
		headers[fold(name)] = append(headers[fold(name)], strings.TrimSpace(value))
	}
	return all[0], headers
}

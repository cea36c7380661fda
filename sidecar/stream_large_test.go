package sidecar_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/proxy"
)

// A client that goes in the middle of an answer ends the upstream's work.
func TestClientGoneDuringAnswer(t *testing.T) {
	r := start(t, setup{})
	ended := make(chan error, 1)
	r.upstream.answer = func(c net.Conn, _ *http.Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
		_, err := c.Read(make([]byte, 1)) // returns when the sidecar hangs up
		ended <- err
	}
	c := r.dial()
	c.write(request("GET /public/events"))
	resp := c.open(http.MethodGet)
	r.answers.Add(1)
	if _, err := io.ReadFull(resp.Body, make([]byte, 9)); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the upstream read a byte instead of the end")
		}
	case <-time.After(patience):
		t.Error("the upstream is not told")
	}
	r.stop()
}

// Who sends no credential gets no 100, also where a rule reads the body.
func TestExpectWithoutCredential(t *testing.T) {
	r := start(t, setup{anonymous: "deny"})
	r.untouched(func() {
		for _, path := range []string{"/items/7", "/refunds/7"} {
			c := r.dial()
			defer c.Close()
			c.write(request("POST "+path, "Content-Type: application/json", "Content-Length: 20", "Expect: 100-continue"))
			if got := c.read(false); got.status != http.StatusUnauthorized || !got.closes {
				t.Errorf("%s: answer %s", path, got.raw)
			}
		}
	})
	r.stop()
}

// A long answer or body meets no limit of time.
func TestNoTimeoutOfStreams(t *testing.T) {
	door := proxy.New(proxy.Options{Config: config.Proxy{}, Logger: slog.New(slog.DiscardHandler)})
	if s := door.Server(); s.WriteTimeout != 0 || s.ReadTimeout != 0 || s.ReadHeaderTimeout == 0 || s.IdleTimeout == 0 {
		t.Errorf("the server has the timeouts %v %v %v %v", s.WriteTimeout, s.ReadTimeout, s.ReadHeaderTimeout, s.IdleTimeout)
	}
}

// A client that does not read holds its upstream back, and nobody else.
func TestSlowClient(t *testing.T) {
	r := start(t, setup{})
	var written atomic.Int64
	ended := make(chan struct{})
	r.upstream.answer = func(c net.Conn, req *http.Request) {
		if req.URL.Path != "/public/large" {
			_, _ = io.WriteString(c, fixedAnswer)
			return
		}
		defer close(ended)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		block := []byte(strings.Repeat("x", 64<<10))
		for {
			n, err := c.Write(block)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
	c := r.dial()
	c.write(request("GET /public/large"))
	r.answers.Add(1)
	c.open(http.MethodGet)
	last := int64(-1)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for now := written.Load(); now != last; now = written.Load() {
		last = now
		<-tick.C
	}
	if last > 64<<20 { // what the buffers of four sockets hold, by far
		t.Errorf("the upstream wrote %d bytes", last)
	}
	if got := r.get("GET /public/small"); got.status != http.StatusOK {
		t.Errorf("another client: %s", got.raw)
	}
	_ = c.Close()
	<-ended
	r.stop()
}

// Bodies and answers of any size pass without being held.
func TestLargeBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("it moves 256 MiB")
	}
	r := start(t, setup{})
	user := r.user(`{"roles":["customer"]}`)
	const size = 128 << 20
	var peak atomic.Uint64
	watch := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > peak.Load() {
			peak.Store(m.HeapAlloc)
		}
	}
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r.upstream.seen.limit(64 << 10)
	r.upstream.answer = func(c net.Conn, req *http.Request) {
		block := make([]byte, 1<<20)
		got := int64(0)
		for {
			n, err := io.ReadFull(req.Body, block)
			if got += int64(n); got&(16<<20-1) == 0 {
				watch()
			}
			if err != nil {
				break
			}
		}
		if got != size {
			t.Errorf("the upstream got %d bytes", got)
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 134217728\r\n\r\n")
		for sent := 0; sent < size; sent += len(block) {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+r.car.Addr().String()+"/items/7", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+user)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r.answers.Add(1)
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != size {
		t.Errorf("the client got %d bytes, %v", n, err)
	}
	watch()
	if grown := int64(peak.Load()) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
	r.stop()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

package sidecar_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// draining ends the sidecar and waits until its probes say so.
func (r *rig) draining() {
	r.Helper()
	r.cancel()
	until(r, "readiness to end", func() bool {
		status, text := r.health("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(text, "draining")
	})
}

// Clients that stop once readiness ends lose no request, and every answer has
// its record.
func TestDrainUnderLoad(t *testing.T) {
	r := start(t, setup{drain: "{delay: 1s, timeout: 5s}"})
	token := r.user(`{"roles":["customer"]}`)
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	var ready atomic.Bool
	ready.Store(true)
	var running sync.WaitGroup
	for n := range 6 {
		running.Go(func() {
			for i := 0; ready.Load(); i++ {
				method, path := http.MethodGet, fmt.Sprintf("/items/%d-%d", n, i)
				var body io.Reader
				switch i % 3 {
				case 1:
					method, body = http.MethodPost, strings.NewReader("hello")
				case 2:
					path = "/admin/x" // denied
				}
				req, err := http.NewRequest(method, "http://"+r.car.Addr().String()+path, body)
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+token)
				resp, err := client.Do(req)
				if err != nil {
					t.Errorf("request %d of client %d: %v", i, n, err)
					return
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Errorf("answer %d of client %d: %v", i, n, err)
				}
				_ = resp.Body.Close()
				r.answers.Add(1)
			}
		})
	}
	until(t, "some load", func() bool { return r.answers.Load() > 200 })
	r.draining()
	ready.Store(false)
	running.Wait()
	r.stop()
}

// While the sidecar drains it answers, and closes each connection after it,
// also those of requests from before.
func TestDrainingConnections(t *testing.T) {
	t.Parallel() // it mostly waits
	r := start(t, setup{drain: "{delay: 1s, timeout: 5s}"})
	user := bearer(r.user(`{}`))
	asked, done := make(chan struct{}), make(chan struct{})
	answer := r.upstream.answer
	r.upstream.answer = func(c net.Conn, req *http.Request) {
		if req.URL.Path == "/items/slow" {
			close(asked)
			<-done
		}
		answer(c, req)
	}
	slow := r.dial()
	defer slow.Close()
	slow.write(request("GET /items/slow", user))
	<-asked
	if got := r.get("GET /items/7", user); got.closes {
		t.Errorf("before the drain: %s", got.raw)
	}
	r.draining()
	for line, status := range map[string]int{"GET /items/7": http.StatusOK, "GET /items/embargoed": http.StatusUnavailableForLegalReasons, "GET /a/../b": http.StatusBadRequest} {
		if got := r.get(line, user); got.status != status || !got.closes {
			t.Errorf("%s: answer %s", line, got.raw)
		}
	}
	close(done)
	if got := slow.read(false); got.status != http.StatusOK || !got.closes {
		t.Errorf("a request from before: %s", got.raw)
	}
	r.stop()
}

// A token whose key is new is judged while the process drains, too.
func TestDrainingKeys(t *testing.T) {
	t.Parallel() // it mostly waits
	r := start(t, setup{drain: "{delay: 2s, timeout: 5s}"})
	r.idp.rotate(t)
	user := bearer(r.user(`{}`))
	r.draining()
	r.soon("GET /items/7", user)
	r.stop()
}

// Whoever takes longer than the drain allows is cut off, and Run says so.
func TestDrainTimeout(t *testing.T) {
	t.Parallel() // it mostly waits
	r := start(t, setup{drain: "{delay: 0s, timeout: 1s}"})
	asked, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	r.upstream.answer = hang(asked, done)
	c := r.dial()
	defer c.Close()
	c.write(request("GET /public/slow"))
	<-asked
	began := time.Now()
	r.cancel()
	if rest, err := io.ReadAll(c); len(rest) > 0 {
		t.Errorf("the client got %q, %v", rest, err)
	}
	<-r.ended
	if took := time.Since(began); took < time.Second || took > 5*time.Second {
		t.Errorf("the end took %s", took)
	}
	if !errors.Is(r.err, context.DeadlineExceeded) || !strings.Contains(fmt.Sprint(r.err), "draining the proxy") {
		t.Errorf("Run: %v", r.err)
	}
	if n := len(r.records()); n != 2 {
		t.Errorf("%d records, want the start and the decision", n)
	}
}

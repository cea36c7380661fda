package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	attacker  = "127.0.0.2"
	bystander = "127.0.0.3"

	mostMemory  = 150 << 20       // bytes that gwctl may hold at any moment
	mostLatency = 8 * time.Second // of one request of somebody else, on a machine that the attackers share

	endless = 1 << 30 // bytes of a large body
)

// attackedPolicies let everybody in: what is measured comes before any rule.
const attackedPolicies = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec:
  actions: {view: {}, note: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes:
    - {route: "GET,POST /public/{rest...}", action: view}
    - {route: "POST /notes", action: note, body: {type: json, maxBytes: 1048576, fields: {text: {type: string, optional: true, maxLength: 1048576}}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec:
  resources: [page]
  rules:
    - {id: anyone, effect: allow, actions: [view], anonymous: true}
    - {id: notes, effect: allow, actions: [note], anonymous: true, transports: [http], when: "!has(request.body.text) || request.body.text != 'x'"}
`

// sink is a service that takes every body and answers a path that ends in
// /large with a large one.
func startSink(t testing.TB) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		if filepath.Base(r.URL.Path) == "large" {
			w.Header().Set("Content-Length", strconv.Itoa(endless))
			block := make([]byte, 64<<10)
			for range endless / len(block) {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
			return
		}
		fmt.Fprint(w, n)
	}))
	// What a slow reader leaves behind should wait here, not in the kernel.
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(64 << 10)
		}
		return ctx
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// startAttacked starts a gwctl that has no need of an identity provider. With
// TLS its listener speaks HTTP/2, too.
func startAttacked(t testing.TB, upstream string, secure bool) *sidecar {
	t.Helper()
	dir, listener := t.TempDir(), ""
	if secure {
		writeFile(t, filepath.Join(dir, "server.pem"), newAuthority(t).issue())
		listener = ", tls: {cert: server.pem, key: server.pem}"
	}
	s := &sidecar{config: filepath.Join(dir, "gwctl.yaml"), client: &http.Client{Timeout: 5 * time.Second}}
	t.Cleanup(s.client.CloseIdleConnections)
	writeFile(t, filepath.Join(dir, "set.yaml"), attackedPolicies)
	for range 3 {
		s.proxy = freeAddress(t)
		health := freeAddress(t)
		s.health = "http://" + health
		writeFile(t, s.config, fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: attacked}
spec:
  policies: {dir: .}
  listeners:
    proxy: {address: %s, upstreams: [{match: "/{rest...}", url: "%s"}]%s}
    health: {address: %s}
  anonymous: allow
  audit: {sinks: [{file: {path: %s}}]}
  drain: {delay: 0s, timeout: 1s}
`, s.proxy, upstream, listener, health, filepath.Join(dir, "audit.jsonl")))
		cmd := exec.Command(binary(t), "serve", "-c", "gwctl.yaml")
		cmd.Dir = dir
		s.process = startProcess(t, "gwctl", cmd)
		s.abandoned = true // requests that never end are cut off by its drain
		if s.comesUp(t, false) {
			return s
		}
	}
	t.Fatal("found no free ports")
	return nil
}

// memory gives the most bytes that the process has held so far.
func (s *sidecar) memory(t testing.TB) int64 {
	t.Helper()
	status := readFile(t, fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	m := regexp.MustCompile(`(?m)^VmHWM:\s+(\d+) kB$`).FindStringSubmatch(status)
	if m == nil {
		t.Skip("this system does not tell how much memory a process has held")
	}
	kib, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// dialFrom opens a connection from an address.
func dialFrom(from, to string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: wireTimeout}
	return d.Dial("tcp", to)
}

// crowd opens connections from the attacker, writes the same bytes on each, and
// leaves them open until the test ends. It tells how many took them.
func crowd(t testing.TB, s *sidecar, n int, each string) *crowded {
	t.Helper()
	c := &crowded{}
	t.Cleanup(c.leave)
	var running sync.WaitGroup
	jobs := make(chan struct{})
	for range 50 {
		running.Go(func() {
			for range jobs {
				conn, err := dialFrom(attacker, s.proxy)
				if err != nil {
					continue
				}
				c.mu.Lock()
				c.conns = append(c.conns, conn)
				c.mu.Unlock()
				if tcp, ok := conn.(*net.TCPConn); ok {
					_ = tcp.SetReadBuffer(4 << 10)
				}
				_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
				if _, err := io.WriteString(conn, each); err == nil {
					c.wrote.Add(1)
				}
			}
		})
	}
	for range n {
		jobs <- struct{}{}
	}
	close(jobs)
	running.Wait()
	return c
}

type crowded struct {
	mu    sync.Mutex
	conns []net.Conn
	wrote atomic.Int64
}

func (c *crowded) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// served asks for a small page again and again, from another address than the
// attacker's, every second time on a new connection, while act runs. Nothing
// may fail and nothing may take long.
func (s *sidecar) served(t testing.TB, secure bool, act func()) {
	t.Helper()
	halt, done := make(chan struct{}), make(chan struct{})
	var took []time.Duration
	var failed []string
	go func() {
		defer close(done)
		var conn net.Conn
		for i := 0; ; i++ {
			select {
			case <-halt:
				return
			case <-time.After(5 * time.Millisecond):
			}
			began := time.Now()
			var err error
			if conn, err = s.once(conn, secure); err != nil {
				failed = append(failed, err.Error())
				conn = nil
			}
			took = append(took, time.Since(began))
			if i%2 == 1 && conn != nil {
				_ = conn.Close()
				conn = nil
			}
		}
	}()
	act()
	close(halt)
	<-done
	if len(failed) > 0 || len(took) == 0 {
		t.Errorf("%d of %d requests of somebody else failed: %.3q", len(failed), len(took), failed)
		return
	}
	slices.Sort(took)
	t.Logf("somebody else: %d requests, half of them within %v, all within %v", len(took), took[len(took)/2], took[len(took)-1])
	if most := took[len(took)-1]; most > mostLatency {
		t.Errorf("a request of somebody else took %v", most)
	}
}

// once asks on a connection, or on a new one.
func (s *sidecar) once(conn net.Conn, secure bool) (net.Conn, error) {
	if conn == nil {
		var err error
		if conn, err = dialFrom(bystander, s.proxy); err != nil {
			return nil, err
		}
		if secure {
			conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: "shop.test"}) // whose it is, is not the question here
		}
	}
	if err := conn.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, request("GET", "/public/small")); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d, %s, %w", resp.StatusCode, body, err)
	}
	return conn, nil
}

// within tells how much memory was held, and that it was not too much.
func (s *sidecar) within(t testing.TB) {
	t.Helper()
	most := s.memory(t)
	t.Logf("most memory held: %d MiB", most>>20)
	if most > mostMemory {
		t.Errorf("gwctl held %d MiB", most>>20)
	}
}

package e2e

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// startStandIn listens where gwctl would and answers everything with the same
// bytes.
func startStandIn(t testing.TB, answer string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 16<<10)
			if _, err := c.Read(buf); err == nil {
				_, _ = io.WriteString(c, answer)
			}
			_ = c.Close()
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// Whatever answers in gwctl's place, nothing passes that it has not allowed.
func TestForwardAuthFaults(t *testing.T) {
	const empty = "\r\nContent-Length: 0\r\nX-User-ID: root\r\n\r\n"
	answers := map[string]string{
		"a redirect": "HTTP/1.1 302 Found\r\nLocation: /login" + empty, "an error": "HTTP/1.1 500 Internal Server Error" + empty, "a bad gateway": "HTTP/1.1 502 Bad Gateway" + empty,
		"no HTTP": "200 OK\r\n\r\n", "nothing": "", "half an answer": "HTTP/1.1 200",
	}
	for _, name := range fronts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // HAProxy waits before it tries again
			for what, text := range answers {
				service := startRecorder(t)
				f := startFront(t, name, startStandIn(t, text), service.address)
				var got answer
				seen := service.during(func() { got = f.ask(t, request("GET", "/status")) })
				if seen != "" || got.status == http.StatusOK || got.status < 300 {
					t.Errorf("%s: answer %d, the service saw %q", what, got.status, seen)
				}
			}
			// The twin: the stand-in is asked, and may allow.
			service := startRecorder(t)
			f := startFront(t, name, startStandIn(t, "HTTP/1.1 200 OK"+empty), service.address)
			if got := f.ask(t, request("GET", "/status")); got.status != http.StatusOK {
				t.Errorf("the twin: answer %d %s", got.status, got.body)
			}
		})
	}
}

// A script that fails leaves the request undecided, which denies it.
func TestForwardAuthScript(t *testing.T) {
	allows := startStandIn(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	for what, edit := range map[string][2]string{
		"no client":          {"core.httpclient()", "core.nothing()"},
		"an error":           {"local headers = {}", `error("broken")`},
		"it forgets to say":  {`txn:set_var("txn.gwctl_allowed", true)`, ""},
		"it is never called": {"http-request lua.gwctl\n", "http-request set-var(txn.nothing) int(1)\n"},
	} {
		service := startRecorder(t)
		f := startFront(t, "haproxy", allows, service.address, edit)
		var got answer
		seen := service.during(func() { got = f.ask(t, request("GET", "/status")) })
		if seen != "" || got.status != http.StatusServiceUnavailable {
			t.Errorf("%s: answer %d, the service saw %q", what, got.status, seen)
		}
	}
}

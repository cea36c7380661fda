package forwardauth

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// A client that holds its share of what is being answered gets 503 whatever it
// asks, others are answered, and every place comes back (A102).
func TestMostRequests(t *testing.T) {
	for _, dialect := range []string{"nginx", "traefik"} {
		r := serve(t, dialect)
		share := fair.New(3) // two for one client
		r.door.bounds.requests = share
		greedy, other := netip.MustParseAddr("203.0.113.9"), asked{line: "GET /public/x", from: "203.0.113.10"}
		if !share.Take(greedy, 2) {
			t.Fatal("there is no room")
		}
		for _, line := range []string{"GET /public/x", "GET /public/../x", "GET /nowhere"} {
			got := r.ask(asked{line: line, from: "203.0.113.9"})
			if got.status() != "503" || got.code() != "overloaded" || got.Header.Get("Retry-After") != "1" || got.Close {
				t.Errorf("%s, one too many: %s %v %s", line, got.Status, got.Header, got.text)
			}
			if got := r.ask(other); got.status() != "200" {
				t.Errorf("%s: somebody else gets %s %s", line, got.Status, got.text)
			}
		}
		share.Give(greedy, 2)
		if got := r.ask(asked{line: "GET /public/x", from: "203.0.113.9"}); got.status() != "200" {
			t.Errorf("later: %s %s", got.Status, got.text)
		}
		if n := share.Used(); n != 0 {
			t.Errorf("%d places are gone", n)
		}
		refused := 0
		for _, e := range r.records() {
			if e.Reason == "overloaded" {
				refused++
				if e.Detail != pdp.RuleRequests || e.Status != 503 || e.SourceIP != "203.0.113.9" || len(e.TrustedChain) != 1 || e.TrustedChain[0] != "127.0.0.1" {
					t.Errorf("recorded %s", e.AppendJSON(nil))
				}
			}
		}
		if refused != 3 {
			t.Errorf("%d refusals are recorded", refused)
		}
	}
}

// Connections of one peer beyond its share are closed before a byte is read;
// those of a proxy may be as many as there are.
func TestMostConnections(t *testing.T) {
	r := serve(t, "caddy")
	r.door.bounds = newBounds(config.Limits{Connections: 3, Requests: 9})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := r.door.Server()
	var running sync.WaitGroup
	bounded := r.door.Listener(l)
	running.Go(func() { _ = srv.Serve(bounded) }) // ends with Close below
	defer func() {
		_ = srv.Close()
		running.Wait()
	}()
	// kept tells whether a connection on which nothing is said stays open.
	var open []net.Conn
	kept := func(from string) bool {
		t.Helper()
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}).Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		if err := c.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		_, err = c.Read(make([]byte, 1))
		var late net.Error
		return errors.As(err, &late) && late.Timeout()
	}
	for i, tt := range []struct {
		from string
		want bool
	}{{"127.0.0.5", true}, {"127.0.0.5", true}, {"127.0.0.5", false}, {"127.0.0.1", true}, {"127.0.0.9", false}, {"127.0.0.6", false}} {
		if got := kept(tt.from); got != tt.want {
			t.Errorf("connection %d, of %s: kept %t", i, tt.from, got)
		}
	}
	for _, c := range open {
		_ = c.Close()
	}
	for deadline := time.Now().Add(patience); r.door.bounds.connections.Used() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the places of closed connections are not given back")
		}
	}
	for range 3 { // a proxy speaks for many
		if !kept("127.0.0.1") {
			t.Error("later: a proxy's connection is closed")
		}
	}
	for _, c := range open {
		_ = c.Close()
	}
}

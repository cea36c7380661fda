package syntax

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/gwctl/gwctl/sidecar/canonical"
)

// The answers of net/http's server itself are told apart by what reached the
// handler, whatever they look like.
func TestConnection(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	go func() { _, _ = io.Copy(io.Discard, client) }()
	var statuses []int
	refused := func(r *canonical.Rejection) {
		if r.Code != canonical.CodeNotCanonical || r.Rule != Rule {
			t.Errorf("refused as %s %s", r.Code, r.Rule)
		}
		statuses = append(statuses, r.Status)
	}
	c := &connection{Conn: server, refused: refused}
	req := (&http.Request{}).WithContext(withConnection(t.Context(), c))
	write := func(c net.Conn, text string) {
		t.Helper()
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
	Reached(req)
	write(c, "HTTP/1.1 400 Bad Request\r\n\r\n") // the handler's own
	turned(c, http.StateActive)
	write(c, "more of it")
	turned(c, http.StateIdle)
	write(c, "HTTP/1.1 431 Too Large\r\n\r\n")
	write(c, "more of it")
	if err := c.CloseWrite(); err != nil {
		t.Errorf("CloseWrite: %v", err)
	}
	write(&connection{Conn: server, refused: refused}, "?")
	Reached(&http.Request{}) // served in some other way
	if fmt.Sprint(statuses) != "[431 400]" {
		t.Errorf("refused with %v", statuses)
	}
}

// Over a real server: what it refuses by itself is told with its peer, what
// reaches the handler is not.
func TestServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan *canonical.Rejection, 2)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Reached(r)
		w.WriteHeader(http.StatusBadRequest)
	})}
	Attach(srv)
	done := make(chan struct{})
	go func() {
		_ = srv.Serve(Listener(l, func(r *canonical.Rejection) { told <- r })) // ends with Close below
		close(done)
	}()
	defer func() {
		_ = srv.Close()
		<-done
	}()
	for _, raw := range []string{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "hello\r\n\r\n"} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, raw); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	if r := <-told; r.Status != http.StatusBadRequest || r.Peer.String() != "127.0.0.1" || r.ClientIP != r.Peer {
		t.Errorf("told of %+v", r)
	}
	if len(told) > 0 {
		t.Errorf("what the handler answered is told: %+v", <-told)
	}
}

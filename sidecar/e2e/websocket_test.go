package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// rooms lets everybody talk in rooms, except in one that is closed.
func rooms(closed string) string {
	return fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: room}
spec:
  actions: {talk: {}}
  routes:
    - {route: "GET /rooms/{id}", action: talk, websocket: true, cors: {origins: ["https://app.example.com"]}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: rooms}
spec:
  resources: [room]
  rules:
    - {id: talk, effect: allow, actions: [talk], anonymous: true}
    - {id: closed, effect: deny, when: resource.id == '%s'}
---
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: chat}
spec: {user: {plan: {type: string, optional: true}}, env: {region: {type: string}}}
`, closed)
}

const roomsFile = "policies/rooms.yaml"

// startRooms starts a sidecar before a service. Nobody needs a token.
func startRooms(t *testing.T, service http.Handler) (*sidecar, string) {
	t.Helper()
	behind := httptest.NewServer(service)
	t.Cleanup(behind.Close)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "policies"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, roomsFile), rooms("nowhere"))
	return startSidecar(t, setup{issuer: "http://127.0.0.1:1", upstream: behind.URL, dir: dir, unready: true}), dir
}

// echo is a service that speaks by the library, and compresses.
func echo(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: []string{"chat"}, CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			t.Errorf("accepting: %v", err)
			return
		}
		c.SetReadLimit(8 << 20)
		for {
			kind, data, err := c.Read(context.Background())
			if err != nil {
				return
			}
			if err := c.Write(context.Background(), kind, data); err != nil {
				return
			}
		}
	})
}

func dialRoom(t testing.TB, s *sidecar, room string, header http.Header) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, resp, err := websocket.Dial(ctx, "ws://"+s.proxy+"/rooms/"+room, &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"chat"}, CompressionMode: websocket.CompressionContextTakeover})
	if err == nil {
		c.SetReadLimit(8 << 20)
	}
	return c, resp, err
}

// A client and a service that know nothing of gwctl talk through it: messages of
// every size, compressed, in both directions at a time, with pings between.
func TestWebSocketLibrary(t *testing.T) {
	s, _ := startRooms(t, echo(t))
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			c, _, err := dialRoom(t, s, fmt.Sprint(n), nil)
			if err != nil {
				t.Errorf("client %d: %v", n, err)
				return
			}
			defer c.CloseNow()
			if c.Subprotocol() != "chat" {
				t.Errorf("subprotocol %q", c.Subprotocol())
			}
			for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 4 << 20} {
				text := bytes.Repeat([]byte{'a' + byte(n)}, size)
				kind := websocket.MessageText
				if size&1 == 0 {
					kind = websocket.MessageBinary
				}
				if err := c.Write(t.Context(), kind, text); err != nil {
					t.Errorf("client %d, %d bytes: %v", n, size, err)
					return
				}
				got, back, err := c.Read(t.Context())
				if err != nil || got != kind || !bytes.Equal(back, text) {
					t.Errorf("client %d, %d bytes: got %d bytes, %v", n, size, len(back), err)
					return
				}
			}
			reading := c.CloseRead(t.Context())
			if err := c.Ping(t.Context()); err != nil {
				t.Errorf("client %d: ping: %v", n, err)
			}
			if err := c.Close(websocket.StatusNormalClosure, "done"); err != nil {
				t.Errorf("client %d: close: %v", n, err)
			}
			<-reading.Done()
		})
	}
	clients.Wait()
	if _, resp, err := dialRoom(t, s, "1", http.Header{"Origin": {"https://evil.example.com"}}); err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("another page: %v, %v", resp, err)
	}
}

// The library understands why a WebSocket is closed: by a new policy, and by the
// end of the process.
func TestWebSocketClosed(t *testing.T) {
	s, dir := startRooms(t, echo(t))
	open := func(room string) *websocket.Conn {
		c, _, err := dialRoom(t, s, room, http.Header{"Origin": {"https://app.example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		return c
	}
	closes := func(c *websocket.Conn, code websocket.StatusCode) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != code {
			t.Errorf("ended with %v, want %d", err, code)
		}
	}
	stays, goes := open("1"), open("2")
	replaceFile(t, filepath.Join(dir, roomsFile), rooms("2"))
	closes(goes, websocket.StatusPolicyViolation)
	if err := stays.Write(t.Context(), websocket.MessageText, []byte("still here")); err != nil {
		t.Error(err)
	}
	if _, text, err := stays.Read(t.Context()); err != nil || string(text) != "still here" {
		t.Errorf("the other room: %q, %v", text, err)
	}
	s.signal(t, syscall.SIGTERM)
	closes(stays, websocket.StatusGoingAway)
	if err := s.wait(20 * time.Second); err != nil {
		t.Errorf("gwctl ended with %v", err)
	}
	for _, reason := range []string{`"reason":"denied","detail":"1008"`, `"reason":"draining","detail":"1001"`} {
		if _, ok := s.stdout.find(0, `"event":"websocket_closed"`, reason); !ok {
			t.Errorf("no record says %s", reason)
		}
	}
}

package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// TestFrontWebSocket opens WebSockets through real proxies that ask gwctl: the
// proxy changes the protocol, and only after gwctl has allowed the handshake.
func TestFrontWebSocket(t *testing.T) {
	for _, name := range []string{"nginx", "caddy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it mostly waits
			var asked atomic.Int64
			speaks := echo(t)
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if len(r.Header.Values("X-User-Id")) > 0 && r.Header.Get("X-User-Id") != "" {
					t.Errorf("the service is told of the user %q", r.Header.Get("X-User-Id"))
				}
				speaks.ServeHTTP(w, r)
			}))
			t.Cleanup(service.Close)
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "rooms.yaml"), rooms("closed"))
			gwctl := startAskedAbout(t, name, "http://127.0.0.1:1", dir, true)
			f := startFront(t, name, gwctl.proxy, strings.TrimPrefix(service.URL, "http://"))

			const page = "Origin: https://app.example.com"
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			c, _, err := websocket.Dial(ctx, "ws://"+f.address+"/rooms/7", &websocket.DialOptions{Host: "shop.test", HTTPHeader: http.Header{"Origin": {"https://app.example.com"}, "X-User-Id": {"root"}}})
			if err != nil {
				t.Fatalf("an open room: %v", err)
			}
			defer c.CloseNow()
			for _, text := range []string{"hello", strings.Repeat("x", 100_000)} {
				if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
					t.Fatal(err)
				}
				c.SetReadLimit(1 << 20)
				if _, got, err := c.Read(ctx); err != nil || string(got) != text {
					t.Fatalf("came back as %.20q, %v", got, err)
				}
			}
			gwctl.stdout.await(t, 5*time.Second, 0, `"effect":"allow"`, `"path":"/rooms/7"`)

			before := asked.Load()
			handshake := func(path string, more ...string) string {
				return request("GET", path, append([]string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, more...)...)
			}
			for _, tt := range []struct{ what, request, reason string }{
				{"a closed room", handshake("/rooms/closed", page), "denied_by_rule"},
				{"another page", handshake("/rooms/7", "Origin: https://evil.test"), "origin_not_allowed"},
				{"a route that is none of WebSockets", handshake("/nowhere", page), "request_not_canonical"},
				{"an old version", strings.Replace(handshake("/rooms/7", page), "Version: 13", "Version: 8", 1), "request_not_canonical"},
			} {
				from := gwctl.stdout.count()
				got := f.ask(t, tt.request)
				if got.status < 400 || got.status > 499 {
					t.Errorf("%s: answer %d %s", tt.what, got.status, got.body)
				}
				gwctl.stdout.await(t, 5*time.Second, from, `"door":"forward_auth"`, `"`+tt.reason+`"`)
			}
			if err := gwctl.stop(30 * time.Second); err != nil {
				t.Errorf("stopping gwctl: %v", err)
			}
			if got := f.ask(t, handshake("/rooms/7", page)); got.status < 500 {
				t.Errorf("without gwctl: answer %d", got.status)
			}
			if n := asked.Load(); n != before {
				t.Errorf("the service was asked %d times for what is refused", n-before)
			}
			// What is open is the proxy's: gwctl was asked once.
			if err := c.Write(ctx, websocket.MessageText, []byte("still here")); err != nil {
				t.Errorf("the open WebSocket: %v", err)
			}
		})
	}
}

package sidecar_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// The example of docs/serve.md, served: a page reads and talks, and the slash in
// a file's name reaches the service as it was sent.
func TestWebSocketExample(t *testing.T) {
	set, err := os.ReadFile(filepath.Join("..", "examples", "websocket", "room.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, setup{more: "---\n" + string(set), anonymous: "deny"})
	r.upstream.answer = accepts
	member, guest := bearer(r.user(`{"roles":["member"]}`)), bearer(r.user(`{"roles":["guest"]}`))
	const origin = "Origin: https://chat.example.com"
	c := r.open("GET /rooms/7/live", member, origin)
	c.echo("hello")
	c.Close()
	for _, tt := range []struct {
		line    string
		headers []string
		status  int
		allowed string // origin
	}{
		{"OPTIONS /rooms/7", []string{origin, "Access-Control-Request-Method: GET"}, 204, "https://chat.example.com"},
		{"GET /rooms/7", []string{guest, origin}, 200, "https://chat.example.com"},
		{"GET /rooms/7/live", []string{guest, origin, handshake}, 403, "https://chat.example.com"},
		{"GET /rooms/7/live", []string{member, "Origin: https://evil.example.com", handshake}, 403, ""},
		{"GET /rooms/7/files/drafts%2Fx", []string{member}, 400, ""},
		{"GET /rooms/7/files/drafts/x", []string{guest}, 403, ""},
		{"GET /rooms/7%2F..%2Fadmin", []string{member}, 400, ""},
	} {
		got := r.get(tt.line, tt.headers...)
		if got.status != tt.status || got.header.Get("Access-Control-Allow-Origin") != tt.allowed {
			t.Errorf("%s: answer %s", tt.line, got.raw)
		}
	}
	seen := r.forwarded(func() {
		if got := r.get("GET /rooms/7/files/2026%2fjanuary", guest); got.status != http.StatusOK {
			t.Errorf("answer %s", got.raw)
		}
	})
	if !strings.HasPrefix(seen, "GET /rooms/7/files/2026%2Fjanuary HTTP/1.1\r\n") {
		t.Errorf("the upstream saw %s", seen)
	}
	e := last(t, r.stop(), record.KindDecision)
	if e.Detail != "encoded_slash" || e.HTTP.Path != "/rooms/7/files/2026%2Fjanuary" || e.Decision.Route != "GET /rooms/{id}/files/{file...}" {
		t.Errorf("recorded %+v", e)
	}
}

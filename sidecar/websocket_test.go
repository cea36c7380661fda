package sidecar_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/websocket"
)

// live has routes that allow WebSockets, and one that does not.
const live = `---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: live}
spec:
  actions: {watch: {}}
  routes:
    - {route: "GET,POST /live/{id}", action: watch, websocket: true, cors: {origins: ["https://app.example.com"]}}
    - {route: "GET /live/{id}/alone", action: watch, websocket: true}
    - {route: "GET /live/{id}/plain", action: watch}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: live}
spec:
  resources: [live]
  rules:
    - id: watches
      effect: allow
      actions: [watch]
      roles: [customer]
      obligations: {set_headers: {X-Live-View: "'own'"}}
    - {id: closed, effect: deny, when: "resource.id == 'closed'"}
`

const (
	key       = "dGhlIHNhbXBsZSBub25jZQ=="
	handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key
	switched  = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade, X-Private\r\nX-Private: a\r\nUpgrade: websocket\r\nX-Upstream: yes\r\nSec-WebSocket-Accept: "
)

// accepts answers the handshake, echoes what the client sends without its mask,
// and answers its close frame.
func accepts(c net.Conn, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		_, _ = io.WriteString(c, fixedAnswer)
		return
	}
	_, _ = io.WriteString(c, switched+websocket.Accept(r.Header.Get("Sec-Websocket-Key"))+"\r\n\r\n")
	for {
		op, payload, err := readFrame(c)
		if err != nil {
			return
		}
		if _, err := c.Write(append([]byte{0x80 | op, byte(len(payload))}, payload...)); err != nil || op == 8 {
			return
		}
	}
}

// readFrame takes one short frame.
func readFrame(r io.Reader) (op byte, payload []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	var mask [4]byte
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(r, mask[:]); err != nil {
			return 0, nil, err
		}
	}
	payload = make([]byte, head[1]&0x7f)
	_, err = io.ReadFull(r, payload)
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0] & 0xf, payload, err
}

func masked(op byte, payload string) string {
	return string([]byte{0x80 | op, 0x80 | byte(len(payload)), 0, 0, 0, 0}) + payload
}

// open makes a WebSocket and counts its answer.
func (r *rig) open(line string, headers ...string) *wire {
	r.Helper()
	c := r.dial()
	r.Cleanup(func() { c.Close() })
	c.write(request(line, append(headers, handshake)...))
	resp := c.open(http.MethodGet)
	r.answers.Add(1)
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-Websocket-Accept") != websocket.Accept(key) || resp.Header.Get("X-Private") != "" || resp.Header.Get("X-Upstream") != "yes" {
		r.Fatalf("answer %s", c.raw.String())
	}
	return c
}

func (w *wire) echo(text string) {
	w.r.Helper()
	w.write(masked(1, text))
	if op, payload, err := readFrame(w.in); err != nil || op != 1 || string(payload) != text {
		w.r.Fatalf("echo of %q: %d %q %v", text, op, payload, err)
	}
}

// wantClose takes the close frame that gwctl ends a WebSocket with.
func (w *wire) wantClose(code int, text string) {
	w.r.Helper()
	op, payload, err := readFrame(w.in)
	if err != nil || op != 8 || len(payload) < 2 || int(binary.BigEndian.Uint16(payload)) != code || string(payload[2:]) != text {
		w.r.Fatalf("instead of a close frame: %d %q %v", op, payload, err)
	}
	w.write(masked(8, string(payload[:2])))
	if rest, err := io.ReadAll(w.in); err != nil || len(rest) > 0 {
		w.r.Errorf("after the close frame: %q, %v", rest, err)
	}
}

// closed gives the record of a WebSocket's end.
func closed(t testing.TB, events []*record.Event, reason, code string) *record.Event {
	t.Helper()
	e := last(t, events, record.KindWebSocketClosed)
	if e.Reason != reason || e.Detail != code || e.Door != "proxy" || e.SourceIP != "127.0.0.1" {
		t.Errorf("recorded %+v, want %s %s", e, reason, code)
	}
	for _, d := range events {
		if d.Kind == record.KindDecision && d.DecisionID == e.DecisionID && d.Decision.Allowed() && d.RequestID == e.RequestID && d.HTTP.Path == e.HTTP.Path {
			return e
		}
	}
	t.Errorf("no decision opened %+v", e)
	return e
}

func TestWebSocket(t *testing.T) {
	r := start(t, setup{more: live})
	r.upstream.answer = accepts
	user := bearer(r.user(`{"roles":["customer"]}`))
	seen := r.forwarded(func() {
		c := r.open("GET /live/7?q=1", user, "Sec-WebSocket-Protocol: chat", "Origin: https://app.example.com")
		c.echo("hello")
		c.echo("again")
		c.write(masked(8, "\x03\xe8"))
		if op, payload, err := readFrame(c.in); err != nil || op != 8 || string(payload) != "\x03\xe8" {
			t.Errorf("close frame: %d %q %v", op, payload, err)
		}
		if rest, err := io.ReadAll(c.in); err != nil || len(rest) > 0 {
			t.Errorf("then %q, %v", rest, err)
		}
	})
	line, raw := head(t, seen)
	headers := http.Header(raw)
	if line != "GET /live/7?q=1 HTTP/1.1" {
		t.Errorf("the upstream saw %s", line)
	}
	for name, want := range map[string]string{
		"X-User-Id": "alice", "X-Live-View": "own", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-Websocket-Key": key, "Sec-Websocket-Protocol": "chat", "Authorization": "", "Origin": "https://app.example.com",
	} {
		if got := headers.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := r.get("GET /live/7", user); got.status != http.StatusOK {
		t.Errorf("without an upgrade: %s", got.raw)
	}
	if e := closed(t, r.stop(), "ended", ""); e.TotalMicros <= 0 {
		t.Errorf("recorded %+v", e)
	}
}

// What is no opening handshake on a route that allows it is refused before
// anyone is asked, and never reaches the upstream.
func TestWebSocketRefused(t *testing.T) {
	r := start(t, setup{more: live})
	r.upstream.answer = accepts
	user := bearer(r.user(`{"roles":["customer"]}`))
	with := func(old, new string) string { return strings.Replace(handshake, old, new, 1) }
	tests := []struct {
		line, headers string
		status        int
		rule          string
	}{
		{"GET /live/7", with("websocket", "h2c"), 400, "upgrade"},
		{"GET /live/7", with("Connection: Upgrade", "Connection: Upgrade, HTTP2-Settings") + "\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nUpgrade: h2c", 400, "upgrade"},
		{"GET /live/7", with("websocket", "websocket, h2c"), 400, "upgrade"},
		{"GET /live/7", with("websocket", "TLS/1.0"), 400, "upgrade"},
		{"GET /live/7", with("websocket", "websocket/13"), 400, "upgrade"},
		{"GET /live/7", with("Connection: Upgrade", "Connection: keep-alive"), 400, "upgrade"},
		{"GET /live/7", handshake + "\r\nContent-Length: 5", 400, "upgrade"},
		{"GET /live/7", handshake + "\r\nTransfer-Encoding: chunked", 400, "upgrade"},
		{"GET /live/7 HTTP/1.0", handshake, 400, "upgrade"},
		{"POST /live/7", handshake, 400, "upgrade"},
		{"GET /live/7/plain", handshake, 400, "upgrade"},
		{"GET /items/7", handshake, 400, "upgrade"},
		{"GET /nowhere", handshake, 400, "upgrade"},
		{"GET /live/7", with("Version: 13", "Version: 8"), 400, "websocket_version"},
		{"GET /live/7", with("Version: 13", "Version: 13, 8"), 400, "websocket_version"},
		{"GET /live/7", with("Sec-WebSocket-Version: 13\r\n", ""), 400, "websocket_version"},
		{"GET /live/7", handshake + "\r\nSec-WebSocket-Version: 13", 400, "repeated_header"},
		{"GET /live/7", with(key, key[:20]), 400, "websocket_key"},
		{"GET /live/7", with(key, "dGhlIHNhbXBsZSBub25jZR=="), 400, "websocket_key"},
		{"GET /live/7", with("Sec-WebSocket-Key: "+key, "X-A: b"), 400, "websocket_key"},
		{"GET /live/7", handshake + "\r\nSec-WebSocket-Key: " + key, 400, "repeated_header"},
		{"GET /live/7", handshake + "\r\nOrigin: https://evil.example.com", 403, "origin"},
		{"GET /live/7", handshake + "\r\nOrigin: null", 403, "origin"},
		{"GET /live/7", handshake + "\r\nOrigin: https://app.test", 403, "origin"}, // the scheme is http
		{"GET /live/7", handshake + "\r\nOrigin: https://APP.example.com", 403, "origin"},
		{"GET /live/7", handshake + "\r\nOrigin: https://app.example.com.evil.com", 403, "origin"},
		{"GET /live/7", handshake + "\r\nOrigin: https://app.example.com\r\nOrigin: https://evil.example.com", 400, "repeated_header"},
		{"GET /live/7", with("Connection: Upgrade", "Connection: Upgrade, Origin") + "\r\nOrigin: https://evil.example.com", 400, "connection_abuse"},
		{"GET /live/7/alone", handshake + "\r\nOrigin: https://app.example.com", 403, "origin"},
	}
	r.untouched(func() {
		for _, tt := range tests {
			got := r.send(request(tt.line, user, tt.headers))
			if got.status != tt.status || !got.closes || (got.header.Get("Sec-Websocket-Version") == "13") != (tt.rule == "websocket_version") {
				t.Errorf("%s %q: answer %s", tt.line, tt.headers, got.raw)
			}
		}
		if got := r.get("GET /live/7", handshake); got.status != http.StatusUnauthorized {
			t.Errorf("nobody: %s", got.raw)
		}
		if got := r.get("GET /live/closed", user, handshake); got.status != http.StatusForbidden || got.code(t) != "denied_by_rule" || !got.closes {
			t.Errorf("denied: %s", got.raw)
		}
	})
	r.open("GET /live/7", user, "Origin: http://app.test").echo("hello")
	r.open("GET /live/7/alone", user).Close()
	events := r.stop()[1:]
	for i, tt := range tests {
		if e := events[i]; e.Kind != record.KindRequestRejected || e.Detail != tt.rule || e.Status != tt.status {
			t.Errorf("%s %q: recorded %+v, want %s", tt.line, tt.headers, e, tt.rule)
		}
	}
}

// Nothing is tunnelled before the upstream has agreed, and another answer is an
// answer.
func TestWebSocketNotAccepted(t *testing.T) {
	good := switched + websocket.Accept(key) + "\r\n\r\n"
	for name, tt := range map[string]struct {
		answer string
		status int
	}{
		"an answer":           {fixedAnswer, 200},
		"a refusal":           {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403},
		"h2c":                 {strings.Replace(good, "Upgrade: websocket", "Upgrade: h2c", 1), 502},
		"another accept":      {switched + websocket.Accept("x") + "\r\n\r\n", 502},
		"no accept":           {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 502},
		"another subprotocol": {strings.Replace(good, "\r\n\r\n", "\r\nSec-WebSocket-Protocol: x\r\n\r\n", 1), 502},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{more: live})
			r.upstream.answer = func(c net.Conn, _ *http.Request) { _, _ = io.WriteString(c, tt.answer) }
			user := bearer(r.user(`{"roles":["customer"]}`))
			seen := r.forwarded(func() {
				// With a frame at once, as nobody should.
				got := r.send(request("GET /live/7", user, handshake) + masked(1, "early"))
				if got.status != tt.status || !got.closes || tt.status == 502 && got.code(t) != "upstream_unreachable" {
					t.Errorf("answer %s", got.raw)
				}
			})
			if strings.Contains(seen, "early") {
				t.Errorf("the upstream saw %q", seen)
			}
			r.stop()
		})
	}
}

// HTTP on a connection that is a WebSocket goes nowhere.
func TestWebSocketSmuggling(t *testing.T) {
	r := start(t, setup{more: live})
	r.upstream.answer = accepts
	c := r.open("GET /live/7", bearer(r.user(`{"roles":["customer"]}`)))
	seen := r.forwarded(func() {
		c.write("GET /admin HTTP/1.1\r\nHost: app.test\r\n\r\n")
		c.wantClose(1002, "not a WebSocket frame")
	})
	if strings.Contains(seen, "admin") {
		t.Errorf("the upstream saw %q", seen)
	}
	closed(t, r.stop(), "protocol_error", "1002")
}

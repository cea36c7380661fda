package sidecar_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/dev"
)

func TestWebSocketExpires(t *testing.T) {
	t.Parallel() // it waits
	r := start(t, setup{more: live})
	r.upstream.answer = accepts
	token, err := r.idp.issuer.Load().Token(dev.TokenSpec{Subject: "alice", Audience: audience, Claims: []byte(`{"roles":["customer"]}`), Lifetime: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	c := r.open("GET /live/7", bearer(token))
	c.echo("hello")
	c.wantClose(1008, "token_expired")
	closed(t, r.stop(), "token_expired", "1008")
}

func TestWebSocketIdle(t *testing.T) {
	t.Parallel() // it waits
	r := start(t, setup{more: live, proxy: ", websocket: {idle: 1s}"})
	r.upstream.answer = accepts
	c := r.open("GET /live/7", bearer(r.user(`{"roles":["customer"]}`)))
	c.wantClose(1001, "idle")
	closed(t, r.stop(), "idle", "1001")
}

func TestWebSocketLifetime(t *testing.T) {
	t.Parallel() // it waits
	r := start(t, setup{more: live, proxy: ", websocket: {lifetime: 1s, limit: 1}"})
	r.upstream.answer = accepts
	user := bearer(r.user(`{"roles":["customer"]}`))
	c := r.open("GET /live/7", user)
	if got := r.get("GET /live/8", user, handshake); got.status != http.StatusServiceUnavailable || got.code(t) != "too_many_websockets" || got.header.Get("Retry-After") == "" {
		t.Errorf("one too many: %s", got.raw)
	}
	c.wantClose(1001, "too_long")
	until(t, "room for another one", func() bool {
		c := r.dial()
		defer c.Close()
		c.write(request("GET /live/8", user, handshake))
		r.answers.Add(1)
		return c.open(http.MethodGet).StatusCode == http.StatusSwitchingProtocols
	})
	r.stop()
}

// A new set decides open WebSockets again: those it would not open, or not so,
// are closed.
func TestWebSocketPolicyChange(t *testing.T) {
	change := func(old, new string) string {
		text := strings.Replace(policies+live, old, new, 1)
		if text == policies+live {
			t.Fatalf("%q is not in the set", old)
		}
		return text
	}
	for name, tt := range map[string]struct {
		set, detail string
		stands      bool
	}{
		"another rule":       {change("Not from here.", "Not there."), "", true},
		"denied":             {change("'closed'", "'7'"), "denied_by_rule", false},
		"no route":           {change("/live/{id}\"", "/alive/{id}\""), "upgrade", false},
		"no WebSocket":       {change("websocket: true, cors", "cors"), "upgrade", false},
		"not for the origin": {change("https://app.example.com", "https://www.example.com"), "origin", false},
		"another obligation": {change("'own'", "'all'"), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, setup{more: live})
			r.upstream.answer = accepts
			c := r.open("GET /live/7", bearer(r.user(`{"roles":["customer"]}`)), "Origin: https://app.example.com")
			c.echo("before")
			r.reload(record.Reload{}, func() { r.write("policies/set.yaml", tt.set) })
			r.answers.Add(1) // to nobody
			if tt.stands {
				until(t, "the second decision", func() bool { return strings.Count(r.out.String(), `"event":"decision"`) == 2 })
				c.echo("after")
				c.Close()
				until(t, "the record of its end", func() bool { return strings.Contains(r.out.String(), "websocket_closed") })
				closed(t, r.stop(), "ended", "")
				return
			}
			c.wantClose(1008, "denied")
			events := r.stop()
			closed(t, events, "denied", "1008")
			again := events[len(events)-2]
			if again.Kind == record.KindConfigReload { // written at the same time
				again = events[len(events)-3]
			}
			if again.RequestID != events[1].RequestID || tt.detail != "" && again.Detail != tt.detail && again.Decision.Reason != tt.detail {
				t.Errorf("decided again: %+v", again)
			}
		})
	}
}

// A drain ends those that are left with 1001, after the requests.
func TestWebSocketDrain(t *testing.T) {
	r := start(t, setup{more: live})
	r.upstream.answer = accepts
	user := bearer(r.user(`{"roles":["customer"]}`))
	var open []*wire
	for i := range 3 {
		c := r.open(fmt.Sprintf("GET /live/%d", i), user)
		c.echo("hello")
		open = append(open, c)
	}
	r.cancel()
	for _, c := range open {
		c.wantClose(1001, "draining")
	}
	closed(t, r.stop(), "draining", "1001")
}

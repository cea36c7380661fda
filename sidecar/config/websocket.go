package config

import (
	"time"

	"github.com/gwctl/gwctl/policy/document"
)

// WebSocket bounds the WebSockets of the proxy door.
type WebSocket struct {
	Idle     time.Duration // without a byte from either side; default 5m, 1s to 24h
	Lifetime time.Duration // of one that is in use; default 12h, 1s to 168h
	Limit    int64         // open ones; default 1000, 1 to 1000000
}

const mostWebSockets = 1_000_000

// DefaultWebSocket are the bounds of a configuration that has none.
func DefaultWebSocket() WebSocket {
	return WebSocket{Idle: 5 * time.Minute, Lifetime: 12 * time.Hour, Limit: 1000}
}

func (r *reader) webSocket(o *document.Object) {
	def := DefaultWebSocket()
	w := &r.cfg.Proxy.WebSocket
	w.Idle = r.duration(o, "idle", def.Idle, time.Second, 24*time.Hour)
	w.Lifetime = r.duration(o, "lifetime", def.Lifetime, time.Second, 7*24*time.Hour)
	w.Limit = def.Limit
	if n, ok := o.Int("limit"); ok {
		w.Limit = n
		if n < 1 || n > mostWebSockets {
			r.w.Error(o.Key("limit"), "bad_setting", "write a number from 1 to 1000000", "limit %d cannot be used", n)
		}
	}
	o.Done()
}

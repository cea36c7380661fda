package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/reply"
	"github.com/gwctl/gwctl/sidecar/websocket"
)

// Reasons in the record of a WebSocket that has ended.
const (
	EndedByPeers  = "ended"          // by the client or the service
	EndedExpired  = "token_expired"  // 1008
	EndedDenied   = "denied"         // 1008: the policies in force would not open it, or not so
	EndedDraining = "draining"       // 1001
	EndedIdle     = "idle"           // 1001
	EndedLifetime = "too_long"       // 1001
	EndedNoFrames = "protocol_error" // 1002
)

// ticksOfIdle is how often an idle time is looked at.
const ticksOfIdle = 4

// errSwitched ends the proxying of a request whose connection is taken over.
var errSwitched = errors.New("the connection was a WebSocket")

// webSocket forwards an opening handshake.
func (d *Door) webSocket(f forwarding) {
	if !d.sockets.reserve(f.c.ClientIP) {
		d.o.Logger.Warn("there are too many WebSockets", "request_id", f.c.ID)
		d.answer(f.w, f.r, f.cors, reply.Unavailable(reply.ReasonTooManyWebSockets, 5*time.Second, reply.Context{RequestID: f.c.ID, DecisionID: f.out.DecisionID}))
		return
	}
	defer d.sockets.release(f.c.ClientIP)
	d.forward(f)
}

// switched carries a WebSocket that the upstream has agreed to, until it ends.
// The error is errSwitched once the client's connection is taken over.
func (d *Door) switched(f forwarding, resp *http.Response) error {
	if !f.c.WebSocket {
		return errors.New("the upstream switches protocols without being asked")
	}
	if err := websocket.CheckAnswer(f.c.Header, resp); err != nil {
		return err
	}
	upstream, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		return errors.New("the upstream's connection cannot be taken over")
	}
	client, in, err := http.NewResponseController(f.w).Hijack()
	if err != nil {
		return fmt.Errorf("taking over the client's connection: %w", err)
	}
	tunnel := websocket.New(client, in, upstream)
	began := d.o.Clock()
	if err := writeSwitch(in, resp.Header); err != nil {
		_ = client.Close() // the client has gone
		return errSwitched
	}
	f.place.Give()
	ended := make(chan websocket.Code, 1)
	go func() { ended <- tunnel.Run() }()
	if !d.sockets.add(tunnel) {
		tunnel.Close(websocket.GoingAway, EndedDraining)
	}
	reason, code := d.watch(f, tunnel, ended)
	d.sockets.remove(tunnel)
	d.o.Point.Closed(f.c, Name, f.out.DecisionID, reason, int(code), d.o.Clock().Sub(began))
	return errSwitched
}

// writeSwitch passes the upstream's 101 on.
func writeSwitch(w interface {
	io.Writer
	Flush() error
}, from http.Header) error {
	h := from.Clone()
	for _, line := range from["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.Trim(name, " \t"))
		}
	}
	for _, name := range []string{"Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding", "Content-Length"} {
		h.Del(name)
	}
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", "websocket")
	resp := http.Response{StatusCode: http.StatusSwitchingProtocols, ProtoMajor: 1, ProtoMinor: 1, Header: h}
	if err := resp.Write(w); err != nil {
		return err
	}
	return w.Flush()
}

// watch ends a tunnel that must not go on, and waits for its end.
func (d *Door) watch(f forwarding, tunnel *websocket.Tunnel, ended <-chan websocket.Code) (reason string, code websocket.Code) {
	limits := d.o.Config.WebSocket
	lifetime := time.NewTimer(limits.Lifetime)
	defer lifetime.Stop()
	idle := time.NewTicker(max(limits.Idle/ticksOfIdle, time.Millisecond))
	defer idle.Stop()
	var expired <-chan time.Time
	if !f.out.Expires.IsZero() {
		expiry := time.NewTimer(f.out.Expires.Sub(d.o.Clock()))
		defer expiry.Stop()
		expired = expiry.C
	}
	silent, moved := 0, tunnel.Moved()
	end := func(why string, code websocket.Code) {
		if reason == "" {
			reason = why
		}
		tunnel.Close(code, why)
	}
	for {
		select {
		case code = <-ended:
			switch {
			case reason != "":
			case code == websocket.ProtocolError:
				reason = EndedNoFrames
			case code == websocket.GoingAway:
				reason = EndedDraining
			default:
				reason = EndedByPeers
			}
			return reason, code
		case <-expired:
			end(EndedExpired, websocket.PolicyViolation)
		case <-lifetime.C:
			end(EndedLifetime, websocket.GoingAway)
		case <-idle.C:
			now := tunnel.Moved()
			if silent++; now != moved {
				silent, moved = 0, now
			}
			if silent == ticksOfIdle {
				end(EndedIdle, websocket.GoingAway)
			}
		case <-f.changed:
			f.changed = d.o.Point.Changed()
			if !d.stillAllowed(f) {
				end(EndedDenied, websocket.PolicyViolation)
			}
		}
	}
}

// stillAllowed decides an open WebSocket again, from the request that opened it.
// It stands only while the answer is the same: the service was told who the user
// is, and what the obligations say, when it was opened.
func (d *Door) stillAllowed(f forwarding) bool {
	turn := d.o.Point.Begin()
	c, rejection := turn.Reader().Read(f.r)
	if rejection != nil {
		rejection.ID = f.c.ID
		turn.Reject(rejection, Name, nil)
		return false
	}
	c.ID = f.c.ID
	out := turn.Toward(turn.Upstream(c)).Standing().Request(f.r.Context(), c, nil, Name)
	return out.Allowed && c.WebSocket && out.Grant == f.out.Grant
}

// sockets are the open WebSockets of a door.
type sockets struct {
	places *fair.Share
	mu     sync.Mutex
	open   map[*websocket.Tunnel]struct{}
	closed bool
	ended  sync.Cond // one was removed
}

func newSockets(limit int64) *sockets {
	s := &sockets{places: fair.New(limit), open: map[*websocket.Tunnel]struct{}{}}
	s.ended.L = &s.mu
	return s
}

// reserve takes a place for one that may be opened.
func (s *sockets) reserve(who netip.Addr) bool { return s.places.Take(who, 1) }

func (s *sockets) release(who netip.Addr) { s.places.Give(who, 1) }

// add tells whether it may be open: not once all are closed.
func (s *sockets) add(t *websocket.Tunnel) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[t] = struct{}{}
	return !s.closed
}

func (s *sockets) remove(t *websocket.Tunnel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, t)
	s.ended.Broadcast()
}

// closeAll ends all of them with 1001 and waits until they are gone. Each takes
// two seconds at most.
func (s *sockets) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for t := range s.open {
		t.Close(websocket.GoingAway, EndedDraining)
	}
	for len(s.open) > 0 {
		s.ended.Wait()
	}
}

// upgrade asks the upstream for what the client asked for.
func upgrade(h http.Header) {
	h["Connection"] = []string{"Upgrade"}
	h["Upgrade"] = []string{"websocket"}
}

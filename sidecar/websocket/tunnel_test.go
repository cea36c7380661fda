package websocket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

const patience = 10 * time.Second

// pair is a tunnel over two TCP connections; a test holds the far ends.
type pair struct {
	testing.TB
	*Tunnel
	client, upstream net.Conn
	ended            chan Code
}

func newPair(t testing.TB) *pair {
	t.Helper()
	p := &pair{TB: t, ended: make(chan Code, 1)}
	var clientSide, upstreamSide net.Conn
	p.client, clientSide = connected(t)
	p.upstream, upstreamSide = connected(t)
	p.Tunnel = New(clientSide, clientSide, upstreamSide)
	p.grace = 200 * time.Millisecond
	go func() { p.ended <- p.Run() }()
	t.Cleanup(func() {
		p.client.Close()
		p.upstream.Close()
	})
	return p
}

func connected(t testing.TB) (far, near net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := far.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return far, near
}

func (p *pair) write(c net.Conn, data []byte) {
	p.Helper()
	if _, err := c.Write(data); err != nil {
		p.Fatal(err)
	}
}

// want reads exactly these bytes.
func (p *pair) want(c net.Conn, data []byte) {
	p.Helper()
	got := make([]byte, len(data))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, data) {
		p.Fatalf("read %q, %v, want %q", got[:n], err, data)
	}
}

// wantEnd reads nothing more.
func (p *pair) wantEnd(c net.Conn) {
	p.Helper()
	if rest, err := io.ReadAll(c); len(rest) > 0 || errors.Is(err, &net.OpError{}) {
		p.Errorf("read %q, %v", rest, err)
	}
}

func (p *pair) wantCode(want Code) {
	p.Helper()
	select {
	case got := <-p.ended:
		if got != want {
			p.Errorf("ended with %d, want %d", got, want)
		}
	case <-time.After(patience):
		p.Fatal("it does not end")
	}
}

func TestTunnel(t *testing.T) {
	p := newPair(t)
	for range 3 {
		p.write(p.client, frame(0x81, true, 300))
		p.want(p.upstream, frame(0x81, true, 300))
		p.write(p.upstream, frame(0x82, false, 70000))
		p.want(p.client, frame(0x82, false, 70000))
	}
	if moved := p.Moved(); moved != 3*(308+70010) {
		t.Errorf("%d bytes moved", moved)
	}
	p.write(p.client, frame(0x88, true, 2))
	p.want(p.upstream, frame(0x88, true, 2))
	p.write(p.upstream, frame(0x88, false, 2))
	p.want(p.client, frame(0x88, false, 2))
	p.wantEnd(p.client)
	p.wantEnd(p.upstream)
	p.wantCode(0)
}

// Either side may go without a word; the other one gets what was sent and learns
// of it.
func TestTunnelHangUp(t *testing.T) {
	p := newPair(t)
	p.write(p.upstream, frame(0x81, false, 10))
	p.upstream.Close()
	p.want(p.client, frame(0x81, false, 10))
	p.wantEnd(p.client)
	p.client.Close()
	p.wantCode(0)

	p = newPair(t)
	p.client.Close()
	p.wantEnd(p.upstream)
	p.upstream.Close()
	p.wantCode(0)
}

// Both sides are told why it ends, between two frames and once; what comes then
// does not pass.
func TestTunnelClose(t *testing.T) {
	p := newPair(t)
	half := frame(0x82, false, 1000)
	p.write(p.upstream, half[:500])
	p.want(p.client, half[:500])
	p.Close(PolicyViolation, "token expired")
	p.Close(GoingAway, "later")
	closing := make([]byte, 6+2+len("token expired"))
	if _, err := io.ReadFull(p.upstream, closing); err != nil || closing[0] != 0x88 || closing[1] != 0x80|byte(len(closing)-6) {
		t.Fatalf("the upstream read %q, %v", closing, err)
	}
	p.write(p.client, frame(0x81, true, 5)) // too late
	p.write(p.upstream, half[500:])
	p.write(p.upstream, frame(0x81, false, 5)) // too late
	p.want(p.client, append(half[500:], closeFrame(PolicyViolation, "token expired", nil)...))
	p.write(p.client, frame(0x88, true, 2))
	p.write(p.upstream, frame(0x88, false, 2))
	p.wantEnd(p.client)
	p.wantEnd(p.upstream)
	p.wantCode(PolicyViolation)
}

// A side that does not answer, or does not even read, is left.
func TestTunnelCloseUnheard(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	var flooding sync.WaitGroup
	flooding.Go(func() {
		for {
			if _, err := p.upstream.Write(frame(0x82, false, 60000)); err != nil {
				return
			}
		}
	})
	before := uint64(0)
	stuck := func() bool { // the client reads nothing: at some time nothing moves
		now := p.Moved()
		was := before
		before = now
		return now > 0 && now == was
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !stuck() {
		<-tick.C
	}
	p.Close(GoingAway, "")
	p.wantCode(GoingAway)
	flooding.Wait()
}

// What is no frame does not pass, and ends it.
func TestTunnelNoFrames(t *testing.T) {
	t.Parallel() // it waits for the end of the grace
	p := newPair(t)
	p.write(p.client, append(frame(0x81, true, 3), "GET /admin HTTP/1.1\r\nHost: app.test\r\n\r\n"...))
	p.want(p.client, closeFrame(ProtocolError, "not a WebSocket frame", nil))
	got, _ := io.ReadAll(p.upstream)
	if bytes.Contains(got, []byte("GET")) {
		t.Errorf("the upstream read %q", got)
	}
	p.client.Close()
	p.wantCode(ProtocolError)

	p = newPair(t)
	p.write(p.upstream, []byte("HTTP/1.1 200 OK\r\n\r\n"))
	got, _ = io.ReadAll(p.client)
	if !bytes.Equal(got, closeFrame(ProtocolError, "not a WebSocket frame", nil)) {
		t.Errorf("the client read %q", got)
	}
	p.wantCode(ProtocolError)

	p = newPair(t)
	p.write(p.client, frame(0x81, true, 3)[:1])
	p.want(p.upstream, []byte{0x81})
	p.write(p.client, []byte{0x01}) // not masked: after the byte that has passed no close frame fits
	if got, _ = io.ReadAll(p.upstream); len(got) > 0 {
		t.Errorf("the upstream read %q", got)
	}
	p.wantCode(ProtocolError)
}

func TestCheckAnswer(t *testing.T) {
	if got := Accept("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" { // RFC 6455 section 1.3
		t.Errorf("accept %q", got)
	}
	asked := http.Header{"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {"chat, superchat"}}
	good := func() *http.Response {
		return &http.Response{StatusCode: 101, Header: http.Header{
			"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"WebSocket"}, "Sec-Websocket-Accept": {"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}, "Sec-Websocket-Protocol": {"superchat"},
		}}
	}
	if err := CheckAnswer(asked, good()); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*http.Response){
		"another status":            func(r *http.Response) { r.StatusCode = 200 },
		"h2c":                       func(r *http.Response) { r.Header.Set("Upgrade", "h2c") },
		"two protocols":             func(r *http.Response) { r.Header.Add("Upgrade", "websocket") },
		"no upgrade":                func(r *http.Response) { r.Header.Del("Upgrade") },
		"connection kept":           func(r *http.Response) { r.Header.Set("Connection", "keep-alive") },
		"no connection":             func(r *http.Response) { r.Header.Del("Connection") },
		"no accept":                 func(r *http.Response) { r.Header.Del("Sec-Websocket-Accept") },
		"the key again":             func(r *http.Response) { r.Header.Set("Sec-Websocket-Accept", "dGhlIHNhbXBsZSBub25jZQ==") },
		"two accepts":               func(r *http.Response) { r.Header.Add("Sec-Websocket-Accept", "x") },
		"a subprotocol not offered": func(r *http.Response) { r.Header.Set("Sec-Websocket-Protocol", "admin") },
		"an empty subprotocol":      func(r *http.Response) { r.Header.Set("Sec-Websocket-Protocol", "") },
		"two subprotocols":          func(r *http.Response) { r.Header.Add("Sec-Websocket-Protocol", "chat") },
	} {
		answer := good()
		change(answer)
		if CheckAnswer(asked, answer) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

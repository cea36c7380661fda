package websocket

import (
	"crypto/rand"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Code is a status code of a close frame (RFC 6455 section 7.4.1).
type Code uint16

// The codes that a Tunnel is closed with.
const (
	GoingAway       Code = 1001
	ProtocolError   Code = 1002
	PolicyViolation Code = 1008
)

const (
	bufferSize = 8 << 10
	// endTime is how long the end of a connection may take: what is left of a
	// frame, and the answer to a close frame.
	endTime = 2 * time.Second
)

// Tunnel carries frames between a client and an upstream.
type Tunnel struct {
	client   net.Conn
	upstream io.ReadWriteCloser
	grace    time.Duration

	toUpstream, toClient half
	moved                atomic.Uint64

	closing sync.Once
	code    atomic.Uint32
	ends    atomic.Pointer[time.Timer]
}

// New joins two connections whose handshake is complete. in is what the client
// sends; it may hold more than the connection, which was read ahead.
func New(client net.Conn, in io.Reader, upstream io.ReadWriteCloser) *Tunnel {
	t := &Tunnel{client: client, upstream: upstream, grace: endTime}
	t.toUpstream = half{src: in, dst: upstream, frames: frames{masked: true}}
	t.toClient = half{src: upstream, dst: client}
	return t
}

// Run carries frames until both connections are closed. It is called once. The
// code is the one that Close was called with, or 1002 for bytes that were no
// frames; 0 when the two sides ended it themselves.
func (t *Tunnel) Run() Code {
	ended := make(chan struct{}, 2)
	for _, h := range []*half{&t.toUpstream, &t.toClient} {
		go func() {
			t.copy(h)
			ended <- struct{}{}
		}()
	}
	<-ended
	t.abortSoon()
	<-ended
	t.closing.Do(func() {}) // from here on Close is too late
	t.abort()
	if timer := t.ends.Load(); timer != nil {
		timer.Stop()
	}
	return Code(t.code.Load())
}

// Moved grows with every byte that arrives from either side.
func (t *Tunnel) Moved() uint64 { return t.moved.Load() }

// Close tells both sides that it ends and why, then closes the connections, at
// the latest after two seconds. Frames on their way are completed; later ones do
// not pass. Only the first call counts. It does not wait. The text goes to the
// client: at most 123 bytes of it.
func (t *Tunnel) Close(code Code, text string) {
	t.closing.Do(func() {
		t.code.Store(uint32(code))
		t.abortSoon()
		var mask [4]byte
		_, _ = rand.Read(mask[:]) // never fails
		// A write to a side that does not read holds its half.
		go t.toClient.finish(closeFrame(code, text, nil))
		go t.toUpstream.finish(closeFrame(code, text, &mask))
	})
}

func (t *Tunnel) abortSoon() {
	timer := time.AfterFunc(t.grace, t.abort)
	if !t.ends.CompareAndSwap(nil, timer) {
		timer.Stop()
	}
}

func (t *Tunnel) abort() {
	_ = t.client.Close()   // whoever reads or writes it learns of it
	_ = t.upstream.Close() // likewise
}

// copy carries one direction to its end.
func (t *Tunnel) copy(h *half) {
	buf := make([]byte, bufferSize)
	for {
		n, err := h.src.Read(buf)
		t.moved.Add(uint64(n))
		closed, passErr := h.pass(buf[:n])
		switch {
		case errors.Is(passErr, errProtocol):
			t.Close(ProtocolError, "not a WebSocket frame")
			// What is unread when a connection is closed can take the close frame
			// with it.
			_, _ = io.CopyBuffer(io.Discard, onlyReader{h.src}, buf) // ends with the connection
			return
		case closed, passErr != nil:
			return
		case err != nil:
			// Without a close frame. The other side learns of it now, and still gets
			// what is on its way.
			if c, ok := h.dst.(interface{ CloseWrite() error }); ok {
				_ = c.CloseWrite() // else it learns of it at the end of the grace
			}
			return
		}
	}
}

// onlyReader has no other method that would make a buffer of its own.
type onlyReader struct{ io.Reader }

// half is one direction.
type half struct {
	src io.Reader
	dst io.Writer

	mu     sync.Mutex
	frames frames
	last   []byte // close frame to write where a frame ends
	done   bool   // nothing is written any more
}

// pass writes what was read, as far as it is frames. closed tells that a close
// frame has passed, after which the source has nothing to say.
func (h *half) pass(p []byte) (closed bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, whole := 0, -1
	for n < len(p) && err == nil && !h.frames.closed && (h.last == nil || h.done || !h.frames.atEnd()) {
		if h.frames.atEnd() {
			whole = n
		}
		var taken int
		taken, err = h.frames.next(p[n:])
		n += taken
	}
	if err != nil {
		n = max(0, whole)
		if whole >= 0 { // no byte of it has passed, so a close frame can
			h.frames.have = 0
		}
	}
	if !h.done && n > 0 {
		if _, failed := h.dst.Write(p[:n]); failed != nil {
			return false, failed
		}
	}
	if err == nil && h.last != nil && !h.done && h.frames.atEnd() {
		err = h.writeLast()
		// The rest was meant for a tunnel that is no more; an answer to the close
		// frame may be in it.
		for n < len(p) && err == nil && !h.frames.closed {
			var taken int
			taken, err = h.frames.next(p[n:])
			n += taken
		}
	}
	return h.frames.closed, err
}

// finish writes a close frame as soon as a frame ends.
func (h *half) finish(frame []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = frame
	if h.frames.closed {
		h.done = true
		return
	}
	if h.frames.atEnd() && !h.done {
		_ = h.writeLast() // the reader of this half, or the end of the grace, closes the connection
	}
}

func (h *half) writeLast() error {
	h.done = true
	_, err := h.dst.Write(h.last)
	return err
}

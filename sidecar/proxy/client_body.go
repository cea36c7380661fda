package proxy

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// clientBody watches the body of a request on its way to the upstream, to tell
// a client that sends a broken one from an upstream that fails.
type clientBody struct {
	io.ReadCloser
	end func() error // what its end is read as; nil for io.EOF
	// The transport reads on its own goroutine.
	closed, broken atomic.Bool

	mu      sync.Mutex
	control *http.ResponseController // nil once the request is answered
	silent  time.Duration            // how long the client may be
}

// patience lets the client be silent for a while from now on, or for ever.
func (b *clientBody) patience(limited bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.control == nil {
		return
	}
	var until time.Time
	if limited && b.silent > 0 {
		until = time.Now().Add(b.silent)
	}
	_ = b.control.SetReadDeadline(until) // all connections of net/http have one
}

// converses ends the limit on silence: where the answer comes while the body is
// open, as in a gRPC stream, the client may wait for what the service says.
func (b *clientBody) converses() {
	b.mu.Lock()
	b.silent = 0
	b.mu.Unlock()
	b.patience(false)
}

// answered leaves the connection to the next request.
func (b *clientBody) answered() {
	b.closed.Store(true)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.control = nil
}

// wrap puts b between the body of a request and its reader.
func (b *clientBody) wrap(out *http.Request, control *http.ResponseController, end func() error) {
	b.ReadCloser, b.control, b.end = out.Body, control, end
	out.Body = b
}

// Read implements io.Reader.
func (b *clientBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	b.patience(true)
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.patience(false)
	}
	if b.end != nil && errors.Is(err, io.EOF) {
		err = b.end()
	}
	if err != nil && !errors.Is(err, io.EOF) && !b.closed.Load() {
		b.broken.Store(true)
	}
	return n, err
}

// Close implements io.Closer. The transport closes a body that it gives up
// because of the upstream: what was read since says nothing of the client. The
// client's own body stays open, as to close it means to read it to its end.
func (b *clientBody) Close() error {
	b.closed.Store(true)
	return nil
}

func (b *clientBody) failed() bool { return b.broken.Load() }

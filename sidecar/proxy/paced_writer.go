package proxy

import (
	"net/http"
	"sync"
	"time"
)

// pacedWriter ends an HTTP/2 stream whose client takes nothing of an answer for
// a while: its window can be shut for ever while the connection is alive. In
// HTTP/1.1 the connection itself is watched.
type pacedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	silent  time.Duration

	mu    sync.Mutex
	timer *time.Timer // while something is being written
	over  bool
}

func newPacedWriter(w http.ResponseWriter, silent time.Duration) *pacedWriter {
	return &pacedWriter{ResponseWriter: w, control: http.NewResponseController(w), silent: silent}
}

// Unwrap is for http.ResponseController.
func (p *pacedWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// Write implements io.Writer.
func (p *pacedWriter) Write(b []byte) (int, error) {
	p.watch()
	defer p.rest()
	return p.ResponseWriter.Write(b)
}

// FlushError is Flush as http.ResponseController calls it.
func (p *pacedWriter) FlushError() error {
	p.watch()
	defer p.rest()
	return p.control.Flush()
}

// watch ends the stream unless rest comes in time.
func (p *pacedWriter) watch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil {
		p.timer = time.AfterFunc(p.silent, p.end)
		return
	}
	p.timer.Reset(p.silent)
}

// rest lets the service be silent as long as it likes.
func (p *pacedWriter) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
}

func (p *pacedWriter) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		_ = p.control.SetWriteDeadline(time.Now()) // every HTTP/2 stream has one
	}
}

// answered gives what is still to be sent the same time, and leaves the stream
// alone from then on.
func (p *pacedWriter) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	_ = p.control.SetWriteDeadline(time.Now().Add(p.silent)) // as above
}

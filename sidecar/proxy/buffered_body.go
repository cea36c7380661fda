package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"github.com/gwctl/gwctl/sidecar/fair"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// errNoMemory is a body that finds no place among those that are kept.
var errNoMemory = errors.New("too many bodies are kept already")

// Room that a body is given before it has shown more of itself.
const (
	firstBody  = 4 << 10  // bytes, at first
	secondBody = 64 << 10 // bytes; then all that a known length needs
)

// bufferedBody is a body that the rules of its route read. It takes its place
// as it comes, so that a client holds no more than it has sent.
type bufferedBody struct {
	bodies *fair.Share
	who    netip.Addr
	held   int64
	silent time.Duration // how long the client may be
	known  bool          // the length was announced
}

// of gives the body of a request to the rules and puts what was read back, so
// that the upstream gets the same bytes.
func (b *bufferedBody) of(w http.ResponseWriter, r *http.Request) pdp.Body {
	return func(limit int64) ([]byte, error) {
		if r.ContentLength > limit {
			return nil, pdp.ErrBodyTooLarge
		}
		most := limit + 1 // one more, to see the end
		if r.ContentLength >= 0 {
			most = r.ContentLength + 1
		}
		b.known = r.ContentLength >= 0
		data, err := b.read(http.NewResponseController(w), r.Body, most)
		if err != nil {
			return nil, fmt.Errorf("reading the body: %w", err)
		}
		if int64(len(data)) > limit {
			return nil, pdp.ErrBodyTooLarge
		}
		r.Body = io.NopCloser(bytes.NewReader(data))
		r.ContentLength, r.TransferEncoding = int64(len(data)), nil
		return data, nil
	}
}

// read reads to the end, or most bytes.
func (b *bufferedBody) read(c *http.ResponseController, in io.Reader, most int64) ([]byte, error) {
	var data []byte
	for {
		if len(data) == cap(data) {
			var err error
			if data, err = b.grow(data, most); err != nil || len(data) == cap(data) {
				return data, err
			}
		}
		if err := c.SetReadDeadline(time.Now().Add(b.silent)); err != nil {
			return nil, err
		}
		n, err := in.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case errors.Is(err, io.EOF):
			return data, c.SetReadDeadline(time.Time{})
		case err != nil:
			return nil, err
		}
	}
}

// grow gives data more room, up to most bytes.
func (b *bufferedBody) grow(data []byte, most int64) ([]byte, error) {
	old := int64(cap(data))
	size := max(2*old, firstBody)
	switch {
	case b.known && old >= secondBody:
		size = most
	case b.known && old > 0:
		size = secondBody
	}
	size = min(size, most)
	if size == old {
		return data, nil
	}
	if !b.bodies.Take(b.who, size) {
		return nil, errNoMemory
	}
	b.held += size
	out := append(make([]byte, 0, size), data...)
	b.bodies.Give(b.who, old)
	b.held -= old
	return out, nil
}

// release gives up the place of the body.
func (b *bufferedBody) release() {
	b.bodies.Give(b.who, b.held)
	b.held = 0
}

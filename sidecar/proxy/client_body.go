package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/gwctl/gwctl/sidecar/pdp"
)

// clientBody watches the body of a request on its way to the upstream, to tell
// a client that sends a broken one from an upstream that fails.
type clientBody struct {
	io.ReadCloser
	end func() error // what its end is read as; nil for io.EOF
	// The transport reads on its own goroutine.
	closed, broken atomic.Bool
}

// wrap puts b between the body of a request and its reader.
func (b *clientBody) wrap(out *http.Request) {
	if out.Body == nil || out.Body == http.NoBody {
		return
	}
	b.ReadCloser = out.Body
	out.Body = b
}

// Read implements io.Reader.
func (b *clientBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.end != nil && errors.Is(err, io.EOF) {
		err = b.end()
	}
	if err != nil && !errors.Is(err, io.EOF) && !b.closed.Load() {
		b.broken.Store(true)
	}
	return n, err
}

// Close implements io.Closer. The transport closes a body that it gives up
// because of the upstream; what is read afterwards says nothing of the client.
func (b *clientBody) Close() error {
	b.closed.Store(true)
	return b.ReadCloser.Close()
}

func (b *clientBody) failed() bool { return b.broken.Load() }

// buffered reads the body for the rules of its route and puts what was read
// back, so that the upstream gets the same bytes.
func buffered(r *http.Request) pdp.Body {
	return func(limit int64) ([]byte, error) {
		if r.ContentLength > limit {
			return nil, pdp.ErrBodyTooLarge
		}
		data, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
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

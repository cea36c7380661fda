package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// maxInformational bounds the answers of status 1xx before the one that counts.
const maxInformational = 5

var (
	errHeaderTooLarge   = errors.New("the header of the answer is too large")
	errTooInformational = errors.New("the service sends one answer of status 1xx after the other")
	errUnaskedSwitch    = errors.New("the service switches protocols without being asked")
)

// line is one HTTP/1.1 connection to a service. The goroutine of a request
// itself writes to it and reads from it: handing bytes to other goroutines and
// back is half of what a small request costs in an http.Transport.
type line struct {
	conn   net.Conn
	silent func() bool // nothing has come that nobody asked for, not even the end
	in     *bufio.Reader
	head   []byte    // storage for heads
	since  time.Time // without a request

	// What one request changes.
	bounded bool  // a header is being read
	budget  int64 // bytes that it may still take
	heard   bool  // something of an answer has come
	cut     atomic.Bool
}

func newLine(conn net.Conn, silent func() bool) *line {
	l := &line{conn: conn, silent: silent}
	l.in = bufio.NewReader(l)
	return l
}

// Read implements io.Reader for the buffer of l.
func (l *line) Read(p []byte) (int, error) {
	if l.bounded {
		if l.budget <= 0 {
			return 0, errHeaderTooLarge
		}
		p = p[:min(int64(len(p)), l.budget)]
	}
	n, err := l.conn.Read(p)
	l.budget -= int64(n)
	l.heard = l.heard || n > 0
	return n, err
}

// exchange sends a request without a body and reads the head of its answer. The
// answers of status 1xx before it go to inform.
func (l *line) exchange(r *http.Request, timeout time.Duration, inform Inform) (*http.Response, error) {
	head, err := appendHead(l.head[:0], r)
	if err != nil {
		return nil, err
	}
	l.head = head
	l.heard = false
	if err := l.conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if _, err := l.conn.Write(head); err != nil {
		return nil, err
	}
	l.bounded, l.budget = true, maxResponseHeader
	defer func() { l.bounded = false }()
	for range maxInformational + 1 {
		resp, err := http.ReadResponse(l.in, r)
		switch {
		case err != nil:
			return nil, err
		case resp.StatusCode == http.StatusSwitchingProtocols:
			return nil, errUnaskedSwitch
		case resp.StatusCode >= 200:
			return resp, l.conn.SetDeadline(time.Time{})
		case resp.StatusCode != http.StatusContinue && inform != nil:
			if err := inform(resp.StatusCode, resp.Header); err != nil {
				return nil, err
			}
		}
	}
	return nil, errTooInformational
}

// answerBody is the body of an answer. Its end gives the connection back.
type answerBody struct {
	io.ReadCloser // as http.ReadResponse made it; never closed, which would read the rest
	line          *line
	lines         *lines
	stop          func() bool // ends the watch over the request's context
	kept          bool        // the service keeps the connection
	ended, closed bool
}

// Read implements io.Reader.
func (b *answerBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || errors.Is(err, io.EOF)
	return n, err
}

// Close implements io.Closer. A body that was not read to its end takes its
// connection with it.
func (b *answerBody) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	// What is in the buffer now belongs to no request.
	if b.stop() && b.ended && b.kept && b.line.in.Buffered() == 0 {
		b.lines.put(b.line)
		return nil
	}
	return b.line.conn.Close()
}

// roundTrip sends a request on a connection that is idle or new. One that was
// idle may have ended without a word: then a new one is tried.
func (s *lines) roundTrip(r *http.Request, inform Inform) (*http.Response, error) {
	ctx := r.Context()
	for fresh := false; ; fresh = true {
		l, used, err := s.get(ctx, fresh)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() {
			l.cut.Store(true)
			_ = l.conn.Close()
		})
		resp, err := l.exchange(r, s.headerTimeout, inform)
		if err == nil {
			s.carry(r, resp, l, stop)
			return resp, nil
		}
		stop()
		_ = l.conn.Close()
		if l.cut.Load() {
			return nil, context.Cause(ctx)
		}
		var network net.Error
		if !used || fresh || l.heard || errors.As(err, &network) && network.Timeout() {
			return nil, fmt.Errorf("asking the service: %w", err)
		}
	}
}

// carry puts the connection behind the body of its answer.
func (s *lines) carry(r *http.Request, resp *http.Response, l *line, stop func() bool) {
	b := &answerBody{ReadCloser: resp.Body, line: l, lines: s, stop: stop, kept: !resp.Close}
	if resp.Body == http.NoBody || r.Method == http.MethodHead {
		b.ended = true
		_ = b.Close() // the connection is whole or gone
		resp.Body = http.NoBody
		return
	}
	resp.Body = b
}

// AtHand tells whether some of the body of an answer of [Upstream.Exchange] has
// come already, as far as is known.
func AtHand(resp *http.Response) bool {
	b, ok := resp.Body.(*answerBody)
	return ok && b.line.in.Buffered() > 0
}

package transport

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// lines are the connections over which requests without a body go to a service
// that speaks HTTP/1.1 without TLS, as most do beside their gateway. Whatever
// else there is takes an http.Transport.
type lines struct {
	dial          func(context.Context) (net.Conn, error)
	headerTimeout time.Duration
	idleTimeout   time.Duration
	most          int // that are idle
	clock         func() time.Time

	mu    sync.Mutex
	idle  []*line     // the longest idle first
	sweep *time.Timer // while there are idle ones
}

// takes tells whether a request can go this way: without a body, and one that
// may be sent twice.
func (s *lines) takes(r *http.Request) bool {
	if s == nil || r.ContentLength != 0 || r.Body != nil && r.Body != http.NoBody || len(r.Trailer) > 0 || len(r.Header["Upgrade"]) > 0 {
		return false
	}
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
}

// get gives a connection and tells whether it was used before.
func (s *lines) get(ctx context.Context, fresh bool) (*line, bool, error) {
	for !fresh {
		l := s.take()
		if l == nil {
			break
		}
		if l.silent() {
			return l, true, nil
		}
		_ = l.conn.Close()
	}
	conn, err := s.dial(ctx)
	if err != nil {
		return nil, false, err
	}
	return newLine(conn, peeking(conn)), false, nil
}

// take gives the connection that was used last, nil if there is none.
func (s *lines) take() *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.idle) - 1
	if n < 0 {
		return nil
	}
	l := s.idle[n]
	s.idle[n] = nil
	s.idle = s.idle[:n]
	return l
}

// put keeps a connection for the next request.
func (s *lines) put(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) >= s.most {
		_ = l.conn.Close()
		return
	}
	l.since = s.clock()
	s.idle = append(s.idle, l)
	if s.sweep == nil {
		s.sweep = time.AfterFunc(s.idleTimeout, s.closeOld)
	}
}

// closeOld ends what has been idle for too long, and looks again when the next
// may have been.
func (s *lines) closeOld() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	young := slices.IndexFunc(s.idle, func(l *line) bool { return now.Sub(l.since) < s.idleTimeout })
	if young < 0 {
		young = len(s.idle)
	}
	for _, l := range s.idle[:young] {
		_ = l.conn.Close()
	}
	s.idle = slices.Delete(s.idle, 0, young)
	if s.sweep = nil; len(s.idle) > 0 {
		s.sweep = time.AfterFunc(s.idleTimeout-now.Sub(s.idle[0].since), s.closeOld)
	}
}

// closeIdle ends all that is idle.
func (s *lines) closeIdle() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.idle {
		_ = l.conn.Close()
	}
	clear(s.idle)
	s.idle = s.idle[:0]
}

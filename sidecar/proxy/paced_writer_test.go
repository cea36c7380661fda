package proxy

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/sidecar/fair"
)

// shut is a stream whose client takes nothing until its deadline.
type shut struct {
	http.ResponseWriter
	once  sync.Once
	ended chan struct{}
	mu    sync.Mutex
	told  []time.Time
}

func (s *shut) Write([]byte) (int, error) {
	<-s.ended
	return 0, os.ErrDeadlineExceeded
}

func (s *shut) SetWriteDeadline(at time.Time) error {
	s.mu.Lock()
	s.told = append(s.told, at)
	s.mu.Unlock()
	if !at.After(time.Now()) {
		s.once.Do(func() { close(s.ended) })
	}
	return nil
}

func (s *shut) deadlines() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.told)
}

func TestPacedWriter(t *testing.T) {
	s := &shut{ended: make(chan struct{})}
	p := newPacedWriter(s, 20*time.Millisecond)
	if _, err := p.Write([]byte("hello")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a client that takes nothing: %v", err)
	}
	// Silence of the service ends nothing, nor does time after the answer.
	taken := &shut{ResponseWriter: httptest.NewRecorder(), ended: make(chan struct{})}
	close(taken.ended)
	taken.once.Do(func() {})
	quiet := newPacedWriter(taken, 20*time.Millisecond)
	for range 2 {
		_, _ = quiet.Write([]byte("hello")) // what it gives is not the question
		<-time.After(60 * time.Millisecond)
	}
	if n := taken.deadlines(); n != 0 {
		t.Errorf("%d deadlines while the service was silent", n)
	}
	quiet.watch()
	quiet.answered()
	<-time.After(60 * time.Millisecond)
	if n := taken.deadlines(); n != 1 {
		t.Errorf("%d deadlines after the answer, want the last one", n)
	}
}

// Over HTTP/2 an answer to what finds no place has no body that could wait for
// a window.
func TestOverloadedHTTP2(t *testing.T) {
	r := newRig(t, [2]string{"/{rest...}", "127.0.0.1:9"})
	r.bounds.requests = fair.New(0)
	for major, body := range map[int]bool{1: true, 2: false} {
		for _, target := range []string{"/public/x", "/public/../x"} {
			req := httptest.NewRequest("GET", "/public/x", nil)
			req.RequestURI, req.Host, req.ProtoMajor, req.RemoteAddr = target, "app.test", major, "192.0.2.1:4711"
			rec := httptest.NewRecorder()
			r.ServeHTTP(rec, req)
			if rec.Code != http.StatusServiceUnavailable || (rec.Body.Len() > 0) != body || rec.Header().Get("Retry-After") != "1" {
				t.Errorf("HTTP/%d %s: %d %v %s", major, target, rec.Code, rec.Header(), rec.Body)
			}
		}
	}
}

package audit

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// memory is a sink whose Write can be made to fail or to wait.
type memory struct {
	write func(p []byte) (int, error) // instead of taking all, if set
	sync  error
	close error

	mu     sync.Mutex
	out    bytes.Buffer
	writes int
	synced int
	closed int

	reopened int
}

func (m *memory) Write(p []byte) (n int, err error) {
	n = len(p)
	if m.write != nil {
		n, err = m.write(p)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	m.out.Write(p[:min(max(n, 0), len(p))])
	return n, err
}

func (m *memory) Sync() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.synced = m.out.Len()
	return m.sync
}

func (m *memory) Reopen() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reopened++
	return nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed++
	return m.close
}

func (m *memory) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.out.String()
}

func readEvents(t testing.TB, text string) (events []*record.Event) {
	t.Helper()
	for line := range strings.Lines(text) {
		e, err := record.Parse([]byte(line))
		if err != nil || !strings.HasSuffix(line, "\n") {
			t.Fatalf("line %q: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}

// wantAccounted checks that numbers only grow and that each up to the last is
// a line or in a gap, and returns how many are lines of the caller's.
func wantAccounted(t testing.TB, text string) (lines, dropped uint64) {
	t.Helper()
	next := uint64(1)
	for _, e := range readEvents(t, text) {
		if g := e.Gap; g != nil {
			if g.From != next || g.To != e.Seq || g.Dropped != g.To-g.From+1 {
				t.Fatalf("gap %+v with number %d, where %d was next", *g, e.Seq, next)
			}
			dropped += g.Dropped
		} else if lines++; e.Seq != next {
			t.Fatalf("number %d, where %d was next", e.Seq, next)
		}
		next = e.Seq + 1
	}
	return lines, dropped
}

// stats are those of a log with one output.
func stats(l *Log) Stats {
	s := l.Stats()[0]
	s.Sink = ""
	return s
}

func event() *record.Event {
	return &record.Event{Kind: record.KindAuthnFailure, Reason: "expired_token"}
}

package pdp_test

import (
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// stuckSink takes nothing until it is opened.
type stuckSink struct {
	audit.Sink
	asked, open chan struct{}
	first       sync.Once
}

func (s *stuckSink) Write(p []byte) (int, error) {
	s.first.Do(func() { close(s.asked) })
	<-s.open
	return s.Sink.Write(p)
}

// stepClock panics at one of its readings.
type stepClock struct {
	mu       sync.Mutex
	now      time.Time
	readings int // since it was armed
	panicAt  int // 0: never
}

func (c *stepClock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readings++
	if c.readings == c.panicAt {
		panic("s3cret")
	}
	return c.now
}

// arm moves the time, and has the nth reading from now panic.
func (c *stepClock) arm(by time.Duration, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.readings, c.panicAt = c.now.Add(by), 0, n
}

// Where records are required, a panic between the record that was refused and
// its answer changes nothing: the answer is that of a missing record, and one
// record tells of it.
func TestPanicAfterRequiredRecord(t *testing.T) {
	for _, tt := range []struct {
		name    string
		panicAt int // reading of the log's clock: the first is of the refused record
	}{{"no panic", 0}, {"behind the refused record", 2}, {"in the refused record", 1}} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			sink := &stuckSink{Sink: audit.NewWriterSink(&r.out), asked: make(chan struct{}), open: make(chan struct{})}
			clock := &stepClock{now: time.Unix(1_800_000_000, 0)}
			r.required(sink, clock.read)
			r.point.Swap(r.snapshot(configure(t, "anonymous: deny", "anonymous: allow")))
			clock.arm(2*time.Second, tt.panicAt)
			out := r.ask("/public/7", "")
			if out.Allowed || out.Answer.Status != http.StatusServiceUnavailable || out.Answer.Reason != "audit_unavailable" {
				t.Errorf("answered %+v", out)
			}
			close(sink.open)
			events := r.records()
			if last := events[len(events)-1]; len(events) != 2 || last.Status != http.StatusServiceUnavailable || last.Decision == nil || last.Decision.Reason != "audit_unavailable" {
				t.Errorf("recorded %s", r.out.String())
			}
		})
	}
}

// Whatever is to be answered, without its required record it is not.
func TestEveryAnswerNeedsItsRecord(t *testing.T) {
	for _, tt := range []struct{ name, anonymous, authorization string }{
		{"an allowed request", "allow", ""}, {"no credential", "deny", ""}, {"a bad credential", "deny", "Bearer x"},
	} {
		r := newRig(t)
		sink := &stuckSink{Sink: audit.NewWriterSink(&r.out), asked: make(chan struct{}), open: make(chan struct{})}
		clock := &stepClock{now: time.Unix(1_800_000_000, 0)}
		r.required(sink, clock.read)
		refuses := method{issuer, func() (*authn.Identity, error) { return nil, &authn.Refused{Reason: "token_expired", Method: issuer} }}
		r.point.Swap(r.snapshot(configure(t, "anonymous: deny", "anonymous: "+tt.anonymous), refuses))
		clock.arm(2*time.Second, 0)
		out := r.ask("/public/7", tt.authorization)
		if out.Allowed || out.Answer.Status != http.StatusServiceUnavailable || out.Answer.Reason != "audit_unavailable" {
			t.Errorf("%s: answered %+v", tt.name, out)
		}
		close(sink.open)
		if events := r.records(); len(events) != 2 || events[1].Status != http.StatusServiceUnavailable {
			t.Errorf("%s: recorded %s", tt.name, r.out.String())
		}
	}
}

// required has the rig write required records to a sink that is stuck already.
func (r *rig) required(sink *stuckSink, clock func() time.Time) {
	r.log = audit.New(sink, audit.Options{Required: true, Clock: clock, Flush: time.Microsecond})
	r.point = pdp.New(pdp.Options{
		Clock: time.Now, NewID: func() string { return "decision-1" }, Audit: r.log, Metrics: r.metrics, Reader: r.reader,
		Logger: slog.New(slog.DiscardHandler), Verify: (*engine.Set).Verify,
	})
	r.log.Write(&record.Event{Kind: record.KindProcessStart, Process: &record.Process{Version: "test"}})
	<-sink.asked
}

// Package audit takes decision records from the goroutines that serve requests
// to one sink, in order and counted.
//
// Open a sink with [OpenFile] or [NewWriterSink], give it to [New], hand events
// to [Log.Write], and call [Log.Close] when the last request is done. Every
// event gets a sequence number; a number has a line in the sink, or a gap
// record says that it has none. Numbers start at 1 in every process.
//
// The package never drops an event unless told to (Options.Overflow), and never
// without saying so. It does not look for secrets in events and does not
// rotate files.
package audit

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// Values of Options.Overflow.
const (
	OverflowBlock = "block" // a full queue holds the request back
	OverflowDrop  = "drop"  // a full queue drops the event and a gap record says so
)

const (
	defaultQueue = 8192
	maxQueue     = 1 << 20
	defaultFlush = 200 * time.Millisecond
)

// Options of a Log. The zero value is usable.
type Options struct {
	// Queue is how many events may wait; as many again may be on their way
	// into the sink. 0 is 8192, the most is 1048576.
	Queue int

	// Overflow is OverflowBlock or OverflowDrop; anything else blocks.
	Overflow string

	// Flush is how long an event may wait for others to be written with it.
	// 0 is 200 ms. A queue that is filling up is written sooner.
	Flush time.Duration

	Clock  func() time.Time // time.Now if nil
	Logger *slog.Logger     // hears of a failing sink, once a minute; none if nil
}

// Stats counts the events given to a Log. Every one of them is in exactly one
// of Written, Dropped, Lost and Queued; gap records are in none.
type Stats struct {
	Written uint64 // in the sink
	Dropped uint64 // found the queue full under OverflowDrop
	Lost    uint64 // came after Close, or Close gave up on them
	Queued  uint64 // not in the sink yet
	Failed  uint64 // attempts to write that failed; no events
}

// Log is the way to a sink. Its methods may be called from any goroutine.
type Log struct {
	queue   int
	drop    bool
	now     func() time.Time
	ready   chan struct{} // holds a token once events are waiting
	filling chan struct{} // holds a token once they should not wait longer
	hurryAt int           // number of waiting events for that
	closing chan struct{} // closed by the first Close
	abort   chan struct{} // closed when Close gives up
	done    chan struct{} // closed when the writer has ended

	mu      sync.Mutex
	changed sync.Cond // space in the queue, a producer gone, closed or aborted
	pending []*record.Event
	seq     uint64
	gap     record.Gap // dropped since the last line; Dropped is 0 for none
	blocked int        // producers waiting for space
	flying  int        // taken by the writer, not written yet
	closed  bool
	aborted bool
	stats   Stats // Queued is not kept here
	err     error // of the end of the sink; set before done is closed
}

// New starts a Log that writes to s, which it owns from now on.
func New(s Sink, o Options) *Log {
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	if o.Flush <= 0 {
		o.Flush = defaultFlush
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Log{
		queue:   min(o.Queue, maxQueue),
		drop:    o.Overflow == OverflowDrop,
		now:     o.Clock,
		ready:   make(chan struct{}, 1),
		filling: make(chan struct{}, 1),
		closing: make(chan struct{}),
		abort:   make(chan struct{}),
		done:    make(chan struct{}),
	}
	l.changed.L = &l.mu
	l.hurryAt = max(1, min(l.queue/2, 1024))
	w := &writer{log: l, sink: s, flush: o.Flush, logger: o.Logger}
	go w.run()
	return l
}

// Write hands an event over: it sets e.Seq, and e.Time if that is zero, and
// nobody may touch e or what it points to afterwards. With a full queue it
// waits for space or, under OverflowDrop, drops the event. After Close the
// event is lost and counted.
func (l *Log) Write(e *record.Event) {
	if e.Time.IsZero() {
		e.Time = l.now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.stats.Lost++
		return
	}
	if len(l.pending) >= l.queue {
		if l.drop {
			l.skip(e)
			return
		}
		if !l.wait() {
			l.stats.Lost++
			return
		}
	}
	l.seq++
	e.Seq = l.seq
	l.pending = append(l.pending, e)
	if len(l.pending) == 1 {
		signal(l.ready)
	}
	if len(l.pending) == l.hurryAt {
		signal(l.filling)
	}
}

// skip gives the event a number that only the next gap record will mention.
func (l *Log) skip(e *record.Event) {
	l.seq++
	e.Seq = l.seq
	if l.gap.Dropped == 0 {
		l.gap.From = l.seq
	}
	l.gap.To = l.seq
	l.gap.Dropped++
	l.stats.Dropped++
}

// wait holds a producer until there is space. One that was waiting when Close
// came is let through: its Write began before. It reports false when Close has
// given up.
func (l *Log) wait() bool {
	l.blocked++
	for len(l.pending) >= l.queue && !l.closed {
		l.changed.Wait()
	}
	l.blocked--
	if l.closed {
		l.changed.Broadcast() // the writer waits for the last of the blocked
	}
	return !l.aborted
}

// Close writes everything that is queued, then syncs and closes the sink. If
// ctx ends first, it returns at once with an error that says how many events
// were given up; a write that hangs in the sink is left behind. Later calls
// wait for the same end.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
		l.changed.Broadcast()
	}
	l.mu.Unlock()
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
	}
	return l.giveUp(ctx)
}

func (l *Log) giveUp(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done: // both at the same moment
		return l.err
	default:
	}
	left := len(l.pending) + l.flying + l.blocked // the blocked count themselves
	if !l.aborted {
		l.aborted = true
		l.stats.Lost += uint64(len(l.pending) + l.flying)
		l.pending, l.flying = nil, 0
		close(l.abort)
		l.changed.Broadcast()
	}
	return fmt.Errorf("close audit log with %d events not written: %w", left, context.Cause(ctx))
}

// Stats may be called at any time, also after Close.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Queued = uint64(len(l.pending) + l.flying + l.blocked)
	return s
}

// take gives the writer all that waits, for an empty slice to collect into.
// gap is the record to write after the events, or nil. more is false when the
// log is closed and nothing can follow.
func (l *Log) take(empty []*record.Event) (events []*record.Event, gap *record.Event, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.closed && !l.aborted && len(l.pending) == 0 && l.blocked > 0 {
		l.changed.Wait()
	}
	if l.aborted {
		return nil, nil, false
	}
	events, l.pending = l.pending, empty
	l.flying = len(events)
	if l.gap.Dropped > 0 {
		dropped := l.gap
		l.gap = record.Gap{}
		l.seq++
		gap = &record.Event{Kind: record.KindGap, Time: l.now(), Seq: l.seq, Gap: &dropped}
	}
	l.changed.Broadcast()
	return events, gap, !l.closed || l.blocked > 0
}

// written counts n events as done. It reports false when Close has given up
// on them meanwhile.
func (l *Log) written(n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.aborted {
		return false
	}
	l.flying -= n
	l.stats.Written += uint64(n)
	return true
}

func (l *Log) failed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Failed++
}

func (l *Log) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
	close(l.done)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

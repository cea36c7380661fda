package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// stuckAfter is how long a sink may take nothing before records that are
// required count as impossible.
const stuckAfter = time.Second

// Options of a Log. The zero value is usable.
type Options struct {
	// Queue, Overflow and Flush are those of every Output that says nothing.
	Queue    int
	Overflow string
	Flush    time.Duration

	// Required has Log.TryWrite refuse while a sink that blocks is stuck, and
	// Log.Write leave such a sink out instead of waiting for it.
	Required bool

	Clock  func() time.Time // time.Now if nil
	Logger *slog.Logger     // hears of a failing sink, once a minute; none if nil
}

// Log is the way to the sinks. Its methods may be called from any goroutine.
type Log struct {
	now      func() time.Time
	required bool
	outputs  []*output
	formats  [2]bool // by record.Format: some output has it
	lines    sync.Pool
	closing  chan struct{} // closed by the first Close
	abort    chan struct{} // closed when Close gives up
	done     chan struct{} // closed when the last writer has ended

	mu      sync.Mutex
	changed sync.Cond // space in a queue, a producer gone, closed or aborted
	seq     uint64
	blocked int // producers waiting for space
	running int // writers
	closed  bool
	aborted bool
}

// encoded is an event in the forms that the outputs want, without its number.
type encoded [2][]byte

func (t *encoded) longest() int { return max(len(t[record.JSON]), len(t[record.OCSF])) }

// New starts a Log that writes JSON to one sink, which it owns from now on.
func New(s Sink, o Options) *Log { return Start(o, Output{Name: "log", Sink: s}) }

// Start starts a Log with at least one output. It owns their sinks from now on.
func Start(o Options, outputs ...Output) *Log {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Log{
		now: o.Clock, required: o.Required, running: len(outputs),
		closing: make(chan struct{}), abort: make(chan struct{}), done: make(chan struct{}),
	}
	l.changed.L = &l.mu
	l.lines.New = func() any { return new(encoded) }
	for _, given := range outputs {
		out := newOutput(given, o)
		l.outputs = append(l.outputs, out)
		l.formats[out.format] = true
		w := &writer{log: l, out: out, sink: given.Sink, flush: out.flush, fsync: given.Fsync, logger: o.Logger.With("sink", out.name)}
		go w.run()
	}
	return l
}

// Write hands an event over: it sets e.Seq, and e.Time if that is zero, and
// keeps nothing of e. With a full queue it waits for space or, under
// OverflowDrop, leaves the event out of that sink. After Close the event is
// lost and counted.
func (l *Log) Write(e *record.Event) { l.write(e, false) }

// TryWrite is Write, unless records are required and have nowhere to go: when a
// sink that blocks has taken nothing for a second, or there was no space in its
// queue for as long, nothing is recorded and it reports false. Whoever called
// has to refuse the request then, and tell so with Write.
func (l *Log) TryWrite(e *record.Event) bool { return l.write(e, true) }

// Offer is Write for whoever must not wait: a sink whose queue is full is left
// out, whatever its overflow, and a gap record tells of it.
func (l *Log) Offer(e *record.Event) {
	t := l.encode(e)
	defer l.putBack(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.lose()
		return
	}
	l.queue(e, t)
}

func (l *Log) write(e *record.Event, try bool) bool {
	t := l.encode(e)
	defer l.putBack(t)
	return l.enter(e, t, try)
}

// encode gives an event in the forms that are wanted, in space of the pool.
func (l *Log) encode(e *record.Event) *encoded {
	if e.Time.IsZero() {
		e.Time = l.now()
	}
	t := l.lines.Get().(*encoded)
	for format, wanted := range l.formats {
		if wanted {
			t[format] = append(record.Format(format).AppendTail(t[format][:0], e), '\n')
		}
	}
	return t
}

func (l *Log) putBack(t *encoded) {
	if t.longest() <= chunkSize { // a huge one is not kept for the next event
		l.lines.Put(t)
	}
}

// enter puts an event into the queues once there is place.
func (l *Log) enter(e *record.Event, t *encoded, try bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed && (try && l.required) {
		return false
	}
	taken := !l.closed && l.admit(t, try)
	switch {
	case !taken && try && l.required:
		return false
	case !taken:
		l.lose()
		return true
	}
	l.queue(e, t)
	return true
}

// queue numbers an event and gives its lines to the outputs that have place.
func (l *Log) queue(e *record.Event, t *encoded) {
	l.seq++
	e.Seq = l.seq
	for _, out := range l.outputs {
		if !l.closed && out.full(t) {
			out.skip(l.seq)
		} else {
			out.push(l.seq, t)
		}
	}
}

// admit waits until every sink that blocks has space. One that was waiting when
// Close came is let through: its Write began before. It reports false when Close
// has given up, or for a record that is required and has nowhere to go.
func (l *Log) admit(t *encoded, try bool) bool {
	var began time.Time
	for !l.closed {
		full := false
		for _, out := range l.outputs {
			full = full || !out.drop && out.full(t)
		}
		if l.required && l.stuck(full, began) {
			return !try // what is not for a request leaves the sink out
		}
		if !full {
			return true
		}
		if began.IsZero() {
			began = l.now()
		}
		l.wait()
	}
	return !l.aborted
}

// stuck tells whether a sink that blocks has taken nothing for too long, or
// whether somebody has waited too long for its space.
func (l *Log) stuck(full bool, began time.Time) bool {
	var now time.Time
	for _, out := range l.outputs {
		if out.drop || out.since.IsZero() {
			continue
		}
		if now.IsZero() {
			now = l.now()
		}
		if now.Sub(out.since) >= stuckAfter {
			return true
		}
	}
	return full && !began.IsZero() && l.now().Sub(began) >= stuckAfter
}

func (l *Log) wait() {
	l.blocked++
	if l.required {
		timer := time.AfterFunc(stuckAfter, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.changed.Broadcast()
		})
		defer timer.Stop()
	}
	l.changed.Wait()
	l.blocked--
	if l.closed {
		l.changed.Broadcast() // the writers wait for the last of the blocked
	}
}

// lose counts an event that comes too late.
func (l *Log) lose() {
	for _, out := range l.outputs {
		out.stats.Lost++
	}
}

// Reopen has files opened anew that were moved away, as SIGHUP asks for after
// an external rotation.
func (l *Log) Reopen() {
	for _, out := range l.outputs {
		signal(out.reopen)
	}
}

// Close writes everything that is queued, then syncs and closes the sinks. If
// ctx ends first, it returns at once with an error that says how many events
// were given up; a write that hangs in a sink is left behind. Later calls wait
// for the same end.
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
		return l.err()
	case <-ctx.Done():
	}
	return l.giveUp(ctx)
}

func (l *Log) giveUp(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.done: // both at the same moment
		return l.err()
	default:
	}
	left := 0
	for _, out := range l.outputs {
		left += out.waiting + out.flying + l.blocked // the blocked count themselves
		if !l.aborted {
			out.giveUp()
		}
	}
	if !l.aborted {
		l.aborted = true
		close(l.abort)
		l.changed.Broadcast()
	}
	return fmt.Errorf("close audit log with %d events not written: %w", left, context.Cause(ctx))
}

// err is what the sinks said at their end. It is called once done is closed.
func (l *Log) err() error {
	var all []error
	for _, out := range l.outputs {
		all = append(all, out.err)
	}
	return errors.Join(all...)
}

// Stats tells about each output, in the order of Start. It may be called at any
// time, also after Close.
func (l *Log) Stats() []Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Stats
	for _, out := range l.outputs {
		s := out.stats
		s.Sink, s.Queued = out.name, uint64(out.waiting+out.flying+l.blocked)
		all = append(all, s)
	}
	return all
}

package audit

import (
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// Values of Overflow.
const (
	OverflowBlock = "block" // a full queue holds the request back
	OverflowDrop  = "drop"  // a full queue leaves the event out and a gap record says so
)

const (
	defaultQueue = 8192
	maxQueue     = 1 << 20
	maxPending   = 16 << 20 // bytes that wait in one queue
	defaultFlush = 200 * time.Millisecond
)

// Fsync says when what was written is made to survive a crash of the machine. A
// crash of the process alone takes nothing that was written.
type Fsync uint8

// The choices.
const (
	FsyncNone     Fsync = iota // when the operating system pleases
	FsyncInterval              // within a second
	FsyncAlways                // before a record counts as written
)

// Output is a sink with a queue of its own. All but Sink may be left out.
type Output struct {
	Name   string // in metrics and in the process's log
	Sink   Sink
	Format record.Format
	Fsync  Fsync

	// Queue is how many events may wait; as many again may be on their way into
	// the sink, and neither takes more than 16 MiB. 0 is 8192, the most is
	// 1048576.
	Queue int

	// Overflow is OverflowBlock or OverflowDrop; anything else blocks.
	Overflow string

	// Flush is how long an event may wait for others to be written with it.
	// 0 is 200 ms. A queue that is filling up is written sooner.
	Flush time.Duration
}

// Stats counts the events given to one output. Every one of them is in exactly
// one of Written, Dropped, Lost and Queued; gap records are in none.
type Stats struct {
	Sink    string // name of the output
	Written uint64 // in the sink
	Dropped uint64 // found the queue full, and a gap record says so
	Lost    uint64 // came after Close, or Close gave up on them
	Queued  uint64 // not in the sink yet
	Failed  uint64 // attempts to write that failed; no events
}

// output is a queue on the way to a sink. The lock of the Log guards what
// changes.
type output struct {
	name    string
	format  record.Format
	drop    bool
	queue   int
	hurryAt int           // number of waiting events that should not wait longer
	flush   time.Duration // see Output
	ready   chan struct{} // holds a token once events are waiting
	filling chan struct{} // holds a token once they should not wait longer
	reopen  chan struct{} // holds a token when the sink should look after its file

	pending chunks     // lines
	waiting int        // events in them
	spare   chunks     // empty ones
	gap     record.Gap // left out since the last line; Dropped is 0 for none
	flying  int        // taken by the writer, not written yet
	since   time.Time  // of the writer's last progress; zero while it has nothing to do
	stats   Stats      // Sink and Queued are not kept here
	err     error      // of the end of the sink
}

func newOutput(o Output, all Options) *output {
	if o.Queue <= 0 {
		o.Queue = all.Queue
	}
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	if o.Overflow == "" {
		o.Overflow = all.Overflow
	}
	if o.Flush <= 0 {
		o.Flush = all.Flush
	}
	if o.Flush <= 0 {
		o.Flush = defaultFlush
	}
	out := &output{
		name: o.Name, format: o.Format, drop: o.Overflow == OverflowDrop, queue: min(o.Queue, maxQueue), flush: o.Flush,
		ready: make(chan struct{}, 1), filling: make(chan struct{}, 1), reopen: make(chan struct{}, 1),
	}
	out.hurryAt = max(1, min(out.queue/2, 1024))
	return out
}

// full tells whether there is no space for one more event. Once some were left
// out there is none until the gap is told: what follows it must be written
// behind it.
func (o *output) full(t *encoded) bool {
	return o.waiting >= o.queue || o.gap.Dropped > 0 || o.waiting > 0 && o.pending.size+len(t[o.format]) > maxPending
}

func (o *output) push(seq uint64, t *encoded) {
	tail := t[o.format]
	line := o.pending.room(maxHead+len(tail), &o.spare)
	before := len(*line)
	*line = append(o.format.AppendHead(*line, seq), tail...)
	o.pending.size += len(*line) - before
	if o.waiting++; o.waiting == 1 {
		signal(o.ready)
	}
	if o.waiting == o.hurryAt || o.pending.size >= maxPending/2 {
		signal(o.filling)
	}
}

// skip gives a number only to the next gap record.
func (o *output) skip(seq uint64) {
	if o.gap.Dropped == 0 {
		o.gap.From = seq
		signal(o.ready) // nobody else may come to have it told
	}
	o.gap.To = seq
	o.gap.Dropped++
	o.stats.Dropped++
}

func (o *output) giveUp() {
	o.stats.Lost += uint64(o.waiting + o.flying)
	o.pending, o.waiting, o.flying = chunks{}, 0, 0
}

// take gives the writer all that waits. gap is the record to write after the
// lines, or nil. more is false when the log is closed and nothing can follow.
func (l *Log) take(o *output) (lines chunks, gap *record.Event, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.closed && !l.aborted && o.waiting == 0 && l.blocked > 0 {
		l.changed.Wait()
	}
	if l.aborted {
		return chunks{}, nil, false
	}
	lines, o.pending = o.pending, chunks{}
	o.flying, o.waiting = o.waiting, 0
	if o.gap.Dropped > 0 {
		told := o.gap
		o.gap = record.Gap{}
		gap = &record.Event{Kind: record.KindGap, Time: l.now(), Seq: told.To, Gap: &told}
	}
	if lines.size > 0 || gap != nil {
		o.since = l.now()
	}
	if l.blocked > 0 {
		l.changed.Broadcast()
	}
	return lines, gap, !l.closed || l.blocked > 0
}

// written counts n events as done. It reports false when Close has given up
// on them meanwhile.
func (l *Log) written(o *output, n int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.aborted {
		return false
	}
	o.flying -= n
	o.stats.Written += uint64(n)
	o.since = l.now()
	return true
}

// idle says that the writer has nothing to do, and gives back what it took.
func (l *Log) idle(o *output, taken chunks) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o.spare.keep(taken)
	o.since = time.Time{}
}

func (l *Log) failed(o *output) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o.stats.Failed++
}

func (l *Log) queued(o *output) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return o.waiting + o.flying + l.blocked
}

func (l *Log) end(o *output, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o.err = err
	if l.running--; l.running == 0 {
		close(l.done)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

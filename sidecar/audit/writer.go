package audit

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

const (
	chunkSize  = 256 << 10 // bytes collected before they go to the sink
	firstDelay = 50 * time.Millisecond
	maxDelay   = time.Second
	quiet      = time.Minute // between two log lines on a failing sink
)

// writer is the one goroutine that encodes events and touches the sink.
type writer struct {
	log    *Log
	sink   Sink
	flush  time.Duration
	logger *slog.Logger

	buf      []byte
	lastLine time.Time // of the log lines about failures
	failures uint64    // since then
	troubled bool      // a failure was logged, its end was not
}

func (w *writer) run() {
	var spare []*record.Event
	for more := true; more; {
		w.await()
		var events []*record.Event
		var gap *record.Event
		events, gap, more = w.log.take(spare)
		if !w.deliver(events, gap) {
			break
		}
		clear(events) // the slice lives on, the events need not
		spare = events[:0]
	}
	var err error
	if e := w.sink.Sync(); e != nil {
		err = fmt.Errorf("sync audit log: %w", e)
	}
	if e := w.sink.Close(); e != nil {
		err = errors.Join(err, fmt.Errorf("close audit log: %w", e))
	}
	w.log.end(err)
}

// await returns when there are events that should not wait any longer, or when
// the log is closing.
func (w *writer) await() {
	select {
	case <-w.log.ready:
	case <-w.log.closing:
		return
	}
	timer := time.NewTimer(w.flush)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.log.filling:
	case <-w.log.closing:
	}
}

// deliver reports false when Close has given up.
func (w *writer) deliver(events []*record.Event, gap *record.Event) bool {
	w.buf = w.buf[:0]
	n := 0
	for _, e := range events {
		w.buf = append(e.AppendJSON(w.buf), '\n')
		if n++; len(w.buf) >= chunkSize {
			if !w.write(w.buf, n) {
				return false
			}
			w.buf, n = w.buf[:0], 0
		}
	}
	if gap != nil {
		w.buf = append(gap.AppendJSON(w.buf), '\n')
	}
	return len(w.buf) == 0 || w.write(w.buf, n)
}

// write brings lines with n events into the sink, however often it takes.
func (w *writer) write(lines []byte, n int) bool {
	for delay := firstDelay; ; delay = min(2*delay, maxDelay) {
		k, err := w.sink.Write(lines)
		// What a full disk has taken must not be written twice.
		lines = lines[min(max(k, 0), len(lines)):]
		if len(lines) == 0 {
			w.recovered()
			return w.log.written(n)
		}
		if err == nil {
			err = io.ErrShortWrite
		}
		w.failed(err)
		timer := time.NewTimer(delay)
		select {
		case <-timer.C:
		case <-w.log.abort:
			timer.Stop()
			return false
		}
	}
}

func (w *writer) failed(err error) {
	w.log.failed()
	w.failures++
	now := w.log.now()
	if since := now.Sub(w.lastLine); !w.lastLine.IsZero() && since < quiet && since >= 0 {
		return
	}
	w.logger.Error("audit log cannot be written, trying again", "error", err, "failures", w.failures, "queued", w.log.Stats().Queued)
	w.lastLine, w.failures, w.troubled = now, 0, true
}

func (w *writer) recovered() {
	if w.troubled {
		w.logger.Info("audit log is written again")
		w.troubled = false
	}
}

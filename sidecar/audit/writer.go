package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

const (
	firstDelay = 50 * time.Millisecond
	maxDelay   = time.Second
	quiet      = time.Minute // between two log lines on a failing sink
	syncEvery  = time.Second
)

// writer is the one goroutine that touches a sink.
type writer struct {
	log    *Log
	out    *output
	sink   Sink
	flush  time.Duration
	fsync  Fsync
	logger *slog.Logger

	scratch  chunks // no spare ones, for gap records
	dirty    <-chan time.Time
	lastLine time.Time // of the log lines about failures
	failures uint64    // since then
	troubled bool      // a failure was logged, its end was not
}

func (w *writer) run() {
	for more := true; more; {
		w.await()
		var lines chunks
		var gap *record.Event
		lines, gap, more = w.log.take(w.out)
		if !w.deliver(&lines, gap) {
			break
		}
		w.log.idle(w.out, lines)
	}
	var err error
	if e := w.sink.Sync(); e != nil {
		err = fmt.Errorf("sync audit log: %w", e)
	}
	if e := w.sink.Close(); e != nil {
		err = errors.Join(err, fmt.Errorf("close audit log: %w", e))
	}
	w.log.end(w.out, err)
}

// await returns when there are events that should not wait any longer, or when
// the log is closing.
func (w *writer) await() {
	for waiting := true; waiting; {
		select {
		case <-w.out.ready:
			waiting = false
		case <-w.log.closing:
			return
		case <-w.out.reopen:
			w.reopen()
		case <-w.dirty:
			w.dirty = nil
			w.sync()
		}
	}
	timer := time.NewTimer(w.flush)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.out.filling:
	case <-w.log.closing:
	}
}

func (w *writer) reopen() {
	if err := w.sink.Reopen(); err != nil {
		w.failed(err) // the next write tries again
	}
}

// sync tells of a failure and goes on: trying again would only look like
// success, since the system has let go of the pages.
func (w *writer) sync() {
	if err := w.sink.Sync(); err != nil {
		w.failed(fmt.Errorf("syncing: %w", err))
	}
}

// deliver reports false when Close has given up.
func (w *writer) deliver(lines *chunks, gap *record.Event) bool {
	told := 0
	if gap != nil {
		told = 1
		tail := append(w.out.format.AppendTail(nil, gap), '\n')
		line := lines.room(maxHead+len(tail), &w.scratch)
		*line = append(w.out.format.AppendHead(*line, gap.Seq), tail...)
	}
	for i, chunk := range lines.list {
		n := bytes.Count(chunk, []byte{'\n'})
		if i == len(lines.list)-1 {
			n -= told
		}
		if !w.write(chunk, n) {
			return false
		}
	}
	return true
}

// write brings lines with n events into the sink, however often it takes.
func (w *writer) write(lines []byte, n int) bool {
	for delay := firstDelay; ; delay = min(2*delay, maxDelay) {
		k, err := w.sink.Write(lines)
		// What a full disk has taken must not be written twice.
		lines = lines[min(max(k, 0), len(lines)):]
		if len(lines) == 0 {
			w.settle()
			return w.log.written(w.out, n)
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

// settle follows lines that the sink has taken.
func (w *writer) settle() {
	if w.troubled {
		w.logger.Info("audit log is written again")
		w.troubled = false
	}
	switch {
	case w.fsync == FsyncAlways:
		w.sync()
	case w.fsync == FsyncInterval && w.dirty == nil:
		w.dirty = time.After(syncEvery)
	}
}

func (w *writer) failed(err error) {
	w.log.failed(w.out)
	w.failures++
	now := w.log.now()
	if since := now.Sub(w.lastLine); !w.lastLine.IsZero() && since < quiet && since >= 0 {
		return
	}
	w.logger.Error("audit log cannot be written, trying again", "error", err, "failures", w.failures, "queued", w.log.queued(w.out))
	w.lastLine, w.failures, w.troubled = now, 0, true
}

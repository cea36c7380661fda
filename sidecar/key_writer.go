package sidecar

import (
	"context"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/audit"
)

// maxKeyRecords is how many records about keys may wait for a sink.
const maxKeyRecords = 256

// keyWriter writes the records about keys apart from whoever fetches them: a
// sink that takes nothing must not keep keys from being replaced.
type keyWriter struct {
	log   *audit.Log
	ctx   context.Context // its end is that of the fetches
	queue chan *record.Event
	done  chan struct{} // closed when all is handed over
}

func newKeyWriter(ctx context.Context, log *audit.Log) *keyWriter {
	w := &keyWriter{log: log, ctx: ctx, queue: make(chan *record.Event, maxKeyRecords), done: make(chan struct{})}
	go w.run()
	return w
}

// write never waits. What finds no place is left out as a gap record tells.
func (w *keyWriter) write(e *record.Event) {
	if w.ctx.Err() == nil {
		select {
		case w.queue <- e:
			return
		default:
		}
	}
	w.log.Offer(e)
}

func (w *keyWriter) run() {
	defer close(w.done)
	for {
		select {
		case e := <-w.queue:
			w.log.Write(e)
		case <-w.ctx.Done():
			w.finish()
			return
		}
	}
}

// finish hands over what is left, before the log is closed.
func (w *keyWriter) finish() {
	for {
		select {
		case e := <-w.queue:
			w.log.Write(e)
		default:
			return
		}
	}
}

// flushed waits for what was written before the fetches ended, a moment at most:
// behind a sink that is stuck the log counts what it loses.
func (w *keyWriter) flushed() {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-w.done:
	case <-timer.C:
	}
}

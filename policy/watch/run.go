package watch

import (
	"context"
	"slices"
	"time"
)

// restless is the number of differing readings in a row after which the log
// says that the files do not come to rest.
const restless = 50

// reading is what one call of Read gave.
type reading[T any] struct {
	value       T
	fingerprint string
	err         error
}

// Run reads at once and then after every event, kick and poll, and calls deliver
// with each believed value or error that differs from the last one believed.
// The first is compared with last, the fingerprint of what the caller already
// uses, or "" for nothing. With an error the value is T's zero.
//
// Run ends only with ctx, and returns ctx's error. It calls deliver on its own
// goroutine and reads nothing meanwhile; a change during deliver is seen after
// it. A Watcher is run once at a time.
func (w *Watcher[T]) Run(ctx context.Context, last string, deliver func(value T, err error)) error {
	n := newNotifier(w.open, w.most, w.log)
	defer n.close()
	kicked := false
	for {
		r, believed := w.believe(ctx, n, last, kicked)
		if err := ctx.Err(); err != nil {
			return err
		}
		if believed {
			last = r.fingerprint
			deliver(r.value, r.err)
		}
		kicked = false
		select {
		case <-ctx.Done():
		case <-w.kicked:
			kicked = true
		case <-n.changed:
			// A fixed time, however many events follow: a stream of events
			// without end must not put the reading off for ever.
			kicked = w.rest(ctx)
		case <-time.After(w.poll):
		}
	}
}

// believe reads until two readings, settle apart, are equal. It returns false
// when there is nothing to deliver: the files are as they were, and nobody has
// kicked, or ctx has ended.
func (w *Watcher[T]) believe(ctx context.Context, n *notifier, last string, kicked bool) (reading[T], bool) {
	was := w.readOnce(ctx, n)
	for round := 1; ctx.Err() == nil; round++ {
		if was.fingerprint == last && !kicked {
			break
		}
		if w.rest(ctx) {
			kicked = true
		}
		is := w.readOnce(ctx, n)
		if ctx.Err() != nil {
			break
		}
		if is.fingerprint == was.fingerprint {
			return is, true
		}
		was = is
		if round == restless {
			w.log.Warn("the files keep changing; going on with what was read before", "readings", round, "apart", w.settle)
		}
	}
	return reading[T]{}, false
}

// readOnce brings the watches up to date and then reads, in this order: what
// changes after the reading must meet a watch.
func (w *Watcher[T]) readOnce(ctx context.Context, n *notifier) reading[T] {
	if ctx.Err() != nil {
		return reading[T]{}
	}
	n.follow(slices.Concat(w.roots, w.more()))
	value, fingerprint, err := w.read()
	if err != nil {
		return reading[T]{fingerprint: err.Error(), err: err}
	}
	return reading[T]{value: value, fingerprint: fingerprint}
}

// rest waits for settle or the end of ctx and reports whether it was kicked
// meanwhile.
func (w *Watcher[T]) rest(ctx context.Context) (kicked bool) {
	end := time.After(w.settle)
	for {
		select {
		case <-w.kicked:
			kicked = true
		case <-end:
			return kicked
		case <-ctx.Done():
			return kicked
		}
	}
}

package watch

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// notifier keeps the system's watches where the plan wants them and turns all
// events that matter into one signal.
type notifier struct {
	changed chan struct{} // holds one signal at most

	fs     *fsnotify.Watcher // nil when there are no events to be had
	done   chan struct{}     // closed when no more events are taken
	plan   atomic.Pointer[plan]
	held   map[string]os.FileInfo // what is watched, and which directory it was then
	most   int
	log    *slog.Logger
	warned struct{ full, refused bool }
}

func newNotifier(open func() (*fsnotify.Watcher, error), most int, log *slog.Logger) *notifier {
	n := &notifier{
		changed: make(chan struct{}, 1),
		done:    make(chan struct{}),
		held:    make(map[string]os.FileInfo),
		most:    most,
		log:     log,
	}
	w, err := open()
	if err != nil {
		log.Warn("cannot watch for file events; changes are found by the poll alone", "error", err)
		close(n.done)
		return n
	}
	n.fs = w
	go n.take()
	return n
}

func (n *notifier) close() {
	if n.fs != nil {
		n.fs.Close() // has nothing to report that anyone could act on
	}
	<-n.done
}

// take runs on its own goroutine and always takes: fsnotify reports some errors
// while it holds the lock that adding a watch needs.
func (n *notifier) take() {
	defer close(n.done)
	for {
		select {
		case e, ok := <-n.fs.Events:
			if !ok {
				return
			}
			// Indexers and backups touch attributes all the time. A change of
			// rights alone is left to the poll.
			if e.Op != fsnotify.Chmod && n.plan.Load().concerns(e.Name) {
				n.signal()
			}
		case err, ok := <-n.fs.Errors:
			if !ok {
				return
			}
			// Events may be lost: look at everything.
			n.log.Debug("file events", "error", err)
			n.signal()
		}
	}
}

func (n *notifier) signal() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// follow brings the watches to where roots lead now. It forgets the signal of
// earlier events, so the caller reads afterwards.
func (n *notifier) follow(roots []string) {
	if n.fs == nil {
		return
	}
	select {
	case <-n.changed:
	default:
	}
	// What appeared in a directory between looking into it and watching it gave
	// no event, so after each new watch look again. The bound is for trees that
	// grow faster than we look; those give events enough.
	for range 4 {
		p := newPlan(roots, n.most)
		n.plan.Store(p)
		if p.full && !n.warned.full {
			n.warned.full = true
			n.log.Warn("too many directories to watch them all; changes in the others are found by the poll", "watched", n.most)
		}
		if !n.sync(p) {
			return
		}
	}
}

// sync drops and adds watches and reports whether it added any.
func (n *notifier) sync(p *plan) (added bool) {
	for dir := range n.held {
		if p.dirs[dir] == nil {
			n.drop(dir)
		}
	}
	live := make(map[string]bool, len(n.held))
	for _, dir := range n.fs.WatchList() {
		live[dir] = true
	}
	for dir := range p.dirs {
		// Looked at before it is watched: if it is replaced in between, the
		// next sync sees a difference.
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		// A removed directory is gone from the list, a moved one may not be; a
		// new one of the same name may even have the old one's identity.
		if was := n.held[dir]; was != nil {
			if live[dir] && os.SameFile(was, info) {
				continue
			}
			n.drop(dir)
		}
		if err := n.fs.Add(dir); err != nil {
			if !errors.Is(err, fs.ErrNotExist) && !n.warned.refused {
				n.warned.refused = true
				n.log.Warn("cannot watch a directory; changes in it are found by the poll", "directory", dir, "error", err)
			}
			continue
		}
		n.held[dir] = info
		added = true
	}
	return added
}

func (n *notifier) drop(dir string) {
	delete(n.held, dir)
	n.fs.Remove(dir) // fails when the directory is gone, and its watch with it
}

// Package watch tells when files have changed, and only once they have come to
// rest.
//
// Make a [Watcher] with [New] and let [Watcher.Run] deliver. The caller says
// how everything is read, in one function; the Watcher says when, and believes
// a change only when two readings some time apart are equal. Half-written
// files, editors that rename over a file, Kubernetes volumes that swap a link
// and trees that are moved as a whole all come out as one delivery.
//
// Events of the file system only make it quick. A slow poll finds whatever they
// miss, so a network file system, or a machine without a free watch, costs
// delay and nothing else.
//
// The package does not read policies, does not say which file has changed and
// never gives up: a failed reading is delivered as an error, and the watching
// goes on.
package watch

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Defaults of [Options], and the bound on what is watched.
const (
	DefaultPoll   = 2 * time.Second
	DefaultSettle = 100 * time.Millisecond
	// MaxDirectories bounds the watched directories. Changes in further ones
	// are found by the poll.
	MaxDirectories = 4096
)

// Options says what to watch and how to read it.
type Options[T any] struct {
	// Roots are the directories and files to watch, at least one. A relative
	// path is taken from the working directory at [New]. A root need not exist.
	// Of a directory every sub-directory is watched but those whose name starts
	// with "."; links on the path to a root, and linked files in it, are
	// followed, linked sub-directories are not.
	Roots []string
	// More gives further absolute paths, asked before each reading: those that
	// the last reading has named, say. nil is none. It is called on Run's
	// goroutine.
	More func() []string
	// Read reads everything anew. The fingerprint, which is not empty, says
	// whether two readings are equal; on an error the error's text does, so it
	// must not hold anything that differs from one reading to the next. Read is
	// called on Run's goroutine.
	Read func() (value T, fingerprint string, err error)
	// Poll is the time between two readings when nothing seems to happen;
	// 0 means DefaultPoll.
	Poll time.Duration
	// Settle is the time from the first event to the first reading, and between
	// two readings; 0 means DefaultSettle. A file that is written in pieces less
	// than Settle apart is delivered only when it is complete.
	Settle time.Duration
	// Logger gets a warning when watching is not possible or not possible for
	// all; nil logs nothing.
	Logger *slog.Logger
}

// Watcher delivers what its Read function reads, whenever that has changed.
type Watcher[T any] struct {
	roots  []string
	more   func() []string
	read   func() (T, string, error)
	poll   time.Duration
	settle time.Duration
	log    *slog.Logger
	kicked chan struct{}

	open func() (*fsnotify.Watcher, error) // replaced in tests
	most int                               // MaxDirectories but in tests
}

// New returns a Watcher that does nothing until [Watcher.Run]. It fails on
// options that cannot be meant: no Roots, an empty root, no Read, or a negative
// time.
func New[T any](o Options[T]) (*Watcher[T], error) {
	if o.Read == nil {
		return nil, errors.New("watch: no function to read with")
	}
	if len(o.Roots) == 0 {
		return nil, errors.New("watch: no directory or file to watch")
	}
	if o.Poll < 0 || o.Settle < 0 {
		return nil, fmt.Errorf("watch: poll (%v) and settle (%v) cannot be negative", o.Poll, o.Settle)
	}
	w := &Watcher[T]{
		more:   o.More,
		read:   o.Read,
		poll:   o.Poll,
		settle: o.Settle,
		log:    o.Logger,
		kicked: make(chan struct{}, 1),
		open:   fsnotify.NewWatcher,
		most:   MaxDirectories,
	}
	if w.poll == 0 {
		w.poll = DefaultPoll
	}
	if w.settle == 0 {
		w.settle = DefaultSettle
	}
	if w.more == nil {
		w.more = func() []string { return nil }
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	for _, root := range o.Roots {
		if root == "" {
			return nil, errors.New("watch: a root is empty")
		}
		if !filepath.IsAbs(root) {
			dir, err := os.Getwd()
			if err != nil {
				return nil, fmt.Errorf("watch: finding %s: %w", root, err)
			}
			// Not cleaned: where "link/.." leads depends on the link.
			root = dir + string(filepath.Separator) + root
		}
		w.roots = append(w.roots, root)
	}
	return w, nil
}

// Kick makes Run read at once, twice as ever, and deliver even what equals the
// last delivery. It does not wait, may be called from any goroutine and before
// Run; kicks that come faster than they are answered count as one.
func (w *Watcher[T]) Kick() {
	select {
	case w.kicked <- struct{}{}:
	default:
	}
}

package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// errNoEvents stands for a system without a free inotify instance.
var errNoEvents = errors.New("too many open files")

func noEvents() (*fsnotify.Watcher, error) { return nil, errNoEvents }

// delivery is one call of deliver.
type delivery struct {
	value string
	err   error
}

// rig is a running Watcher over files in a temporary directory.
type rig struct {
	testing.TB
	dir     string // a fresh, real directory
	events  bool   // changes come by events, the poll is too slow to help
	prepare func(*Watcher[string])
	got     chan delivery
	log     *logBuffer
}

// both runs a scenario twice: found by events alone, and by the poll alone.
func both(t *testing.T, scenario func(r *rig)) {
	for _, events := range []bool{true, false} {
		name := "poll"
		if events {
			name = "events"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(newRig(t, events))
		})
	}
}

func newRig(t testing.TB, events bool) *rig {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &rig{TB: t, dir: dir, events: events, got: make(chan delivery, 100), log: new(logBuffer)}
}

// start runs a Watcher over root and waits until it has delivered first, so
// that everything is watched.
func (r *rig) start(root string, read func() (string, string, error), first string) *Watcher[string] {
	r.Helper()
	o := Options[string]{
		Roots:  []string{root},
		Read:   read,
		Poll:   5 * time.Millisecond,
		Settle: 5 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(r.log, nil)),
	}
	// Only inotify reports all that the scenarios do.
	if r.events && runtime.GOOS == "linux" {
		o.Poll = time.Hour
	}
	w, err := New(o)
	if err != nil {
		r.Fatal(err)
	}
	if !r.events {
		w.open = noEvents
	}
	if r.prepare != nil {
		r.prepare(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- w.Run(ctx, "", func(value string, err error) { r.got <- delivery{value, err} })
	}()
	r.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			r.Errorf("Run ended with %v", err)
		}
	})
	r.next(first)
	return w
}

// next waits for the next delivery, which must be want.
func (r *rig) next(want string) {
	r.Helper()
	if d := r.receive(want); d.err != nil || d.value != want {
		r.Fatalf("got %q, %v, want %q", d.value, d.err, want)
	}
}

// sometime waits for want; the steps on the way may be delivered too.
func (r *rig) sometime(want string) {
	r.Helper()
	for {
		if d := r.receive(want); d.err == nil && d.value == want {
			return
		}
	}
}

// fault waits for a delivered error that is target.
func (r *rig) fault(target error) {
	r.Helper()
	for {
		if d := r.receive(target); errors.Is(d.err, target) {
			if d.value != "" {
				r.Fatalf("an error came with the value %q", d.value)
			}
			return
		}
	}
}

func (r *rig) receive(want any) delivery {
	r.Helper()
	select {
	case d := <-r.got:
		return d
	case <-time.After(patience):
		r.Fatalf("waited in vain for %q", want)
		return delivery{}
	}
}

func (r *rig) path(elem ...string) string {
	return filepath.Join(append([]string{r.dir}, elem...)...)
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// write writes a file and the directories above it.
func (r *rig) write(path, text string) {
	r.Helper()
	r.must(os.MkdirAll(filepath.Dir(path), 0o755))
	r.must(os.WriteFile(path, []byte(text), 0o644))
}

// replace renames a new file over path, as editors do.
func (r *rig) replace(path, text string) {
	r.Helper()
	tmp := filepath.Join(filepath.Dir(path), ".new~")
	r.write(tmp, text)
	r.must(os.Rename(tmp, path))
}

// link makes link lead to target, at once when it led elsewhere before.
func (r *rig) link(target, link string) {
	r.Helper()
	tmp := link + "_tmp"
	r.must(os.Symlink(target, tmp))
	r.must(os.Rename(tmp, link))
}

// tree reads every *.yaml below root, as a policy set is read.
func tree(root string) func() (string, string, error) {
	return func() (string, string, error) {
		top, err := filepath.EvalSymlinks(root)
		if err != nil {
			return "", "", err
		}
		var b strings.Builder
		err = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if path != top && strings.HasPrefix(d.Name(), ".") {
				if d.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
			if d.IsDir() || filepath.Ext(path) != ".yaml" {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(top, path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s=%s ", filepath.ToSlash(rel), data)
			return nil
		})
		if err != nil {
			return "", "", err
		}
		return b.String(), "files: " + b.String(), nil
	}
}

// logBuffer is a log that can be written and counted at the same time.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) lines(level string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), "level="+level)
}

// Package reload keeps the policies in force equal to the files: it watches
// them, rebuilds everything from what was read, and swaps or keeps.
//
// [New] makes a [Reloader], [Reloader.First] loads for the first time and
// fails hard, [Reloader.Run] then follows the files. A build that fails, and a
// set without rules, leave the old snapshot in force; the failure is logged,
// counted, recorded, and told by /readyz.
package reload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/policy/source"
	"github.com/gwctl/gwctl/policy/watch"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

// Input is one reading of everything a snapshot is built from.
type Input struct {
	ConfigPath string
	Config     []byte // of the configuration file; nil if there is none
	Policies   *source.Files
	Files      Files // that the configuration names
}

// Build makes a snapshot from a reading. What is wrong with it comes as
// diagnostics, or as an error if it is not the files' fault.
type Build func(in Input) (*pdp.Snapshot, policy.Diagnostics, error)

// Options are what a Reloader is made of.
type Options struct {
	ConfigPath string // "" for none
	Policies   string // directory or bundle
	// Names gives the paths of the files that a configuration names, nil if it
	// does not load. With a nil function, or without a ConfigPath, it is Fixed
	// that are followed.
	Names    func(path string, data []byte) []string
	Fixed    []string
	Build    Build
	InForce  func(*pdp.Snapshot) // hears of every snapshot once it is in force; nil for nobody
	Point    *pdp.Point
	State    *health.State
	Metrics  *health.Metrics
	Audit    *audit.Log
	Version  string // of gwctl, for the record of the start
	Instance string // of the process, likewise
	Clock    func() time.Time
	Logger   *slog.Logger
	Poll     time.Duration // 0 takes the watcher's default of 2 s
	Settle   time.Duration // 0 takes the watcher's default
}

// Reloader follows the files of a running sidecar.
type Reloader struct {
	o        Options
	watcher  *watch.Watcher[Input]
	last     string   // fingerprint of what is in force
	files    []string // named by the last configuration that was read
	signaled atomic.Bool
}

// BuildError says that files were read but no snapshot can be made of them.
type BuildError struct{ Found policy.Diagnostics }

func (e *BuildError) Error() string {
	for _, d := range e.Found.Sorted() {
		if d.Severity == document.Error {
			return d.String()
		}
	}
	return "the set does not load"
}

// ErrEmpty is a set without rules. It would deny everything, and never replaces
// one that has rules.
var ErrEmpty = errors.New("the policy set has no rule")

// ErrNeedsRestart is a change that cannot be made while the process runs. A
// [Build] wraps it and says which.
var ErrNeedsRestart = errors.New("a restart is needed")

// errPanic is a Build that did not come to an end.
var errPanic = errors.New("building the snapshot has failed unexpectedly")

// New makes a reloader.
func New(o Options) (*Reloader, error) {
	r := &Reloader{o: o}
	roots := []string{o.Policies}
	if o.ConfigPath != "" {
		roots = append(roots, o.ConfigPath)
	}
	w, err := watch.New(watch.Options[Input]{Roots: roots, More: r.named, Read: r.read, Poll: o.Poll, Settle: o.Settle, Logger: o.Logger})
	if err != nil {
		return nil, fmt.Errorf("watching the policies: %w", err)
	}
	r.watcher = w
	return r, nil
}

func (r *Reloader) read() (Input, string, error) {
	in := Input{ConfigPath: r.o.ConfigPath}
	if in.ConfigPath != "" {
		data, err := readBounded(in.ConfigPath, document.MaxFileSize)
		if err != nil {
			return in, "", fmt.Errorf("reading the configuration: %w", err)
		}
		in.Config = data
	}
	files, err := source.Read(r.o.Policies)
	if err != nil {
		return in, "", err
	}
	in.Policies = files
	names := r.o.Fixed
	if in.ConfigPath != "" && r.o.Names != nil {
		names = r.o.Names(in.ConfigPath, in.Config)
	}
	in.Files = ReadFiles(names)
	r.files = names
	all := source.Files{List: append([]policy.File{{Path: in.ConfigPath, Data: in.Config}}, files.List...)}
	return in, all.Fingerprint() + in.Files.fingerprint(), nil
}

// named gives the files that the watcher has to follow beside its roots.
func (r *Reloader) named() []string {
	out := make([]string, 0, len(r.files))
	for _, name := range r.files {
		if abs, err := filepath.Abs(name); err == nil {
			out = append(out, abs)
		}
	}
	return out
}

// First reads, builds and swaps. A failure is returned and is fatal: there is
// no old snapshot to keep. The error may be a *BuildError.
func (r *Reloader) First() error {
	in, fingerprint, err := r.read()
	if err != nil {
		return err
	}
	snapshot, err := r.build(in)
	if err != nil {
		return err
	}
	r.last = fingerprint
	r.o.Audit.Write(&record.Event{
		Kind: record.KindProcessStart, Time: r.o.Clock(),
		Process: &record.Process{Version: r.o.Version, Digest: snapshot.Set.Digest(), Instance: r.o.Instance},
	})
	r.enforce(snapshot, "start")
	r.o.State.SetLoaded(true)
	return nil
}

// enforce puts a snapshot into force.
func (r *Reloader) enforce(snapshot *pdp.Snapshot, by string) {
	before := r.o.Point.Current()
	r.o.Point.Swap(snapshot)
	r.report(snapshot.Set.Digest(), by, "", difference(before, snapshot), nil)
	if r.o.InForce != nil {
		r.o.InForce(snapshot)
	}
}

func (r *Reloader) build(in Input) (snapshot *pdp.Snapshot, err error) {
	defer func() {
		// A process that serves must not end because of an edit.
		if p := recover(); p != nil {
			snapshot, err = nil, fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	snapshot, found, err := r.o.Build(in)
	switch {
	case err != nil:
		return nil, err
	case snapshot == nil || found.HasErrors():
		return nil, &BuildError{Found: found}
	case snapshot.Set.Empty():
		return nil, ErrEmpty
	}
	return snapshot, nil
}

// Kick reads again even if no change was seen; it is what SIGHUP does.
func (r *Reloader) Kick() {
	r.signaled.Store(true)
	r.watcher.Kick()
}

// Run follows the files until ctx ends.
func (r *Reloader) Run(ctx context.Context) error {
	return r.watcher.Run(ctx, r.last, func(in Input, err error) {
		by := "file"
		if r.signaled.Swap(false) {
			by = "signal"
		}
		if err != nil {
			r.report(r.inForce(), by, "not_readable", nil, err)
			return
		}
		snapshot, err := r.build(in)
		switch {
		case err == nil:
			r.enforce(snapshot, by)
		case ctx.Err() == nil: // else it has failed because the process ends
			r.report(r.inForce(), by, class(err), nil, err)
		}
	})
}

func (r *Reloader) inForce() string {
	if s := r.o.Point.Current(); s != nil {
		return s.Set.Digest()
	}
	return ""
}

// report tells the log, the metrics, /readyz and the records.
func (r *Reloader) report(digest, by, class string, diff *record.Diff, err error) {
	now := r.o.Clock()
	r.o.Metrics.Reload(err == nil, now)
	r.o.State.SetReload(err != nil, now)
	if err == nil {
		r.o.Logger.Info("policies are in force", "digest", digest, "by", by)
	} else {
		attrs := []any{"error", err.Error(), "in_force", digest, "by", by}
		var broken *BuildError
		if errors.As(err, &broken) {
			attrs = append(attrs, "findings", len(broken.Found))
		}
		r.o.Logger.Error("reload failed; the policies before it stay in force", attrs...)
	}
	r.o.Audit.Write(&record.Event{
		Kind: record.KindConfigReload, Time: now, Reload: &record.Reload{OK: err == nil, Digest: digest, By: by, Error: class, Diff: diff},
	})
}

// class is what a record says about a build that failed: no text of the files.
func class(err error) string {
	var broken *BuildError
	switch {
	case errors.As(err, &broken):
		return "not_compiled"
	case errors.Is(err, ErrEmpty):
		return "empty"
	case errors.Is(err, ErrNeedsRestart):
		return "needs_restart"
	}
	return "not_built"
}

package reload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
	"github.com/gwctl/gwctl/sidecar/reload"
)

const resource = `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec: {actions: {view: {}}, routes: [{route: "GET /", action: view}]}
`

// rules is a policy of one rule.
func rules(id string) string {
	return `apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: pages}
spec: {resources: [page], rules: [{id: ` + id + `, effect: allow, actions: [view], anonymous: true}]}
`
}

// rig is a reloader over files, with what it tells.
type rig struct {
	testing.TB
	dir      string
	reloader *reload.Reloader
	point    *pdp.Point
	state    *health.State
	audit    *audit.Log
	out      bytes.Buffer

	mu      sync.Mutex
	log     bytes.Buffer
	inForce []string // digests
	build   func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error)
}

// Write makes the rig the sink of the log.
func (r *rig) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *rig) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

func newRig(t testing.TB, configured bool) *rig {
	t.Helper()
	r := &rig{TB: t, dir: t.TempDir(), state: &health.State{}, build: compile}
	metrics := health.NewMetrics()
	r.audit = audit.New(audit.NewWriterSink(&r.out), audit.Options{})
	r.point = pdp.New(pdp.Options{Clock: time.Now, NewID: func() string { return "id" }, Audit: r.audit, Metrics: metrics, Logger: slog.New(slog.DiscardHandler), Verify: (*engine.Set).Verify})
	r.write("policies/resource.yaml", resource)
	r.write("policies/rules.yaml", rules("first"))
	o := reload.Options{
		Policies: filepath.Join(r.dir, "policies"), Point: r.point, State: r.state, Metrics: metrics, Audit: r.audit, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(r, nil)), Poll: 50 * time.Millisecond, Settle: 5 * time.Millisecond,
		Build: func(in reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
			r.mu.Lock()
			build := r.build
			r.mu.Unlock()
			return build(in)
		},
		InForce: func(s *pdp.Snapshot) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.inForce = append(r.inForce, s.Set.Digest())
			if r.point.Current() != s {
				t.Error("told before it is in force")
			}
		},
	}
	if configured {
		o.ConfigPath = filepath.Join(r.dir, "gwctl.yaml")
		o.Names = func(_ string, data []byte) []string { // a configuration of this test is a list of paths
			if !filepath.IsAbs(string(data)) {
				return nil
			}
			return strings.Fields(string(data))
		}
		r.write("gwctl.yaml", "first")
	}
	var err error
	if r.reloader, err = reload.New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

// compile makes a snapshot of the set alone.
func compile(in reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
	src, found := policy.Load(in.Policies.List)
	if found.HasErrors() {
		return nil, found, nil
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		return nil, found, nil
	}
	s, found := pdp.NewSnapshot(set, &config.Config{AllowAnonymous: true}, nil, nil)
	return s, found, nil
}

func (r *rig) builds(f func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.build = f
}

func (r *rig) write(name, text string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// run starts the reloader and gives a function that ends it.
func (r *rig) run() (stop func()) {
	r.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.reloader.Run(ctx) }()
	return sync.OnceFunc(func() {
		r.Helper()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			r.Errorf("Run: %v", err)
		}
	})
}

// until polls the log for the nth line with a text.
func (r *rig) until(text string, n int) {
	r.Helper()
	limit := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for strings.Count(r.logged(), text) < n {
		select {
		case <-tick.C:
		case <-limit:
			r.Fatalf("waited in vain for %q: %s", text, r.logged())
		}
	}
}

// reloads gives the records, at the end.
func (r *rig) reloads() []record.Reload {
	r.Helper()
	if err := r.audit.Close(r.Context()); err != nil {
		r.Fatal(err)
	}
	var out []record.Reload
	for line := range strings.Lines(r.out.String()) {
		e, err := record.Parse([]byte(line))
		if err == nil && e.Kind == record.KindProcessStart {
			continue
		}
		if err != nil || e.Kind != record.KindConfigReload {
			r.Fatalf("recorded %s, %v", line, err)
		}
		e.Reload.Diff = nil // TestDifference looks at it
		out = append(out, *e.Reload)
	}
	return out
}

const (
	taken   = "policies are in force"
	refused = "reload failed"
)

// The first load fails hard: nothing is in force, nobody is told of anything.
func TestFirstFails(t *testing.T) {
	var broken *reload.BuildError
	for _, tt := range []struct {
		name   string
		change func(*rig)
		is     func(error) bool
	}{
		{"no directory", func(r *rig) { remove(r, "policies") }, func(err error) bool { return errors.Is(err, os.ErrNotExist) }},
		{"no configuration", func(r *rig) { remove(r, "gwctl.yaml") }, func(err error) bool { return errors.Is(err, os.ErrNotExist) }},
		{"a configuration that is no file", func(r *rig) { remove(r, "gwctl.yaml"); r.write("gwctl.yaml/x", "") }, func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "not a regular file")
		}},
		{"a broken set", func(r *rig) { r.write("policies/rules.yaml", "{") }, func(err error) bool {
			return errors.As(err, &broken) && broken.Found[0].Code == "yaml_syntax" && strings.Contains(err.Error(), "rules.yaml:1:1: error[yaml_syntax]")
		}},
		{"no rule", func(r *rig) { remove(r, "policies/rules.yaml") }, func(err error) bool { return errors.Is(err, reload.ErrEmpty) }},
		{"an error", func(r *rig) {
			r.builds(func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) { return nil, nil, reload.ErrNeedsRestart })
		}, func(err error) bool { return errors.Is(err, reload.ErrNeedsRestart) }},
		{"nothing at all", func(r *rig) {
			r.builds(func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) { return nil, nil, nil })
		}, func(err error) bool { return errors.As(err, &broken) && err.Error() == "the set does not load" }},
		{"a snapshot with an error", func(r *rig) {
			r.builds(func(in reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
				s, _, err := compile(in)
				return s, policy.Diagnostics{document.NewDiagnostic(policy.Span{Path: "a"}, document.Error, "odd", "odd")}, err
			})
		}, func(err error) bool { return errors.As(err, &broken) }},
		{"a panic", func(r *rig) {
			r.builds(func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) { panic("odd") })
		}, func(err error) bool { return err != nil && strings.Contains(err.Error(), "odd") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, true)
			tt.change(r)
			if err := r.reloader.First(); !tt.is(err) {
				t.Errorf("First: %v", err)
			}
			if r.point.Current() != nil || len(r.inForce) > 0 || len(r.state.Problems()) == 0 || len(r.reloads()) > 0 {
				t.Errorf("in force %v, told %v", r.point.Current() != nil, r.inForce)
			}
		})
	}
	r := newRig(t, true)
	if err := r.reloader.First(); err != nil || r.point.Current() == nil || len(r.inForce) != 1 || len(r.state.Problems()) > 0 {
		t.Errorf("without a fault: %v", err)
	}
	if got := r.reloads(); len(got) != 1 || !got[0].OK || got[0].By != "start" || got[0].Digest != r.inForce[0] {
		t.Errorf("recorded %+v", got)
	}
}

func remove(r *rig, name string) {
	r.Helper()
	if err := os.RemoveAll(filepath.Join(r.dir, name)); err != nil {
		r.Fatal(err)
	}
}

// Whatever a build ends with, the snapshot before it stays in force, and the
// next good one is taken.
func TestRunKeeps(t *testing.T) {
	r := newRig(t, false)
	if err := r.reloader.First(); err != nil {
		t.Fatal(err)
	}
	first := r.point.Current()
	stop := r.run()
	defer stop()
	failures := []struct {
		class string
		build func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error)
	}{
		{"not_compiled", func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) { return nil, nil, nil }},
		{"not_built", func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) { return nil, nil, errors.New("odd") }},
		{"needs_restart", func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
			return nil, nil, fmt.Errorf("%w to change audit", reload.ErrNeedsRestart)
		}},
		{"not_built", func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) { panic("odd") }},
	}
	for i, f := range failures {
		r.builds(f.build)
		r.reloader.Kick()
		r.until(refused, i+1)
		if r.point.Current() != first {
			t.Errorf("%d: the first snapshot is no longer in force", i)
		}
	}
	r.builds(compile)
	r.write("policies/rules.yaml", rules("second"))
	r.until(taken, 2)
	if r.point.Current() == first {
		t.Error("the good snapshot was not taken")
	}
	stop()
	got := r.reloads()
	if len(got) != len(failures)+2 {
		t.Fatalf("recorded %+v", got)
	}
	for i, f := range failures {
		if want := (record.Reload{Digest: first.Set.Digest(), By: "signal", Error: f.class}); got[i+1] != want {
			t.Errorf("recorded %+v, want %+v", got[i+1], want)
		}
	}
	if last := got[len(got)-1]; !last.OK || last.By != "file" || last.Digest == first.Set.Digest() {
		t.Errorf("recorded %+v", last)
	}
	if len(r.inForce) != 2 {
		t.Errorf("told of %d snapshots", len(r.inForce))
	}
}

// A build that fails because the process ends is not reported.
func TestRunEnds(t *testing.T) {
	r := newRig(t, false)
	if err := r.reloader.First(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	began := make(chan struct{})
	r.builds(func(reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
		close(began)
		<-ctx.Done()
		return nil, nil, ctx.Err()
	})
	done := make(chan error, 1)
	go func() { done <- r.reloader.Run(ctx) }()
	r.reloader.Kick()
	<-began
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if got := r.reloads(); len(got) != 1 || strings.Contains(r.logged(), refused) {
		t.Errorf("recorded %+v, logged %s", got, r.logged())
	}
}

// The configuration is part of what is compared: a change of it alone builds
// anew, with its bytes.
func TestConfigurationIsFollowed(t *testing.T) {
	r := newRig(t, true)
	var mu sync.Mutex
	var seen []string
	r.builds(func(in reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
		mu.Lock()
		seen = append(seen, string(in.Config))
		mu.Unlock()
		return compile(in)
	})
	if err := r.reloader.First(); err != nil {
		t.Fatal(err)
	}
	stop := r.run()
	r.write("gwctl.yaml", "second")
	r.until(taken, 2)
	stop()
	if len(seen) != 2 || seen[0] != "first" || seen[1] != "second" {
		t.Errorf("built from %q", seen)
	}
	r.reloads()
}

// No more of the configuration is read than the parser takes.
func TestConfigurationIsBounded(t *testing.T) {
	r := newRig(t, true)
	r.write("gwctl.yaml", strings.Repeat("#", 2*document.MaxFileSize))
	size := 0
	r.builds(func(in reload.Input) (*pdp.Snapshot, policy.Diagnostics, error) {
		size = len(in.Config)
		return compile(in)
	})
	if err := r.reloader.First(); err != nil || size != document.MaxFileSize+1 {
		t.Errorf("read %d bytes, %v", size, err)
	}
	r.reloads()
}

func TestNewRefuses(t *testing.T) {
	if _, err := reload.New(reload.Options{}); err == nil {
		t.Error("nothing to watch is accepted")
	}
}

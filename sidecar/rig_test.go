package sidecar_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/config"
)

const (
	audience = "shop-api"
	patience = 15 * time.Second
)

// until polls a condition and fails the test when it does not come true.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	limit := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// buffer is an io.Writer for several goroutines.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
	most int // bytes that are kept; 0 for all
}

// limit keeps no more than so many bytes.
func (b *buffer) limit(most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.most = most
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.most > 0 && b.data.Len() >= b.most {
		return len(p), nil
	}
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// setup is what a test says about its sidecar. The zero value is usable.
type setup struct {
	anonymous string            // "allow" if empty
	more      string            // documents beside the policies of the rig
	jwt       string            // more keys of the jwt method, each with a comma before it
	authn     string            // more methods, each a line of the list
	spec      string            // more lines of spec
	proxy     string            // more keys of the proxy listener, each with a comma before it
	listeners string            // more listeners, one a line
	upstreams string            // value of upstreams; all paths to the rig's upstream if empty
	propagate string            // "{claims: [plan, big]}" if empty
	files     map[string]string // beside the configuration
	drain     string            // "{delay: 0s, timeout: 5s}" if empty
	fixed     bool              // no configuration file is followed
	unready   bool              // do not wait for keys
	away      bool              // the issuer does not answer at the start
	failOpen  bool              // the flag of that name
	slow      bool              // standard output takes nothing until the lock is open
}

// rig is a sidecar between an issuer, an upstream and a test.
type rig struct {
	testing.TB
	setup    setup
	dir      string
	idp      *identityProvider
	upstream *upstream
	car      *sidecar.Sidecar
	out, log buffer
	slow     *lock
	answers  atomic.Int64 // that the test has got
	repeated int          // decisions that were made again from their records
	secrets  []string     // what no record and no log may hold
	wanted   []record.Reload

	cancel context.CancelFunc
	ended  chan struct{}
	err    error // of Run; after ended
}

func start(t testing.TB, s setup) *rig {
	t.Helper()
	r := &rig{TB: t, setup: s, dir: t.TempDir(), idp: newIdentityProvider(t), upstream: newUpstream(t), ended: make(chan struct{})}
	r.idp.away.Store(s.away)
	r.write("policies/set.yaml", policies+s.more)
	for name, text := range s.files {
		r.write(name, text)
	}
	r.write("gwctl.yaml", r.config())
	return r.run()
}

// run builds and starts the sidecar from the files of the rig.
func (r *rig) run() *rig {
	r.Helper()
	path := filepath.Join(r.dir, "gwctl.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		r.Fatal(err)
	}
	cfg, found := config.Read(path, data)
	if cfg == nil {
		r.Fatalf("the configuration does not load: %v", found)
	}
	if r.setup.fixed {
		path = ""
	}
	var stdout io.Writer = &r.out
	if r.setup.slow {
		r.slow = &lock{to: &r.out, open: make(chan struct{})}
		stdout = r.slow
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.car, err = sidecar.New(ctx, sidecar.Options{
		Config: cfg, ConfigPath: path, Stdout: stdout, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Getenv: func(name string) (string, bool) { return "eu", name == "REGION" },
		Poll:   50 * time.Millisecond, Settle: 5 * time.Millisecond, FailOpen: r.setup.failOpen,
	})
	if err != nil {
		cancel()
		r.Fatal(err)
	}
	go func() {
		r.err = r.car.Run(ctx)
		close(r.ended)
	}()
	r.Cleanup(func() {
		cancel()
		<-r.ended
	})
	if !r.setup.unready && !r.setup.away {
		until(r, "the sidecar to be ready", r.car.Ready)
	}
	return r
}

func (r *rig) config() string {
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	return fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: rig}
spec:
  policies: {dir: ./policies}
  listeners:
    proxy: {address: "127.0.0.1:0", upstreams: %s%s}
    health: {address: "127.0.0.1:0"}
%s
  env: {region: {env: REGION}}
  anonymous: %s
  authn:
    - jwt: {issuer: "%s", audiences: [%s]%s}
%s
  propagate: %s
  drain: %s
%s
`, or(r.setup.upstreams, `[{match: "/{rest...}", url: "http://`+r.upstream.addr+`"}]`), r.setup.proxy, r.setup.listeners, or(r.setup.anonymous, "allow"), r.idp.url, audience, r.setup.jwt, r.setup.authn,
		or(r.setup.propagate, "{claims: [plan, big]}"), or(r.setup.drain, "{delay: 0s, timeout: 5s}"), r.setup.spec)
}

// write puts a file into the rig's directory, as editors do: by renaming.
func (r *rig) write(name, text string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.Fatal(err)
	}
	whole := filepath.Join(filepath.Dir(path), ".new")
	if err := os.WriteFile(whole, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
	if err := os.Rename(whole, path); err != nil {
		r.Fatal(err)
	}
}

// user gives a token of a customer and remembers to look for it in the output.
func (r *rig) user(claims string) string {
	r.Helper()
	token := r.idp.token(r, "alice", claims)
	parts := strings.Split(token, ".")
	r.secrets = append(r.secrets, parts[1], parts[2])
	return token
}

// forwarded gives the bytes that one action of the test made the upstream see.
func (r *rig) forwarded(act func()) string {
	r.Helper()
	before := len(r.upstream.seen.String())
	act()
	return r.upstream.seen.String()[before:]
}

// health asks the health listener.
func (r *rig) health(path string) (status int, body string) {
	r.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get("http://" + r.car.HealthAddr().String() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		r.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// metric gives the value of one line of /metrics, "" without it.
func (r *rig) metric(name string) string {
	r.Helper()
	_, text := r.health("/metrics")
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

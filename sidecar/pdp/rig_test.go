package pdp_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/pdp"
)

const policies = `apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: shop}
spec:
  user:
    tenant: {type: string, optional: true, sensitive: true}
    level: {type: int, min: 0, max: 9, optional: true}
  env:
    region: {type: string, enum: [eu, us]}
    zone: {type: string, optional: true}
    limit: {type: int, optional: true}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: item}
spec:
  actions: {read: {}, view: {}}
  routes:
    - {route: "GET /items/{id}", action: read}
    - {route: "GET /public/{id}", action: view}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: items}
spec:
  resources: [item]
  rules:
    - id: reads
      effect: allow
      actions: [read]
      when: env.region == 'eu' && (!has(user.level) || user.level < 9) && (!has(user.tenant) || user.tenant != '') && !has(env.zone)
    - {id: views, effect: allow, actions: [view], anonymous: true}
`

func compile(t testing.TB, text string) *engine.Set {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(text)}})
	if found.HasErrors() {
		t.Fatalf("loading: %v", found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatalf("compiling: %v", found)
	}
	return set
}

const settings = `apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: shop}
spec:
  policies: {dir: .}
  listeners: {proxy: {address: "127.0.0.1:0", upstreams: [{match: "/{rest...}", url: "http://127.0.0.1:1"}]}}
  env: {region: eu}
  anonymous: deny
  authn: [{jwt: {issuer: "https://idp.example.com", audiences: [a]}}]
`

// configure reads the settings after one change.
func configure(t testing.TB, old, new string) *config.Config {
	t.Helper()
	cfg, found := config.Read("gwctl.yaml", []byte(strings.Replace(settings, old, new, 1)))
	if cfg == nil {
		t.Fatalf("the configuration does not load: %v", found)
	}
	return cfg
}

// method is a method of authentication that says what the test wants.
type method struct {
	name string
	says func() (*authn.Identity, error)
}

func (m method) Name() string { return m.name }
func (m method) Kind() string { return authn.KindJWT }

func (m method) Authenticate(_ context.Context, c authn.Credentials) (*authn.Identity, error) {
	if !c.HasAuthorization {
		return nil, authn.ErrNotMine
	}
	return m.says()
}

const issuer = "https://idp.example.com"

// user is a method that finds one user with the claims.
func user(claims string) method {
	return method{issuer, func() (*authn.Identity, error) {
		return &authn.Identity{Method: "jwt", Name: issuer, Source: authn.SourceAuthorization, Issuer: issuer, Type: authn.TypeHuman, Claims: []byte(claims)}, nil
	}}
}

// rig is a point with what it writes to.
type rig struct {
	testing.TB
	point   *pdp.Point
	set     *engine.Set
	metrics *health.Metrics
	log     *audit.Log
	out     bytes.Buffer
	logged  bytes.Buffer
	verify  func(*engine.Set, *engine.Request, *engine.Decision) string
	reader  *canonical.Reader
	getenv  func(string) (string, bool)
}

func newRig(t testing.TB) *rig { return newRigOf(t, false) }

// newRigOf makes a rig, which may have the flag that lets through.
func newRigOf(t testing.TB, failOpen bool) *rig {
	t.Helper()
	reader, err := canonical.New(canonical.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{TB: t, set: compile(t, policies), metrics: health.NewMetrics(), reader: reader, getenv: func(string) (string, bool) { return "", false }}
	r.log = audit.New(audit.NewWriterSink(&r.out), audit.Options{})
	r.verify = (*engine.Set).Verify
	r.point = pdp.New(pdp.Options{
		Clock: time.Now, NewID: func() string { return "decision-1" }, Audit: r.log, Metrics: r.metrics, Reader: reader,
		Logger: slog.New(slog.NewTextHandler(&r.logged, nil)), FailOpen: failOpen,
		Verify: func(s *engine.Set, q *engine.Request, d *engine.Decision) string { return r.verify(s, q, d) },
	})
	return r
}

// snapshot makes a snapshot of the rig's set, with mappings by name.
func (r *rig) snapshot(cfg *config.Config, methods ...authn.Method) *pdp.Snapshot {
	r.Helper()
	var list []pdp.Method
	for _, m := range methods {
		mapped, found := mapping.New(r.set, nil)
		if found.HasErrors() {
			r.Fatalf("mapping: %v", found)
		}
		list = append(list, pdp.Method{Authn: m, Mapping: mapped})
	}
	s, found := pdp.NewSnapshot(r.set, cfg, list, r.getenv)
	if found.HasErrors() {
		r.Fatalf("snapshot: %v", found)
	}
	return s
}

// ask sends a request to the point.
func (r *rig) ask(path, authorization string) pdp.Outcome {
	r.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	c, rejection := r.reader.Read(req)
	if rejection != nil {
		r.Fatalf("%s is refused: %v", path, rejection.Err)
	}
	return r.point.Begin().Request(r.Context(), c, nil, "proxy")
}

// records ends the log and gives what was written.
func (r *rig) records() []*record.Event {
	r.Helper()
	if err := r.log.Close(r.Context()); err != nil {
		r.Fatal(err)
	}
	var out []*record.Event
	for line := range strings.Lines(r.out.String()) {
		e, err := record.Parse([]byte(line))
		if err != nil {
			r.Fatalf("%v: %s", err, line)
		}
		out = append(out, e)
	}
	return out
}

// only gives the one record that there must be.
func (r *rig) only() *record.Event {
	r.Helper()
	events := r.records()
	if len(events) != 1 {
		r.Fatalf("%d records: %s", len(events), r.out.String())
	}
	return events[0]
}

// counted gives the lines of the metrics that begin with a name.
func (r *rig) counted(name string) []string {
	r.Helper()
	w := httptest.NewRecorder()
	health.Handler(&health.State{}, r.metrics).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	var out []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, name+"{") {
			out = append(out, strings.TrimSpace(strings.TrimPrefix(line, name)))
		}
	}
	return out
}

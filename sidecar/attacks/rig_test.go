package attacks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar"
	"github.com/gwctl/gwctl/sidecar/config"
	"github.com/gwctl/gwctl/sidecar/dev"
)

const (
	audience = "attacked-api"
	patience = 15 * time.Second

	attacker = "127.0.0.2" // where the bad requests come from
	client   = "127.0.0.3" // where their good twins come from
)

// setup is what a test says about its sidecar. The zero value is usable.
type setup struct {
	proxy   string // more keys of the proxy listener, each with a comma before it
	dialect string // of the forward-auth listener; none if empty
	spec    string // more lines of spec
	methods string // more lines of authn
	away    bool   // the issuer does not answer
}

// rig is a sidecar between an issuer, a recording upstream and a test.
type rig struct {
	testing.TB
	car      *sidecar.Sidecar
	upstream *upstream
	issuer   *dev.Issuer
	out, log buffer
	wants    []wanted // records, in order
	doors    []door   // ways in that a table goes through

	cancel context.CancelFunc
	ended  chan struct{}
	err    error // of Run; after ended
}

// wanted is a record that has to be there.
type wanted struct {
	name    string
	verdict verdict
	source  string // address of the client, "" for any
}

func start(t testing.TB, s setup) *rig {
	t.Helper()
	r := &rig{TB: t, upstream: newUpstream(t), ended: make(chan struct{})}
	r.newIssuer(s.away)
	dir := t.TempDir()
	path := filepath.Join(dir, "gwctl.yaml")
	for name, text := range map[string]string{"set.yaml": policies, "gwctl.yaml": r.config(s)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, found := config.Read(path, []byte(r.config(s)))
	if cfg == nil {
		t.Fatalf("the configuration does not load: %v", found)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	var err error
	r.car, err = sidecar.New(ctx, sidecar.Options{
		Config: cfg, Stdout: &r.out, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Getenv: func(string) (string, bool) { return "", false },
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	go func() {
		r.err = r.car.Run(ctx)
		close(r.ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-r.ended
	})
	limit := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !s.away && !r.car.Ready() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("the sidecar is not ready")
		}
	}
	r.doors = []door{proxyDoor{r}}
	return r
}

func (r *rig) newIssuer(away bool) {
	r.Helper()
	var err error
	if r.issuer, err = dev.NewIssuer(time.Now, nil); err != nil {
		r.Fatal(err)
	}
	handler := r.issuer.Handler()
	if away {
		handler = http.NotFoundHandler()
	}
	srv := httptest.NewServer(handler)
	r.Cleanup(srv.Close)
	if err := r.issuer.SetURL(srv.URL); err != nil {
		r.Fatal(err)
	}
	r.upstream.issuer = srv.URL
}

func (r *rig) config(s setup) string {
	forward := ""
	if s.dialect != "" {
		forward = fmt.Sprintf("    forward_auth: {address: \"127.0.0.1:0\", dialect: %s, trusted_proxies: [%s/32]}\n", s.dialect, front)
	}
	return fmt.Sprintf(`apiVersion: gwctl.dev/v1
kind: Sidecar
metadata: {name: attacked}
spec:
  policies: {dir: .}
  listeners:
    proxy: {address: "127.0.0.1:0", upstreams: [{match: "/{rest...}", url: "http://%s"}]%s}
    health: {address: "127.0.0.1:0"}
%s  anonymous: allow
  authn:
    - jwt: {issuer: "%s", audiences: [%s], attributes: {email: claims.email}}
%s  drain: {delay: 0s, timeout: 5s}
%s
`, r.upstream.addr, s.proxy, forward, r.upstream.issuer, audience, s.methods, s.spec)
}

// token gives a token with claims, a JSON object.
func (r *rig) token(subject, claims string) string {
	r.Helper()
	token, err := r.issuer.Token(dev.TokenSpec{Subject: subject, Audience: audience, Claims: json.RawMessage(claims)})
	if err != nil {
		r.Fatal(err)
	}
	return token
}

// as gives the Authorization header of a user with roles.
func (r *rig) as(roles ...string) string {
	r.Helper()
	text, err := json.Marshal(map[string][]string{"roles": roles})
	if err != nil {
		r.Fatal(err)
	}
	return bearer(r.token("alice", string(text)))
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// health asks the health listener.
func (r *rig) health(path string) (status int, body string) {
	r.Helper()
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := c.Get("http://" + r.car.HealthAddr().String() + path)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		r.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// stop ends the sidecar and compares its records, in order, with what the test
// has met. Every answer has exactly one, and one that never came is missed.
func (r *rig) stop(t testing.TB) []*record.Event {
	r.TB = t
	r.Helper()
	r.cancel()
	<-r.ended
	if r.err != nil {
		r.Errorf("Run: %v", r.err)
	}
	var events []*record.Event
	for line := range strings.Lines(r.out.String()) {
		e, err := record.Parse([]byte(line))
		if err != nil {
			r.Fatalf("%v: %s", err, line)
		}
		switch e.Kind {
		case record.KindDecision, record.KindAuthnFailure, record.KindRequestRejected, record.KindAnswered: // of requests
			events = append(events, e)
		}
	}
	if len(events) != len(r.wants) {
		r.Errorf("%d requests were answered, %d records are there", len(r.wants), len(events))
	}
	for i, w := range r.wants[:min(len(r.wants), len(events))] {
		if wrong := w.verdict.compare(events[i]); wrong != "" {
			r.Errorf("%s: %s\n%s", w.name, wrong, events[i].AppendJSON(nil))
		}
		if w.source != "" && events[i].SourceIP != w.source {
			r.Errorf("%s: recorded for %s, sent by %s", w.name, events[i].SourceIP, w.source)
		}
	}
	return events
}

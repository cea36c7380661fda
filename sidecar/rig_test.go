package sidecar_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
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
	"github.com/gwctl/gwctl/sidecar/dev"
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
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// identityProvider is an OpenID issuer that can be away and change its key.
type identityProvider struct {
	url    string
	away   atomic.Bool
	hits   atomic.Int64
	issuer atomic.Pointer[dev.Issuer]
}

func newIdentityProvider(t testing.TB) *identityProvider {
	t.Helper()
	p := &identityProvider{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.hits.Add(1)
		if p.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		p.issuer.Load().Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p.url = srv.URL
	p.rotate(t)
	return p
}

// rotate gives the provider another key.
func (p *identityProvider) rotate(t testing.TB) {
	t.Helper()
	issuer, err := dev.NewIssuer(time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := issuer.SetURL(p.url); err != nil {
		t.Fatal(err)
	}
	p.issuer.Store(issuer)
}

func (p *identityProvider) token(t testing.TB, subject, claims string) string {
	t.Helper()
	token, err := p.issuer.Load().Token(dev.TokenSpec{Subject: subject, Audience: audience, Claims: json.RawMessage(claims)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// upstream records every byte it receives and answers by its function.
type upstream struct {
	addr   string
	seen   buffer
	conns  atomic.Int64
	close  func()                            // called again it does nothing
	answer func(c net.Conn, r *http.Request) // has the body still to read
}

const fixedAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\nX-Upstream: yes\r\n\r\nhello"

func newUpstream(t testing.TB) *upstream {
	t.Helper()
	u := &upstream{answer: func(c net.Conn, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(c, fixedAnswer)
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.addr = l.Addr().String()
	var running sync.WaitGroup
	open := map[net.Conn]bool{}
	var mu sync.Mutex
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			u.conns.Add(1)
			mu.Lock()
			open[c] = true
			mu.Unlock()
			running.Go(func() { u.serve(c) })
		}
	})
	u.close = func() {
		_ = l.Close()
		mu.Lock()
		for c := range open {
			_ = c.Close()
		}
		mu.Unlock()
		running.Wait()
	}
	t.Cleanup(u.close)
	return u
}

func (u *upstream) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(io.TeeReader(c, &u.seen))
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		u.answer(c, r)
	}
}

// setup is what a test says about its sidecar. The zero value is usable.
type setup struct {
	anonymous string // "allow" if empty
	jwt       string // more keys of the jwt method, each with a comma before it
	spec      string // more lines of spec
	proxy     string // more keys of the proxy listener, each with a comma before it
	drain     string // "{delay: 0s, timeout: 5s}" if empty
	fixed     bool   // no configuration file is followed
	unready   bool   // do not wait for keys
	away      bool   // the issuer does not answer at the start
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
	answers  atomic.Int64 // that the test has got
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
	r.write("policies/set.yaml", policies)
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
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.car, err = sidecar.New(ctx, sidecar.Options{
		Config: cfg, ConfigPath: path, Stdout: &r.out, Clock: time.Now,
		Logger: slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Getenv: func(name string) (string, bool) { return "eu", name == "REGION" },
		Poll:   50 * time.Millisecond, Settle: 5 * time.Millisecond,
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
    proxy: {address: "127.0.0.1:0", upstreams: [{match: "/{rest...}", url: "http://%s"}]%s}
    health: {address: "127.0.0.1:0"}
  env: {region: {env: REGION}}
  anonymous: %s
  authn:
    - jwt: {issuer: "%s", audiences: [%s]%s}
  propagate: {claims: [plan, big]}
  drain: %s
%s
`, r.upstream.addr, r.setup.proxy, or(r.setup.anonymous, "allow"), r.idp.url, audience, r.setup.jwt, or(r.setup.drain, "{delay: 0s, timeout: 5s}"), r.setup.spec)
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

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	raw    string
	closes bool // the connection
}

func (a answer) code(t testing.TB) string {
	t.Helper()
	var problem struct {
		Code   string `json:"code"`
		Status int    `json:"status"`
	}
	if err := json.Unmarshal([]byte(a.body), &problem); err != nil {
		t.Fatalf("the body is no problem document: %v\n%s", err, a.raw)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" || problem.Status != a.status {
		t.Errorf("content type %q, status in the body %d: %s", got, problem.Status, a.raw)
	}
	return problem.Code
}

// get writes a request of its own making: a request line, headers, and Host
// app.test unless it is among them. The connection is not kept.
func (r *rig) get(line string, headers ...string) answer {
	r.Helper()
	return r.send(request(line, headers...))
}

func request(line string, headers ...string) string {
	if !strings.Contains(line, " HTTP/") {
		line += " HTTP/1.1"
	}
	text := line + "\r\n"
	host := false
	for _, h := range headers {
		host = host || strings.HasPrefix(strings.ToLower(h), "host:")
		text += h + "\r\n"
	}
	if !host {
		text += "Host: app.test\r\n"
	}
	return text + "\r\n"
}

func bearer(token string) string { return "Authorization: Bearer " + token }

// send writes bytes to the proxy and reads one answer. It counts it.
func (r *rig) send(raw string) answer {
	r.Helper()
	c := r.dial()
	defer c.Close()
	c.write(raw)
	return c.read(strings.HasPrefix(raw, "HEAD "))
}

// wire is a connection of a client.
type wire struct {
	net.Conn
	r   *rig
	in  *bufio.Reader
	raw bytes.Buffer // what came since the last answer, and maybe before
}

func (r *rig) dial() *wire {
	r.Helper()
	c, err := net.Dial("tcp", r.car.Addr().String())
	if err != nil {
		r.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		r.Fatal(err)
	}
	w := &wire{Conn: c, r: r}
	w.in = bufio.NewReader(io.TeeReader(c, &w.raw))
	return w
}

func (w *wire) write(text string) {
	w.r.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		w.r.Fatal(err)
	}
}

// open takes the header of an answer.
func (w *wire) open(method string) *http.Response {
	w.r.Helper()
	resp, err := http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		w.r.Fatalf("no answer: %v", err)
	}
	return resp
}

// read takes one answer and counts it. For the answer to a HEAD it makes sure
// that nothing follows the header.
func (w *wire) read(head bool) answer {
	w.r.Helper()
	method := http.MethodGet
	if head {
		method = http.MethodHead
	}
	resp := w.open(method)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.r.Fatalf("the body of the answer: %v", err)
	}
	w.r.answers.Add(1)
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(body), raw: w.raw.String(), closes: resp.Close}
	if head && w.in.Buffered() > 0 {
		w.r.Errorf("the answer to a HEAD has a body: %s", a.raw)
	}
	w.raw.Reset()
	return a
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

// stop ends the sidecar and gives its records. It makes sure that there is one
// for every answer, and no secret anywhere.
func (r *rig) stop() []*record.Event {
	r.Helper()
	r.cancel()
	<-r.ended
	if r.err != nil {
		r.Errorf("Run: %v", r.err)
	}
	events := r.records()
	var answers int64
	for i, e := range events {
		if e.Seq != uint64(i+1) {
			r.Errorf("record %d has the number %d", i+1, e.Seq)
		}
		switch e.Kind {
		case record.KindDecision, record.KindAuthnFailure, record.KindRequestRejected:
			answers++
		}
	}
	if got := r.answers.Load(); got != answers {
		r.Errorf("%d answers, %d records of them\n%s", got, answers, r.out.String())
	}
	for _, secret := range r.secrets {
		for name, text := range map[string]string{"records": r.out.String(), "log": r.log.String()} {
			if i := strings.Index(text, secret); i >= 0 {
				r.Errorf("the %s hold %q: %s", name, secret, text[max(0, i-200):min(len(text), i+200)])
			}
		}
	}
	return events
}

// records gives what has been written so far.
func (r *rig) records() []*record.Event {
	r.Helper()
	var out []*record.Event
	for line := range strings.Lines(r.out.String()) {
		if !strings.HasSuffix(line, "\n") {
			break // being written
		}
		e, err := record.Parse([]byte(line))
		if err != nil {
			r.Fatalf("%v: %s", err, line)
		}
		out = append(out, e)
	}
	return out
}

// last gives the last record of a kind.
func last(t testing.TB, events []*record.Event, kind record.Kind) *record.Event {
	t.Helper()
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Kind == kind {
			return events[i]
		}
	}
	t.Fatalf("no record of kind %s", kind)
	return nil
}

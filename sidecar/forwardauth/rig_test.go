package forwardauth

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
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

const patience = 10 * time.Second

// method knows users by the word that stands for their token.
type method struct{}

const issuer = "https://idp.example.com"

func (method) Kind() string { return authn.KindJWT }

func (method) Name() string { return issuer }

func (method) Authenticate(_ context.Context, c authn.Credentials) (*authn.Identity, error) {
	if !c.HasAuthorization {
		return nil, authn.ErrNotMine
	}
	claims := map[string]string{
		"Bearer user":  `{"sub":"alice","tenant":"acme","roles":["customer"],"plan":"pro"}`,
		"Bearer admin": `{"sub":"root","roles":["admin"]}`,
		"Bearer torn":  `{"sub":"eve","roles":["a,admin"]}`,
	}[c.Authorization]
	switch {
	case c.Authorization == "Bearer down":
		return nil, &authn.Broken{Dependency: issuer, Method: issuer}
	case claims == "":
		return nil, &authn.Refused{Reason: authn.ReasonSignatureInvalid, Method: issuer}
	}
	return &authn.Identity{Method: "jwt", Name: issuer, Source: authn.SourceAuthorization, Issuer: issuer, Type: authn.TypeHuman, Claims: []byte(claims)}, nil
}

// lines is a sink of records for several goroutines.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// rig is a door that serves, with a point behind it.
type rig struct {
	testing.TB
	dialect  string
	door     *Door
	addr     string
	from     string // address that the proxy asks from
	draining atomic.Bool
	out      lines
	audit    *audit.Log
}

// serve opens a door for a dialect. 127.0.0.1 and 127.0.0.9 are proxies.
func serve(t testing.TB, dialect string) *rig {
	t.Helper()
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(policies)}})
	set, more := engine.Compile(src)
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	mapped, found := mapping.New(set, nil)
	if found.HasErrors() {
		t.Fatal(found)
	}
	cfg := &config.Config{AllowAnonymous: true, Propagate: config.Propagate{Propagation: config.Propagation{Claims: []string{"plan"}, Roles: config.Roles{All: true}}}, ForwardAuth: config.ForwardAuth{
		Dialect: dialect, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("127.0.0.9/32")},
		Limits: config.DefaultLimits(),
	}}
	r := &rig{TB: t, dialect: dialect, from: "127.0.0.1"}
	metrics, logger := health.NewMetrics(), slog.New(slog.DiscardHandler)
	r.audit = audit.New(audit.NewWriterSink(&r.out), audit.Options{})
	reader, err := canonical.New(canonical.Options{})
	if err != nil {
		t.Fatal(err)
	}
	point := pdp.New(pdp.Options{Clock: time.Now, NewID: func() string { return "decision" }, Audit: r.audit, Metrics: metrics, Reader: reader, Logger: logger, Verify: (*engine.Set).Verify})
	snapshot, found := pdp.NewSnapshot(set, cfg, []pdp.Method{{Authn: method{}, Mapping: mapped}}, nil)
	if found.HasErrors() {
		t.Fatal(found)
	}
	point.Swap(snapshot)
	door, err := New(Options{Config: cfg.ForwardAuth, Point: point, Metrics: metrics, Clock: time.Now, Logger: logger, Draining: r.draining.Load})
	if err != nil {
		t.Fatal(err)
	}
	r.door = door
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	srv := door.Server()
	var running sync.WaitGroup
	bounded := door.Listener(l)
	running.Go(func() { _ = srv.Serve(bounded) }) // ends with Close below
	t.Cleanup(func() {
		_ = srv.Close()
		running.Wait()
	})
	return r
}

// asked is the request that a proxy asks about.
type asked struct {
	line   string // METHOD TARGET
	scheme string // "http" if empty
	host   string // "app.test" if empty
	from   string // X-Forwarded-For; 198.51.100.7 if empty
}

// family gives the headers that the proxy of a dialect describes it in.
func (a asked) family(dialect string) []string {
	or := func(s, def string) string {
		if s == "" {
			return def
		}
		return s
	}
	m, target, _ := strings.Cut(a.line, " ")
	scheme, host, from := or(a.scheme, "http"), or(a.host, "app.test"), "X-Forwarded-For: "+or(a.from, "198.51.100.7")
	if dialect == "nginx" {
		return []string{"X-Original-Method: " + m, "X-Original-URL: " + scheme + "://" + host + target, from}
	}
	return []string{"X-Forwarded-Method: " + m, "X-Forwarded-Proto: " + scheme, "X-Forwarded-Host: " + host, "X-Forwarded-Uri: " + target, from}
}

// carrier writes the request that asks.
func carrier(line string, headers ...string) string {
	return line + " HTTP/1.1\r\nHost: gwctl.internal\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n"
}

// answer is what came back.
type answer struct {
	*http.Response
	text string
}

func (a answer) code() string {
	var p struct{ Code string }
	if json.Unmarshal([]byte(a.text), &p) != nil {
		return ""
	}
	return p.Code
}

// status is the one that the door means: nginx gets only some.
func (a answer) status() string {
	if told := a.Header.Get("X-Gwctl-Status"); told != "" && a.StatusCode == http.StatusForbidden {
		return told
	}
	return a.Status[:3]
}

// ask asks as the rig's proxy does, with the headers of the client.
func (r *rig) ask(a asked, client ...string) answer {
	r.Helper()
	return r.send(carrier("GET /decide", append(client, a.family(r.dialect)...)...))
}

// send writes bytes on a connection of their own and reads one answer.
func (r *rig) send(raw string) answer {
	r.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(r.from)}, Timeout: patience}
	c, err := dialer.Dial("tcp", r.addr)
	if err != nil {
		r.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		r.Fatal(err)
	}
	if _, err := io.WriteString(c, raw); err != nil {
		r.Fatal(err)
	}
	m, _, _ := strings.Cut(raw, " ")
	resp, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: m})
	if err != nil {
		r.Fatalf("no answer to %q: %v", raw, err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return answer{resp, string(text)}
}

// records ends the log and gives what was written.
func (r *rig) records() []*record.Event {
	r.Helper()
	if err := r.audit.Close(r.Context()); err != nil {
		r.Fatal(err)
	}
	var out []*record.Event
	for line := range strings.Lines(r.out.String()) {
		e, err := record.Parse([]byte(line))
		if err != nil {
			r.Fatalf("%v: %s", err, line)
		}
		if e.Kind != record.KindHeaderStripped { // sampled, and beside the answers
			out = append(out, e)
		}
	}
	return out
}

// reason is the code of a record, whatever its kind.
func reason(e *record.Event) string {
	if e.Decision != nil {
		return e.Decision.Reason
	}
	return e.Reason
}

// each runs a test for every dialect.
func each(t *testing.T, test func(t *testing.T, r *rig)) {
	for _, dialect := range config.Dialects() {
		t.Run(dialect, func(t *testing.T) { test(t, serve(t, dialect)) })
	}
}

// reader gives a function that reads the answers of a connection.
func reader(t testing.TB, c net.Conn) func() *http.Response {
	in := bufio.NewReader(c)
	return func() *http.Response {
		t.Helper()
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp
	}
}

func sha(target string) string {
	sum := sha256.Sum256([]byte(target))
	return hex.EncodeToString(sum[:])
}

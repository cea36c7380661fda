package sidecar_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/syntax"
)

// original is a request that can be sent to the proxy, or asked about.
type original struct {
	method, target, host string
	headers              []string
}

// sent is how a client sends it.
func (o original) sent() string {
	return strings.Join(slices.Concat([]string{o.method + " " + o.target + " HTTP/1.1"}, o.headers, []string{"Host: " + o.host, "", ""}), "\r\n")
}

// carried is how a proxy in front asks about it. What the client says in the
// proxy's own family of headers does not come through.
func (o original) carried(dialect string) string {
	family := []string{"X-Forwarded-Method: " + o.method, "X-Forwarded-Proto: http", "X-Forwarded-Host: " + o.host, "X-Forwarded-Uri: " + o.target, "X-Forwarded-For: 127.0.0.1"}
	if dialect == "nginx" {
		family = []string{"X-Original-Method: " + o.method, "X-Original-URL: http://" + o.host + o.target, "X-Forwarded-For: 127.0.0.1"}
	}
	client := slices.DeleteFunc(slices.Clone(o.headers), func(h string) bool {
		name, _, _ := strings.Cut(h, ":")
		return slices.ContainsFunc(family, func(own string) bool {
			return len(own) > len(name) && own[len(name)] == ':' && strings.EqualFold(own[:len(name)], name)
		})
	})
	return strings.Join(slices.Concat([]string{"GET /decide HTTP/1.1", "Host: gwctl.internal"}, client, family, []string{"", ""}), "\r\n")
}

// anything makes a random request, most of them a little wrong.
func anything(rnd *rand.Rand, credentials []string) original {
	pick := func(from []string) string { return from[rnd.IntN(len(from))] }
	o := original{
		method: pick([]string{"HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "FOO", "get"}),
		host:   pick([]string{"APP.TEST", "app.test:80", "app.test.", "app.test:8080", "evil.test", "app..test", "a@b", "app.test,evil.test", "[::1]", "[::1]:80", "[::1", ""}),
		target: pick([]string{
			"/items/7", "/items/embargoed", "/items/busy", "/public/a/b", "/public/", "/admin/x", "/peek/1", "/peek/1?q=a", "/peek/1?q=a&q=b", "/glance/3", "/lookup/2", "/export/9", "/notes/5", "/settle/4", "/nowhere", "/", "/readyz",
		}),
	}
	if rnd.IntN(4) > 0 {
		o.method = "GET"
	}
	if rnd.IntN(3) > 0 {
		o.host = "app.test"
	}
	pieces := []string{
		"%2e", ".", "..", "/../", "/./", "//", "/", "%2F", "%2f", "%5C", "\\", ";x", "%3b", "#x", "%23", "%61", "%41", "%2561", "%c0%ae", "%ff", "%C3%A9", "\u00e9", "%00", "%0a", "%7F", "%", "%zz", "%2",
		"?a=1", "?q=a&q=b", "&b=%zz", "?a=%00", "?a;b", "?a=%2e%2e/", "*", "+", "~", "'", "\"", "<", "|", "^", "{id}", "admin", ",", ":", "@", "%20",
	}
	for range max(0, rnd.IntN(6)-3) {
		at := 1 + rnd.IntN(len(o.target))
		o.target = o.target[:at] + pick(pieces) + o.target[at:]
	}
	if c := pick(credentials); c != "" {
		o.headers = append(o.headers, c)
	}
	lines := []string{
		"X-User-ID: root", "x_user_id: root", "X.User.Id: root", "X-User-Roles: admin", "X-Tenant-Id: evil", "X-Auth-Claims: e30", "X-Request-ID: evil-0123456789", "X-Seen-By: me", "X-Refund-Limit: 9",
		"X-Plan: pro", "X-Plan: pro", "X_Plan: pro", "x-plan: free", "Connection: X-Plan", "Connection: close", "Connection: x-user-id", "Connection: Authorization, X-Plan",
		"X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-Uri: /public/x", "X-Forwarded-Method: OPTIONS", "X-Original-Method: OPTIONS", "X-Original-URL: http://app.test/public/x",
		"X-Forwarded-Prefix: /public", "X_Forwarded_Uri: /public/x", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1", "X-HTTP-Method-Override: GET", "X-Rewrite-URL: /public/x", "X-Envoy-Original-Path: /x", "Client-Cert: :MII=:",
		"Cookie: a=b; c=d", "Cookie: " + strings.Repeat("a=b;", 101), "X-API-Key: a", "Accept: */*", "User-Agent: GoogleHC/1.0", "X-Note: caf\xe9", "X-Note: \x01", "X-Note: a\tb", "X-Note : a", "No-Colon",
		"TE: trailers", "Keep-Alive: 5", "Upgrade: websocket", "Trailer: X-User-Id", "Expect: miracles", "Content-Type: application/json", "Content-Length: 0", "Proxy-Authorization: Basic eDp5", "X-Long: " + strings.Repeat("x", 8<<10),
	}
	for range max(0, rnd.IntN(6)-3) {
		o.headers = append(o.headers, pick(lines))
	}
	return o
}

// The two doors make the same of the same request: kind of record, reason,
// rule, status, decision, inputs, user, path and address; and the same identity
// headers reach the upstream.
func TestDoorParity(t *testing.T) {
	const each = 2500 // requests for each dialect, at two doors
	for i, dialect := range []string{"generic", "nginx"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			parity(t, dialect, rand.New(rand.NewPCG(uint64(i), 7)), each)
		})
	}
}

func parity(t *testing.T, dialect string, rnd *rand.Rand, requests int) {
	r := start(t, setup{
		listeners: "    forward_auth: {address: \"127.0.0.1:0\", dialect: " + dialect + ", trusted_proxies: [127.0.0.1/32]}",
	})
	var arrived atomic.Pointer[http.Header]
	r.upstream.answer = func(c net.Conn, req *http.Request) {
		arrived.Store(&req.Header)
		_, _ = io.Copy(io.Discard, req.Body)
		head, _, _ := strings.Cut(fixedAnswer, "hello")
		_, _ = io.WriteString(c, strings.Replace(head, "Length: 5", "Length: 0", 1))
	}
	customer := bearer(r.user(`{"roles":["customer"],"tenant":"acme","plan":"pro"}`))
	credentials := []string{
		"", customer, customer, bearer(r.user(`{"roles":["admin"],"scope":"items:export"}`)), bearer(r.user(`{"roles":["a,admin"]}`)),
		customer[:len(customer)-8] + "AAAAAAAA", "Authorization: Basic YTpi", "Authorization:",
	}
	front, side := &line{r: r, door: r.car.Addr()}, &line{r: r, door: r.car.ForwardAuthAddr()}
	defer front.end()
	defer side.end()
	var all []original
	for range requests {
		o := anything(rnd, credentials)
		all = append(all, o)
		arrived.Store(nil)
		p := front.ask(o.sent(), o.method)
		f := side.ask(o.carried(dialect), "GET")
		if got := arrived.Load(); (got != nil) != (f.status == http.StatusOK) {
			t.Errorf("%q: the proxy answers %d, the other door %d", o, p.status, f.status)
		} else if got != nil {
			for _, name := range []string{"X-User-Id", "X-User-Roles", "X-Tenant-Id", "X-Auth-Claims", "X-Seen-By", "X-Refund-Limit"} {
				if got.Get(name) != f.header.Get(name) || len(f.header[name]) != 1 {
					t.Errorf("%q: %s is %q at the upstream and %q in the answer", o, name, got.Get(name), f.header[name])
				}
			}
		}
	}
	events := r.stop()[1:] // after the start
	if len(events) != 2*len(all) {
		t.Fatalf("%d records of %d answers", len(events), 2*len(all))
	}
	reasons := map[string]int{}
	for i, o := range all {
		p, f := events[2*i], events[2*i+1]
		if p.Door != "proxy" || f.Door != "forward_auth" {
			t.Fatalf("%q: records of %s and %s", o, p.Door, f.Door)
		}
		if p.Detail == syntax.Rule && f.Kind == record.KindRequestRejected {
			continue // Go's server was faster
		}
		if what := difference(p, f); what != "" {
			t.Errorf("%q: %s differ:\n%+v %+v\n%+v %+v", o, what, p, p.HTTP, f, f.HTTP)
		}
		reasons[reasonOf(p)]++
	}
	// A test of nothing but refusals would say little.
	for _, want := range []string{
		"allowed", "request_not_canonical", "hop_by_hop_abuse", "method_not_allowed", "no_route", "no_matching_rule", "unauthenticated", "insufficient_scope", "signature_invalid",
		"claim_not_representable", "attribute_invalid", "embargoed",
	} {
		if reasons[want] == 0 {
			t.Errorf("no request was %s: %v", want, reasons)
		}
	}
}

func reasonOf(e *record.Event) string {
	if e.Decision != nil {
		return e.Decision.Reason
	}
	return e.Reason
}

// difference names what two records of one request differ in.
func difference(p, f *record.Event) string {
	pd, _ := json.Marshal(p.Decision) // compared, and never an error
	fd, _ := json.Marshal(f.Decision)
	for what, same := range map[string]bool{
		"kinds": p.Kind == f.Kind, "reasons": reasonOf(p) == reasonOf(f), "rules": p.Detail == f.Detail, "statuses": p.Status == f.Status, "decisions": bytes.Equal(pd, fd),
		"users": p.Subject == f.Subject && p.Tenant == f.Tenant && p.Method == f.Method, "requests": reflect.DeepEqual(p.HTTP, f.HTTP), "addresses": p.SourceIP == f.SourceIP,
		"inputs": reflect.DeepEqual(p.Inputs, f.Inputs),
	} {
		if !same {
			return what
		}
	}
	return ""
}

// line is a connection to a door that is opened again when it was closed.
type line struct {
	r    *rig
	door net.Addr
	wire *wire
}

func (l *line) ask(raw, method string) answer {
	l.r.Helper()
	if l.wire == nil {
		l.wire = l.r.dialTo(l.door)
	}
	l.wire.write(raw)
	resp := l.wire.open(method)                                              // Go's own refusal of a HEAD has a body, so read would not do
	if _, err := io.Copy(io.Discard, resp.Body); err != nil && !resp.Close { // a refusal by Go's server may be cut short
		l.r.Fatalf("the body of the answer: %v", err)
	}
	l.r.answers.Add(1)
	if resp.Close {
		l.end()
	}
	return answer{status: resp.StatusCode, header: resp.Header}
}

func (l *line) end() {
	if l.wire != nil {
		_ = l.wire.Close()
		l.wire = nil
	}
}

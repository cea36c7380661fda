package forwardauth

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/record"
)

// identity are the headers that each 200 has, in the set of these tests.
func identity() []string {
	return []string{"X-User-Id", "X-User-Roles", "X-Tenant-Id", "X-Request-Id", "X-Auth-Claims", "X-Order-View", "X-Seen-By"}
}

// allowed makes sure that an answer lets the request through with these
// identity headers, the request's id apart, and with all others empty.
func allowed(t testing.TB, what string, a answer, want map[string]string) {
	t.Helper()
	if a.StatusCode != http.StatusOK || a.text != "" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %s %v %s", what, a.Status, a.Header, a.text)
		return
	}
	for _, name := range identity() {
		values, ok := a.Header[name]
		switch {
		case !ok || len(values) != 1:
			t.Errorf("%s: %s is answered as %q", what, name, values)
		case name == "X-Request-Id":
			if len(values[0]) != 36 {
				t.Errorf("%s: the id is %q", what, values[0])
			}
		case values[0] != want[name]:
			t.Errorf("%s: %s is %q, want %q", what, name, values[0], want[name])
		}
	}
	for name := range a.Header {
		if strings.HasPrefix(name, "X-") && !strings.Contains(strings.Join(identity(), " "), name) {
			t.Errorf("%s: %s is answered", what, name)
		}
	}
}

func TestAllow(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		allowed(t, "nobody", r.ask(asked{line: "GET /public/x"}), nil)
		allowed(t, "a user", r.ask(asked{line: "GET /mark"}, "Authorization: Bearer user"), map[string]string{
			"X-User-Id": "alice", "X-User-Roles": "customer", "X-Tenant-Id": "acme", "X-Auth-Claims": "eyJwbGFuIjoicHJvIn0", "X-Order-View": "own", "X-Seen-By": "alice",
		})
		allowed(t, "without a tenant", r.ask(asked{line: "DELETE /admin/x?a=1"}, "Authorization: Bearer admin"), map[string]string{"X-User-Id": "root", "X-User-Roles": "admin"})
		head := r.send(carrier("HEAD /decide", append(asked{line: "HEAD /public/x"}.family(r.dialect), "Authorization: Bearer user")...))
		allowed(t, "HEAD", head, map[string]string{"X-User-Id": "alice", "X-User-Roles": "customer", "X-Tenant-Id": "acme", "X-Auth-Claims": "eyJwbGFuIjoicHJvIn0"})
		events := r.records()
		if len(events) != 4 {
			t.Fatalf("%d records of 4 answers", len(events))
		}
		for _, e := range events {
			if e.Door != Name || e.Kind != record.KindDecision || e.Status != 200 || e.SourceIP != "198.51.100.7" {
				t.Errorf("recorded %+v", e)
			}
		}
		if h := events[2].HTTP; h.Method != "DELETE" || h.Path != "/admin/x" || h.Host != "app.test" || h.TargetSHA256 != sha("/admin/x?a=1") {
			t.Errorf("recorded %+v", h)
		}
	})
}

// Denials keep their status where the proxy passes it on.
func TestDeny(t *testing.T) {
	tests := []struct {
		name   string
		asked  asked
		client []string
		status int
		code   string
		reason string // in the record; code if empty
		header [2]string
	}{
		{"no credential", asked{line: "GET /admin/x"}, nil, 401, "unauthenticated", "", [2]string{"Www-Authenticate", `Bearer realm="gwctl"`}},
		{"bad token", asked{line: "GET /admin/x"}, []string{"Authorization: Bearer forged"}, 401, "invalid_token", "signature_invalid", [2]string{"Www-Authenticate", `Bearer realm="gwctl", error="invalid_token"`}},
		{"bad token where none is needed", asked{line: "GET /public/x"}, []string{"Authorization: Bearer forged"}, 401, "invalid_token", "signature_invalid", [2]string{}},
		{"no rule", asked{line: "GET /admin/x"}, []string{"Authorization: Bearer user"}, 403, "no_matching_rule", "", [2]string{}},
		{"no route", asked{line: "GET /nowhere"}, nil, 403, "no_route", "", [2]string{}},
		{"other method", asked{line: "POST /admin/x"}, nil, 405, "no_route", "", [2]string{"Allow", "DELETE, GET"}},
		{"no method of ours", asked{line: "TRACE /admin/x"}, nil, 405, "method_not_allowed", "", [2]string{"Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}},
		{"foreign host", asked{line: "GET /here"}, nil, 403, "no_route", "", [2]string{}},
		{"reason of a rule", asked{line: "GET /admin/closed"}, []string{"Authorization: Bearer admin"}, 451, "closed", "", [2]string{}},
		{"not canonical", asked{line: "GET /a/../b"}, nil, 400, "request_not_canonical", "", [2]string{}},
		{"body that nobody delivers", asked{line: "POST /send"}, []string{"Authorization: Bearer user", "Content-Type: application/json"}, 503, "body_unavailable", "", [2]string{"Retry-After", "5"}},
		{"provider away", asked{line: "GET /admin/x"}, []string{"Authorization: Bearer down"}, 503, "dependency_unavailable", "", [2]string{"Retry-After", "5"}},
	}
	each(t, func(t *testing.T, r *rig) {
		for _, tt := range tests {
			a := r.ask(tt.asked, tt.client...)
			want := fmt.Sprint(tt.status)
			if a.status() != want || a.code() != tt.code || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: answer %s %v %s", tt.name, a.Status, a.Header, a.text)
			}
			if narrow := r.dialect == "nginx" && tt.status != 401 && tt.status != 403; narrow != (a.Header.Get("X-Gwctl-Status") != "") || narrow && a.StatusCode != 403 {
				t.Errorf("%s: answer %s %v", tt.name, a.Status, a.Header)
			}
			if tt.header[0] != "" && a.Header.Get(tt.header[0]) != tt.header[1] {
				t.Errorf("%s: %s is %q", tt.name, tt.header[0], a.Header.Get(tt.header[0]))
			}
			for _, name := range identity() {
				if name != "X-Request-Id" && a.Header[name] != nil {
					t.Errorf("%s: %s is answered", tt.name, name)
				}
			}
			if a.Close {
				t.Errorf("%s: the proxy's connection is closed", tt.name)
			}
		}
		for i, e := range r.records() {
			want := tests[i].reason
			if want == "" {
				want = tests[i].code
			}
			if reason(e) != want || e.Door != Name || e.Status != tests[i].status {
				t.Errorf("%s: recorded %+v", tests[i].name, e)
			}
		}
	})
}

// A delivered body is not read either, and one that never ends does not hold
// the connection.
func TestBody(t *testing.T) {
	r := serve(t, "traefik")
	family := append(asked{line: "POST /send"}.family(r.dialect), "Authorization: Bearer user", "Content-Type: application/json", "Content-Length: 12")
	if a := r.send(carrier("POST /", family...) + `{"amount":1}`); a.StatusCode != 503 || a.code() != "body_unavailable" {
		t.Errorf("answer %s %s", a.Status, a.text)
	}
	family = append(asked{line: "POST /public/x"}.family(r.dialect), "Content-Length: 12")
	allowed(t, "a body that no rule reads", r.send(carrier("POST /", family...)+`{"amount":1}`), nil)
}

// Requests follow each other on the proxy's connection, refused or not, until
// the process drains.
func TestConnections(t *testing.T) {
	r := serve(t, "caddy")
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	raw := carrier("GET /", asked{line: "GET /public/x"}.family(r.dialect)...)
	bad := carrier("GET /", asked{line: "GET /a/../b"}.family(r.dialect)...)
	read := reader(t, c)
	for i, tt := range []struct {
		raw    string
		status int
		closes bool
	}{{raw, 200, false}, {bad, 400, false}, {raw, 200, false}, {raw, 200, true}} {
		r.draining.Store(tt.closes)
		if _, err := io.WriteString(c, tt.raw); err != nil {
			t.Fatal(err)
		}
		if resp := read(); resp.StatusCode != tt.status || resp.Close != tt.closes {
			t.Errorf("answer %d: %s, closes %t", i, resp.Status, resp.Close)
		}
	}
}

// What net/http's server refuses by itself leaves a record, too.
func TestSyntax(t *testing.T) {
	r := serve(t, "generic")
	good := asked{line: "GET /public/x"}.family(r.dialect)
	for _, raw := range []string{
		"hello\r\n\r\n",
		strings.Replace(carrier("GET /", good...), "Host: gwctl.internal\r\n", "", 1),
		carrier("GET /", append(good, "X-User-Id : evil")...),
		carrier("GET /", append(good, "X-Note: a\x00b")...),
		carrier("GET /", append(good, "X-Note: "+strings.Repeat("x", 80<<10))...),
	} {
		if a := r.send(raw); a.StatusCode < 400 || !a.Close {
			t.Errorf("%.60q: answer %s", raw, a.Status)
		}
	}
	allowed(t, "a good one", r.send(carrier("GET /", good...)), nil)
	events := r.records()
	if len(events) != 6 {
		t.Fatalf("%d records of 6 answers", len(events))
	}
	for _, e := range events[:5] {
		if e.Kind != record.KindRequestRejected || e.Detail != "http_syntax" || e.Door != Name || e.SourceIP != "127.0.0.1" {
			t.Errorf("recorded %+v", e)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, dialect := range []string{"", "envoy", "NGINX"} {
		o := Options{}
		o.Config.Dialect = dialect
		if d, err := New(o); d != nil || err == nil {
			t.Errorf("%q is a dialect", dialect)
		}
	}
}

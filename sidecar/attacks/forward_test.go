package attacks_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/sidecar/config"
)

// front is where the proxies that ask are.
const front = "127.0.0.4"

// forwardDoor is the forward-auth door with a proxy in front that speaks one
// dialect.
type forwardDoor struct {
	r       *rig
	dialect string
}

func (d forwardDoor) name() string { return "forward_auth " + d.dialect }

// carries leaves out what no proxy passes on: bytes that are no request, and
// for nginx what is no path, because it writes one URL.
func (d forwardDoor) carries(q request) bool {
	url := d.dialect != "nginx" || strings.HasPrefix(q.target, "/") && !strings.Contains(q.host, "/")
	return q.raw == "" && q.version == "" && q.host != "-" && url
}

func (d forwardDoor) ask(t testing.TB, from string, q request) answer {
	t.Helper()
	var a answer
	if seen, conns := d.r.upstream.received(func() { a = exchange(t, d.r.car.ForwardAuthAddr(), front, d.carrier(from, q)) }); seen != "" || conns > 0 {
		t.Errorf("the upstream was asked by the forward-auth door: %q", seen)
	}
	return a
}

// carrier is how the proxy asks. What the client says in the proxy's own family
// of headers does not come through.
func (d forwardDoor) carrier(from string, q request) string {
	method, host := q.method, q.host
	if method == "" {
		method = "GET"
	}
	if host == "" {
		host = "app.test"
	}
	family := []string{"X-Forwarded-Method: " + method, "X-Forwarded-Proto: http", "X-Forwarded-Host: " + host, "X-Forwarded-Uri: " + q.target}
	if d.dialect == "nginx" {
		family = []string{"X-Original-Method: " + method, "X-Original-URL: http://" + host + q.target}
	}
	family = append(family, "X-Forwarded-For: "+from)
	theirs := slices.DeleteFunc(slices.Clone(q.headers), func(h string) bool {
		name, _, _ := strings.Cut(h, ":")
		return slices.ContainsFunc(family, func(own string) bool {
			ours, _, _ := strings.Cut(own, ":")
			return strings.EqualFold(ours, name)
		})
	})
	return request{target: "/decide", host: "gwctl.internal", headers: slices.Concat(theirs, family)}.wire()
}

// judge expects the answer of the proxy door, in the statuses that the dialect
// has.
func (d forwardDoor) judge(a answer, want verdict) string {
	status := want.status
	if d.dialect == "nginx" && want.code != "" && status != 401 && status != 403 {
		if got := a.header.Get("X-Gwctl-Status"); got != strconv.Itoa(status) {
			return fmt.Sprintf("X-Gwctl-Status is %q, want %d", got, status)
		}
		status = 403
	}
	if a.status != status || a.code() != want.code {
		return fmt.Sprintf("answer %d %q, want %d %q", a.status, a.code(), status, want.code)
	}
	return ""
}

// hands gives the identity, which is what the proxy copies. Each header of it
// is there once.
func (d forwardDoor) hands(a answer, _ string) string {
	var out strings.Builder
	for _, name := range identityHeaders {
		values := a.header[http.CanonicalHeaderKey(name)]
		switch {
		case len(values) != 1:
			fmt.Fprintf(&out, "%s came %d times: evil\n", name, len(values))
		case name != "X-Request-ID":
			fmt.Fprintf(&out, "%s: %s\n", name, values[0])
		}
	}
	return out.String()
}

// everywhere runs a test for the proxy door, and again for the forward-auth
// door in every dialect.
func everywhere(t *testing.T, s setup, test func(t *testing.T, r *rig)) {
	t.Run("proxy", func(t *testing.T) {
		r := start(t, s)
		r.doors = []door{proxyDoor{r}}
		test(t, r)
		r.stop(t)
	})
	for _, dialect := range config.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			s := s
			s.dialect = dialect
			r := start(t, s)
			r.doors = []door{forwardDoor{r, dialect}}
			test(t, r)
			r.stop(t)
		})
	}
}

// TestForwardAuthPeer: only the proxies that are named may ask, and only with
// their own headers, each once (A02, A39, A40).
func TestForwardAuthPeer(t *testing.T) {
	for _, dialect := range config.Dialects() {
		t.Run(dialect, func(t *testing.T) {
			r := start(t, setup{dialect: dialect})
			d := forwardDoor{r, dialect}
			whole := d.carrier(client, get("/public/x"))
			first := "X-Forwarded-Uri: /public/x\r\n"
			if dialect == "nginx" {
				first = "X-Original-URL: http://app.test/public/x\r\n"
			}
			for _, tt := range []struct {
				name, from, carrier, code, detail string
				status                            int
				source                            string
			}{
				{"A40 a stranger", attacker, whole, "untrusted_peer", "peer", 403, attacker},
				{"A39 a part is missing", front, strings.Replace(whole, first, "", 1), "forwarding_incomplete", "", 400, front},
				{"A39 a part is missing, with an alias", front, strings.Replace(whole, first, strings.Replace(first, "-", "_", 2), 1), "forwarding_incomplete", "", 400, front},
				{"A02 a part is there twice", front, strings.Replace(whole, first, first+first, 1), "request_not_canonical", "repeated_header", 400, front},
			} {
				v := verdict{status: tt.status, code: tt.code, kind: "request_rejected", detail: tt.detail}
				if tt.code == "forwarding_incomplete" {
					name, _, _ := strings.Cut(first, ":")
					v.detail = strings.ToLower(name)
				}
				a := exchange(t, r.car.ForwardAuthAddr(), tt.from, tt.carrier)
				if wrong := d.judge(a, v); wrong != "" {
					t.Errorf("%s: %s", tt.name, wrong)
				}
				r.wants = append(r.wants, wanted{tt.name, v, tt.source})
				r.pass(t, d, get("/public/x"))
			}
			r.stop(t)
		})
	}
}

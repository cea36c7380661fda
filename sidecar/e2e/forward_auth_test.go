package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// orders is a list that the client "customer" may see.
const orders = "/tenants/acme/orders"

// asking is a real proxy between the test and a service, with gwctl beside it.
type asking struct {
	testing.TB
	*front
	gwctl   *sidecar
	service *recorder
	user    string // headers that present tokens
	admin   string
}

// sends sends a request and gives the answer and what the service saw of it.
func (a *asking) sends(request string) (answer, string) {
	a.Helper()
	var got answer
	seen := a.service.during(func() { got = a.front.ask(a, request) })
	return got, seen
}

// refused makes sure that no byte of a request reaches the service.
func (a *asking) refused(what, request string, statuses ...int) answer {
	a.Helper()
	got, seen := a.sends(request)
	if seen != "" {
		a.Errorf("%s: the service saw %q", what, seen)
	}
	if !slices.Contains(statuses, got.status) {
		a.Errorf("%s: answer %d %v %s, want %v", what, got.status, got.header, got.body, statuses)
	}
	return got
}

// passes makes sure that a request reaches the service and that nobody is who
// is not in want, and gives the line that arrived.
func (a *asking) passes(what, request string, want map[string]string) string {
	a.Helper()
	got, seen := a.sends(request)
	if got.status != http.StatusOK || got.body != "served\n" {
		a.Errorf("%s: answer %d %v %s", what, got.status, got.header, got.body)
		return ""
	}
	line, headers := headersOf(a, seen)
	for _, name := range []string{"x-user-id", "x-user-roles", "x-tenant-id", "x-auth-claims", "authorization", "x-forwarded-uri", "x-forwarded-method", "x-original-url", "x-original-method", "forwarded"} {
		if values := headers[name]; strings.Join(values, "|") != want[name] {
			a.Errorf("%s: the service saw %s %q, want %q", what, name, values, want[name])
		}
	}
	if id := headers["x-request-id"]; len(id) != 1 || len(id[0]) != 36 {
		a.Errorf("%s: the request's id is %q", what, id)
	}
	if strings.Contains(strings.ToLower(strings.Join(headers["connection"], ",")), "x-") {
		a.Errorf("%s: Connection is %q", what, headers["connection"])
	}
	return line
}

var alice = map[string]string{"x-user-id": customer, "x-user-roles": "customer", "x-tenant-id": "acme", "x-auth-claims": "eyJwbGFuIjoicHJvIn0"}

// TestForwardAuth puts the configurations of examples/forward-auth to the test
// with the real proxies.
func TestForwardAuth(t *testing.T) {
	idp := startProvider(t, 0)
	user, admin := bearer(idp.token(t, customer, rs256, allScopes)), bearer(idp.token(t, operator, rs256, allScopes))
	for _, name := range fronts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it mostly waits
			service := startRecorder(t)
			gwctl := startAsked(t, name, idp.issuer)
			a := &asking{TB: t, front: startFront(t, name, gwctl.proxy, service.address), gwctl: gwctl, service: service, user: user, admin: admin}
			for what, test := range map[string]func(*asking){
				"allow": asksAllow, "deny": asksDeny, "spoofed headers": asksSpoofed, "ambiguous targets": asksAmbiguous, "body": asksBody,
			} {
				t.Run(what, func(t *testing.T) {
					b := *a
					b.TB = t
					test(&b)
				})
			}
			t.Run("closed without gwctl", func(t *testing.T) { asksNobody(t, a) })
		})
	}
}

func asksAllow(a *asking) {
	if line := a.passes("a user", request("GET", orders+"?x=1", a.user), alice); line != "GET "+orders+"?x=1 HTTP/1.1" {
		a.Errorf("the service got %q", line)
	}
	a.passes("nobody", request("GET", "/status"), nil)
	a.passes("a bad cookie is no credential", request("GET", "/status", "Cookie: a=b"), nil)
	a.passes("the office, by the address of the client", request("GET", "/admin/x", a.admin), map[string]string{"x-user-id": operator, "x-user-roles": "admin", "x-tenant-id": "acme"})
	got, _ := a.sends("HEAD /status HTTP/1.1\r\nHost: shop.test\r\n\r\n")
	if got.status != http.StatusOK {
		a.Errorf("HEAD: answer %d", got.status)
	}
	line := a.gwctl.stdout.await(a, 5*time.Second, 0, `"door":"forward_auth"`, `"subject":"`+operator+`"`)
	if !strings.Contains(line, `"source_ip":"127.0.0.1"`) || !strings.Contains(line, `"path":"/admin/x"`) || !strings.Contains(line, `"host":"shop.test"`) {
		a.Errorf("recorded %s", line)
	}
}

func asksDeny(a *asking) {
	for _, tt := range []struct {
		what, request string
		status        int
		code          string
		header        [2]string
	}{
		{"no credential", request("GET", orders), 401, "unauthenticated", [2]string{"Www-Authenticate", `Bearer realm="gwctl"`}},
		{"a forged token", request("GET", "/status", "Authorization: Bearer x.y.z"), 401, "invalid_token", [2]string{"Www-Authenticate", `Bearer realm="gwctl", error="invalid_token"`}},
		{"no rule", request("GET", "/admin/x", a.user), 403, "no_matching_rule", [2]string{}},
		{"another tenant", request("GET", "/tenants/globex/orders", a.user), 403, "no_matching_rule", [2]string{}},
		{"no route", request("GET", "/nowhere", a.user), 403, "no_route", [2]string{}},
		{"another method", request("DELETE", "/status", a.user), 405, "no_route", [2]string{"Allow", "GET"}},
		{"two credentials", request("GET", orders, a.user, "Authorization: Bearer x"), 400, "request_not_canonical", [2]string{}},
	} {
		got := a.refused(tt.what, tt.request, tt.status)
		if tt.header[0] != "" && got.header.Get(tt.header[0]) != tt.header[1] {
			a.Errorf("%s: %s is %q", tt.what, tt.header[0], got.header.Get(tt.header[0]))
		}
		// nginx has pages of its own.
		if a.name != "nginx" && got.code() != tt.code && !(a.name == "haproxy" && tt.what == "two credentials") {
			a.Errorf("%s: body %s", tt.what, got.body)
		}
	}
}

// asksSpoofed: whatever clients say about themselves, in every spelling.
func asksSpoofed(a *asking) {
	a.passes("nobody", request("GET", "/status", spoofed...), nil)
	a.passes("a user", request("GET", orders, append(slices.Clone(spoofed), a.user)...), alice)
	others := []string{
		"X-Forwarded-Method: GET", "X-Forwarded-Uri: /status", "X-Forwarded-Host: shop.test", "X-Forwarded-Proto: https", "X-Forwarded-For: 203.0.113.9", "X_Forwarded_Uri: /status",
		"X-Original-Method: GET", "X-Original-URL: http://shop.test/status", "X-Original-URI: /status", "X-Rewrite-URL: /status", "Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9", "X-HTTP-Method-Override: GET",
	}
	a.passes("another request", request("GET", "/status", others...), nil)
	a.passes("another address", request("GET", "/admin/x", append(slices.Clone(others), a.admin)...), map[string]string{"x-user-id": operator, "x-user-roles": "admin", "x-tenant-id": "acme"})
	a.refused("another target", request("GET", "/admin/x", others...), 401)
	a.refused("another target of a user", request("GET", "/admin/x", append(slices.Clone(others), a.user)...), 403)
	for _, connection := range []string{"close, X-User-ID", "x-user-id, x-tenant-id, keep-alive", "Authorization", "X-Request-ID"} {
		// Either the proxy hides it from everybody, or it is refused.
		got, seen := a.sends(request("GET", orders, a.user, "Connection: "+connection))
		if got.status == http.StatusOK {
			_, headers := headersOf(a, seen)
			if headers["x-user-id"] == nil || headers["x-tenant-id"] == nil || strings.Contains(strings.ToLower(strings.Join(headers["connection"], ",")), "x-") {
				a.Errorf("Connection: %s: the service saw %q", connection, seen)
			}
		} else if seen != "" || got.status >= 500 {
			a.Errorf("Connection: %s: answer %d, the service saw %q", connection, got.status, seen)
		}
	}
}

// asksAmbiguous: targets that two readers could understand differently (A01 to
// A30 of docs on attacks). The administrator's token would open /admin.
func asksAmbiguous(a *asking) {
	for _, target := range []string{
		"/status/../admin/x", "/status/%2e%2e/admin/x", "/status/.%2E/admin/x", "/status/..%2fadmin/x", "/status%2fadmin", "/status%2Fadmin", "/admin%5Cx", "/admin%5cx",
		"//admin/x", "///admin/x", "/admin//x", "/admin;x", "/admin/x;jsessionid=1", "/status/..;/admin/x", "/admin/x%3bx", "/admin/x%00", "/admin/x%0a", "/%c0%ae%c0%ae/admin/x", "/%ff",
		"/status?a=%zz", "/status?a=1;b=2", "/status?" + strings.Repeat("a&", 300),
	} {
		a.refused(target, request("GET", target, a.admin), 400)
	}
	// What some proxies refuse themselves, and others pass on.
	for _, raw := range []string{
		"GET admin/x HTTP/1.1\r\nHost: shop.test\r\n" + a.admin + "\r\n\r\n",
		"GET /admin/x HTTP/1.1\r\nHost: shop.test/status\r\n\r\n",
		"GET /admin/x HTTP/1.1\r\nHost: shop.test/../status?\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: shop.test/admin\r\n" + a.admin + "\r\n\r\n",
		"GET /status HTTP/1.1\r\nHost: shop.test\r\nHost: evil.test\r\n\r\n",
		"GET /status HTTP/1.1\r\nHost: a@b\r\n\r\n",
		"GET /status HTTP/1.0\r\n\r\n",
		`GET /status\..\admin HTTP/1.1` + "\r\nHost: shop.test\r\n" + a.admin + "\r\n\r\n",
		"GET /nowhere#/../status HTTP/1.1\r\nHost: shop.test\r\n\r\n",
	} {
		a.refused(raw, raw, 400, 403, 404, 421)
	}
	// Absolute-form: proxies make one host of it, and gwctl judges that one.
	got, seen := a.sends("GET http://evil.test/admin/x HTTP/1.1\r\nHost: shop.test\r\n" + a.user + "\r\n\r\n")
	if seen != "" || got.status == http.StatusOK {
		a.Errorf("absolute-form: answer %d, the service saw %q", got.status, seen)
	}
	// The twins.
	for target, want := range map[string]string{"/%73tatus": "/%73tatus", "/status/": "/status/", "/status?a=%2e%2e%2f": "/status?a=%2e%2e%2f"} {
		if line := a.passes(target, request("GET", target), nil); line != "GET "+want+" HTTP/1.1" {
			a.Errorf("%s: the service got %q", target, line)
		}
	}
}

// asksBody: gwctl sees no body, and the service sees all of it.
func asksBody(a *asking) {
	for _, raw := range []string{
		request("POST", orders, a.user, "Content-Type: application/json", "Content-Length: 14") + `{"amount":100}`,
		request("POST", orders, a.user, "Content-Type: application/json", "Transfer-Encoding: chunked") + "e\r\n{\"amount\":100}\r\n0\r\n\r\n",
	} {
		got, seen := a.sends(raw)
		if got.status != http.StatusOK || strings.Count(seen, `{"amount":100}`) != 1 || !strings.HasPrefix(seen, "POST "+orders+" HTTP/1.1\r\n") {
			a.Errorf("answer %d, the service saw %q", got.status, seen)
		}
	}
	a.refused("a body without a token", request("POST", orders, "Content-Length: 14")+`{"amount":100}`, 401)
}

// asksNobody: while gwctl is away no request passes, and none that is held.
func asksNobody(t *testing.T, a *asking) {
	b := *a
	b.TB = t
	b.passes("before", request("GET", "/status"), nil)
	if err := b.gwctl.stop(30 * time.Second); err != nil {
		t.Fatalf("stopping gwctl: %v", err)
	}
	// At the same time: HAProxy tries for three seconds to reach gwctl.
	requests := slices.Repeat([]string{request("GET", orders, b.user), request("GET", "/status"), request("GET", "/status", "Authorization: Bearer x.y.z")}, 4)
	answers := make([]answer, len(requests))
	failed := make([]error, len(requests))
	seen := b.service.during(func() {
		var running sync.WaitGroup
		for i, r := range requests {
			running.Go(func() {
				w := wire{address: b.address}
				defer w.close()
				answers[i], failed[i] = w.do(r)
			})
		}
		running.Wait()
	})
	if seen != "" {
		t.Errorf("the service saw %q", seen)
	}
	for i, got := range answers {
		if failed[i] != nil || got.status < 500 || got.status > 504 {
			t.Errorf("%.40q: answer %d, %v", requests[i], got.status, failed[i])
		}
	}
	if b.hasEnded() {
		t.Errorf("%s has ended: %v", b.name, b.err)
	}
}

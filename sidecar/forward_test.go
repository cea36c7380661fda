package sidecar_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// head cuts the bytes of one request into request line and headers.
func head(t testing.TB, raw string) (line string, headers map[string][]string) {
	t.Helper()
	top, _, ok := strings.Cut(raw, "\r\n\r\n")
	if !ok {
		t.Fatalf("the upstream saw no whole request: %q", raw)
	}
	lines := strings.Split(top, "\r\n")
	headers = map[string][]string{}
	for _, h := range lines[1:] {
		name, value, _ := strings.Cut(h, ": ")
		headers[name] = append(headers[name], value)
	}
	return lines[0], headers
}

// The bytes on the wire are those that were decided, and those of the record.
func TestForwardsWhatWasDecided(t *testing.T) {
	r := start(t, setup{})
	token := r.user(`{"roles":["customer"]}`)
	tests := []struct{ name, line, host, wantLine, wantHost, wantPath string }{
		{"plain", "GET /items/7", "app.test", "GET /items/7 HTTP/1.1", "app.test", "/items/7"},
		{"query byte for byte", "GET /items/7?b=2&a=%20%7e&&c=+&d", "app.test", "GET /items/7?b=2&a=%20%7e&&c=+&d HTTP/1.1", "app.test", "/items/7"},
		{"lone question mark", "GET /items/7?", "app.test", "GET /items/7 HTTP/1.1", "app.test", "/items/7"},
		{"unreserved is decoded", "GET /%69tem%73/%7E7", "app.test", "GET /items/~7 HTTP/1.1", "app.test", "/items/~7"},
		{"triplets in upper case", "GET /items/%c3%a9%2c", "app.test", "GET /items/%C3%A9%2C HTTP/1.1", "app.test", "/items/%C3%A9%2C"},
		{"never decoded twice", "GET /items/%252e%252E", "app.test", "GET /items/%252e%252E HTTP/1.1", "app.test", "/items/%252e%252E"},
		{"encoded hash", "GET /items/a%23b", "app.test", "GET /items/a%23b HTTP/1.1", "app.test", "/items/a%23b"},
		{"odd but allowed", "GET /items/*!$&'()+,=:@", "app.test", "GET /items/*!$&'()+,=:@ HTTP/1.1", "app.test", "/items/*!$&'()+,=:@"},
		{"trailing slash", "GET /items/7/", "app.test", "GET /items/7/ HTTP/1.1", "app.test", "/items/7/"},
		{"host folded", "GET /items/7", "APP.Test.:80", "GET /items/7 HTTP/1.1", "app.test", "/items/7"},
		{"port kept", "GET /items/7", "app.test:8443", "GET /items/7 HTTP/1.1", "app.test:8443", "/items/7"},
		{"address", "GET /items/7", "[::1]:80", "GET /items/7 HTTP/1.1", "[::1]", "/items/7"},
		{"HTTP/1.0", "GET /items/7 HTTP/1.0", "app.test", "GET /items/7 HTTP/1.1", "app.test", "/items/7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got answer
			seen := r.forwarded(func() { got = r.get(tt.line, "Host: "+tt.host, bearer(token)) })
			if got.status != http.StatusOK || got.body != "hello" || got.header.Get("X-Upstream") != "yes" {
				t.Fatalf("answer %s", got.raw)
			}
			line, headers := head(t, seen)
			if line != tt.wantLine || !slices.Equal(headers["Host"], []string{tt.wantHost}) {
				t.Errorf("the upstream saw %q, Host %q; want %q, %q", line, headers["Host"], tt.wantLine, tt.wantHost)
			}
		})
	}
	events := slices.DeleteFunc(r.stop(), func(e *record.Event) bool { return e.Kind != record.KindDecision })
	for i, tt := range tests {
		if h := events[i].HTTP; h.Path != tt.wantPath || h.Host != tt.wantHost || !events[i].Decision.Allowed() || events[i].Decision.Rule.String() != "items/reads" {
			t.Errorf("%s: recorded %+v %+v", tt.name, h, events[i].Decision)
		}
	}
}

// spoofed are headers that a client has no business to send (ATTACKS A28, A31,
// A32, A34, A38, A40, A44, A46).
var spoofed = []string{
	"X-User-ID: evil", "x-user-id: evil", "X-USER-id: evil", "X_User_ID: evil", "X-User_Id: evil", "X.User.Id: evil", "x_user.id: evil",
	"X-User-Roles: admin", "X_USER_ROLES: admin", "x_tenant_id: evil", "X-Tenant-ID: evil", "X-Auth-Claims: e30", "x.auth.claims: e30",
	"X-Request-ID: evil-request-1", "X_Request_Id: evil-request-1",
	"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-Prefix: /evil", "X_Forwarded_Proto: https",
	"X-Gwctl-Assertion: evil", "x_gwctl.assertion: evil", "X-Forwarded-Uri: /evil", "Forwarded: for=203.0.113.9;proto=https", "X-Real-IP: 203.0.113.9", "X-Original-URL: /evil", "X-Original-URI: /evil",
	"X-Rewrite-URL: /evil", "X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE",
	"X-Envoy-Original-Path: /evil", "X-Forwarded-Client-Cert: evil", "Client-Cert: :evil:", "X-SSL-Client-CN: evil",
	"Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic ZXZpbA==", "TE: trailers",
	"Connection: keep-alive, X-Private", "X-Private: evil",
}

func TestIdentityHeaders(t *testing.T) {
	base := map[string][]string{
		"Host": {"app.test"}, "Accept": {"*/*"}, "X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Host": {"app.test"}, "X-Forwarded-Proto": {"http"}, "Te": {"trailers"},
	}
	user := map[string][]string{
		"X-User-Id": {"alice"}, "X-User-Roles": {"customer,shop:ops"}, "X-Tenant-Id": {"acme"},
		"X-Auth-Claims": {base64.RawURLEncoding.EncodeToString([]byte(`{"plan":"pro"}`))},
	}
	claims := `{"roles":["customer","shop:ops"],"tenant":"acme","plan":"pro","email":"alice@example.com"}`
	for _, tt := range []struct {
		name, line string
		setup      setup
		token      bool
		want       []map[string][]string
	}{
		{name: "a user", line: "GET /items/7", token: true, want: []map[string][]string{base, user}},
		{name: "nobody", line: "GET /public/x", want: []map[string][]string{base}},
		{name: "a user, with the token", line: "GET /items/7", setup: setup{spec: "  forward_token: true"}, token: true, want: []map[string][]string{base, user, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, tt.setup)
			headers := append([]string{"Accept: */*"}, spoofed...)
			want := map[string][]string{}
			for _, m := range tt.want {
				maps.Copy(want, m)
			}
			if tt.token {
				token := r.user(claims)
				headers = append(headers, bearer(token))
				if tt.setup.spec != "" {
					want["Authorization"] = []string{"Bearer " + token}
				}
			}
			seen := r.forwarded(func() {
				if got := r.get(tt.line, headers...); got.status != http.StatusOK {
					t.Fatalf("answer %s", got.raw)
				}
			})
			_, got := head(t, seen)
			id := got["X-Request-Id"]
			delete(got, "X-Request-Id")
			if !maps.EqualFunc(got, want, slices.Equal[[]string]) {
				t.Errorf("the upstream saw\n%v\nwant\n%v", got, want)
			}
			if len(id) != 1 || len(id[0]) != 36 {
				t.Errorf("X-Request-Id %q", id)
			}
			if strings.Contains(seen, "evil") {
				t.Errorf("something of the client's came through: %s", seen)
			}
			for reason, n := range map[string]string{"identity": "15", "managed": "18", "connection": "1"} { // by name
				if got := r.metric(`gwctl_headers_dropped_total{reason="` + reason + `"}`); got != n {
					t.Errorf("%s headers dropped: %s, want %s", reason, got, n)
				}
			}
			e := last(t, r.stop(), record.KindDecision)
			if e.RequestID != id[0] || e.SourceIP != "127.0.0.1" {
				t.Errorf("recorded request id %q and address %q, sent %q", e.RequestID, e.SourceIP, id)
			}
		})
	}
}

// A trusted peer's word about the client is used, and not passed on as it is.
func TestTrustedProxy(t *testing.T) {
	r := start(t, setup{proxy: `, trusted_proxies: ["127.0.0.0/8"]`})
	seen := r.forwarded(func() {
		got := r.get("GET /public/x", "X-Forwarded-For: 6.6.6.6, 203.0.113.9, 127.0.0.5", "X-Forwarded-Proto: https", "X-Request-ID: from-the-edge", "X-Forwarded-Host: evil.test")
		if got.status != http.StatusOK {
			t.Fatalf("answer %s", got.raw)
		}
	})
	_, got := head(t, seen)
	want := map[string][]string{
		"Host": {"app.test"}, "X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Host": {"app.test"}, "X-Forwarded-Proto": {"https"}, "X-Request-Id": {"from-the-edge"},
	}
	if !maps.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("the upstream saw\n%v\nwant\n%v", got, want)
	}
	if e := last(t, r.stop(), record.KindDecision); e.SourceIP != "203.0.113.9" || e.RequestID != "from-the-edge" {
		t.Errorf("recorded %q, %q", e.SourceIP, e.RequestID)
	}
}

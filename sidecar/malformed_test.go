package sidecar_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/syntax"
)

// Requests that two readers could understand differently (ATTACKS 2.1, 2.2 and
// 2.5). None reaches the upstream, each leaves a record, and the connection is
// closed.
func TestMalformed(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{"roles":["admin","customer"]}`))
	tests := []struct {
		line   string
		header string // beside the credential and Host
		status int
		rule   string
	}{
		// A01, A04, A05, A06, A09, A10, A20, A25, A26, A30
		{"GET /public/../admin/secrets", "", 400, "dot_segment"},
		{"GET /public/%2e%2e/admin", "", 400, "dot_segment"},
		{"GET /public/.%2E/admin", "", 400, "dot_segment"},
		{"GET /public/./x", "", 400, "dot_segment"},
		{"GET /public%2fadmin", "", 400, "encoded_slash"},
		{"GET /public%2Fadmin", "", 400, "encoded_slash"},
		{"GET /public/..%2fadmin/secret.txt", "", 400, "encoded_slash"},
		{"GET /a%5Cb", "", 400, "encoded_backslash"},
		{"GET /a%5c..%5cadmin", "", 400, "encoded_backslash"},
		{"GET //admin/dashboard", "", 400, "empty_segment"},
		{"GET ///admin", "", 400, "empty_segment"},
		{"GET //x/people?a=1", "", 400, "empty_segment"},
		{"GET /admin//x", "", 400, "empty_segment"},
		{"GET /admin;x", "", 400, "path_params"},
		{"GET /admin;jsessionid=1", "", 400, "path_params"},
		{"GET /public/..;/admin", "", 400, "path_params"},
		{"GET /admin%3bx", "", 400, "path_params"},
		{"GET /admin#x", "", 400, "fragment"},
		{"GET /#/../admin", "", 400, "fragment"},
		{"GET http://evil.test/admin/x", "", 400, "absolute_form"},
		{"GET http://app.test/items/7", "", 400, "absolute_form"},
		{`GET /a\..\admin`, "", 400, "backslash"},
		{"GET /admin%00", "", 400, "encoded_control"},
		{"GET /admin%0a", "", 400, "encoded_control"},
		{"GET /admin%7F", "", 400, "encoded_control"},
		{"GET /%c0%ae%c0%ae/admin", "", 400, "path_text"},
		{"GET /%ff", "", 400, "path_text"},
		{"GET /items/\u00e9", "", 400, "target_byte"},
		{"GET /items/a\"b", "", 400, "path_byte"},
		{"GET *", "", 400, "target_form"},
		{"GET /items/7?a=%zz&admin=1", "", 400, "query_encoding"},
		{"GET /items/7?a=1;admin=1", "", 400, "query_semicolon"},
		{"GET /items/7?a=%00", "", 400, "query_text"},
		{"GET /items/7?" + strings.Repeat("a&", 256), "", 400, "query_params"},
		{"GET /items/7?" + strings.Repeat("a", 8<<10), "", 400, "target_length"},
		// A18 and its kin
		{"GET /items/7", "Host: app.test,evil.test", 400, "host"},
		{"GET /items/7", "Host: ", 400, "host"},
		{"GET /items/7", "Host: app..test", 400, "host"},
		{"GET /items/7", "Host: app.test:", 400, "host"},
		{"GET /items/7", "Host: app.test:0", 400, "host"},
		{"GET /items/7", "Host: app_test", 400, "host"},
		{"GET /items/7 HTTP/1.0", "none", 400, "host"},
		// A35 and the rest of header hygiene
		{"GET /items/7", "Connection: close, x-user-id, X-Request-ID", 400, "connection_abuse"},
		{"GET /items/7", "Connection: Authorization", 400, "connection_abuse"},
		{"GET /items/7", "Connection: Cookie", 400, "connection_abuse"},
		{"GET /items/7", "Connection: Host", 400, "connection_abuse"},
		{"GET /items/7", "Connection: X-Forwarded-For", 400, "connection_abuse"},
		{"GET /items/7", "Authorization: Bearer x", 400, "repeated_header"},
		{"GET /items/7", "X-API-Key: a\r\nX-API-Key: b", 400, "repeated_header"},
		{"GET /items/7", "X-Note: caf\xe9", 400, "header_value"},
		{"GET /items/7", "X-Long: " + strings.Repeat("x", 8<<10), 400, "header_limit"},
		{"GET /items/7", "X-H: 1" + strings.Repeat("\r\nX-H: 1", 99), 400, "header_limit"},
		{"GET /items/7", strings.Repeat("X-H: "+strings.Repeat("x", 4<<10)+"\r\n", 8) + "X-I: 1", 400, "header_limit"},
		{"GET /items/7", "Cookie: " + strings.Repeat("a=b;", 100) + "a=b", 400, "cookie_limit"},
		{"GET /items/7", "Connection: Upgrade\r\nUpgrade: h2c", 400, "upgrade"},
		{"GET /items/7", "Connection: Upgrade\r\nUpgrade: websocket", 400, "upgrade"},
		{"POST /items/7", "Transfer-Encoding: chunked\r\nTrailer: X-User-Id", 400, "trailer"},
		// methods, A95
		{"TRACE /items/7", "", 405, "method"},
		{"CONNECT /items/7", "", 405, "method"},
		{"CONNECT app.test:443", "", 405, "method"},
		{"FOO /items/7", "", 405, "method"},
		{"get /items/7", "", 405, "method"},
	}
	codes := map[string]string{"connection_abuse": "hop_by_hop_abuse", "method": "method_not_allowed"}
	code := func(rule string) string {
		if c := codes[rule]; c != "" {
			return c
		}
		return "request_not_canonical"
	}
	r.untouched(func() {
		for _, tt := range tests {
			headers := []string{user}
			raw := request(tt.line, user, tt.header)
			switch tt.header {
			case "":
				raw = request(tt.line, headers...)
			case "none":
				raw = tt.line + "\r\n" + user + "\r\n\r\n"
			}
			got := r.send(raw)
			if got.status != tt.status || got.code(t) != code(tt.rule) || !got.closes {
				t.Errorf("%s %.60q: answer %s", tt.line, tt.header, got.raw)
			}
			if allow := got.header.Get("Allow"); (allow == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") != (tt.status == 405) {
				t.Errorf("%s: Allow %q", tt.line, allow)
			}
		}
	})
	for _, ok := range []string{
		request("GET /items/7", user),
		request("GET /items/7", user, "Connection: close, x-note", "X-Note: a", "X-Note: b"),
		request("GET /items/7?"+strings.Repeat("a&", 255), user),
		request("GET /items/7", user, "X-H: 1"+strings.Repeat("\r\nX-H: 1", 90)),
		request("GET /items/7", user, "X-Long: "+strings.Repeat("x", 8000)),
		request("GET /items/7", user, strings.Repeat("X-H: "+strings.Repeat("x", 4<<10)+"\r\n", 7)+"X-I: 1"),
	} {
		if got := r.send(ok); got.status != http.StatusOK {
			t.Errorf("%.80q: answer %s", ok, got.raw)
		}
	}
	if got := r.metric(`gwctl_requests_rejected_total{reason="method_not_allowed"}`); got != "5" {
		t.Errorf("counted %q refused methods", got)
	}
	events := r.stop()[1:]
	for i, tt := range tests {
		e := events[i]
		if e.Kind != record.KindRequestRejected || e.Reason != code(tt.rule) || e.Detail != tt.rule || e.Status != tt.status {
			t.Errorf("%s %.60q: recorded %s %s %s %d, want %s", tt.line, tt.header, e.Kind, e.Reason, e.Detail, e.Status, tt.rule)
		}
		if e.SourceIP != "127.0.0.1" || e.RequestID == "" || len(e.HTTP.TargetSHA256) != 64 || e.HTTP.Path != "" {
			t.Errorf("%s: recorded %+v %+v", tt.line, e, e.HTTP)
		}
	}
}

// What net/http's server refuses by itself leaves a record as well (ATTACKS
// A19, A94, A96).
func TestMalformedSyntax(t *testing.T) {
	t.Parallel() // it mostly waits
	r := start(t, setup{})
	user := bearer(r.user(`{}`))
	const host = "Host: app.test\r\n"
	tests := []struct {
		name, raw string
		status    int
	}{
		{"no HTTP", "hello\r\n\r\n", 400},
		{"no path", "GET admin HTTP/1.1\r\n" + host + "\r\n", 400},
		{"half a triplet", "GET /a%2 HTTP/1.1\r\n" + host + "\r\n", 400},
		{"no Host", "GET /items/7 HTTP/1.1\r\n\r\n", 400},
		{"two Hosts", "GET /items/7 HTTP/1.1\r\n" + host + host + "\r\n", 400},
		{"Host with user", "GET /items/7 HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
		{"blank before the colon", "GET /items/7 HTTP/1.1\r\n" + host + "X-User-Id : evil\r\n\r\n", 400},
		{"NUL in a value", "GET /items/7 HTTP/1.1\r\n" + host + "X-Note: a\x00b\r\n\r\n", 400},
		{"bare CR in a value", "GET /items/7 HTTP/1.1\r\n" + host + "X-Note: a\rb\r\n\r\n", 400},
		{"two lengths", "POST /items/7 HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
		{"length that is none", "POST /items/7 HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\na", 400},
		{"unknown coding", "POST /items/7 HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
		{"coding with a control character", "POST /items/7 HTTP/1.1\r\n" + host + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400},
		{"two codings", "POST /items/7 HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501},
		{"another version", "GET /items/7 HTTP/3.0\r\n" + host + "\r\n", 505},
		{"an expectation", "POST /items/7 HTTP/1.1\r\n" + host + "Expect: miracles\r\nContent-Length: 0\r\n\r\n", 417},
		{"endless headers", "GET /items/7 HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
	}
	r.untouched(func() {
		for _, tt := range tests {
			got := r.send(tt.raw)
			if got.status != tt.status || !got.closes {
				t.Errorf("%s: answer %s", tt.name, got.raw)
			}
		}
		// HTTP/2 without TLS is not spoken; its preface is a request like others.
		if got := r.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); got.status != http.StatusMethodNotAllowed {
			t.Errorf("HTTP/2: answer %s", got.raw)
		}
	})
	if got := r.get("GET /items/7", user); got.status != http.StatusOK {
		t.Errorf("a good one: %s", got.raw)
	}
	events := r.stop()[1:]
	for i, tt := range tests {
		e := events[i]
		rule := syntax.Rule
		if strings.Contains(tt.name, "length") {
			rule = syntax.RuleFraming
		}
		if e.Kind != record.KindRequestRejected || e.Detail != rule || e.Status != tt.status || e.SourceIP != "127.0.0.1" {
			t.Errorf("%s: recorded %+v", tt.name, e)
		}
	}
}

// The server's own refusal of a later request on a connection is told apart
// from the answers before it.
func TestMalformedLater(t *testing.T) {
	r := start(t, setup{})
	user := bearer(r.user(`{}`))
	c := r.dial()
	defer c.Close()
	c.write(request("GET /items/7", user) + request("GET /items/8", user) + "hello\r\n\r\n")
	for _, want := range []int{200, 200, 400} {
		if got := c.read(false); got.status != want {
			t.Errorf("answer %s, want %d", got.raw, want)
		}
	}
	kinds := []record.Kind{}
	for _, e := range r.stop() {
		kinds = append(kinds, e.Kind)
	}
	want := []record.Kind{record.KindConfigReload, record.KindDecision, record.KindDecision, record.KindRequestRejected}
	if len(kinds) != len(want) || kinds[3] != want[3] {
		t.Errorf("recorded %v, want %v", kinds, want)
	}
}

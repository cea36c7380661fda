package sidecar_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/admin"
)

const adminOnLoopback = `    admin: {address: "127.0.0.1:0", hosts: [gw-admin.local]}`

// order sends bytes to the admin listener; HOST stands for its address.
func (r *rig) order(raw string) answer {
	r.Helper()
	w := r.dialTo(r.car.AdminAddr())
	defer w.Close()
	w.write(strings.ReplaceAll(raw, "HOST", r.car.AdminAddr().String()))
	got := w.read(false)
	if got.status == http.StatusOK {
		r.answers.Add(-1) // the operation is recorded, and not the answer
	}
	return got
}

// post is an order as curl sends it.
func post(path, body string, headers ...string) string {
	return request("POST "+path, append([]string{"Host: HOST", "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body))}, headers...)...) + body
}

// A web page, a host that resolves to this one, and what is no order do nothing,
// and leave a record each (A114).
func TestAdminRefuses(t *testing.T) {
	idp := newSessionProvider(t)
	r := start(t, setup{authn: idp.method(), listeners: adminOnLoopback})
	alice := idp.access("alice", "s-1")
	revoke := fmt.Sprintf(`{"iss":%q,"sub":"alice"}`, idp.URL)
	get := func(host string, headers ...string) string {
		return request("GET /-/status", append([]string{"Host: " + host}, headers...)...)
	}
	port := r.car.AdminAddr().(*net.TCPAddr).Port
	other := fmt.Sprintf("127.0.0.1:%d", port%65535+1)
	refusals := []struct {
		name, request string
		status        int
		reason        string
		detail        string
	}{
		{"another host", get("evil.example"), 403, "admin_forbidden", "host"},
		{"another host, right port", get(fmt.Sprintf("evil.example:%d", port)), 403, "admin_forbidden", "host"},
		{"a name that begins like this host", get(fmt.Sprintf("127.0.0.1.evil.example:%d", port)), 403, "admin_forbidden", "host"},
		{"another port", get(other), 403, "admin_forbidden", "host"},
		{"no port", get("127.0.0.1"), 403, "admin_forbidden", "host"},
		{"the address of another host", get(fmt.Sprintf("10.0.0.1:%d", port)), 403, "admin_forbidden", "host"},
		{"every address", get(fmt.Sprintf("0.0.0.0:%d", port)), 403, "admin_forbidden", "host"},
		{"absolute form", request("GET http://evil.example/-/status", "Host: HOST"), 403, "admin_forbidden", "host"},
		{"a page", get("HOST", "Origin: http://evil.example"), 403, "admin_forbidden", "origin"},
		{"a page of the listener", get("HOST", "Origin: http://HOST"), 403, "admin_forbidden", "origin"},
		{"a page without a name", get("HOST", "Origin: null"), 403, "admin_forbidden", "origin"},
		{"an empty Origin", get("HOST", "Origin:"), 403, "admin_forbidden", "origin"},
		{"an image of a page", get("HOST", "Sec-Fetch-Site: cross-site"), 403, "admin_forbidden", "fetch_site"},
		{"a page of another port", get("HOST", "Sec-Fetch-Site: same-site"), 403, "admin_forbidden", "fetch_site"},
		{"two of it", get("HOST", "Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"), 403, "admin_forbidden", "fetch_site"},
		{"a form of a page", post("/-/revoke", revoke, "Origin: http://evil.example"), 403, "admin_forbidden", "origin"},
		{"encoded path", request("GET /-/st%61tus", "Host: HOST"), 404, "admin_request_invalid", "path"},
		{"dots", request("GET /x/../-/status", "Host: HOST"), 404, "admin_request_invalid", "path"},
		{"two slashes", request("GET //-/status", "Host: HOST"), 404, "admin_request_invalid", "path"},
		{"query", request("GET /-/status?x", "Host: HOST"), 404, "admin_request_invalid", "path"},
		{"asterisk", request("OPTIONS *", "Host: HOST"), 404, "admin_request_invalid", "path"},
		{"metrics", request("GET /metrics", "Host: HOST"), 404, "admin_request_invalid", "path"},
		{"a change by GET", request("GET /-/revoke", "Host: HOST"), 405, "admin_request_invalid", "method"},
		{"status by POST", post("/-/status", "{}"), 405, "admin_request_invalid", "method"},
		{"a preflight", request("OPTIONS /-/revoke", "Host: HOST"), 405, "admin_request_invalid", "method"},
		{"no type", request("POST /-/revoke", "Host: HOST", fmt.Sprintf("Content-Length: %d", len(revoke))) + revoke, 415, "admin_request_invalid", "content_type"},
		{"type of a form", strings.Replace(post("/-/revoke", revoke), "application/json", "text/plain", 1), 415, "admin_request_invalid", "content_type"},
		{"another charset", strings.Replace(post("/-/revoke", revoke), "application/json", "application/json; charset=utf-16", 1), 415, "admin_request_invalid", "content_type"},
		{"encoded", post("/-/revoke", revoke, "Content-Encoding: gzip"), 415, "admin_request_invalid", "content_type"},
		{"too long", post("/-/revoke", `{"sub":"`+strings.Repeat("a", 5000)+`"}`), 413, "admin_request_invalid", "body"},
		{"no body", post("/-/revoke", ""), 400, "admin_request_invalid", "body"},
		{"a list", post("/-/revoke", "["+revoke+"]"), 400, "admin_request_invalid", "body"},
		{"two objects", post("/-/revoke", revoke+revoke), 400, "admin_request_invalid", "body"},
		{"a member twice", post("/-/revoke", strings.Replace(revoke, "{", `{"sub":"bob",`, 1)), 400, "admin_request_invalid", "body"},
		{"another spelling", post("/-/revoke", strings.Replace(revoke, "sub", "Sub", 1)), 400, "admin_request_invalid", "body"},
		{"a number", post("/-/revoke", strings.Replace(revoke, `"alice"`, "7", 1)), 400, "admin_request_invalid", "body"},
		{"empty text", post("/-/revoke", strings.Replace(revoke, "alice", "", 1)), 400, "admin_request_invalid", "body"},
		{"unknown member", post("/-/revoke", strings.Replace(revoke, "{", `{"dry":"run",`, 1)), 400, "admin_request_invalid", "body"},
		{"nobody is meant", post("/-/revoke", fmt.Sprintf(`{"iss":%q}`, idp.URL)), 400, "admin_request_invalid", "body"},
		{"one and all", post("/-/revoke", strings.Replace(revoke, "{", `{"all":true,`, 1)), 400, "admin_request_invalid", "body"},
		{"all that is false", post("/-/revoke", strings.Replace(revoke, `"sub":"alice"`, `"all":false`, 1)), 400, "admin_request_invalid", "body"},
		{"no issuer", post("/-/revoke", `{"sub":"alice"}`), 400, "admin_request_invalid", "iss"},
		{"another issuer", post("/-/revoke", `{"iss":"https://x.example","sub":"alice"}`), 400, "admin_request_invalid", "iss"},
		{"another issuer's cache", post("/-/cache/purge", `{"iss":"https://x.example","sub":"alice"}`), 400, "admin_request_invalid", "iss"},
		{"a token and a user", post("/-/cache/purge", `{"jti":"x","sub":"alice"}`), 400, "admin_request_invalid", "body"},
		{"keys of a user", post("/-/jwks/refresh", `{"sub":"alice"}`), 400, "admin_request_invalid", "body"},
		{"keys of another issuer", post("/-/jwks/refresh", `{"iss":"https://x.example"}`), 400, "admin_request_invalid", "iss"},
	}
	for _, tt := range refusals {
		got := r.order(tt.request)
		if got.status != tt.status || got.code(t) != tt.reason || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %s", tt.name, got.raw)
		}
	}
	if got := r.get(item, bearer(alice)); got.status != http.StatusOK {
		t.Errorf("somebody was obeyed: %s", got.raw)
	}
	for name, host := range map[string]string{"address": "HOST", "name": fmt.Sprintf("localhost:%d", port), "IPv6": fmt.Sprintf("[::1]:%d", port), "own name": fmt.Sprintf("GW-admin.local:%d", port)} {
		if got := r.order(get(host, "Sec-Fetch-Site: none")); got.status != http.StatusOK {
			t.Errorf("good twin by %s: %s", name, got.raw)
		}
	}
	if got := r.order(post("/-/revoke", revoke)); got.status != http.StatusOK {
		t.Errorf("good twin: %s", got.raw)
	}
	if got := r.get(item, bearer(alice)); got.status != http.StatusUnauthorized {
		t.Errorf("nobody was obeyed: %s", got.raw)
	}
	events := ofKind(r.stop(), record.KindRequestRejected)
	for i, tt := range refusals {
		if e := events[i]; e.Door != "admin" || e.Reason != tt.reason || e.Detail != tt.detail || e.Status != tt.status {
			t.Errorf("%s: recorded %s", tt.name, e.AppendJSON(nil))
		}
	}
}

// Each operation does what it says, and is recorded without an identifier (A75).
func TestAdminOperations(t *testing.T) {
	idp := newSessionProvider(t)
	r := start(t, setup{authn: idp.method(), listeners: adminOnLoopback})
	alice, bob := idp.access("alice", "s-1"), idp.access("bob", "s-2")
	passes := func(token string, want int) {
		t.Helper()
		if got := r.get(item, bearer(token)); got.status != want {
			t.Errorf("%d, want %d: %s", got.status, want, got.raw)
		}
	}
	does := func(path, body, want string) {
		t.Helper()
		if got := r.order(post(path, body)); got.status != http.StatusOK || strings.Join(strings.Fields(got.body), "") != want {
			t.Errorf("%s %s: %s", path, body, got.raw)
		}
	}
	passes(alice, 200)
	passes(bob, 200)
	hits, misses := func() string {
		return r.metric(fmt.Sprintf(`gwctl_token_cache_total{issuer=%q,result="hit"}`, idp.URL))
	},
		func() string {
			return r.metric(fmt.Sprintf(`gwctl_token_cache_total{issuer=%q,result="miss"}`, idp.URL))
		}
	does("/-/cache/purge", `{"sub":"alice"}`, `{"purged":{"tokens":1,"introspection":0}}`)
	passes(alice, 200) // verified anew, and still good
	passes(bob, 200)
	if hits() != "1" || misses() != "3" {
		t.Errorf("%s hits, %s misses", hits(), misses())
	}
	does("/-/cache/purge", `{"all":true}`, `{"purged":{"tokens":2,"introspection":0}}`)
	passes(alice, 200)
	does("/-/revoke", fmt.Sprintf(`{"iss":%q,"sid":"s-1"}`, idp.URL), `{"purged":{"tokens":1,"introspection":0}}`)
	passes(alice, 401)
	passes(bob, 200)
	does("/-/revoke", fmt.Sprintf(`{"iss":%q,"all":true}`, idp.URL), `{"purged":{"tokens":1,"introspection":0}}`)
	passes(bob, 401)

	refreshed := fmt.Sprintf(`{"refreshed":[{"iss":%q,"result":"ok","keys":1,"added":[],"removed":[]}]}`, idp.URL)
	does("/-/jwks/refresh", fmt.Sprintf(`{"iss":%q}`, idp.URL), refreshed)
	if got := r.order(post("/-/jwks/refresh", fmt.Sprintf(`{"iss":%q}`, idp.URL))); got.status != 429 || got.code(t) != "too_often" || got.header.Get("Retry-After") == "" {
		t.Errorf("again: %s", got.raw)
	}
	r.idp.rotate(t)
	got := r.order(post("/-/jwks/refresh", "{}"))
	var all struct{ Refreshed []admin.Refreshed }
	if err := json.Unmarshal([]byte(got.body), &all); err != nil || len(all.Refreshed) != 2 {
		t.Fatalf("%v: %s", err, got.raw)
	}
	for _, one := range all.Refreshed {
		early := one.Issuer == idp.URL
		if early != (one.Result == "too_often") || early == (len(one.Added) == 1 && len(one.Removed) == 1) {
			t.Errorf("%+v", one)
		}
	}
	var status admin.Status
	got = r.order(request("GET /-/status", "Host: HOST"))
	if err := json.Unmarshal([]byte(got.body), &status); err != nil || !status.Ready || status.Digest == "" || len(status.Issuers) != 2 || len(status.Insecure) != 0 {
		t.Fatalf("%v: %s", err, got.raw)
	}
	for _, i := range status.Issuers {
		mine := i.Issuer == idp.URL
		if i.State != "up" || i.Keys != 1 || i.Fetched == nil || i.Logout != mine || mine != (i.Revoked == 1) || mine != (i.RevokedBefore != nil) {
			t.Errorf("%+v", i)
		}
	}
	r.secrets = append(r.secrets, `"s-1"`)
	events := r.stop()
	var kinds []string
	for _, e := range events {
		switch e.Kind {
		case record.KindCachePurge:
			kinds = append(kinds, "purge "+e.Purge.By+" "+e.Purge.Kind)
		case record.KindSession:
			kinds = append(kinds, "session "+e.Session.End)
		}
	}
	if got, want := strings.Join(kinds, ", "), "purge admin sub, purge admin all, session revoked, purge admin sid, session revoked, purge admin all"; got != want {
		t.Errorf("recorded %s, want %s", got, want)
	}
	forced := 0
	for _, e := range r.all() {
		if e.Kind == record.KindJWKSRefresh && e.Refresh.Trigger == "manual" && e.Refresh.Forced {
			forced++
		}
	}
	if forced != 2 {
		t.Errorf("%d fetches were recorded as asked for", forced)
	}
}

// A socket is this user's alone, and goes with the process.
func TestAdminSocket(t *testing.T) {
	r := start(t, setup{listeners: `    admin: {socket: ./admin.sock}`})
	path := filepath.Join(r.dir, "admin.sock")
	at, err := os.Stat(path)
	if err != nil || at.Mode() != os.ModeSocket|0o600 {
		t.Fatalf("%v, %v", at.Mode(), err)
	}
	if entries, err := filepath.Glob(filepath.Join(r.dir, ".a*")); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	ask := func(host string) int {
		t.Helper()
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }, DisableKeepAlives: true}, Timeout: patience}
		resp, err := client.Get("http://" + host + "/-/status")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	if got := ask("localhost"); got != http.StatusOK {
		t.Errorf("good twin: %d", got)
	}
	if got := ask("evil.example"); got != http.StatusForbidden {
		t.Errorf("another host: %d", got)
	}
	r.answers.Add(1)
	r.stop()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

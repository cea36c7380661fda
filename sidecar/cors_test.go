package sidecar_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// shared has routes that pages of other origins may use.
const shared = `---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: shared}
spec:
  actions: {read: {}, write: {}}
  attributes: {rest: {type: string, optional: true, from: [path]}}
  routes:
    - route: GET,PUT /shared/{id}
      action: {GET: read, PUT: write}
      cors: {origins: ["https://app.example.com", "http://localhost:5173"], headers: [Authorization, X-Plan], expose: [X-Total], credentials: true, max_age: 600}
    - {route: "DELETE /shared/{id}", action: write}
    - {route: "GET /files/{rest...}", action: read, encoded_slash: keep, cors: {origins: ["https://app.example.com"]}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: shared}
spec:
  resources: [shared]
  rules: [{id: all, effect: allow, actions: [read, write], when: "!has(resource.id) || resource.id != 'closed'"}]
`

const page, asks = "Origin: https://app.example.com", "Access-Control-Request-Method: "

// wantHeaders compares headers; "" is a header that is not there.
func (a answer) wantHeaders(t testing.TB, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := strings.Join(a.header.Values(name), ", "); got != value {
			t.Errorf("%s is %q, want %q\n%s", name, got, value, a.raw)
		}
	}
}

// A preflight is answered here, without a credential and without the service;
// anything that only looks like one is a request as any other.
func TestPreflight(t *testing.T) {
	r := start(t, setup{more: shared, anonymous: "deny"})
	r.untouched(func() {
		got := r.get("OPTIONS /shared/7", page, asks+"PUT", "Access-Control-Request-Headers: authorization, x-evil")
		if got.status != http.StatusNoContent || got.body != "" || got.closes {
			t.Errorf("answer %s", got.raw)
		}
		got.wantHeaders(t, map[string]string{
			"Access-Control-Allow-Origin": "https://app.example.com", "Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "Authorization, X-Plan",
			"Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "600", "Access-Control-Expose-Headers": "",
			"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers", "WWW-Authenticate": "",
		})
		got = r.get("OPTIONS /files/a%2Fb", page, asks+"GET")
		got.wantHeaders(t, map[string]string{"Access-Control-Allow-Origin": "https://app.example.com", "Access-Control-Allow-Credentials": "", "Access-Control-Allow-Headers": "", "Access-Control-Max-Age": "0"})
		for name, got := range map[string]answer{
			"another origin": r.get("OPTIONS /shared/7", "Origin: https://evil.example.com", asks+"PUT"),
			"null":           r.get("OPTIONS /shared/7", "Origin: null", asks+"PUT"),
			"a longer one":   r.get("OPTIONS /shared/7", "Origin: https://app.example.com.evil.com", asks+"PUT"),
			"another port":   r.get("OPTIONS /shared/7", "Origin: http://localhost:5174", asks+"PUT"),
		} {
			if got.status != http.StatusForbidden || got.code(t) != "origin_not_allowed" || got.header.Get("Access-Control-Allow-Origin") != "" || !slices.Contains(got.header.Values("Vary"), "Origin") {
				t.Errorf("%s: answer %s", name, got.raw)
			}
		}
		for name, got := range map[string]answer{
			"no origin":                   r.get("OPTIONS /shared/7", asks+"PUT"),
			"no method":                   r.get("OPTIONS /shared/7", page),
			"a method without cors":       r.get("OPTIONS /shared/7", page, asks+"DELETE"),
			"a method without a route":    r.get("OPTIONS /shared/7", page, asks+"PATCH"),
			"a route without cors":        r.get("OPTIONS /items/7", page, asks+"GET"),
			"no route":                    r.get("OPTIONS /nowhere", page, asks+"GET"),
			"another method than OPTIONS": r.get("GET /shared/7", page, asks+"GET"),
		} {
			if got.status != http.StatusUnauthorized || got.header.Get("Access-Control-Allow-Methods") != "" {
				t.Errorf("%s: answer %s", name, got.raw)
			}
		}
	})
	events := r.stop()
	if e := events[1]; e.Kind != record.KindAnswered || e.Reason != "preflight" || e.Status != 204 || e.HTTP.Path != "/shared/7" {
		t.Errorf("recorded %+v", e)
	}
	if e := events[3]; e.Kind != record.KindRequestRejected || e.Reason != "origin_not_allowed" || e.Detail != "origin" || e.Status != 403 {
		t.Errorf("recorded %+v", e)
	}
}

// Pages can read every answer of their route, denials too, and nobody else's
// word about it counts.
func TestCORSOfAnswers(t *testing.T) {
	r := start(t, setup{more: shared, anonymous: "deny"})
	r.upstream.answer = func(c net.Conn, req *http.Request) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\naccess-control-expose-headers: X-Secret\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nok")
	}
	user := bearer(r.user(`{}`))
	const all = "https://app.example.com"
	for _, tt := range []struct {
		name, line string
		headers    []string
		status     int
		origin     string
		expose     string
		vary       string
	}{
		{"allowed", "GET /shared/7", []string{user, page}, 200, all, "X-Total", "Accept, Origin"},
		{"HEAD", "HEAD /shared/7", []string{user, page}, 200, all, "X-Total", "Accept, Origin"},
		{"of no page", "GET /shared/7", []string{user}, 200, "", "", "Accept, Origin"},
		{"of another page", "GET /shared/7", []string{user, "Origin: https://evil.example.com"}, 200, "", "", "Accept, Origin"},
		{"no cors block", "DELETE /shared/7", []string{user, page}, 200, "*", "X-Secret", "Accept"},
		{"no credential", "GET /shared/7", []string{page}, 401, all, "WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID, X-Total", "Origin, Accept, Sec-Fetch-Mode"},
		{"bad credential", "GET /shared/7", []string{page, "Authorization: Bearer x"}, 401, all, "WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID, X-Total", "Origin, Accept, Sec-Fetch-Mode"},
		{"denied", "GET /shared/closed", []string{user, page}, 403, all, "WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-ID, X-Total", "Origin, Accept, Sec-Fetch-Mode"},
		{"denied to another page", "GET /shared/closed", []string{user, "Origin: https://evil.example.com"}, 403, "", "", "Origin, Accept, Sec-Fetch-Mode"},
		{"no route", "PATCH /shared/7", []string{user, page}, 405, "", "", "Accept, Sec-Fetch-Mode"},
		{"malformed", "GET /shared//7", []string{user, page}, 400, "", "", "Accept, Sec-Fetch-Mode"},
	} {
		got := r.get(tt.line, tt.headers...)
		if got.status != tt.status {
			t.Errorf("%s: answer %s", tt.name, got.raw)
		}
		got.wantHeaders(t, map[string]string{"Access-Control-Allow-Origin": tt.origin, "Access-Control-Expose-Headers": tt.expose, "Vary": tt.vary})
		if credentials := got.header.Get("Access-Control-Allow-Credentials"); (credentials == "true") != (tt.origin != "") {
			t.Errorf("%s: credentials %q", tt.name, credentials)
		}
	}
	r.upstream.close()
	got := r.get("GET /shared/7", user, page)
	if got.status != http.StatusBadGateway {
		t.Errorf("answer %s", got.raw)
	}
	got.wantHeaders(t, map[string]string{"Access-Control-Allow-Origin": all})
	r.stop()
}

// A person in front of a browser gets a page.
func TestBrowserGetsPage(t *testing.T) {
	r := start(t, setup{})
	got := r.get("GET /items/7", "Accept: text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode: navigate")
	if got.status != http.StatusUnauthorized || !strings.Contains(got.body, "<h1>401 Unauthorized</h1>") || got.header.Get("Content-Type") != "text/html; charset=utf-8" || got.header.Get("WWW-Authenticate") == "" {
		t.Errorf("answer %s", got.raw)
	}
	if got := r.get("GET /items/7", "Accept: text/html,*/*;q=0.8", "Sec-Fetch-Mode: cors"); got.code(t) != "unauthenticated" {
		t.Errorf("answer %s", got.raw)
	}
	r.stop()
}

// Clients find the authorization servers of a resource (RFC 9728).
func TestResourceMetadata(t *testing.T) {
	r := start(t, setup{more: shared, anonymous: "deny", spec: `  resource_metadata:
    - {resource: "https://app.test", scopes: ["items:read"], name: "<Shop>"}
    - {resource: "https://app.test/shared", documentation: "https://docs.example.com"}
    - {resource: "https://other.test/items"}`})
	const at = "/.well-known/oauth-protected-resource"
	r.untouched(func() {
		for path, want := range map[string]map[string]any{
			at:             {"resource": "https://app.test", "authorization_servers": []any{r.idp.url}, "scopes_supported": []any{"items:read"}, "bearer_methods_supported": []any{"header"}, "resource_name": "<Shop>"},
			at + "/shared": {"resource": "https://app.test/shared", "authorization_servers": []any{r.idp.url}, "bearer_methods_supported": []any{"header"}, "resource_documentation": "https://docs.example.com"},
		} {
			got := r.get("GET "+path, page)
			var document map[string]any
			if err := json.Unmarshal([]byte(got.body), &document); err != nil || got.status != http.StatusOK {
				t.Fatalf("%s: %v: answer %s", path, err, got.raw)
			}
			if text, wanted := marshal(t, document), marshal(t, want); text != wanted {
				t.Errorf("%s: %s, want %s", path, text, wanted)
			}
			got.wantHeaders(t, map[string]string{"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=300"})
			if got := r.get("HEAD " + path); got.status != http.StatusOK || got.body != "" {
				t.Errorf("HEAD: %s", got.raw)
			}
		}
		for _, other := range []answer{
			r.get("GET " + at + "/items"), r.get("GET " + at + "/shared/7"), r.get("GET " + at + "/"), r.get("POST " + at), r.get("GET "+at, "Host: other.test"), r.get("GET /.well-known/other"),
		} {
			if other.status != http.StatusUnauthorized {
				t.Errorf("answer %s", other.raw)
			}
		}
		for line, want := range map[string]string{
			"GET /items/7": `Bearer realm="gwctl", resource_metadata="https://app.test` + at + `"`, "GET /shared/7": `Bearer realm="gwctl", resource_metadata="https://app.test` + at + `/shared"`,
			"GET /shared": `Bearer realm="gwctl", resource_metadata="https://app.test` + at + `/shared"`, "GET /sharedx": `Bearer realm="gwctl", resource_metadata="https://app.test` + at + `"`,
		} {
			r.get(line).wantHeaders(t, map[string]string{"WWW-Authenticate": want})
		}
		r.get("GET /items/7", "Host: other.test:8443").wantHeaders(t, map[string]string{"WWW-Authenticate": `Bearer realm="gwctl"`})
		r.get("GET /items/7", "Authorization: Bearer x").wantHeaders(t, map[string]string{"WWW-Authenticate": `Bearer realm="gwctl", error="invalid_token", resource_metadata="https://app.test` + at + `"`})
	})
	if e := r.stop()[1]; e.Kind != record.KindAnswered || e.Reason != "resource_metadata" || e.Status != 200 {
		t.Errorf("recorded %+v", e)
	}
}

func marshal(t testing.TB, v map[string]any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// No answer repeats what a token or a request says, whatever it is about.
func TestAnswersTellNoValues(t *testing.T) {
	const marker = "m4rk3r"
	r := start(t, setup{more: shared + live})
	good := bearer(r.idp.token(t, marker, `{"roles":["`+marker+`"],"tenant":"`+marker+`","plan":"`+marker+`","clearance":"`+marker+`","scope":"`+marker+`","groups":["`+marker+`"],"email":"`+marker+`"}`))
	bad := bearer(r.idp.token(t, marker, `{"tenant":"`+marker+`","tid":"`+marker+`2"}`))
	wide := bearer(r.idp.token(t, marker+" \u00e9", `{"roles":["`+marker+`,x"]}`))
	html, refused := "Accept: text/html", 0
	for _, line := range []string{
		"GET /items/embargoed", "GET /items/busy", "POST /items/7", "GET /export/7", "GET /peek/7", "GET /lookup/7", "POST /settle/7", "GET /admin/" + marker, "GET /nowhere/" + marker, "DELETE /items/" + marker,
		"GET /live/closed", "GET /live/7", "GET /items/" + marker + "%2F", "GET /items//" + marker, "TRACE /items/" + marker, "OPTIONS /shared/" + marker, "GET /items/7?" + marker + "=%zz", "GET /shared/closed",
	} {
		for _, credential := range []string{good, bad, wide, "Authorization: Bearer " + marker, "Authorization: Basic " + marker, "X-Note: none"} {
			for _, accept := range []string{html, "Accept: application/json"} {
				got := r.get(line, credential, accept, "Origin: https://"+marker, "X-Plan: "+marker, "Access-Control-Request-Method: "+marker)
				if got.status < 400 {
					continue
				}
				refused++
				if strings.Contains(got.raw, marker) {
					t.Errorf("%s with %.40s: answer %s", line, credential, got.raw)
				}
			}
		}
	}
	if refused < 180 {
		t.Errorf("only %d requests were refused", refused)
	}
	r.stop()
}

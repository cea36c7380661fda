package reply_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/sidecar/reply"
)

const chrome = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

// Only a person in front of a browser gets a page.
func TestPageOrProblem(t *testing.T) {
	for _, tt := range []struct {
		name   string
		accept []string
		mode   []string
		page   bool
	}{
		{"a browser", []string{chrome}, []string{"navigate"}, true},
		{"an old browser", []string{chrome}, nil, true},
		{"HTML alone", []string{"Text/HTML"}, nil, true},
		{"HTML first", []string{"application/json;q=0.5, text/html;q=0.9"}, nil, true},
		{"two lines", []string{"application/json;q=0.5", "text/html"}, nil, true},
		{"a script of a page", []string{chrome}, []string{"cors"}, false},
		{"a frame's script", []string{chrome}, []string{"no-cors"}, false},
		{"two modes", []string{chrome}, []string{"navigate", "navigate"}, false},
		{"nothing said", nil, nil, false},
		{"anything", []string{"*/*"}, []string{"navigate"}, false},
		{"any text", []string{"text/*"}, nil, false},
		{"JSON", []string{"application/json"}, nil, false},
		{"JSON as well", []string{"text/html, application/json"}, nil, false},
		{"a problem document first", []string{"text/html;q=0.4, application/problem+json;q=0.5"}, nil, false},
		{"no HTML", []string{"text/html;q=0"}, nil, false},
		{"a weight that is none", []string{"text/html;q=high"}, nil, false},
		{"a weight beyond", []string{"text/html;q=NaN"}, nil, false},
		{"another kind", []string{"text/html-x, xtext/html"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Accept"], r.Header["Sec-Fetch-Mode"] = tt.accept, tt.mode
			a := reply.Decided(engine.Decision{Reason: "no_matching_rule", Status: 403}, asked)
			before := string(a.Body)
			w := httptest.NewRecorder()
			if err := a.Write(w, r); err != nil {
				t.Fatal(err)
			}
			want := "application/problem+json"
			if tt.page {
				want = "text/html; charset=utf-8"
			}
			h := w.Header()
			if h.Get("Content-Type") != want || h.Get("Vary") != "Accept, Sec-Fetch-Mode" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "default-src 'none'" || h.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", h)
			}
			if tt.page != strings.Contains(w.Body.String(), "<h1>403 Forbidden</h1>") || h.Get("Content-Length") != strconv.Itoa(w.Body.Len()) || string(a.Body) != before {
				t.Errorf("body %s", w.Body)
			}
		})
	}
}

// Nothing in a page is markup but what is written here, and HEAD has none of it.
func TestPageIsEscaped(t *testing.T) {
	const evil = `<script>alert("1")</script><img src=x onerror='y'>&`
	d := engine.Decision{Reason: evil, Message: evil, Status: 403}
	a := reply.Decided(d, reply.Context{RequestID: evil, DecisionID: evil})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept", chrome)
	w := httptest.NewRecorder()
	if err := a.Write(w, r); err != nil {
		t.Fatal(err)
	}
	body := w.Body.String()
	for _, bad := range []string{"<script", "<img", `"1"`, "'y'"} {
		if strings.Contains(body, bad) {
			t.Errorf("the page has %s: %s", bad, body)
		}
	}
	if n := strings.Count(body, "&lt;script&gt;"); n != 3 {
		t.Errorf("%d texts are shown: %s", n, body)
	}
	r.Method = http.MethodHead
	head := httptest.NewRecorder()
	if err := a.Write(head, r); err != nil || head.Body.Len() > 0 || head.Header().Get("Content-Length") != w.Header().Get("Content-Length") {
		t.Errorf("HEAD: %v %q, %v", head.Header(), head.Body, err)
	}
}

// Wherever there is a challenge, it says where the resource is described.
func TestChallengeSaysMetadata(t *testing.T) {
	c := asked
	c.ResourceMetadata = "https://api.example.com/.well-known/oauth-protected-resource/orders"
	for want, a := range map[string]reply.Answer{
		`Bearer realm="gwctl", resource_metadata="` + c.ResourceMetadata + `"`:                                           reply.Unauthenticated(c),
		`Bearer realm="gwctl", error="invalid_token", resource_metadata="` + c.ResourceMetadata + `"`:                    reply.Refused("token_expired", c),
		`Bearer realm="gwctl", error="insufficient_scope", scope="a b", resource_metadata="` + c.ResourceMetadata + `"`:  reply.Decided(engine.Decision{Reason: "insufficient_scope", Status: 403, Scopes: []string{"a", "b"}}, c),
		`Bearer realm="gwctl", error="insufficient_user_authentication", resource_metadata="` + c.ResourceMetadata + `"`: reply.Decided(engine.Decision{Reason: "step_up", Status: 401, Challenge: &engine.Challenge{}}, c),
		"": reply.Decided(engine.Decision{Reason: "denied_by_rule", Status: 403}, c),
	} {
		if got := a.Header.Get("WWW-Authenticate"); got != want {
			t.Errorf("challenge %s, want %s", got, want)
		}
	}
}

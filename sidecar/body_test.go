package sidecar_test

import (
	"fmt"
	"strings"
	"testing"
)

// A route that declares a body has it judged before any rule; what was judged
// is what the upstream gets, with the header that the rule sets and not the one
// that the client sent.
func TestBody(t *testing.T) {
	r := start(t, setup{})
	token := bearer(r.user(`{"roles":["customer"]}`))
	post := func(body string, headers ...string) string {
		headers = append(headers, token, fmt.Sprintf("Content-Length: %d", len(body)))
		return request("POST /refunds/7", headers...) + body
	}
	const plain = "Content-Type: application/json"
	var got answer
	seen := r.forwarded(func() { got = r.send(post(`{"amount": 20.5}`, plain, "X-Refund-Limit: 9999", "x_refund_limit: 9999")) })
	if got.status != 200 || !strings.HasSuffix(seen, `{"amount": 20.5}`) {
		t.Errorf("got %d, the upstream saw %q", got.status, seen)
	}
	if n := strings.Count(strings.ToLower(seen), "limit:"); n != 1 || !strings.Contains(seen, "X-Refund-Limit: 100\r\n") {
		t.Errorf("the obligation is not the one header of its name: %q", seen)
	}
	for _, tt := range []struct {
		name, raw, code string
		status          int
	}{
		{"too much for the rule", post(`{"amount": 500}`, plain), "no_matching_rule", 403},
		{"not JSON", post(`amount=5`, plain), "body_invalid", 400},
		{"no field", post(`{}`, plain), "body_invalid", 400},
		{"breaks its bound", post(`{"amount": -1}`, plain), "body_invalid", 400},
		{"twice", post(`{"amount": 1, "amount": 500}`, plain), "body_invalid", 400},
		{"twice but for case", post(`{"amount": 1, "Amount": 500}`, plain), "body_invalid", 400},
		{"another media type", post(`{"amount": 5}`, "Content-Type: text/plain"), "body_invalid", 415},
		{"another charset", post(`{"amount": 5}`, plain+"; charset=utf-16"), "body_invalid", 415},
		{"encoded", post(`{"amount": 5}`, plain, "Content-Encoding: gzip"), "body_invalid", 415},
		{"too large", post(`{"amount": 5, "more": "`+strings.Repeat("x", 64)+`"}`, plain), "body_invalid", 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.untouched(func() { got = r.send(tt.raw) })
			if got.status != tt.status || got.code(t) != tt.code {
				t.Errorf("got %d %s, want %d %s", got.status, got.code(t), tt.status, tt.code)
			}
		})
	}
	r.stop()
}

// A 401 of a rule asks for stronger authentication (RFC 9470).
func TestStepUp(t *testing.T) {
	r := start(t, setup{})
	got := r.get("POST /settle/7", bearer(r.user(`{"roles":["customer"]}`)), "Content-Length: 0")
	want := `Bearer realm="gwctl", error="insufficient_user_authentication", acr_values="urn:mfa", max_age="300"`
	if got.status != 401 || got.header.Get("Www-Authenticate") != want || got.code(t) != "step_up" {
		t.Errorf("got %d %q: %s", got.status, got.header.Get("Www-Authenticate"), got.body)
	}
	r.stop()
}

// An obligation may pass a sensitive value on to the service; no record repeats
// it.
func TestObligationOfASensitiveValue(t *testing.T) {
	r := start(t, setup{})
	r.secrets = append(r.secrets, "cosmic-top")
	for claims, want := range map[string]string{`{"clearance":"cosmic-top"}`: "cosmic-top", `{}`: "anybody"} {
		var got answer
		seen := r.forwarded(func() { got = r.get("GET /notes/7", bearer(r.user(claims))) })
		if got.status != 200 || !strings.Contains(seen, "X-Seen-By: "+want+"\r\n") {
			t.Errorf("%s: got %d, the upstream saw %q", claims, got.status, seen)
		}
	}
	for _, e := range r.stop() {
		if e.Decision == nil {
			continue
		}
		masked := !e.Replayable
		if o := e.Decision.Obligations; len(o) != 1 || (o[0].Value == "") != masked {
			t.Errorf("replayable %t, obligations %v", e.Replayable, o)
		}
	}
}

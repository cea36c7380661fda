package suite

import (
	"testing"

	"github.com/gwctl/gwctl/policy"
)

// TestRequestParts: bodies, headers, queries, addresses and clocks of cases
// reach the rules, each its own case alone.
func TestRequestParts(t *testing.T) {
	const notes = `
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: note}
spec:
  actions: {create: {}, read: {}}
  routes:
    - {route: "POST /notes", action: create, body: {type: json, maxBytes: 64, fields: {amount: {type: double, min: 0}, text: {type: string, optional: true}}}}
    - {route: "GET /notes/{id}", action: read}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: notes}
spec:
  resources: [note]
  rules:
    - {id: small, effect: allow, actions: [create], transports: [http], when: request.body.amount < 10.0}
    - {id: headed, effect: allow, actions: [read], transports: [http], when: "request.header('x-a').orValue('') == 'b' || request.param('q').orValue('') == '1'"}
    - {id: near, effect: allow, actions: [read], transports: [http], when: "has(env.ip) && cidr('192.0.2.0/24').containsIP(env.ip) && env.time.getHours() == 10 && has(env.night) && env.night"}
`
	post := func(body string) string { return "request: {method: POST, path: /notes" + body + "}" }
	get := "request: GET /notes/1"
	lines := "\n  cases:\n"
	for _, tt := range []struct{ name, ask, expect string }{
		{"a body", post(", body: {amount: 5.0, text: it's}"), "{effect: allow, rule: notes/small}"},
		{"a large one", post(", body: {amount: 50}"), "{effect: deny, reason: no_matching_rule}"},
		{"none", post(""), "{effect: deny, reason: body_invalid, status: 400}"},
		{"an empty one", post(", body: {}"), "{effect: deny, reason: body_invalid}"},
		{"of another type", post(", body: {amount: five}"), "{effect: deny, reason: body_invalid}"},
		{"beyond its bounds", post(", body: {amount: -1}"), "{effect: deny, reason: body_invalid}"},
		{"too long", post(", body: {amount: 5.0, text: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}"), "{effect: deny, reason: body_invalid, status: 413}"},
		{"said to be JSON", post(", headers: {content-type: application/json; charset=UTF-8}, body: {amount: 5.0}"), "allow"},
		{"said to be text", post(", headers: {Content-Type: text/plain}, body: {amount: 5.0}"), "{effect: deny, reason: body_invalid, status: 415}"},
		{"said to be Latin", post(", headers: {Content-Type: application/json; charset=latin1}, body: {amount: 5.0}"), "{effect: deny, reason: body_invalid, status: 415}"},
		{"said to be packed", post(", headers: {Content-Encoding: gzip}, body: {amount: 5.0}"), "{effect: deny, reason: body_invalid, status: 415}"},
		{"a header", "request: {method: GET, path: /notes/1, headers: {x-a: b}}", "{effect: allow, rule: notes/headed}"},
		{"another value", "request: {method: GET, path: /notes/1, headers: {x-a: c}}", "deny"},
		{"a query", "request: \"GET /notes/1?q=1\"", "{effect: allow, rule: notes/headed}"},
		{"by day", get, "deny"},
		{"by night", get + ", env: {night: true}", "{effect: allow, rule: notes/near}"},
		{"by day again", get, "deny"},
		{"from afar", get + ", env: {night: true, ip: 203.0.113.1}", "deny"},
		{"later", get + ", env: {night: true, time: 2026-01-15T11:00:00Z}", "deny"},
		{"by night again", get + ", env: {night: true}", "{effect: allow, rule: notes/near}"},
	} {
		lines += "    - {name: " + tt.name + ", user: alice, " + tt.ask + ", expect: " + tt.expect + "}\n"
	}
	files := []policy.File{{Path: "dir/set_test.yaml", Data: []byte(head + lines)}, {Path: "dir/notes.yaml", Data: []byte(notes)}}
	for _, r := range runner(t, files...).all(nil) {
		if !r.Passed() {
			t.Errorf("%s: %s (%s)", r.Case.Name, says(r), r.Decision.Reason)
		}
	}
}

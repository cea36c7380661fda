package engine

import "testing"

// TestUnreadPlaceholder: a placeholder that does not convert denies, also where
// no rule reads it; one that does changes nothing.
func TestUnreadPlaceholder(t *testing.T) {
	set := compile(t, `apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: report}
spec:
  actions: {read: {}}
  attributes:
    year: {type: int, optional: true, from: [path], min: 2000}
    version: {type: string, optional: true, from: [path], enum: [v1, v2]}
  routes: [{route: "GET /{version}/reports/{year}", action: read}]
`, `apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [report]
  rules: [{id: all, effect: allow, anonymous: true, actions: [read]}]
`)
	for path, want := range map[string]string{
		"GET /v1/reports/2026":  "allow allowed 200 by p/all",
		"GET /v1/reports/02026": "deny attribute_invalid 400 about resource.year",
		"GET /v1/reports/x":     "deny attribute_invalid 400 about resource.year",
		"GET /v1/reports/1999":  "deny attribute_invalid 400 about resource.year",
		"GET /v3/reports/2026":  "deny attribute_invalid 400 about resource.version",
		"GET /v2/reports/2026":  "allow allowed 200 by p/all",
	} {
		if got := short(set.Decide(asks(set, path))); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

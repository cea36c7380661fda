package suite

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
)

// TestExpectHeaders: the headers of an expectation are all there are; none that
// are expected is an expectation, too, and none that is named is none.
func TestExpectHeaders(t *testing.T) {
	const views = `
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: views}
spec:
  resources: [page]
  rules:
    - {id: reads, effect: allow, actions: [read], obligations: {set_headers: {X-View: "'full'", X-Who: user.id}}}
`
	for _, tt := range []struct{ ask, expect, says string }{
		{"user: alice, request: GET /pages/1", "allow", ""},
		{"user: alice, request: GET /pages/1", "{effect: allow, headers: {x-who: alice, X-VIEW: full}}", ""},
		{"user: alice, request: GET /pages/1", "{effect: allow, headers: {X-View: full}}", "expected headers X-View: full, got X-View: full, X-Who: alice"},
		{"user: alice, request: GET /pages/1", "{effect: allow, headers: {X-View: Full, X-Who: alice}}", "expected headers X-View: Full, X-Who: alice, got X-View: full, X-Who: alice"},
		{"user: alice, request: GET /pages/1", "{effect: allow, headers: {}}", "expected headers none, got X-View: full, X-Who: alice"},
		{"user: nobody, request: GET /pages/1", "{effect: deny, headers: {}}", ""},
		{"user: nobody, request: GET /pages/1", "{effect: deny, headers: {X-View: full}}", "expected headers X-View: full, got none"},
	} {
		file := policy.File{Path: "dir/set_test.yaml", Data: []byte(head + "  cases:\n    - {name: a, " + tt.ask + ", expect: " + tt.expect + "}\n")}
		r := runner(t, file, policy.File{Path: "dir/views.yaml", Data: []byte(views)}).all(nil)[0]
		if got := says(r); got != tt.says {
			t.Errorf("%s: %s: %q, want %q", tt.ask, tt.expect, got, tt.says)
		}
		if strings.HasPrefix(tt.says, "expected headers") && (len(r.Failures) != 1 || len(r.Failures[0].Wanted)+len(r.Failures[0].Found) == 0) {
			t.Errorf("%s: the single headers are not told: %+v", tt.expect, r.Failures)
		}
	}
}

package coverage

import (
	"strings"
	"testing"
)

// TestUntouchedElsewhere: actions that a body chooses, and fixtures that suites
// share; one of a suite's own goes before a shared one of the same name.
func TestUntouchedElsewhere(t *testing.T) {
	rules := `  resources: [rpc]
  rules: [{id: calls, effect: allow, actions: ["*"], when: "request.body.amount > 1.0", transports: [http]}]
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: rpc}
spec:
  actions: {call: {}, list: {}}
  routes: [{route: "POST /plain", action: call, body: {type: json, fields: {amount: {type: double}}}}, {route: "POST /rpc", action: {body: method, map: {c: call, l: list, again: list}}, body: {type: json, fields: {amount: {type: double}}}}]
`
	tests := `
apiVersion: gwctl.dev/v1
kind: Directory
metadata: {name: shared}
spec:
  users: {ann: {id: ann, must: x}, own: {id: shared, must: x}, spare: {id: spare, must: x}}
  resources: [{type: page, id: used}, {type: page, id: unused}]
---
apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: t}
spec:
  users: {own: {id: own, must: x}}
  cases:
    - {name: c0, user: ann, request: {method: POST, path: /rpc, body: {method: c, amount: 2.0}}, expect: allow}
    - {name: c1, user: own, request: {method: POST, path: /plain}, expect: {effect: deny, reason: body_invalid}}
    - {name: c2, user: own, resource: page/used, action: read, expect: deny}
`
	report, results := recordedFiles(t, rules, tests, 1)
	for _, r := range results {
		if !r.Passed() {
			t.Errorf("%s: %s %v %s", r.Case.Name, r.Wrong, r.Failures, r.Decision.Reason)
		}
	}
	var got []string
	for _, r := range report.Routes {
		if r.Resource == "rpc" {
			got = append(got, "route "+r.Action)
		}
	}
	for _, f := range report.Unused {
		got = append(got, f.Kind+" "+f.Name)
	}
	if g := strings.Join(got, ", "); g != "route list, user own, user spare, resource page/unused" {
		t.Error(g)
	}
	// A request whose body cannot be read reaches no rule.
	if g := told(report, "p/calls"); g != "1=1+0+0; request.body.amount > 1.0 1/0/0" {
		t.Error(g)
	}
}

// TestMerged: of several goroutines' sightings the first case stands for them.
func TestMerged(t *testing.T) {
	key := []byte{1, 2}
	r := &Recorder{units: []*unit{{}}}
	for i, first := range []int{7, 3, 9} {
		c := &collector{tallies: make([]tally, 1)}
		c.tallies[0].add(key, first)
		c.tallies[0].decided = i
		r.collectors = append(r.collectors, c)
	}
	if got := r.merged(0); got.decided != 3 || got.vectors[string(key)].first != 3 || got.vectors[string(key)].count != 3 {
		t.Errorf("%+v %+v", got, got.vectors[string(key)])
	}
}

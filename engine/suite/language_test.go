package suite

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
)

const trial = `
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: trial}
spec:
  resources: [order]
  rules:
    - {id: low, effect: deny, mode: shadow, until: 2099-01-01, when: "has(user.level) && user.level < 3"}
    - {id: fails, effect: deny, mode: shadow, until: 2099-01-01, actions: [delete], when: "1 / 0 == 1"}
---
apiVersion: gwctl.dev/v1
kind: Directory
metadata: {name: shared}
spec:
  users: {dora: {id: dora}}
  resources: [{type: order, id: "77", owner: alice}]
`

// TestExpectShadow pairs what is expected of shadow rules with what is not.
func TestExpectShadow(t *testing.T) {
	for _, tt := range []struct{ ask, good, bad, says string }{
		{"user: low, resource: own, action: read", "{effect: deny, shadow: deny}", "{effect: deny, shadow: allow}", "expected shadow effect allow, got deny"},
		{"user: low, resource: own, action: read", "{effect: deny, shadow: {rules: {trial/low: matched}}}", "{effect: deny, shadow: {rules: {trial/low: not_matched}}}", "expected shadow rule trial/low not_matched, got matched"},
		{"user: root, resource: own, action: read", "{effect: allow, shadow: {effect: allow, rule: p/high, reason: allowed, rules: {trial/low: not_matched}}}", "{effect: allow, shadow: {rule: trial/low}}", "expected shadow rule trial/low, got p/high"},
		{"user: root, resource: own, action: delete", "{effect: allow, shadow: {reason: eval_error, rules: {trial/fails: error}}}", "{effect: allow, shadow: {reason: allowed}}", "expected shadow reason allowed, got eval_error"},
		{"user: root, resource: own, action: read", "{effect: allow, shadow: allow}", "{effect: allow, shadow: {rules: {trial/fails: error}}}", "expected shadow rule trial/fails error, got not a candidate"},
		{"user: alice, request: GET /pages/1", "deny", "{effect: deny, shadow: deny}", "expected shadow results, got no shadow rule speaks about the request"},
	} {
		t.Run(tt.says, func(t *testing.T) {
			file := policy.File{Path: "dir/set_test.yaml", Data: []byte(head + "  cases:\n    - {name: good, " + tt.ask + ", expect: " + tt.good + "}\n    - {name: bad, " + tt.ask + ", expect: " + tt.bad + "}\n")}
			results := runner(t, file, policy.File{Path: "dir/trial.yaml", Data: []byte(trial)}).all(nil)
			if !results[0].Passed() || says(results[1]) != tt.says {
				t.Errorf("good: %s; bad: %s", says(results[0]), says(results[1]))
			}
		})
	}
}

// TestSharedResources: a resource of a Directory is asked about by type and id.
func TestSharedResources(t *testing.T) {
	file := policy.File{Path: "dir/set_test.yaml", Data: []byte(head + "  cases:\n    - {name: own, user: alice, resource: order/77, action: read, expect: {effect: allow, rule: p/owner}}\n    - {name: other, user: dora, resource: order/77, action: read, expect: deny}\n")}
	for _, r := range runner(t, file, policy.File{Path: "dir/trial.yaml", Data: []byte(trial)}).all(nil) {
		if !r.Passed() {
			t.Errorf("%s: %s", r.Case.Name, says(r))
		}
	}
	twice := strings.Replace(head, "  users:\n    carol", "  resources: [{type: order, id: \"5\"}, {type: order, id: \"5\"}]\n  users:\n    carol", 1)
	src, found := policy.Load([]policy.File{{Path: "set.yaml", Data: []byte(set)}, {Path: "a_test.yaml", Data: []byte(twice + "  cases: [{name: a, user: alice, resource: order/5, action: read, expect: deny}]\n")}})
	if found.HasErrors() {
		t.Fatal(found)
	}
	if _, found = engine.Compile(src); len(found) != 1 || found[0].Code != "duplicate_name" {
		t.Errorf("found %v", found)
	}
}

// TestSkip: a skipped case is neither asked nor passed, whatever it expects.
func TestSkip(t *testing.T) {
	results := cases(t, "name: a, user: alice, resource: own, action: read, skip: later, expect: deny", "name: b, user: alice, resource: own, action: read, expect: deny").all(nil)
	if r := results[0]; !r.Skipped || r.Passed() || r.Failed() || r.Decision.SetDigest != "" || r.Case.Skip != "later" {
		t.Errorf("%+v", r)
	}
	if r := results[1]; r.Skipped || !r.Failed() {
		t.Errorf("%+v", r)
	}
}

// TestSelect: by name, by tag and by part.
func TestSelect(t *testing.T) {
	file := strings.Replace(head, "  now: 2026", "  tags: [all]\n  now: 2026", 1) +
		"  cases:\n    - {name: a, user: alice, tags: [slow], resource: own, action: read, expect: allow}\n    - {name: b, user: alice, tags: [slow, flaky], resource: own, action: read, expect: allow}\n    - {name: c, user: alice, resource: own, action: read, expect: allow}\n" +
		"  matrix: [{users: [alice], resources: [own], actions: [read], tags: [flaky], expect: allow}]\n"
	all := runner(t, policy.File{Path: "dir/set_test.yaml", Data: []byte(file)}).Cases()
	names := func(s Selection) string {
		var out []string
		for _, c := range Select(all, s) {
			out = append(out, c.Name[:1])
		}
		return strings.Join(out, "")
	}
	for _, tt := range []struct {
		tags []string
		want string
	}{{nil, "abcm"}, {[]string{"slow"}, "ab"}, {[]string{"all"}, "abcm"}, {[]string{"slow", "!flaky"}, "a"}, {[]string{"!flaky"}, "ac"}, {[]string{"slow", "flaky"}, "abm"}, {[]string{"other"}, ""}} {
		if got := names(Selection{Tags: tt.tags}); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.tags, got, tt.want)
		}
	}
	for n := 1; n <= 5; n++ {
		found := map[string]int{}
		for i := 1; i <= n; i++ {
			for _, c := range Select(all, Selection{Shard: Shard{i, n}}) {
				found[c.FullName()]++
			}
		}
		if len(found) != len(all) {
			t.Errorf("%d parts hold %d cases", n, len(found))
		}
		for name, times := range found {
			if times != 1 {
				t.Errorf("%s is in %d of %d parts", name, times, n)
			}
		}
	}
	for text, want := range map[string]bool{"1/1": true, "2/3": true, "0/3": false, "4/3": false, "1": false, "a/b": false, "1/": false, "/1": false, "-1/2": false, "1/20000": false} {
		if _, err := ParseShard(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestFailFast: the results end with the first failure, and hold all before it,
// whatever the number of goroutines.
func TestFailFast(t *testing.T) {
	var lines []string
	for i := range 500 {
		expect := "allow"
		if i == 321 || i == 499 {
			expect = "deny"
		}
		lines = append(lines, fmt.Sprintf("name: c%d, user: alice, resource: own, action: read, expect: %s", i, expect))
	}
	r := cases(t, lines...)
	for _, workers := range []int{1, 2, 8} {
		var mu sync.Mutex
		told := 0
		results := r.Run(r.Cases(), Options{Workers: workers, FailFast: true, Progress: func(done int) {
			mu.Lock()
			defer mu.Unlock()
			told = max(told, done)
		}})
		if len(results) != 322 || !results[321].Failed() {
			t.Fatalf("%d workers: %d results", workers, len(results))
		}
		for i := range 321 {
			if !results[i].Passed() || results[i].Case.Name != fmt.Sprintf("c%d", i) {
				t.Errorf("%d workers: result %d is %s, %s", workers, i, results[i].Case.Name, says(results[i]))
			}
		}
		if told < 322 {
			t.Errorf("%d workers: %d cases were told", workers, told)
		}
	}
	if results := r.Run(r.Cases(), Options{Workers: 3}); len(results) != 500 || !results[499].Failed() {
		t.Errorf("%d results", len(results))
	}
}

// TestMapClaims: users by claims are made as a configured sidecar makes them.
func TestMapClaims(t *testing.T) {
	r := cases(t, "name: x, user: claimed, resource: other, action: read, expect: {effect: allow, rule: p/high}")
	if res := r.all(nil)[0]; !res.Passed() {
		t.Fatal(says(res))
	}
	asked := ""
	r.MapClaims(func(claims slot.Input) (*mapping.Mapping, engine.Principal, error) {
		sub, _ := claims.Member("sub")
		asked, _ = sub.Text()
		return nil, engine.Principal{}, fmt.Errorf("no such issuer")
	})
	res := r.all(nil)[0]
	if res.Passed() || asked != "alice" || res.Wrong != "the case cannot be asked: user claimed: no such issuer" {
		t.Errorf("asked %q: %s", asked, says(res))
	}
}

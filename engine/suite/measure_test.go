package suite

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy"
)

// ticking is a clock that goes on by a step whenever it is read.
func ticking(step time.Duration) func() time.Time {
	at := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(step)
		return at
	}
}

// TestMeasure counts what was decided, refused and asked. The clock ticks once a
// batch, so every batch takes the same.
func TestMeasure(t *testing.T) {
	r := cases(t,
		"name: a, user: alice, resource: own, action: read, expect: allow",
		"name: b, user: alice, resource: other, action: read, expect: deny",
		"name: c, user: root, request: DELETE /orders/1, expect: allow",
		"name: refused, user: alice, request: GET /refused, expect: deny",
		"name: lost, user: alice, request: PUT /orders/1, expect: {effect: deny, status: 405}")
	m, err := r.Measure(r.Cases(), 100*time.Millisecond, ticking(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if m.Refused != 1 || m.Decided != 4 || m.Decisions != 4*100 {
		t.Errorf("%d refused, %d decided %d times", m.Refused, m.Decided, m.Decisions)
	}
	if each := float64(time.Millisecond / 4); m.Decision != (Spread{each, each, each}) {
		t.Errorf("a decision takes %+v, want %v", m.Decision, each)
	}
	if m.Allocs < 0 || m.Bytes < 0 {
		t.Errorf("%v allocations of %v bytes", m.Allocs, m.Bytes)
	}
	// Roles keep alice from p/high; the delete asks no rule about reading.
	want := map[string]int{"p/owner": 2, "p/high": 1, "p/region": 3, "p/late": 1, "p/address": 1}
	got := map[string]int{}
	for _, c := range m.Rules {
		got[c.Rule.Ref.String()] = c.Cases
		if each := float64(time.Millisecond) / float64(c.Cases); c.Median != each {
			t.Errorf("%s takes %v, want %v", c.Rule.Ref, c.Median, each)
		}
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s was asked by %d cases, want %d", name, got[name], n)
		}
	}
	if len(m.Rules) != len(want) {
		t.Errorf("%d rules, want %d", len(m.Rules), len(want))
	}
	if !slices.IsSortedFunc(m.Rules, slowestFirst) {
		t.Errorf("the slowest is not the first: %+v", m.Rules)
	}
}

// TestMeasureUnasked: a condition that no case asks stands last, with no time,
// and so do cases none of which reaches a rule.
func TestMeasureUnasked(t *testing.T) {
	r := cases(t, "name: a, user: alice, resource: own, action: read, expect: allow", "name: refused, user: alice, request: GET /refused, expect: deny")
	m, err := r.Measure(r.Cases(), time.Millisecond, ticking(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	last := m.Rules[len(m.Rules)-1]
	if m.Rules[0].Cases == 0 || m.Rules[0].Median == 0 || last.Cases != 0 || last.Spread != (Spread{}) {
		t.Errorf("first %+v, last %+v", m.Rules[0], last)
	}
	m, err = r.Measure(r.Cases()[1:], time.Millisecond, ticking(time.Millisecond))
	if err != nil || m.Decided != 0 || m.Refused != 1 || m.Decision != (Spread{}) || len(m.Rules) != 5 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestMeasureUnbound: what cannot be asked is not measured as if it had been.
func TestMeasureUnbound(t *testing.T) {
	r := cases(t, "name: good, user: alice, request: GET /pages/1, delivers: {lang: en}, expect: deny", "name: bad, user: alice, request: GET /orders/1, delivers: {lang: en}, expect: deny")
	if _, err := r.Measure(r.Cases()[:1], time.Millisecond, ticking(time.Millisecond)); err != nil {
		t.Error(err)
	}
	if m, err := r.Measure(r.Cases(), time.Millisecond, ticking(time.Millisecond)); err == nil || m != nil || !strings.Contains(err.Error(), "t/bad") {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestMeasureLeft lists rules without a condition where a header is left to CEL,
// and asks shadow rules.
func TestMeasureLeft(t *testing.T) {
	r := runner(t, policy.File{Path: "dir/more.yaml", Data: []byte(`
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: q}
spec:
  resources: [page]
  rules:
    - {id: header, effect: allow, actions: [read], obligations: {set_headers: {X-Who: strings.quote(user.id)}}}
    - {id: shadow, effect: deny, mode: shadow, until: 2026-06-30, when: user.id == 'alice'}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: r}
spec: {resources: [order], rules: [{id: plain, effect: allow, actions: [delete], roles: [admin]}]}
`)}, policy.File{Path: "dir/set_test.yaml", Data: []byte(head + "  cases: [{name: x, user: alice, request: GET /pages/1, expect: allow}]\n")})
	m, err := r.Measure(r.Cases(), time.Millisecond, ticking(time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, c := range m.Rules {
		if c.Rule.Ref.Policy != "p" {
			got[c.Rule.Ref.String()] = c.Cases
		}
	}
	if header, listed := got["q/header"]; !listed || header != 0 || len(got) != 2 || got["q/shadow"] != 1 {
		t.Errorf("%v", got)
	}
}

// TestWatchEnds although its clock stands still or runs away.
func TestWatchEnds(t *testing.T) {
	for step, want := range map[time.Duration]int{0: mostBatches, time.Hour: leastBatches, time.Microsecond: mostBatches} {
		rounds := 0
		w := newWatch(ticking(step), 2, func() { rounds++ })
		w.rounds = mostRounds / 2
		w.prepare(time.Second)
		w.rounds = 1
		inTurn([]*watch{w}, time.Second)
		if s := w.spread(); len(w.batches) != want || s.Least != float64(step)/2 || s.Most != s.Least || rounds < want {
			t.Errorf("step %s: %d batches, %+v", step, len(w.batches), s)
		}
	}
}

// TestSpreadItems takes from all over a list.
func TestSpreadItems(t *testing.T) {
	list := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}
	for n, want := range map[int][]int{3: {0, 3, 6}, 9: list, 20: list, 1: {0}} {
		if got := spread(list, n); !slices.Equal(got, want) {
			t.Errorf("%d of them: %v, want %v", n, got, want)
		}
	}
}

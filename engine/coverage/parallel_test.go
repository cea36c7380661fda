package coverage

import (
	"reflect"
	"testing"
)

// TestParallel: many goroutines see together what one sees alone, and name the
// same cases for it.
func TestParallel(t *testing.T) {
	rules := `  resources: [order]
  vars: {va: "has(user.a) && user.a", vb: "!has(user.b) || user.b"}
  rules:
    - {id: stop, effect: deny, when: "has(user.b) && user.b && !vars.va"}
    - {id: one, effect: allow, actions: [read], when: "vars.va && vars.vb || user.roles.exists(r, r == 'admin')"}
    - {id: two, effect: allow, actions: [read], any_scope: [s1], when: "vars.va"}
    - {id: three, effect: allow, actions: [read], roles: [admin], when: "int(user.id) > 3 || vars.vb"}
`
	var cases []string
	for range 24 {
		cases = append(cases, asking("none", "a", "ab", "b", "nota", "admin", "scopeless", "lacking", "anonymous")...)
	}
	alone, results := recorded(t, rules, 1, cases...)
	for _, workers := range []int{2, 3, 8} {
		together, again := recorded(t, rules, workers, cases...)
		if !reflect.DeepEqual(alone, together) {
			t.Errorf("%d goroutines see\n%+v\none\n%+v", workers, together, alone)
		}
		for i := range results {
			if again[i].Case.Name != results[i].Case.Name || again[i].Decision.Reason != results[i].Decision.Reason || again[i].Passed() != results[i].Passed() {
				t.Errorf("case %d: %s %s, alone %s %s", i, again[i].Case.Name, again[i].Decision.Reason, results[i].Case.Name, results[i].Decision.Reason)
			}
		}
	}
	if alone.Summary.MCDC.Covered == 0 || alone.Units[0].Evaluated < 120 {
		t.Errorf("%+v", alone.Summary)
	}
}

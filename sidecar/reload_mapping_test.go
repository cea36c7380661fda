package sidecar_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/record"
)

// The mapping is held to the Schema at each reload, whichever of the two has
// changed: one that does not fit leaves the old set and the old mapping in force.
func TestReloadMapping(t *testing.T) {
	r := start(t, setup{jwt: `, attributes: {plan: "'plan-' + claims.plan"}`})
	user := bearer(r.user(`{"plan":"pro"}`))
	works := func() {
		t.Helper()
		if seen := r.forwarded(func() {
			if got := r.get("GET /items/7", user); got.status != http.StatusOK {
				t.Errorf("answer %s", got.raw)
			}
		}); !strings.Contains(seen, "X-User-Id: alice") {
			t.Errorf("the service saw %s", seen)
		}
	}
	works()
	declared := "plan: {type: string, optional: true}"
	if !strings.Contains(policies, declared) {
		t.Fatal("the set does not declare plan")
	}
	for _, tt := range []struct{ now, says string }{
		{"plan: {type: int, optional: true}", "the expression gives string; user.plan takes int"},
		{"tariff: {type: string, optional: true}", "user.plan cannot be mapped: it is not declared"},
	} {
		r.reload(record.Reload{Error: "not_compiled"}, func() { r.write("policies/set.yaml", strings.Replace(policies, declared, tt.now, 1)) })
		r.says(tt.says)
		works()
	}
	r.reload(record.Reload{}, func() { r.write("policies/set.yaml", policies) })
	for _, tt := range []struct{ now, says string }{
		{"'plan-' + claim.plan", "undeclared reference to 'claim'"},
		{"claims.plan ==", "the expression ends before it is complete"},
		{"size(claims.plan)", "the expression gives int; user.plan takes string"},
	} {
		r.reload(record.Reload{Error: "not_compiled"}, func() { r.write("gwctl.yaml", strings.Replace(r.config(), "'plan-' + claims.plan", tt.now, 1)) })
		r.says(tt.says)
		works()
	}
	r.reload(record.Reload{}, func() { r.write("gwctl.yaml", r.config()) })
	works()
	r.stopReloads()
}

package engine

import (
	"strings"
	"testing"
)

// TestCompileRefusesOptions: each fault of hosts, bodies, libraries and
// obligations is one finding, at its token.
func TestCompileRefusesOptions(t *testing.T) {
	if found := check(optioned, smallSuite); len(found) > 0 {
		t.Fatalf("the good set: %v", found)
	}
	for _, tt := range []struct{ old, new, code, token string }{
		{"[api.example.com, ", `[api.example.com, "{owner}.example.com", `, "undeclared_attribute", ""},
		{"www.example.com/pages", "{region}.example.com/pages", "undeclared_attribute", `"GET {region}.example.com/pages"`},
		{`"GET /orders/{id}"`, `"GET /orders/{tenant}"`, "bad_route", `"GET /orders/{tenant}"`},
		{"  attributes:\n    tenant: {type: string, optional: true}", "  attributes:\n    tenant: {type: string, optional: true, from: [source]}", "undeclared_provider", ""},
		{"amount: {type: double,", "amount: {type: duoble,", "unknown_type", "duoble"},
		{"min: 0}", "min: x}", "bad_constraint", "x"},
		{`"orders/call": call`, `"orders/call": cal`, "undeclared_action", "cal"},
		{"lat: {type: double}", "lat: {type: number}", "unknown_type", "number"},
		{"soft: {type: bool,", "name: {type: bool,", "built_in", "name"},
		{"call: {}", "call: {attributes: {soft: {type: string}}}", "bad_constraint", "soft"},
		{"imports: [common]", "imports: [common, comon]", "undeclared_library", "comon"},
		{"common.limit > 3", "common.limt > 3", "undeclared_attribute", "limt"},
		{"common.limit > 3", "unread.limit > 3", "undeclared_name", "unread"},
		{"known: user.authenticated", "known: user.authentcated", "undeclared_attribute", "authentcated"},
		{"without: [page]", "without: [page, pge]", "undeclared_resource", "pge"},
		{"X-View: \"'own'\"", "X-View: \"3\"", "type_mismatch", "3"},
		{"    - {id: r2,", "    - {id: r5, effect: allow, actions: [list, read]}\n    - {id: r2,", "obligation_gap", "r5"},
	} {
		if !strings.Contains(optioned, tt.old) {
			t.Fatalf("the set does not say %q", tt.old)
		}
		found := check(strings.Replace(optioned, tt.old, tt.new, 1), smallSuite)
		codes := map[string]bool{}
		token := tt.token == ""
		for _, d := range found {
			codes[d.Code] = true
			token = token || marked(d) == tt.token
		}
		if len(codes) != 1 || !codes[tt.code] || !token {
			t.Errorf("%q: found %v, want %s at %q", tt.new, found, tt.code, tt.token)
		}
	}
	// A shadow rule decides nothing, and need not set what the others do.
	shadow := strings.Replace(optioned, "    - {id: r2,", "    - {id: r5, effect: allow, actions: [read], mode: shadow, until: 2026-06-30}\n    - {id: r2,", 1)
	if found := check(shadow, smallSuite); len(found) > 0 {
		t.Errorf("a shadow rule without the headers: %v", found)
	}
}

const smallSuite = "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: small}\nspec: {cases: [{name: c, user: anonymous, request: GET /orders/1, expect: deny}]}\n"

package engine

import (
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
)

const slipSet = `
apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec:
  user:
    plan: {type: string, enum: [free, pro], for: [human], from: [credential]}
    job: {type: object, optional: true, fields: {title: {type: string, enum: [boss, clerk]}}}
  env:
    region: {type: string, enum: [eu, us]}
  roles: [admin, support]
---
apiVersion: gwctl.dev/v1
kind: Library
metadata: {name: common}
spec:
  consts: {limit: 5}
  vars: {adult: user.authenticated}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec:
  actions: {read: {}, list: {}, create: {}}
  attributes:
    tenant: {type: string, from: [path, source]}
    owner: {type: string, optional: true}
  routes:
    - {route: "GET /t/{tenant}/docs/{id}", action: read}
    - {route: "POST /t/{tenant}/docs", action: {body: method, map: {a: create, b: list}}, body: {type: json, fields: {method: {type: string}, amount: {type: double}}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: orders}
spec:
  resources: [order]
  imports: [common]
  consts: {limit: 3}
  vars: {mine: has(resource.owner) && resource.owner == user.id}
  rules:
    - id: reads
      effect: allow
      actions: [read]
      roles: [admin]
      transports: [http]
      when: vars.mine
      obligations: {set_headers: {X-View: "'own'"}}
    - id: late
      effect: deny
      reason: {code: too_late}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: guard}
spec:
  resources: ["*"]
  without: [page]
  rules:
    - {id: everywhere, effect: deny, actions: [list], when: user.id == 'x'}
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: page}
spec: {actions: {read: {}}}
`

const slipSuite = `
apiVersion: gwctl.dev/v1
kind: TestSuite
metadata: {name: t}
spec:
  env: {region: eu}
  users: {alice: {id: alice, type: human, plan: pro, job: {title: boss}}}
  resources: {acme: {type: order, id: "1", tenant: acme}}
  cases:
    - {name: c, user: alice, resource: acme, action: read, expect: {effect: deny, reason: too_late}}
    - {name: d, user: alice, request: GET /t/acme/docs/1, delivers: {owner: alice}, expect: {effect: deny, rule: orders/late}}
`

// A slip in a name is one finding, on the name, that says what was meant.
func TestSlips(t *testing.T) {
	if found := check(slipSet, slipSuite); len(found) > 0 {
		t.Fatalf("the set itself: %v", found)
	}
	for _, tt := range []struct{ old, new, code, token, hint string }{
		{"resources: [order]", "resources: [ordr]", "undeclared_resource", "ordr", `"order"`},
		{"resources: [order]", "resources: [invoice]", "undeclared_resource", "invoice", "declared: order, page"},
		{"without: [page]", "without: [pgae]", "undeclared_resource", "pgae", `"page"`},
		{"imports: [common]", "imports: [comon]", "undeclared_library", "comon", `"common"`},
		{"actions: [read]\n      roles", "actions: [raed]\n      roles", "undeclared_action", "raed", `"read"`},
		{"effect: deny, actions: [list]", "effect: deny, actions: [lsit]", "undeclared_action", "lsit", `"list"`},
		{"action: read}", "action: raed}", "undeclared_action", "raed", `"read"`},
		{"{a: create, b", "{a: craete, b", "undeclared_action", "craete", `"create"`},
		{"{body: method", "{body: metod", "undeclared_attribute", "metod", `"method"`},
		{"roles: [admin]", "roles: [admn]", "undeclared_role", "admn", `"admin"`},
		{"transports: [http]", "transports: [htpp]", "unknown_transport", "htpp", "http"},
		{"effect: allow", "effect: alow", "bad_effect", "alow", "allow"},
		{"kind: Library", "kind: Libary", "unknown_kind", "Libary", `"Library"`},
		{"obligations:", "obligation:", "unknown_key", "obligation", `"obligations"`},
		{"type: string, enum: [free", "type: strng, enum: [free", "unknown_type", "strng", "string"},
		{"from: [credential]", "from: [credentail]", "unknown_provider", "credentail", `"credential"`},
		{"from: [path, source]", "from: [path, sorce]", "unknown_provider", "sorce", `"source"`},
		{"from: [path, source]", "from: [pth, source]", "unknown_provider", "pth", `"path"`},
		{"{tenant}/docs/{id}", "{tenent}/docs/{id}", "undeclared_attribute", `"GET /t/{tenent}/docs/{id}"`, "{tenant}"},
		{`"GET /t`, `"GTE /t`, "bad_route", `"GTE /t/{tenant}/docs/{id}"`, `"GET"`},
		{`"GET /t`, `"PROPFIND /t`, "bad_route", `"PROPFIND /t/{tenant}/docs/{id}"`, "methods are GET, HEAD"},
		{"when: vars.mine", "when: vars.mien", "undeclared_attribute", "mien", "vars.mine"},
		{"when: vars.mine", "when: mine", "undeclared_name", "mine", "vars.mine"},
		{"when: vars.mine", "when: common.adlt", "undeclared_attribute", "adlt", "common.adult"},
		{"when: vars.mine", "when: consts.limti == 3", "undeclared_attribute", "limti", "consts.limit"},
		{"when: vars.mine", "when: has(request.body.amout)", "undeclared_attribute", "amout", "request.body.amount"},
		{"when: vars.mine", "when: has(user.job) && user.job.titel == 'boss'", "undeclared_attribute", "titel", "user.job.title"},
		{"when: vars.mine", "when: \"'admn' in user.roles\"", "undeclared_role", "'admn'", `"admin"`},
		{"when: vars.mine", "when: has(user.job) && user.job.title == 'bos'", "undeclared_value", "'bos'", `"boss"`},
		{"when: vars.mine", "when: resource.type == 'ordr'", "undeclared_resource", "'ordr'", `"order"`},
		{"when: vars.mine", "when: action.name == 'raed'", "undeclared_action", "'raed'", `"read"`},
		{"when: vars.mine", "when: user.id.startWith('a')", "undeclared_function", "startWith", `"startsWith"`},
		{"when: vars.mine", "when: request.header('X-A').hasValue()", "header_case", "'X-A'", "x-a"},
		{"X-View: \"'own'\"", "X-View: user.di", "undeclared_attribute", "di", "user.id"},
		{"vars: {adult: user.authenticated}", "vars: {adult: user.authentcated}", "undeclared_attribute", "authentcated", "user.authenticated"},
		{"code: too_late", "code: no_route", "bad_reason", "no_route", "another"},
		{"code: too_late", "code: too-late", "bad_reason", "too-late", "snake_case"},
		{"name: common", "name: join", "bad_name", "join", "another"},
		// suites
		{"plan: pro, job", "plan: por, job", "attribute_invalid", "por", `"pro"`},
		{"region: eu}", "region: mars}", "attribute_invalid", "mars", "declared: eu, us"},
		{"plan: pro, job", "pln: pro, job", "undeclared_attribute", "pln", `"plan"`},
		{"{type: order, id", "{type: ordr, id", "undeclared_resource", "ordr", `"order"`},
		{"user: alice, resource", "user: alcie, resource", "undeclared_user", "alcie", `"alice"`},
		{"resource: acme", "resource: acm", "undeclared_fixture", "acm", `"acme"`},
		{"resource: acme, action: read", "resource: acme, action: raed", "undeclared_action", "raed", `"read"`},
		{"reason: too_late", "reason: to_late", "undeclared_reason", "to_late", `"too_late"`},
		{"rule: orders/late", "rule: orders/lat", "undeclared_rule", "orders/lat", `"orders/late"`},
		{"delivers: {owner", "delivers: {ownr", "undeclared_attribute", "ownr", `"owner"`},
	} {
		set, suite := strings.Replace(slipSet, tt.old, tt.new, 1), slipSuite
		if set == slipSet {
			if suite = strings.Replace(slipSuite, tt.old, tt.new, 1); suite == slipSuite {
				t.Fatalf("nothing says %q", tt.old)
			}
		}
		var found policy.Diagnostics
		for _, d := range check(set, suite) {
			if tt.new != "name: join" || d.Code != "undeclared_library" { // the policy still names the old one
				found = append(found, d)
			}
		}
		if len(found) != 1 || found[0].Code != tt.code || !found.HasErrors() {
			t.Errorf("%s: %v, want one %s", tt.new, found, tt.code)
			continue
		}
		if got := marked(found[0]); got != tt.token {
			t.Errorf("%s: marks %q, want %q", tt.new, got, tt.token)
		}
		if !strings.Contains(found[0].Hint, tt.hint) {
			t.Errorf("%s: hint %q lacks %q", tt.new, found[0].Hint, tt.hint)
		}
	}
}

// A guard that reads what some type lacks says which, and one that leaves out
// every type guards nothing.
func TestGuardsOverTypesThatLackAnAttribute(t *testing.T) {
	over := func(without, when string) string {
		set := strings.Replace(slipSet, "without: [page]", without, 1)
		return strings.Replace(set, "actions: [list], when: user.id == 'x'", "when: "+when, 1)
	}
	const reads = "has(resource.owner) && resource.owner == user.id"
	if found := check(over("without: [page]", reads), slipSuite); len(found) > 0 {
		t.Errorf("the type without it is left out: %v", found)
	}
	found := check(over("imports: [common]", reads), slipSuite)
	if len(found) != 2 || found[0].Code != "undeclared_attribute" || marked(found[0]) != "owner" || !strings.Contains(found[0].Hint, "order declares it and page does not") || !strings.Contains(found[0].Hint, "without") {
		t.Errorf("a type lacks it: %v", found)
	}
	if found := check(over("imports: [common]", "resource.id == 'x'"), slipSuite); len(found) > 0 {
		t.Errorf("every type has an id: %v", found)
	}
	found = check(over("without: [page, order]", "user.id == 'x'"), slipSuite)
	if len(found) != 1 || found[0].Code != "bad_selection" || marked(found[0]) != `"*"` {
		t.Errorf("nothing is left: %v", found)
	}
}

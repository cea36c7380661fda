package engine

import (
	"strings"
	"testing"
)

// Every finding about a condition stands at the same token in whatever way
// YAML lets the condition be written.
func TestFindingsInEveryScalar(t *testing.T) {
	const schema = `apiVersion: gwctl.dev/v1
kind: Schema
metadata: {name: s}
spec:
  user:
    plan: {type: string, enum: [free, pro]}
    country: {type: string, optional: true}
    clearance: {type: int, optional: true}
  roles: [admin]
---
apiVersion: gwctl.dev/v1
kind: Resource
metadata: {name: order}
spec: {actions: {read: {}}}
---
apiVersion: gwctl.dev/v1
kind: Policy
metadata: {name: p}
spec:
  resources: [order]
  rules:
    - id: r
      effect: deny
      when: `
	plain := func(s string) string { return s }
	single := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	double := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "é", `\u00e9`).Replace(s) + `"`
	}
	block := func(head, indent string) func(string) string {
		return func(s string) string {
			return head + "\n" + indent + strings.ReplaceAll(s, " && ", " &&\n"+indent)
		}
	}
	styles := map[string]func(string) string{
		"plain": plain, "single": single, "double": double, "literal": block("|", "        "), "folded": block(">", "        "),
		"literal, indented": block("|2", "          "), "folded, indented": block(">2", "          "), "stripped": block(">-", "         "), "kept": block("|+", "       "),
		"plain, in lines": block("", "        "), "double, in lines": func(s string) string { return strings.ReplaceAll(double(s), " && ", " &&\n          ") },
	}
	for _, tt := range []struct{ when, code, token string }{
		{"user.id != 'é' && user.country == 'DE'", "unguarded_optional", "user.country"},
		{"user.id != 'é' && user.?country.value() == 'DE'", "unguarded_optional", "value"},
		{"user.id != 'é' && user.?country.orValue('DE') != 'DE'", "deny_on_default", "orValue"},
		{"user.id != 'é' && user.?country == optional.of('KP')", "deny_on_default", "=="},
		{"user.id != 'é' && user.groups.all(a, user.roles.all(b, a + b + user.id != b + a))", "cost_over_budget", "all"},
		{"user.id != 'é' && user.plan == 'por'", "undeclared_value", "'por'"},
		{"user.id != 'é' && 'admn' in user.roles", "undeclared_role", "'admn'"},
		{"user.id != 'é' && user.id.matches('^a')", "unanchored_pattern", "'^a'"},
		{"user.id != 'é' && duration('1 day') > duration('1h')", "bad_literal", "'1 day'"},
		{"user.id != 'é' && user.contry == 'DE'", "undeclared_attribute", "contry"},
		{"user.id != 'é' && user.id.startWith('a')", "undeclared_function", "startWith"},
		{"user.id != 'é' && usr.id == 'a'", "undeclared_name", "usr"},
		{"user.id != 'é' && user.id == 1", "type_mismatch", "=="},
		{"user.id != 'é' && request.header('X-A').hasValue()", "header_case", "'X-A'"},
	} {
		for name, write := range styles {
			found := check(schema+write(tt.when)+"\n      transports: [http]\n", suiteOfNothing)
			if len(found) != 1 || found[0].Code != tt.code {
				t.Errorf("%s: %s: %v, want one %s", name, tt.when, found, tt.code)
				continue
			}
			token := tt.token
			if name == "single" {
				token = strings.ReplaceAll(token, "'", "''")
			}
			if got := marked(found[0]); got != token {
				t.Errorf("%s: %s marks %q, want %q", name, tt.when, got, token)
			}
			if found[0].Hint == "" && tt.code != "type_mismatch" {
				t.Errorf("%s: %s: no hint", name, tt.code)
			}
		}
	}
}

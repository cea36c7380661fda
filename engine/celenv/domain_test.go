package celenv_test

import (
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
)

func TestBadLiterals(t *testing.T) {
	testRefusals(t, celenv.RuleOptions{HTTPOnly: true}, []refusal{
		{"user.id.matches(«'(a'»)", "bad_pattern", "RE2", "user.id.matches('^(a)$')"},
		{"matches(user.id, «'^(a$'»)", "bad_pattern", "", "matches(user.id, '^(a)$')"},
		{"user.id.matches(«'^(a{1000}){1000}$'»)", "bad_pattern", "", "user.id.matches('^(a{10}){10}$')"},
		{"user.id.matches(«'admin'»)", "unanchored_pattern", "^(…)$", "user.id.matches('^admin$')"},
		{"user.id.matches(«'^admin'»)", "unanchored_pattern", "$", "user.id.matches('^admin.*')"},
		{"user.id.matches(«'admin$'»)", "unanchored_pattern", "^", "user.id.matches('.*admin$')"},
		{`user.id.matches(«r'^\d+|x$'»)`, "unanchored_pattern", "^(…)$", `user.id.matches(r'^(\d+|x)$')`},
		{"user.id.matches(«'^(a$|b)'»)", "unanchored_pattern", "", "user.id.matches('^a$|^b.*')"},
		{"user.id.matches(«'(?m)^a$'»)", "unanchored_pattern", "", "user.id.matches('(?i)^a$')"},
		{"user.id.matches(«'(^a)?b$'»)", "unanchored_pattern", "", "user.id.matches('(^a)b$')"},
		{"user.id.matches(«consts.open»)", "unanchored_pattern", "", ""},
		{"cidr(«'10.0.0.1/8'»).containsIP(env.ip)", "bad_literal", "10.0.0.0/8", "cidr('10.0.0.0/8').containsIP(env.ip)"},
		{`cidr(«"10.0.0.0/33"»).containsIP(env.ip)`, "bad_literal", "192.0.2.0/24", "cidr('10.0.0.1/32').containsIP(env.ip)"},
		{"env.ip == ip(«'10.0.0'»)", "bad_literal", "192.0.2.1", "env.ip == ip('10.0.0.1')"},
		{"cidr('10.0.0.0/8').containsIP(«'10.0.0.256'»)", "bad_literal", "", "cidr('10.0.0.0/8').containsIP('10.0.0.255')"},
		{"«consts.sloppy».exists(n, cidr(n).containsIP(env.ip))", "bad_literal", "", "consts.office.exists(n, cidr(n).containsIP(env.ip))"},
		{"env.time > timestamp(«'2026-13-01T00:00:00Z'»)", "bad_literal", "2026-01-15T10:00:00Z", "env.time > timestamp('2026-12-01T00:00:00Z')"},
		{"env.time - env.time > duration(«'1 day'»)", "bad_literal", "no days", "env.time - env.time > duration('24h')"},
		{"env.time.getHours(«'Europe/Berlin '») > 8", "bad_literal", "Europe/Berlin", "env.time.getHours('Europe/Berlin') > 8"},
		{"env.time.getHours(«'Local'») > 8", "bad_literal", "", "env.time.getHours('+01:00') > 8"},
		{"env.time.getDayOfWeek(«'+25:00'») > 8", "bad_literal", "", "env.time.getDayOfWeek('UTC') > 8"},
		{"date(env.time, «'Europe/Berln'») > '2026-01-01'", "bad_literal", "IANA", "date(env.time, 'Europe/Berlin') > '2026-01-01'"},
		{"date(env.time, «'+01:00'») > '2026-01-01'", "bad_literal", "", "date(env.time, 'UTC') > '2026-01-01'"},
		{"date(env.time, «user.id») > '2026-01-01'", "literal_required", "in quotes", "date(env.time, consts.zone) > '2026-01-01'"},
		{"weekday(env.time, 'UTC') == «'Mon'»", "bad_literal", "monday", "weekday(env.time, 'UTC') == 'monday'"},
		{"weekday(env.time, 'UTC') in ['saturday', «'Sunday'»]", "bad_literal", "sunday", "weekday(env.time, 'UTC') in ['saturday', 'sunday']"},
		{"['saturday', «'sun'»].exists(d, d == weekday(env.time, 'UTC'))", "bad_literal", "", "['saturday', 'sunday'].exists(d, d == weekday(env.time, 'UTC'))"},
		{"clock(env.time, 'UTC') >= «'9:00'»", "bad_literal", "'09:00'", "clock(env.time, 'UTC') >= '09:00'"},
		{"«'9:00'» <= clock(env.time, 'UTC')", "bad_literal", "", "'09:00' <= clock(env.time, 'UTC') && clock(env.time, 'UTC') < '24:00'"},
		{"clock(env.time, 'UTC') == «'24:00'»", "bad_literal", "", "clock(env.time, 'UTC') == '23:59'"},
		{"date(env.time, 'UTC') == «'2026-1-1'»", "bad_literal", "2026-01-15", "date(env.time, 'UTC') == '2026-01-01'"},
		{"date(env.time, 'UTC') < «'2026-02-30'»", "bad_literal", "", "date(env.time, 'UTC') < '2026-02-28'"},
	})
}

func TestLiteralsOutsideTheirSet(t *testing.T) {
	const enum = "undeclared_value"
	testRefusals(t, celenv.RuleOptions{}, []refusal{
		{"user.plan == «'por'»", enum, `"pro"`, "user.plan == 'pro'"},
		{"«'por'» != user.plan", enum, `"pro"`, "'pro' != user.plan"},
		{"user.plan in ['free', «'por'»]", enum, "", "user.plan in ['free', 'pro']"},
		{"user.plan == «consts.plan»", enum, "", ""},
		{"vars.plan == «'por'»", enum, "", "vars.plan == 'pro'"},
		{"common.plan == «'por'»", enum, "", "common.plan == 'pro'"},
		{"user.?plan.orValue('none') == «'non'»", enum, `"none"`, "user.?plan.orValue('none') == 'none'"},
		{"user.?plan == optional.of(«'por'»)", enum, "", "user.?plan == optional.of('pro')"},
		{"user.?plan.value() == «'por'»", enum, "", "user.?plan.value() == 'pro'"},
		{"(user.authenticated ? user.plan : 'x') == «'y'»", enum, "", "(user.authenticated ? user.plan : 'x') == 'x'"},
		{"«'bta'» in user.tags", enum, `"beta"`, "'beta' in user.tags"},
		{"user.tags.exists(x, x == «'bta'»)", enum, `"beta"`, "user.tags.exists(x, x == 'beta')"},
		{"user.tags.all(i, x, x != «'bta'»)", enum, "", "user.tags.all(i, x, x != 'beta')"},
		{"['vip', «'bta'»].exists(x, x in user.tags)", enum, "", "['vip', 'beta'].exists(x, x in user.tags)"},
		{"user.tags[0] == «'bta'»", enum, "", "user.tags[0] == 'beta'"},
		{"sets.intersects(user.tags, ['vip', «'bta'»])", enum, "", "sets.intersects(user.tags, ['vip', 'beta'])"},
		{"has(user.address) && user.address.zip == «'3'»", enum, "", "has(user.address) && user.address.zip == '2'"},
		{"«'admn'» in user.roles", "undeclared_role", `"admin"`, "'admin' in user.roles"},
		{"user.roles.exists(r, r == «'admn'»)", "undeclared_role", `"admin"`, "user.roles.exists(r, r == 'admin')"},
		{"user.roles.exists(r, r in ['admin', «'suport'»])", "undeclared_role", `"support"`, "user.roles.exists(r, r in ['admin', 'support'])"},
		{"resource.type == «'ordr'»", "undeclared_resource", `"order"`, "resource.type == 'order'"},
		{"action.name in ['read', «'remove'»]", "undeclared_action", "declared: read, delete", "action.name in ['read', 'delete']"},
		{"user.method == 'x' && user.groups.exists(g, g == 'any') && «'x'» in user.roles", "undeclared_role", "", "'anything' in user.groups"},
	})
}

func TestRemovedFunctions(t *testing.T) {
	testRefusals(t, celenv.RuleOptions{}, []refusal{
		{"«dyn»(user.id) == 1", "undeclared_function", "int(…)", "int(user.id) == 1"},
		{"«type»(user.id) == string", "undeclared_function", "declared types", "string(user.id) == 'x'"},
		{"user.«typ»() == 1", "undeclared_function", "", "user.id.size() == 1 && double('1') == 1.0 && bool('true') && uint(1) == 1u"},
	})
}

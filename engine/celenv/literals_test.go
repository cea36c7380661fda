package celenv

import "testing"

// TestLiterals pairs what can never work, or never means what it seems to,
// with the same expression mended.
func TestLiterals(t *testing.T) {
	r := newRig(t)
	for _, tt := range []struct{ code, token, bad, good string }{
		{"bad_literal", "'1y'", "user.ttl < duration('1y')", "user.ttl < duration('8760h')"},
		{"bad_literal", "'2026-01-15'", "user.since < timestamp('2026-01-15')", "user.since < timestamp('2026-01-15T00:00:00Z')"},
		{"bad_literal", "'192.0.2.300'", "env.ip == ip('192.0.2.300')", "env.ip == ip('192.0.2.30')"},
		{"bad_literal", "'::ffff:192.0.2.1'", "env.ip == ip('::ffff:192.0.2.1')", "env.ip == ip('192.0.2.1')"},
		{"bad_literal", "'192.0.2.1/24'", "cidr('192.0.2.1/24').containsIP(env.ip)", "cidr('192.0.2.0/24').containsIP(env.ip)"},
		{"bad_literal", "'192.0.2.1x'", "user.net.containsIP('192.0.2.1x')", "user.net.containsIP('192.0.2.1')"},
		{"bad_literal", "'192.0.2.1/30'", "user.net.containsCIDR('192.0.2.1/30')", "user.net.containsCIDR('192.0.2.0/30')"},
		{"bad_literal", "consts.zone", "cidr(consts.zone).containsIP(env.ip)", "cidr('::/0').containsIP(env.ip)"},
		{"bad_literal", "'Europe/Berln'", "env.time.getHours('Europe/Berln') > 8", "env.time.getHours('Europe/Berlin') > 8"},
		{"bad_literal", "'Local'", "env.time.getDayOfWeek('Local') > 1", "env.time.getDayOfWeek('UTC') > 1"},
		{"bad_literal", "''", "env.time.getDate('') > 1", "env.time.getDate() > 1"},
		{"bad_literal", "'+25:00'", "env.time.getMinutes('+25:00') > 1", "env.time.getMinutes('+05:30') > 1"},
		{"literal_required", "user.id", "env.time.getHours(user.id) > 8", "env.time.getHours(consts.zone) > 8"},
		{"bad_pattern", "'^[a$'", "user.id.matches('^[a$')", "user.id.matches('^[a]$')"},
		{"bad_pattern", "'^(?=a)$'", "matches(user.id, '^(?=a)$')", "matches(user.id, '^(?:a)$')"},
		{"unanchored_pattern", "'acme'", "user.id.matches('acme')", "user.id.matches('^acme$')"},
		{"unanchored_pattern", "'^acme'", "user.id.matches('^acme')", "user.id.matches('^acme.*')"},
		{"unanchored_pattern", "'acme$'", "user.id.matches('acme$')", "user.id.matches('.*acme$')"},
		{"unanchored_pattern", "'^a|b$'", "user.id.matches('^a|b$')", "user.id.matches('^(?:a|b)$')"},
		{"unanchored_pattern", "'^(a|b$)'", "user.id.matches('^(a|b$)')", "user.id.matches('^(a$|b$)')"},
		{"unanchored_pattern", "'(?m)^a$'", "user.id.matches('(?m)^a$')", "user.id.matches('(?s)^a$')"},
		{"unanchored_pattern", "''", "user.id.matches('')", "user.id.matches('.*')"},
		{"unanchored_pattern", "consts.pattern", "user.id.matches(consts.pattern)", "user.id.matches('^' + consts.pattern)"},
		{"undeclared_value", "'fre'", "user.plan != 'fre'", "user.plan != 'free'"},
		{"undeclared_value", "'Free'", "'Free' == user.plan", "'free' == user.plan"},
		{"undeclared_value", "'gold'", "user.plan in ['pro', 'gold']", "user.plan in ['pro', 'free']"},
		{"undeclared_value", "consts.plans", "user.plan in consts.plans", "user.plan in consts.paid"},
		{"undeclared_role", "'admn'", "'admn' in user.roles", "'admin' in user.roles"},
		{"undeclared_value", "'c'", "!('c' in user.tags)", "!('a' in user.tags)"},
		{"undeclared_value", "'c'", "user.tags == ['a', 'c']", "user.tags == ['a', 'b']"},
		// An enum of a map is about its values; what `in` asks for are its keys.
		{"undeclared_value", "'c'", "'c' in user.tags", "'c' in user.labels"},
		{"undeclared_value", "'gold'", "user.plan == 'gold'", "user.plan in consts.by_plan"},
		{"undeclared_value", "'gold'", "user.plan == 'gold'", "['gold'].exists(x, x == resource.owner)"},
	} {
		e, problems := r.scope.Compile(tt.bad, boolean)
		if e != nil || len(problems) == 0 {
			t.Errorf("%s compiles", tt.bad)
		} else {
			p := problems[0]
			token := string([]rune(tt.bad)[p.Offset : p.Offset+p.Length])
			if p.Code != tt.code || token != tt.token {
				t.Errorf("%s: %s at %q (%s), want %s at %q", tt.bad, p.Code, token, p.Message, tt.code, tt.token)
			}
		}
		if e, problems := r.scope.CompileUnguarded(tt.good, boolean); e == nil || len(problems) > 0 {
			t.Errorf("%s: %+v", tt.good, problems)
		}
	}
}

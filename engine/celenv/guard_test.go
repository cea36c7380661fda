package celenv_test

import (
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

func TestUnguarded(t *testing.T) {
	const code = "unguarded_optional"
	testRefusals(t, celenv.RuleOptions{}, []refusal{
		{"«user.country» == 'DE'", code, "write has(user.country) && …", "has(user.country) && user.country == 'DE'"},
		{"has(user.country) || «user.country» == 'DE'", code, "", "!has(user.country) || user.country == 'DE'"},
		{"!has(user.country) && «user.country» == 'DE'", code, "", "!(has(user.country) && user.country == 'DE')"},
		{"«user.country» == 'DE' && has(user.country)", code, "", "has(user.country) == true && user.country == 'DE'"},
		{"has(user.country) == false && «user.country» == 'DE'", code, "", "has(user.country) != false && user.country == 'DE'"},
		{"has(user.country) ? true : «user.country» == 'DE'", code, "", "has(user.country) ? user.country == 'DE' : false"},
		{"(has(user.country) ? user.id == 'x' : true) && «user.country» == 'DE'", code, "", "(has(user.country) ? user.id == 'x' : false) && user.country == 'DE'"},
		{"(has(user.country) || has(resource.owner)) && «user.country» == 'DE'", code, "", "(has(user.country) && has(resource.owner)) && user.country == 'DE'"},
		{"(!has(user.country) && user.id == 'x') || «user.country» == 'DE'", code, "", "(!has(user.country) || user.id == 'x') || user.country == 'DE'"},
		{"user.groups.exists(g, g == «user.country»)", code, "", "has(user.country) && user.groups.exists(g, g == user.country)"},
		{"user.groups.all(g, has(user.country)) && «user.country» == 'DE'", code, "", "user.groups.exists(g, has(user.country)) && user.country == 'DE'"},
		{"«user.grade» == 'a'", code, "has(user.grade)", "has(user.grade) && user.grade == 'a'"},
		{"user.type == 'human' && «user.grade» == 'a'", code, "", "user.?grade.orValue('') == 'a'"},
		{"user.authenticated && «user.tenant» == 'acme'", code, "", "user.authenticated && user.id == 'acme'"},
		{"size(«user.country») > 1", code, "user.?country", "user.?country.orValue('') == 'DE'"},
		{"[«user.country»].size() > 0", code, "", "[?user.?country].size() > 0"},
		{"{'a': «user.country»}.size() > 0", code, "", "{?'a': user.?country}.size() > 0"},
		{"has(«user.address».city)", code, "", "has(user.address) && has(user.address.city)"},
		{"has(user.address) && «user.address.city» == 'x'", code, "user.address.?city", "has(user.address) && has(user.address.city) && user.address.city == 'x'"},
		{"has(user.address) && user.address.?city.orValue('') == 'x' && «user.address.city» == 'x'", code, "", "user.?address.?city.orValue('') == 'x'"},
		{"«user.address».zip == '1'", code, "", "has(user.address) && user.address.zip == '1'"},
		{"«resource.labels».x == 'y'", code, "", "has(resource.labels) && resource.labels.x == 'y'"},
		{"«resource.labels»['x'] == 'y'", code, "", "resource.?labels[?'x'].orValue('') == 'y'"},
		{"!user.?country.hasValue() && «user.country» == 'DE'", code, "", "user.?country.hasValue() && user.country == 'DE'"},
		{"vars.no_owner && «resource.owner» == user.id", code, "", "vars.has_owner && resource.owner == user.id"},
		{"!vars.has_owner || vars.no_owner || user.id == «user.country»", code, "", "vars.no_owner || resource.owner == user.id"},
		{"vars.is_owner || «resource.owner» == 'x'", code, "", "vars.is_owner && resource.owner != 'x'"},
		{"common.no_owner && «resource.owner» == user.id", code, "", "common.has_owner && resource.owner == user.id"},
	})
}

// The built-in attributes that the language does not call optional are read
// without a test.
func TestGuardNotNeeded(t *testing.T) {
	s := newScope(t)
	for _, src := range []string{
		"user.id == 'x'", "user.type == 'human'", "'admin' in user.roles", "resource.id == 'x'", "user.issuer == 'x'", "resource.type == 'order'",
		"env.time > timestamp('2026-01-01T00:00:00Z')", "user.plan == 'pro'", "user.authenticated", "action.name == 'read'",
		"user.?country.optMap(c, c == 'DE').orValue(false)", "has(user.country)", "!has(user.country)",
		"(!has(user.clearance) || user.clearance > 3) && user.id != ''",
		"has(user.country) && (user.id == 'x' || user.groups.exists(g, g == user.country))",
	} {
		compiles(t, s, src, celenv.RuleOptions{})
	}
}

func TestUnguardedHTTP(t *testing.T) {
	const code = "unguarded_optional"
	cases := []refusal{
		{"«request.path» == '/x'", code, "transports: [http]", "has(request.path) && request.path == '/x'"},
		{"has(request.body) && «request.path» == '/x'", code, "", "has(request.method) && request.path == '/x'"},
		{"cidr('10.0.0.0/8').containsIP(«env.ip»)", code, "has(env.ip)", "has(env.ip) && cidr('10.0.0.0/8').containsIP(env.ip)"},
		{"has(request.path) && env.ip == ip('10.0.0.1')", code, "", ""},
		{"request.«header»('x').hasValue()", code, "has(request.path)", "has(request.path) && request.header('x').hasValue()"},
		{"«request.body.amount» > 1.0", code, "has(request.body.amount)", "has(request.body) && request.body.amount > 1.0"},
		{"has(request.path) && «request.body.amount» > 1.0", code, "", "has(request.body.amount) && request.body.amount > 1.0"},
		{"«vars.admin_path»", code, "has(request.path)", "vars.via_http && vars.admin_path"},
		{"«common.admin_path» && user.id == 'x'", code, "", "has(request.path) && common.admin_path"},
	}
	cases[3].src = "has(request.path) && «env.ip» == ip('10.0.0.1')"
	testRefusals(t, celenv.RuleOptions{}, cases)
	s := newScope(t)
	for _, c := range cases {
		clean, _, _ := marked(c.src)
		compiles(t, s, clean, celenv.RuleOptions{HTTPOnly: true})
	}
	testRefusals(t, celenv.RuleOptions{HTTPOnly: true}, []refusal{
		{"«request.body.note» == 'x'", code, "has(request.body.note)", "has(request.body.note) && request.body.note == 'x'"},
		{"has(request.body) && «request.body.note» == 'x'", code, "", "request.body.?note.orValue('') == 'x'"},
	})
}

// What bodies and actions have depends on the rule.
func TestPresent(t *testing.T) {
	s := newScope(t)
	big, problems := s.Compile("request.body.note == 'x' && action.soft", nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s.AddVar("big", big)
	o := celenv.RuleOptions{HTTPOnly: true, Present: []string{"request.body.note", "action.soft"}}
	for _, src := range []string{"request.body.note == 'x'", "action.soft", "vars.big"} {
		compiles(t, s, src, o)
		for _, less := range []celenv.RuleOptions{{HTTPOnly: true}, {}} {
			if _, problems := s.CompileRule(src, less); len(problems) == 0 || problems[0].Code != "unguarded_optional" || problems[0].Offset != 0 {
				t.Errorf("%s under %+v: %+v, want unguarded_optional", src, less, problems)
			}
		}
	}
	compiles(t, s, "has(request.body.note) && has(action.soft) && vars.big", celenv.RuleOptions{})
}

// A variable stands alone: it cannot be guarded by its reader.
func TestUnguardedVariable(t *testing.T) {
	s := newScope(t)
	if _, problems := s.Compile("resource.owner == user.id", nil); len(problems) != 1 || problems[0].Code != "unguarded_optional" {
		t.Errorf("got %+v, want unguarded_optional", problems)
	}
	if _, problems := s.Compile("has(resource.owner) && resource.owner == user.id", nil); len(problems) > 0 {
		t.Errorf("guarded in itself: %+v", problems)
	}
}

func TestGiven(t *testing.T) {
	s := newScope(t)
	when := compiles(t, s, "has(user.country) && user.country != 'KP'", celenv.RuleOptions{})
	text := &slot.Type{Kind: slot.String}
	compiles(t, s, "'X-' + user.country", celenv.RuleOptions{Want: text, Given: when})
	if _, problems := s.CompileRule("'X-' + user.country", celenv.RuleOptions{Want: text}); len(problems) != 1 || problems[0].Code != "unguarded_optional" {
		t.Errorf("without the condition: %+v, want unguarded_optional", problems)
	}
}

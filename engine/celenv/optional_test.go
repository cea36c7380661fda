package celenv_test

import (
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// value() is a read: without a test it is the error that the test is for.
func TestUnguardedOptional(t *testing.T) {
	const code = "unguarded_optional"
	testRefusals(t, celenv.RuleOptions{HTTPOnly: true}, []refusal{
		{"user.?country.«value»() == 'DE'", code, "write has(user.country) && …", "has(user.country) && user.?country.value() == 'DE'"},
		{"!user.?country.hasValue() && user.?country.«value»() == 'DE'", code, "orValue(…)", "!user.?country.hasValue() || user.?country.value() == 'DE'"},
		{"user.?address.?city.«value»() == 'x'", code, "write has(user.address) && has(user.address.city) && …", "user.?address.?city.hasValue() && user.?address.?city.value() == 'x'"},
		{"has(user.address) && user.?address.?city.«value»() == 'x'", code, "write has(user.address.city) && …", "has(user.address) && user.?address.?zip.value() == '1'"},
		{"user.?address.?zip.«value»() == '1'", code, "write has(user.address) && …", "user.?address.?zip.hasValue() && user.address.zip == '1'"},
		{"user.?address.?zip.hasValue() && «user.address.city» == 'x'", code, "", "user.?address.?city.hasValue() && user.address.city == 'x'"},
		{"request.header('x').«value»() == 'a'", code, `write request.header("x").hasValue() && …`, "request.header('x').hasValue() && request.header('x').value() == 'a'"},
		{"request.header('x').hasValue() && request.header('y').«value»() == 'a'", code, "", "request.param('x').hasValue() && request.param('x').value() == 'a'"},
		{"user.groups[?0].«value»() == 'x'", code, ".hasValue()", "user.groups[?0].hasValue() ? user.groups[?0].value() == 'x' : false"},
		{"[user.?country].exists(c, c.«value»() == 'DE')", code, "write c.hasValue() && …", "[user.?country].exists(c, c.hasValue() && c.value() == 'DE')"},
		{"[user.?country].exists(c, c.hasValue()) && [user.?tenant].exists(c, c.«value»() == 'DE')", code, "", "[user.?country].all(c, !c.hasValue() || c.value() == 'DE')"},
		{"user.?country.or(user.?tenant).«value»() == 'x'", code, "", "has(user.tenant) && user.?country.or(user.?tenant).value() == 'x'"},
		{"(has(user.country) ? user.?country : user.?tenant).«value»() == 'x'", code, "", "user.?country.or(optional.of('x')).value() == 'x'"},
		{"user.?country.hasValue(«user.country»)", code, "", "user.?country.hasValue('DE') && user.country != 'KP'"},
		{"user.?country == optional.none() && «user.country» == 'DE'", code, "", "user.?country != optional.none() && user.country == 'DE'"},
		{"user.?country != optional.none() || «user.country» == 'DE'", code, "", "optional.none() == user.?country || user.country == 'DE'"},
	})
}

// Objects that a loop or optMap names are read like others.
func TestUnguardedField(t *testing.T) {
	const code = "unguarded_optional"
	testRefusals(t, celenv.RuleOptions{}, []refusal{
		{"has(user.address) && [user.address].exists(a, «a.city» == 'x')", code, "write has(a.city) && …", "has(user.address) && [user.address].exists(a, has(a.city) && a.city == 'x')"},
		{"has(user.address) && [user.address].exists(a, has(a.city)) && [user.address].exists(a, «a.city» == 'x')", code, "", "has(user.address) && [user.address].exists(a, [a].exists(b, has(a.city) && a.city == b.zip))"},
		{"has(user.address) && [user.address].exists(a, has(a.city) && [a].exists(a, «a.city» == 'x'))", code, "", "has(user.address) && [user.address].exists(a, has(a.city) && [a].exists(b, a.city == 'x'))"},
		{"user.?address.optMap(a, «a.city» == 'x').orValue(false)", code, "read a.?city", "user.?address.optMap(a, a.?city.orValue('') == 'x').orValue(false)"},
		{"user.?address.optFlatMap(a, optional.of(«a.city»)).orValue('') == 'x'", code, "", "user.?address.optFlatMap(a, a.?city).orValue('') == 'x'"},
	})
}

// A library's own variables and constants are not those of its readers.
func TestFactsOfALibrary(t *testing.T) {
	s := newScope(t)
	for _, v := range [][2]string{{"home", "user.?address.optMap(a, a)"}, {"tested", "vars.home.hasValue()"}} {
		e, problems := s.Compile(v[1], nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		s.AddVar(v[0], e)
	}
	compiles(t, s, "vars.tested && vars.home.value().zip == '1'", celenv.RuleOptions{})
	lib, err := celenv.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	user := lib.NewScope(slot.NewLayout(attributes()), nil, map[string]*celenv.Scope{"common": s})
	home, problems := user.Compile("has(user.country) ? user.?address : optional.none()", nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	user.AddVar("home", home)
	if _, problems := user.CompileRule("common.tested && vars.home.value().zip == '1'", celenv.RuleOptions{}); len(problems) != 1 || problems[0].Code != "unguarded_optional" {
		t.Errorf("the test of another variable of that name: %+v", problems)
	}
	compiles(t, user, "common.tested && common.home.hasValue() && common.home.value().zip == '1'", celenv.RuleOptions{})
}

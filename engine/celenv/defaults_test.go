package celenv_test

import (
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
)

func TestDenyOnDefault(t *testing.T) {
	const code = "deny_on_default"
	testRefusals(t, celenv.RuleOptions{Deny: true, HTTPOnly: true}, []refusal{
		{"user.?country.«orValue»('DE') != 'DE'", code, "has(x) && …", "user.?country.orValue('') != 'DE'"},
		{"user.?country.«orValue»('') in consts.embargoed", code, "", "!has(user.country) || user.country in consts.embargoed"},
		{"user.?clearance.«orValue»(9) < 3", code, "", "user.?clearance.orValue(0) < 3"},
		{"!(user.?country.«orValue»('DE') == 'DE')", code, "", "!(user.?country.orValue('') == 'DE')"},
		{"user.?mfa.«orValue»(false)", code, "", "!user.?mfa.orValue(false)"},
		{"!user.?mfa.«orValue»(true)", code, "", "user.?mfa.orValue(true)"},
		{"user.?mfa.«orValue»(true) == false", code, "", "user.?mfa.orValue(false) == false"},
		{"user.id == 'x' && user.?clearance.«orValue»(9) < 3", code, "", "user.id == 'x' && user.?clearance.orValue(0) < 3"},
		{"user.id == 'x' || user.?clearance.«orValue»(9) < 3", code, "", "user.id == 'x' || user.?clearance.orValue(0) < 3"},
		{"user.id == 'x' ? user.?clearance.«orValue»(9) < 3 : true", code, "", "user.id == 'x' ? user.?clearance.orValue(0) < 3 : true"},
		{"(user.?clearance.«orValue»(9) < 3 ? 'a' : 'b') == 'a'", code, "", "(user.?clearance.orValue(0) < 3 ? 'a' : 'b') == 'a'"},
		{"user.?clearance.«orValue»(9) < 3 ? user.id == 'x' : false", code, "", "user.?clearance.orValue(0) < 3 ? user.id == 'x' : false"},
		{"user.?clearance.«orValue»(0) < 3 ? false : user.id == 'x'", code, "", "user.?clearance.orValue(9) < 3 ? false : user.id == 'x'"},
		{"user.?clearance.«orValue»(9) < 3 ? user.id == 'x' : user.id == 'y'", code, "", "user.?clearance.orValue(9) < 3 ? 1 == 1 : 2 == 2"},
		{"user.?clearance.«orValue»(9) < 3 ? true : false", code, "", "user.?clearance.orValue(0) < 3 ? true : false"},
		{"user.?country.«orValue»('DE') != resource.country", code, "", "has(user.country) && user.?country.orValue('DE') != resource.country"},
		{"user.?country.«orValue»('eu') != resource.zone", code, "", "user.?country.orValue('') != resource.zone"},
		{"user.?clearance.«orValue»(1) < resource.level", code, "", "user.?clearance.orValue(0) < resource.level"},
		{"!(resource.level <= user.?clearance.«orValue»(1))", code, "", "!(resource.level <= user.?clearance.orValue(0))"},
		{"user.?clearance.«orValue»(5) >= resource.level + 1", code, "", "user.?clearance.orValue(5) >= resource.level"},
		{"user.?teams.«orValue»([]).exists(x, x == 'banned')", code, "", "user.?teams.orValue([]).all(x, x == 'good')"},
		{"user.groups.exists(g, user.?country.«orValue»('DE') != 'DE')", code, "", "user.groups.exists(g, user.?country.orValue('') != 'DE')"},
		{"user.groups.exists(g, g == user.?country.«orValue»(''))", code, "", "user.groups.exists(g, user.?country.hasValue() && g == user.?country.value())"},
		{"request.header('x').«orValue»('') == 'bad'", code, ".hasValue() && …", "request.header('x').orValue('') != 'good'"},
		{"user.?clearance.«orValue»(0) + user.?address.zip.orValue('').size() < 3", code, "", "user.?clearance.orValue(0) + 1 < 3"},
		{"user.?country.or(user.?tenant).«orValue»('DE') != 'DE'", code, "", "user.?country.or(user.?tenant).orValue('') != 'DE'"},
		{"user.?country.«or»(optional.of('DE')).value() != 'DE'", code, "", "user.?country.or(optional.of('')).value() != 'DE'"},
		{"user.?country.optMap(c, c in consts.embargoed).«orValue»(false)", code, "", "user.?country.optMap(c, c in consts.embargoed).orValue(true)"},
		{"«vars.foreign»", code, "", "!vars.foreign"},
		{"«common.foreign» && user.id == 'x'", code, "", "!common.foreign || user.id == 'x'"},
		{"«vars.country» in consts.embargoed", code, "", "vars.country == 'DE'"},
		{"has(user.tenant) && «vars.country» != 'DE'", code, "", "has(user.country) && vars.country != 'DE'"},
		{"has(resource.owner) && user.?country.or(user.?tenant).«orValue»('DE') != 'DE'", code, "", "has(user.tenant) && user.?country.or(user.?tenant).orValue('DE') != 'DE'"},
		{"resource.?labels[?'x'].«orValue»('') == 'y'", code, "", "resource.?labels[?'x'].orValue('') != 'y'"},
	})
}

// An allow rule may rest on a default: it fails closed.
func TestAllowOnDefault(t *testing.T) {
	s := newScope(t)
	for _, src := range []string{"user.?country.orValue('DE') != 'DE'", "vars.foreign", "user.?mfa.orValue(false)"} {
		compiles(t, s, src, celenv.RuleOptions{})
	}
}

package celenv_test

import (
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
)

// A slip is one finding at its token, and the hint tells what to write.
func TestAdvice(t *testing.T) {
	const (
		name, attribute, function = "undeclared_name", "undeclared_attribute", "undeclared_function"
		mismatch, syntax, header  = "type_mismatch", "cel_syntax", "header_case"
	)
	testRefusals(t, celenv.RuleOptions{HTTPOnly: true}, []refusal{
		// what is read
		{"«comon».is_owner", name, `"common"`, "common.is_owner"},
		{"«is_owner»", name, "did you mean vars.is_owner?", "vars.is_owner"},
		{"«is_ownr»", name, "did you mean vars.is_owner?", ""},
		{"«plan» == 'pro'", name, "did you mean vars.plan?", ""},
		{"«level» == 3", name, "did you mean resource.level?", "resource.level == 3"},
		{"user.plan in [«free»]", name, "a text stands in quotes", "user.plan in ['free']"},
		{"request.body.«amout» > 1.0", attribute, "did you mean request.body.amount?", "request.body.amount > 1.0"},
		{"request.«boddy».amount > 1.0", attribute, "did you mean request.body?", ""},
		{"has(user.address) && user.address.«zipp» == '1'", attribute, "did you mean user.address.zip?", "has(user.address) && user.address.zip == '1'"},
		{"user.?address.?«zpi».orValue('') == '1'", attribute, "did you mean user.address.zip?", "user.?address.?zip.orValue('') == '1'"},
		{"user.address.«frobnicate» == '1'", attribute, "declared: city, zip", ""},
		// functions
		{"«sets.intersect»(user.roles, ['admin'])", function, `"sets.intersects"`, "sets.intersects(user.roles, ['admin'])"},
		{"«set.intersects»(user.roles, ['admin'])", function, `"sets.intersects"`, ""},
		{"«math.max»(1, 2) > 1", function, `"math.greatest"`, "math.greatest(1, 2) > 1"},
		{"«json.parse»(user.id) == 1", function, "", ""},
		{"user.roles.«any»(r, r == 'admin')", function, `"exists"`, "user.roles.exists(r, r == 'admin')"},
		{"user.roles.«exsts»(r, r == 'admin' && r != 'x')", function, `"exists"`, ""},
		{"user.id.«toLowerCase»() == 'x'", function, "lowerAscii()", "user.id.lowerAscii() == 'x'"},
		{"«len»(user.id) > 3", function, "size(…)", "size(user.id) > 3"},
		{"«hasRole»('admin')", function, "'admin' in user.roles", "'admin' in user.roles"},
		// types
		{"user.roles.«contains»('admin')", mismatch, "write 'x' in user.roles", ""},
		{"request.body.amount «>» 1", mismatch, "write 1.0", ""},
		{"resource.level «==» 1.0", mismatch, "whole number", ""},
		{"resource.level «==» '1'", mismatch, "without quotes", ""},
		{"env.time «>» '2026-01-01'", mismatch, "timestamp('", ""},
		{"env.ip «==» '10.0.0.1'", mismatch, "ip('", "env.ip == ip('10.0.0.1')"},
		{"env.ip «in» cidr('10.0.0.0/8')", mismatch, "containsIP", "cidr('10.0.0.0/8').containsIP(env.ip)"},
		{"cidr('10.0.0.0/8').«contains»(env.ip)", mismatch, "containsIP", ""},
		{"user.id «==» null", mismatch, "has(…)", ""},
		{"«user»", "whole_root", "user.id", ""},
		// syntax
		{"user.id == 'x' «and» true", syntax, "&&", "user.id == 'x' && true"},
		{"user.id == 'x' «or» true", syntax, "||", ""},
		{"not «vars».is_owner", syntax, "!", "!vars.is_owner"},
		{"user.id «is» null", syntax, "has(…)", ""},
		{"user.id «=» 'x'", syntax, "==", "user.id == 'x'"},
		{"user.id <«>» 'x'", syntax, "!=", "user.id != 'x'"},
		{"user.id == «'x»", syntax, "close the quote", ""},
		{"«var».is_owner", syntax, "did you mean vars?", ""},
		// headers
		{"request.header(«'X-Plan'»).hasValue()", header, "write x-plan", "request.header('x-plan').hasValue()"},
		{"request.headers[«'X-Plan'»].size() > 0", header, "write x-plan", "request.headers['x-plan'].size() > 0"},
		{"request.headers[?«'X-Plan'»].hasValue()", header, "", "request.headers[?'x-plan'].hasValue()"},
		{"«'X-Plan'» in request.headers", header, "", "'x-plan' in request.headers"},
		{"has(«request.headers.Accept»)", header, "write accept", "has(request.headers.accept)"},
		{"request.headers.?«Accept».hasValue()", header, "", "request.headers.?accept.hasValue()"},
		{"request.headers.exists(k, k == «'X-Plan'»)", header, "", "request.headers.exists(k, k == 'x-plan')"},
		{"request.headers.exists(k, k.startsWith(«'X-'»))", header, "", "request.headers.exists(k, k.startsWith('x-'))"},
		{"request.headers.exists(k, v, k == «'X-Plan'»)", header, "", "request.headers.exists(k, v, k == 'x-plan' && 'X' in v)"},
		{"request.query.exists(k, k == 'X') && [«'X'»].exists(h, h in request.headers)", header, "", ""},
	})
	for _, src := range []string{"request.query.exists(k, k == 'X')", "request.param('X').hasValue()"} {
		compiles(t, newScope(t), src, celenv.RuleOptions{HTTPOnly: true})
	}
}

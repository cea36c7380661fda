package celenv

import (
	"slices"
	"strings"
	"testing"
)

// TestProblems: each fault has a code, exactly the token that is wrong, and
// where there is one the next step.
func TestProblems(t *testing.T) {
	r := newRig(t, "owner = user.id == 'x'")
	for _, tt := range []struct{ source, code, token, hint string }{
		{"usr.id == 'x'", "undeclared_name", "usr", `did you mean "user"?`},
		{"true && nobody == 'x'", "undeclared_name", "nobody", "conditions read user, resource, env, action, request, vars, consts"},
		{"user.contry == 'x'", "undeclared_attribute", "contry", "did you mean user.country?"},
		{"has(user.contry)", "undeclared_attribute", "contry", "did you mean user.country?"},
		{"user.?contry.hasValue()", "undeclared_attribute", "contry", "did you mean user.country?"},
		{"user . contry == 'x'", "undeclared_attribute", "contry", "did you mean user.country?"},
		{"true &&\n  'é' == user.contry", "undeclared_attribute", "contry", "did you mean user.country?"},
		{"user.id == 'user.contry' || user.contry == 'x'", "undeclared_attribute", "contry", "did you mean user.country?"},
		{"vars.ownr", "undeclared_attribute", "ownr", "did you mean vars.owner?"},
		{"consts.patern == 'x'", "undeclared_attribute", "patern", "did you mean consts.pattern?"},
		{"action.nme == 'x'", "undeclared_attribute", "nme", "did you mean action.name?"},
		{"user.id.startWith('x')", "undeclared_function", "startWith", `did you mean "startsWith"?`},
		{"startWith(user.id)", "undeclared_function", "startWith", `did you mean "startsWith"?`},
		{"user.id.frobnicate()", "undeclared_function", "frobnicate", ""},
		{"user.tags.exist(r, true)", "undeclared_function", "exist", `did you mean "exists"?`},
		{"now() == env.time", "undeclared_function", "now", ""},
		{"dyn(user.id) == 1", "undeclared_function", "dyn", "attributes have declared types: compare without dyn(…), or convert with int(…), string(…) and their like"},
		{"type(user.id) == string", "undeclared_function", "type", "attributes have declared types: there is nothing to ask for"},
		{"user.id == 1", "type_mismatch", "==", ""},
		{"user.id + 1 == 'x'", "type_mismatch", "+", ""},
		{"!user.id", "type_mismatch", "!", ""},
		{"user.id in consts.n", "type_mismatch", "in", ""},
		{"user.country.name == 'x'", "type_mismatch", "name", ""},
		{"user.id == null", "type_mismatch", "==", ""},
		{"user.id", "type_mismatch", "user.id", "compare it with something, as in … == 'x', or test it with has(…)"},
		{"[1, 'a'][0] == 1", "type_mismatch", "'a'", ""},
		{"user.id = 'x'", "cel_syntax", "=", "write == to compare"},
		{"user.id ==", "cel_syntax", "", ""},
		{"(user.id == 'x'", "cel_syntax", "", ""},
		{"has(user)", "cel_syntax", "user", ""},
		{"request.header('X-Plan').hasValue()", "header_case", "'X-Plan'", "write x-plan"},
		{"request.header(user.id).hasValue()", "literal_required", "user.id", "write the name in quotes"},
		{"request.param('a' + 'b').hasValue()", "literal_required", "+", "write the name in quotes"},
		{"[user].size() == 1", "whole_root", "user", "read what it holds, as in user.id"},
		{"['a'].map(x, vars).size() == 1", "whole_root", "vars", "read what it holds, as in vars.owner"},
		{"(true ? request : request).header('x').hasValue()", "whole_root", "request", "read what it holds, as in request.id"},
		{"['a'].exists(user, user == 'a')", "shadowed_root", "user", "give the loop's variable another name"},
		{"['a'].all(x, x == 'a') && ['a'].map(vars, 1) == [1]", "shadowed_root", "vars", "give the loop's variable another name"},
		{"has(vars.owner)", "always_present", "vars", "read its value: write vars.owner"},
		{"vars.?owner.hasValue()", "always_present", "vars", "read its value: write vars.owner"},
		{"has(consts.n)", "always_present", "consts", "read its value: write consts.n"},
		{strings.Repeat("a", MaxExpressionSize+1), "cel_syntax", strings.Repeat("a", MaxExpressionSize+1), ""},
		{strings.Repeat("(", MaxNesting+2) + "true" + strings.Repeat(")", MaxNesting+2), "cel_syntax", "(", ""},
	} {
		t.Run(tt.source[:min(40, len(tt.source))], func(t *testing.T) {
			e, problems := r.scope.Compile(tt.source, boolean)
			if e != nil || len(problems) == 0 {
				t.Fatal("compiles")
			}
			p, runes := problems[0], []rune(tt.source)
			if p.Code != tt.code || p.Hint != tt.hint || p.Message == "" {
				t.Errorf("%s %q (%s), want %s with hint %q", p.Code, p.Hint, p.Message, tt.code, tt.hint)
			}
			if p.Offset < 0 || p.Offset > len(runes) || p.Length < 1 {
				t.Fatalf("at %d+%d of %d", p.Offset, p.Length, len(runes))
			}
			if token := string(runes[p.Offset:min(len(runes), p.Offset+p.Length)]); token != tt.token {
				t.Errorf("marks %.40q, want %.40q", token, tt.token)
			}
			if strings.Contains(p.Message, "@") {
				t.Errorf("message names an inner type: %s", p.Message)
			}
		})
	}
}

// TestProblemsHaveTwins: the same expressions without the fault compile.
func TestProblemsHaveTwins(t *testing.T) {
	r := newRig(t, "owner = user.id == 'x'")
	for _, source := range []string{
		"user.id == 'x'", "has(user.country)", "user.?country.hasValue()", "user . country == 'x'", "true &&\n  'é' == user.country", "vars.owner", "consts.n == 3",
		"consts.empty == ''", "user.id.startsWith('x')", "user.tags.exists(r, true)", "user.id + '1' == 'x'", "!user.flag", "user.id in consts.paid", "[1, 2][0] == 1",
		"request.header('x-plan').hasValue()", "request.param('a').hasValue()", "['a'].exists(u, u == 'a')", "[1].exists(x, .user.id == 'x')", ".user.id == 'x'",
		"'%s %d'.format(['a', 1]) == 'a 1'", "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}", "user.tags.sortBy(x, x)[0] == 'a'", "user.?country.optMap(c, c + 'x').orValue('') == ''",
		"sets.contains(user.tags, ['a'])", "math.greatest(1, 2) == 2", "user.tags.map(x, x)[?0].hasValue()", "user.since + user.ttl > env.time", "user.net.containsIP(env.ip)",
		strings.Repeat("(", MaxNesting/2) + "true" + strings.Repeat(")", MaxNesting/2),
	} {
		if e, problems := r.scope.CompileUnguarded(source, boolean); e == nil || len(problems) > 0 {
			t.Errorf("%s: %+v", source, problems)
		}
	}
}

// TestBroken: a variable that is wrong is reported where it stands, not where
// it is read; what reads it still does not compile.
func TestBroken(t *testing.T) {
	r := newRig(t)
	r.scope.Break("vars", "x")
	for source, want := range map[string]int{"vars.x": 0, "vars.x && vars.x == 'a'": 0, "vars.x || user.contry == 'x'": 1, "vars.y": 1} {
		if e, problems := r.scope.Compile(source, boolean); e != nil || len(problems) != want {
			t.Errorf("%s: compiled %t, %+v", source, e != nil, problems)
		}
	}
}

func TestReads(t *testing.T) {
	r := newRig(t, "a = user.country == 'x' && request.header('h').hasValue()", "b = vars.a || request.param('p').orValue('') == user.id", "c = user.country")
	for source, want := range map[string]string{
		"true":                                     "",
		"user.country == 'x'":                      "user.country",
		"has(user.country)":                        "user.country",
		"user.?country.hasValue()":                 "user.country",
		"false && user.plan == 'pro'":              "user.plan",
		"user.labels.k == 'x'":                     "user.labels",
		"user.labels[user.id] == 'x'":              "user.id user.labels",
		"vars.a":                                   "request.headers user.country header:h var:a",
		"vars.b":                                   "request.headers request.query user.country user.id header:h param:p var:b",
		"vars.c == 'x' && vars.c != 'y'":           "user.country var:c",
		"[1].exists(x, user.clearance > x)":        "user.clearance",
		"user.tags.exists(x, x == resource.owner)": "resource.owner user.tags",
		"{'a': user.id}['a'] == 'x'":               "user.id",
		"consts.n == 3":                            "",
		"request.headers['h'].size() == 1 && request.headers.exists(k, k == 'x')":   "request.headers",
		"user.?country.optMap(c, c == user.id).orValue(user.flag)":                  "user.country user.flag user.id",
		"[1].exists(x, [2].exists(y, y > user.clearance && x > user.score.size()))": "-",
	} {
		e, problems := r.scope.CompileUnguarded(source, boolean)
		if want == "-" {
			if e != nil {
				t.Errorf("%s compiles", source)
			}
			continue
		}
		if len(problems) > 0 {
			t.Errorf("%s: %+v", source, problems)
			continue
		}
		var got []string
		for _, i := range e.Reads().Slots {
			got = append(got, r.scope.layout.Attr(i).FullName())
		}
		slices.Sort(got)
		for prefix, list := range map[string][]string{"header:": e.Reads().Headers, "param:": e.Reads().Params, "var:": e.Reads().Vars} {
			for _, x := range list {
				got = append(got, prefix+x)
			}
		}
		slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(kindOf(a), kindOf(b)) })
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s reads %q, want %q", source, s, want)
		}
	}
}

func kindOf(s string) string {
	prefix, _, ok := strings.Cut(s, ":")
	if !ok {
		return ""
	}
	return prefix
}

func TestConstant(t *testing.T) {
	r := newRig(t, "yes = true", "some = user.id == 'x'", "no = vars.some && false")
	for source, want := range map[string]string{
		"true": "true", "false": "false", "1 < 2": "true", "consts.n == 3": "true", "consts.n == 4 || false": "false", "'a' in consts.plans": "false",
		"user.id == 'x' || true": "true", "true || user.id == 'x'": "true", "user.id == 'x' && false": "false", "(user.id == 'x' || 1 == 1) && 2 == 2": "true",
		"user.id == 'x' && (user.plan == 'pro' && 1 == 2)": "false", "vars.yes": "true", "vars.yes || vars.some": "true", "vars.no": "false", "[1, 2].all(x, x > 0)": "true",
		"user.id == 'x'": "", "user.id == 'x' && true": "", "user.id == 'x' || false": "", "vars.some": "", "!(user.id == 'x' && false)": "", "has(user.country)": "",
		"1 / 0 == 1": "", "request.header('a').hasValue() || false": "",
	} {
		v, ok := r.compile(source, boolean).Constant()
		got := ""
		if ok {
			got = map[bool]string{true: "true", false: "false"}[v]
		}
		if got != want {
			t.Errorf("%s is constantly %q, want %q", source, got, want)
		}
	}
}

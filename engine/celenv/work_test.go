package celenv_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// addVars compiles variables into a scope.
func addVars(t *testing.T, s *celenv.Scope, vars ...[2]string) {
	t.Helper()
	for _, v := range vars {
		e, problems := s.Compile(v[1], nil)
		if len(problems) > 0 {
			t.Fatalf("variable %s: %+v", v[0], problems)
		}
		s.AddVar(v[0], e)
	}
}

// Lists of lists and of long texts cost what comparing all of them costs, and
// patterns what they compile to, not what they look like.
func TestCostOfWork(t *testing.T) {
	s := newScope(t)
	groups := "[" + strings.TrimSuffix(strings.Repeat("user.groups,", 300), ",") + "]"
	addVars(t, s, [2]string{"a", groups}, [2]string{"b", groups}, [2]string{"long", "user.groups.join(',')"})
	for _, c := range []struct{ over, fine string }{
		{"user.tags.all(t, vars.a == vars.b)", "user.tags.all(t, user.groups == user.roles)"},
		{"user.tags.all(t, vars.a != vars.b)", "vars.a != vars.b"},
		{"user.tags.exists(t, [vars.a] == [vars.b])", "user.tags.exists(t, [vars.a] == [])"},
		{"user.tags.exists(t, {'a': vars.a} == {'a': vars.b})", "{'a': vars.a} == {'a': vars.b}"},
		{"user.tags.exists(t, optional.of(vars.a) == optional.of(vars.b))", "optional.of(vars.a) == optional.of(vars.b)"},
		{"user.tags.exists(t, optional.of(vars.a).hasValue(vars.b))", "optional.of(vars.a).hasValue(vars.b)"},
		{"user.tags.exists(t, vars.a in [vars.b])", "user.tags.exists(t, user.groups in [user.roles])"},
		{"user.tags.exists(t, user.groups.exists(g, vars.long in [vars.long, t]))", "user.tags.exists(t, user.groups.exists(g, g in [vars.long, t]))"},
		{"[vars.a, vars.b, vars.a, vars.b].distinct().size() > 1", "[vars.a, vars.b].distinct().size() > 1"},
		{"user.tags.exists(t, sets.contains([vars.a], [vars.b]))", "user.tags.exists(t, sets.contains([t], ['a', 'b']))"},
		{"user.groups.exists(g, g.matches('^((a|b|ab){1,9}){1,60}x$'))", "user.id.matches('^((a|b|ab){1,9}){1,60}x$')"},
		{"user.groups.exists(g, ['^x$', '^((a|b|ab){1,9}){1,60}x$'].exists(p, g.matches(p)))", "user.groups.exists(g, ['^x$', '^y.*$'].exists(p, g.matches(p)))"},
		{"user.groups.exists(g, g.matches(user.id))", "user.id.matches(resource.country)"},
		{"user.groups.exists(g, user.roles.exists(r, env.time.getHours('Europe/Berlin') == 9))", "user.groups.exists(g, env.time.getHours('Europe/Berlin') == 9)"},
		{"request.segments.exists(k, request.path.indexOf('') > 5000)", "request.segments.exists(k, k.indexOf('') > 5000)"},
		{"request.query.all(k, request.headers[?'x'].orValue([])[0].lowerAscii() != k)", "request.query.all(k, 'x' in request.headers)"},
	} {
		if _, problems := s.CompileRule(c.over, celenv.RuleOptions{HTTPOnly: true}); len(problems) != 1 || problems[0].Code != "cost_over_budget" {
			t.Errorf("%.80s: %+v, want cost_over_budget", c.over, problems)
		}
		compiles(t, s, c.fine, celenv.RuleOptions{HTTPOnly: true})
	}
}

// Two texts are cut up independently: one into many parts, while the other
// stays long.
func TestCostOfTwoSplits(t *testing.T) {
	s := newScope(t)
	values := largest(t)
	for _, src := range []string{
		"user.id.split('a', 200).all(p, !resource.country.split(',')[0].endsWith(p + 'b'))",
		"resource.country.split('a', 20).all(p, user.id.split('a', 20).all(q, !p.endsWith(q + 'b')))",
		"vars.parts.all(p, !resource.country.split(',')[0].endsWith(p + 'b'))",
		"request.headers.all(k, request.query[?'00000001'].orValue(['']).all(v, v != k))",
		"[user.id.split('a'), user.id.split('b'), user.id.split('c'), user.id.split('d'), user.id.split('e'), user.id.split('f'), user.id.split('g')].all(l, l.size() > 0)",
	} {
		if strings.HasPrefix(src, "vars.parts") {
			addVars(t, s, [2]string{"parts", "user.id.split('a', 200)"})
		}
		e := compiles(t, s, src, celenv.RuleOptions{HTTPOnly: true})
		if e == nil {
			continue
		}
		if spent, err := e.Spent(s.NewFrame(values)); err != nil || spent > e.CostBound() {
			t.Errorf("%s: cost %d, bound %d, %v", src, spent, e.CostBound(), err)
		}
	}
}

// A list is brought into CEL's form once, however often a loop reads it, and a
// literal pattern is compiled once.
func TestReadOnce(t *testing.T) {
	s := newScope(t)
	values := slot.NewValues(slot.NewLayout(attributes()))
	values.Set(slot.UserGroups, slot.StringsValue(slices.Repeat([]string{"a"}, 100)))
	headers := map[string][]string{}
	for i := range 100 {
		headers[fmt.Sprint(i)] = []string{"x"}
	}
	values.Set(slot.RequestHeaders, slot.StringListsValue(headers))
	for src, most := range map[string]float64{
		"user.groups.all(g, request.headers.size() == 100)": 3000,
		"user.groups.all(g, g.matches('^[a-z]{1,20}$'))":    1000,
	} {
		e := compiles(t, s, src, celenv.RuleOptions{HTTPOnly: true})
		if e == nil {
			continue
		}
		got := testing.AllocsPerRun(3, func() {
			if ok, err := e.EvalBool(s.NewFrame(values)); !ok || err != nil {
				t.Fatalf("%s: %t, %v", src, ok, err)
			}
		})
		if got > most {
			t.Errorf("%s: %.0f allocations, want at most %.0f", src, got, most)
		}
	}
}

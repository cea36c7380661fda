package celenv_test

import (
	"testing"
	"unicode/utf8"

	"github.com/gwctl/gwctl/engine/celenv"
)

// FuzzCompileRule holds the checks to what they promise of any text: they end,
// their findings lie within the text, and what compiles stays within its cost
// bound.
func FuzzCompileRule(f *testing.F) {
	for _, src := range []string{
		"", "true", "user.country == 'DE'", "has(user.country) && user.country == 'DE'", "user.?country.orValue('') in consts.embargoed",
		"vars.foreign || !common.is_owner", "user.roles.exists(r, user.tags.exists(t, t == r))", "user.id.matches('^a.*$')", "dyn(1) == type(2)",
		"cidr('10.0.0.0/8').containsIP(env.ip)", "clock(env.time, 'UTC') >= '09:00' && weekday(env.time, \"UTC\") in ['monday']",
		"request.header('x').orValue('').split(',').exists(x, x.trim() == '')", "request.query.all(k, v, v.size() < 3)", "has(user.address.city)",
		"user.?address.?city.optMap(c, c + r'\\x').orValue(b'''é''' == b'') ", "{'a': [1, 2u, 3.0]}['a'][?0].hasValue()", "request.body.amount > -1.5e3",
		"user.groups.sortBy(g, g).map(g, [g]).flatten().join('\\n') != '😀'", "x", "user", "(", "'", "1 in [", "user.`country`",
	} {
		f.Add(src, true, false)
	}
	s := newScope(f)
	values := largest(f)
	f.Fuzz(func(t *testing.T, src string, deny, httpOnly bool) {
		e, problems := s.CompileRule(src, celenv.RuleOptions{Deny: deny, HTTPOnly: httpOnly})
		if (e == nil) == (len(problems) == 0) {
			t.Fatalf("an expression (%t) and %d problems", e != nil, len(problems))
		}
		for _, p := range problems {
			if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > max(1, utf8.RuneCountInString(src)+1) || p.Code == "" || p.Message == "" {
				t.Errorf("problem outside the text or without words: %+v", p)
			}
		}
		if e == nil || e.CostBound() > 20000 {
			return
		}
		if spent, _ := e.Spent(s.NewFrame(values)); spent > e.CostBound() {
			t.Errorf("cost %d, bound %d", spent, e.CostBound())
		}
	})
}

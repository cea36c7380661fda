package celenv_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

func TestCostOverBudget(t *testing.T) {
	const code = "cost_over_budget"
	http := celenv.RuleOptions{HTTPOnly: true}
	testRefusals(t, http, []refusal{
		{"user.groups.«exists»(g, user.roles.exists(r, r.matches('^(a+)' + g + '$')))", code, "user.groups has up to 200 items", "user.groups.exists(g, user.roles.exists(r, r == g))"},
		{"user.id == 'x' && user.roles.map(r, r).«exists»(r, request.segments.exists(s, s == r))", code, "request.segments has up to 4096 items", "user.id == 'x' && user.roles.exists(r, r in request.segments)"},
		{"user.roles.join(',').«matches»(user.id + user.id) && user.id == 'x'", code, "user.roles has up to 200 items", "user.roles.join(',').matches('^.*admin.*$')"},
		{"lists.«range»(user.roles.size() * 100000).size() > 1", code, "", "lists.range(10).size() > 1"},
	})
}

func TestTooNested(t *testing.T) {
	testRefusals(t, celenv.RuleOptions{}, []refusal{
		{"[1].exists(a, [2].exists(b, [3].«exists»(c, a == b && b == c)))", "too_nested", "variable", "user.tags.exists(a, user.tags.exists(b, a == b))"},
		{"[1].map(a, [2].filter(b, [3].«all»(c, c == a))).size() > 0", "too_nested", "", "user.tags.filter(a, a == 'vip').map(a, a + 'x').exists(a, a == 'vipx')"},
		{"[1].exists(a, [2].exists(b, [b].«exists»(c, c == a)))", "too_nested", "", "['a'].exists(a, user.?plan.optMap(c, [c].exists(d, d == a)).orValue(false))"},
	})
}

func TestTooLarge(t *testing.T) {
	s := newScope(t)
	src := func(n int) string { return strings.TrimSuffix(strings.Repeat("[1].all(x,x<2)&&", n), "&&") }
	compiles(t, s, src(celenv.MaxNodes/14), celenv.RuleOptions{})
	if _, problems := s.CompileRule(src(celenv.MaxNodes/14+1), celenv.RuleOptions{}); len(problems) != 1 || problems[0].Code != "too_large" {
		t.Errorf("got %+v, want too_large", problems)
	}
	text := strings.Repeat(" ", celenv.MaxExpressionSize-4)
	compiles(t, s, text+"true", celenv.RuleOptions{})
	if _, problems := s.CompileRule(text+" true", celenv.RuleOptions{}); len(problems) != 1 || problems[0].Code != "cel_syntax" || problems[0].Offset != 0 {
		t.Errorf("one rune too many: %+v, want cel_syntax", problems)
	}
}

// The cost of a variable is that of its reader, once.
func TestCostOfVariables(t *testing.T) {
	s := newScope(t)
	once := compiles(t, s, "vars.is_owner", celenv.RuleOptions{}).CostBound()
	twice := compiles(t, s, "vars.is_owner && vars.is_owner", celenv.RuleOptions{}).CostBound()
	alone := compiles(t, s, "has(resource.owner) && resource.owner == user.id", celenv.RuleOptions{}).CostBound()
	if once <= alone || twice >= once+alone {
		t.Errorf("alone %d, read once %d, read twice %d", alone, once, twice)
	}
	heavy, problems := s.Compile("user.groups.exists(g, user.roles.exists(r, r == g))", nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for i := range 2 {
		s.AddVar(fmt.Sprintf("heavy%d", i), heavy)
	}
	other, _ := s.Compile("user.groups.exists(g, user.scopes.exists(r, r == g))", nil)
	s.AddVar("other", other)
	compiles(t, s, "vars.heavy0 && vars.heavy1", celenv.RuleOptions{})
	if _, problems := s.CompileRule("vars.heavy0 && vars.other", celenv.RuleOptions{}); len(problems) != 1 || problems[0].Code != "cost_over_budget" || problems[0].Offset != 0 || problems[0].Length != len("vars.heavy0") {
		t.Errorf("two costly variables: %+v, want cost_over_budget", problems)
	}
}

// largest has every attribute as large as its declaration allows.
func largest(t testing.TB) *slot.Values {
	t.Helper()
	layout := slot.NewLayout(attributes())
	v := slot.NewValues(layout)
	for i := range slot.Index(layout.Len()) {
		if a := layout.Attr(i); a.Root != slot.Request {
			v.Set(i, largestValue(a, a.Type))
		}
	}
	v.Set(slot.EnvTime, slot.TimeValue(time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)))
	headers := map[string][]string{"x": {strings.Repeat(",", 8192)}}
	for i := range 99 {
		headers[fmt.Sprintf("%060d", i)] = []string{strings.Repeat("a", 240)}
	}
	v.Set(slot.RequestHeaders, slot.StringListsValue(headers))
	query := map[string][]string{}
	for i := range 256 {
		query[fmt.Sprintf("%08d", i)] = []string{strings.Repeat("a", 20)}
	}
	v.Set(slot.RequestQuery, slot.StringListsValue(query))
	v.Set(slot.RequestSegments, slot.StringsValue(strings.Split(strings.Repeat("a/", 4095)+"a", "/")))
	v.Set(slot.RequestPath, slot.StringValue(strings.Repeat("/a", 4096)))
	return v
}

func largestValue(a *slot.Attr, of *slot.Type) slot.Value {
	text := strings.Repeat("a", 1024)
	switch of.Kind {
	case slot.String:
		return slot.StringValue(text)
	case slot.Int:
		return slot.IntValue(5)
	case slot.Double:
		return slot.DoubleValue(1)
	case slot.Bool:
		return slot.BoolValue(true)
	case slot.IP:
		return slot.IPValue(netip.MustParseAddr("2001:db8::1"))
	case slot.List:
		n := a.MaxItems
		if n == 0 {
			n = slot.DefaultMaxItems
		}
		items := make([]string, n)
		for i := range items {
			items[i] = text[:1020] + fmt.Sprintf("%04d", i)
		}
		return slot.StringsValue(items)
	}
	return slot.Value{}
}

// What an expression costs stays below what was promised, with the largest
// values that the Schema allows.
func TestCostBoundHolds(t *testing.T) {
	s := newScope(t)
	values := largest(t)
	for _, src := range []string{
		"user.id == 'x'",
		"has(user.country) && user.country == 'DE'",
		"user.groups.exists(g, g == 'x')",
		"user.tags.exists(g, user.?teams.orValue([]).exists(r, r.startsWith(g + 'x')))",
		"user.groups.exists(g, g in resource.readers)",
		"user.groups.exists(g, g.contains('b'))",
		"user.groups.map(g, g + 'x').filter(g, g != 'y').join(',') == 'a'",
		"user.groups.transformList(i, v, v + 'x').size() > 300",
		"user.groups.sortBy(e, e)[0] == 'x'",
		"user.groups.exists(g, g.matches('^[a-z]+$'))",
		"user.groups.distinct().size() == 3",
		"sets.intersects(user.groups, resource.readers)",
		"(user.groups + user.roles).exists(g, g == 'x')",
		"user.id.split('a').size() == 2",
		"user.id.replace('a', 'bb') == 'x'",
		"user.id.upperAscii() == 'DE'",
		"user.id.reverse() == 'x'",
		"'%s:%s'.format([user.id, resource.country]).contains('y')",
		"string(env.time).substring(0, 10) == '2026-01-01'",
		"date(env.time, 'UTC') >= '2027-01-01' || clock(env.time, 'Europe/Berlin') < '09:00' || weekday(env.time, 'UTC') in ['monday']",
		"request.headers.exists(k, request.headers[k].exists(v, v == 'x'))",
		"request.headers.exists(k, request.headers[k].exists(v, v.contains('x')))",
		"request.query.exists(k, request.query[k].exists(v, v.contains('x')))",
		"request.query.exists(k, vs, vs.exists(v, v.matches('^b+$')))",
		"request.segments.exists(x, x.matches('^b+$'))",
		"vars.segments.exists(x, x.matches('^b+$'))",
		"request.header('x').orValue('').split(',').exists(x, x.trim() == 'y')",
		"request.header('x').orValue('').split(',', 20).exists(x, x in user.roles)",
		"env.ip == ip('10.0.0.1') || cidr('10.0.0.0/8').containsIP(env.ip) || string(env.ip) == 'x'",
		"user.?country.optMap(c, c + 'x').orValue('') == ''",
		"user.groups == resource.readers",
		"vars.is_owner",
	} {
		e := compiles(t, s, src, celenv.RuleOptions{HTTPOnly: true})
		if e == nil {
			continue
		}
		spent, err := e.Spent(s.NewFrame(values))
		if err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if spent > e.CostBound() || spent == 0 {
			t.Errorf("%s: cost %d, bound %d", src, spent, e.CostBound())
		}
	}
}

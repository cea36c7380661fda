package plan

import (
	"slices"
	"sync"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// TestFallbacks: what has no closure is evaluated by CEL to the same, the
// smallest part of it alone.
func TestFallbacks(t *testing.T) {
	r := newRig(t)
	for source, want := range map[string][]string{
		"user.flag && strings.quote(user.country) == '\"DE\"'":                  {"strings.quote(user.country)"},
		"user.tags.exists(x, strings.quote(x) == '\"b\"')":                      {"strings.quote(x)"},
		"user.rows.exists(r, r.exists(c, strings.quote(c) + r[0] == '\"a\"a'))": {"strings.quote(c)"},
		"user.country.split('')[user.clearance] == 'E'":                         {`user.country.split("")`},
		"user.tags.exists(x, x.split('b').size() == 2)":                         {`x.split("b")`},
		"'%s %d'.format([user.country, user.clearance]) == 'DE 4'":              {`"%s %d".format([user.country, user.clearance])`},
		"user.tags.sortBy(x, x.size())[0] == 'a' || user.flag":                  {"user.tags.sortBy(x, x.size())"},
		"math.greatest(user.clearance, user.level) == 4":                        {"math.greatest(user.clearance, user.level)"},
		"user.numbers.distinct().size() == 4":                                   {"user.numbers.distinct()"},
		"user.times.map(x, x + duration('1h')).exists(x, x > env.time)":         {"user.times.map(x, x + duration(\"1h\")).exists(x, x > env.time)"},
		"user.tags.map(x, timestamp(user.since))[0] == user.since":              {"user.tags.map(x, timestamp(user.since))[0]"},
		"{'a': user.country}['a'] == 'DE'":                                      {`{"a": user.country}`},
		"{'a': user.clearance}.exists(k, v, v > 3 && user.flag)":                {`{"a": user.clearance}`},
		"user.counts.transformMap(k, v, v + 1)['a'] == 2":                       {"user.counts.transformMap(k, v, v + 1)"},
		"uint(user.clearance) == 4u || user.flag":                               {"uint(user.clearance) == 4u"},
		"user.tags.exists(x, uint(size(x)) > 1u)":                               {"uint(size(x)) > 1u"},
		"bytes(user.country) == b'DE'":                                          {"bytes(user.country) == b\"\\104\\105\""},
		"user.country.matches(user.plan)":                                       {"user.country.matches(user.plan)"},
		"user.flag < user.flags[0]":                                             {"user.flag < user.flags[0]"},
		"[user.?country, user.?plan].exists(o, o.hasValue())":                   {"[user.?country, user.?plan].exists(o, o.hasValue())"},
		"[?user.?country, 'x'].size() == 2":                                     {"[?user.?country, \"x\"]"},
		"timestamp(user.country) == user.since || duration(user.plan) == user.ttl || timestamp(user.clearance) == timestamp(user.since)": nil,
		"has(common.limit) && has(user.?address.city)":                    {"has(common.limit)", "has(user.?address.city)"},
		"request.?body.?amount.orValue(1.0) > 2.0":                        {"request.?body.?amount"},
		"vars.quoted == '\"DE\"' && vars.quoted != ''":                    {"strings.quote(user.country)"},
		"optional.ofNonZeroValue(user.plan).orValue('none') == 'pro'":     {"optional.ofNonZeroValue(user.plan)"},
		"user.tags.first().orValue('') == 'a'":                            {"user.tags.first()"},
		"user.?ttl.optMap(d, '%s'.format([d])).orValue('') == '90s'":      {`"%s".format([d])`},
		"user.?since.optMap(d, '%s'.format([d])).orValue('') == ''":       {`"%s".format([d])`},
		"user.?clearance.optMap(d, '%d'.format([d])).orValue('') == '4'":  {`"%d".format([d])`},
		"user.?score.optMap(d, '%s'.format([d])).orValue('') == '1.5'":    {`"%s".format([d])`},
		"user.?flag.optMap(d, '%s'.format([d])).orValue('') == 'true'":    {`"%s".format([d])`},
		"user.?tags.optMap(d, '%s'.format([d])).orValue('') == ''":        {`"%s".format([d])`},
		"user.?host.optMap(d, [d].distinct()[0] == d).orValue(false)":     {"[d].distinct()"},
		"user.?net.optMap(d, [d].distinct()[0] == d).orValue(false)":      {"[d].distinct()"},
		"user.labels.exists(k, v, strings.quote(k + v) == '\"kx\"')":      {"strings.quote(k + v)"},
		"user.tags.exists(i, x, math.greatest(i, 1) == 2 && x == 'äb')":   {"math.greatest(i, 1)"},
		"user.address == optional.of(user.address).orValue(user.address)": nil,
		"user.flag ? lists.range(user.clearance).size() == 4 : user.tags.last().hasValue()": {
			"lists.range(user.clearance)", "user.tags.last()",
		},
	} {
		p := r.agree(source)
		var got []string
		for _, f := range p.Fallbacks() {
			got = append(got, f.Text)
			if f.Reason == "" {
				t.Errorf("%s: %s is left to CEL without a reason", source, f.Text)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s leaves %q to CEL, want %q", source, got, want)
		}
	}
}

// TestFallbackReason: a reason names what has no closure.
func TestFallbackReason(t *testing.T) {
	r := newRig(t)
	for source, want := range map[string]string{
		"math.greatest(user.level, 1) == 1":               "no closure for math.greatest() of these types",
		"uint(user.clearance) == 4u":                      "no closure for == of these types",
		"{'a': user.country}['a'] == 'DE'":                "no closure for a map that an expression makes",
		"[?user.?country, 'x'].size() == 2":               "no closure for a list with optional items, or with items of this type",
		"user.counts.transformMap(k, v, v + 1)['a'] == 2": "no closure for a loop of this form",
		"user.country.matches(user.plan)":                 "the pattern is not known at load",
		"user.tags.first().orValue('') == 'a'":            "no closure for first() of these types",
	} {
		if f := r.compiler.Compile(r.compile(source)).Fallbacks(); len(f) != 1 || f[0].Reason != want {
			t.Errorf("%s: %+v, want %s", source, f, want)
		}
	}
}

// TestFallbackPlace: a part is named at its place in the expression.
func TestFallbackPlace(t *testing.T) {
	r := newRig(t)
	for source, want := range map[string]int{"math.greatest(user.level, 1) == 1": 13, "'ä' == 'ä' && user.clearance == math.greatest(user.level, 1)": 45, "vars.quoted == ''": -1} {
		f := r.compiler.Compile(r.compile(source)).Fallbacks()
		if len(f) != 1 || f[0].Offset != want {
			t.Errorf("%s: %+v, want one at %d", source, f, want)
		}
	}
}

// TestOtherTypes: an expression of another type than is asked for is an error
// here as there.
func TestOtherTypes(t *testing.T) {
	r := newRig(t)
	m := NewMachine()
	v := r.full()
	for _, source := range []string{"user.clearance", "user.country", "user.tags", "user.flag", "user.?country", "vars.twice"} {
		e := r.compile(source)
		p := r.compiler.Compile(e)
		m.Reset(v, r.compiler.Memo())
		if _, err := p.Bool(m); (err == nil) != (e.TypeName() == "bool") {
			t.Errorf("%s as a condition: %v", source, err)
		}
		if _, err := p.Text(m); (err == nil) != (e.TypeName() == "string") {
			t.Errorf("%s as a text: %v", source, err)
		}
	}
}

// TestFaultsStayFaults: a panic inside of CEL must not become the error of one
// expression, which another rule could outvote.
func TestFaultsStayFaults(t *testing.T) {
	r := newRig(t)
	for _, source := range []string{"strings.quote(user.country) == '' || true", "vars.quoted == '' || true", "user.country == 'DE' || true"} {
		t.Run(source, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a fault was swallowed")
				}
			}()
			m := NewMachine()
			p := r.compiler.Compile(r.compile(source))
			m.Reset(nil, r.compiler.Memo()) // values that are not there at all
			ok, err := p.Bool(m)
			t.Errorf("went on with %t, %v", ok, err)
		})
	}
}

// TestReset: nothing of a request is left for the next one.
func TestReset(t *testing.T) {
	r := newRig(t)
	m := NewMachine()
	for _, source := range []string{"vars.same_tenant", "vars.plan == 'pro'", "vars.country.hasValue()", "vars.chosen.size() == 1", "vars.quoted == '\"DE\"'", "common.local", "user.country == 'DE'"} {
		p := r.compiler.Compile(r.compile(source))
		for range 3 {
			m.Reset(r.full(), r.compiler.Memo())
			if ok, err := p.Bool(m); !ok || err != nil {
				t.Errorf("%s: %t, %v", source, ok, err)
			}
			m.Reset(r.empty(), r.compiler.Memo())
			if ok, _ := p.Bool(m); ok {
				t.Errorf("%s holds although nothing is known", source)
			}
		}
	}
}

// TestConcurrent: one program serves many requests at once.
func TestConcurrent(t *testing.T) {
	r := newRig(t)
	p := r.compiler.Compile(r.compile("vars.low && vars.chosen.size() == 1 && date(env.time, 'UTC') == '2026-01-15' && user.tags.exists(x, strings.quote(x) == '\"b\"') && '/' + user.country != request.path"))
	r.vars(r.scope, "low = user.tags.exists(x, x == 'b')")
	memo := r.compiler.Memo()
	var wg sync.WaitGroup
	for i := range 8 {
		full, empty := r.full(), r.empty() // values belong to one goroutine
		full.Set(slot.UserTenant, slot.StringValue("x"))
		full.Supply(slot.Source, slot.User, "country", slot.Quoted("B"))
		wg.Go(func() {
			m := NewMachine()
			for range 50 {
				m.Reset(full, memo)
				want, wantErr := p.Bool(m)
				m.Reset(empty, memo)
				if ok, err := p.Bool(m); ok || err == nil {
					t.Errorf("%d: %t, %v", i, ok, err)
				}
				m.Reset(full, memo)
				if ok, err := p.Bool(m); ok != want || classOf(err) != classOf(wantErr) {
					t.Errorf("%d: %t, %v, then %t, %v", i, want, wantErr, ok, err)
				}
			}
		})
	}
	wg.Wait()
}

package plan

import (
	"errors"
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
)

// TestBudget: once the steps are used up the rule has failed, whatever it goes
// on to say, also when a variable used them; the next rule has its own.
func TestBudget(t *testing.T) {
	r := newRig(t)
	const loops = "consts.many.exists(a, consts.many.exists(b, a + b + user.country == 'y'))"
	fine := r.compiler.Compile(r.compile("consts.many.all(a, a == '') && user.flag"))
	for _, source := range []string{
		loops, loops + " || true", "true && (" + loops + " || true)", "!(" + loops + ")", "((" + loops + ") ? true : true) || true", "user.tags.exists(x, " + loops + " || true)", "user.tags.all(x, " + loops + ")",
		"user.tags.exists_one(x, " + loops + ") || true", "user.tags.filter(x, " + loops + ").size() == 0 || true", "user.tags.map(x, " + loops + ") == [true] || true", "optional.of(" + loops + ").orValue(true) || true",
		"vars.dear", "vars.dear || true", "user.flag && (user.country == 'x' || vars.dear || true)", "consts.many.exists(a, consts.many.exists(b, [a, b, user.country].size() == 4)) || true",
		"consts.many.exists(a, consts.many.map(b, b + user.country).size() == 1) || true", "consts.many.exists(a, a + consts.big != a && consts.many.exists(b, (a + consts.big + user.country).matches('^y*$'))) || true",
		"consts.many.exists(a, (a + user.country) in consts.many.map(b, b)) || true", "consts.many.exists(a, consts.many.map(b, b) == consts.many.map(b, user.country)) || true",
		"consts.many.exists(a, sets.contains(consts.many, [a, user.country])) || true", "consts.many.exists(a, strings.quote(consts.big + a + user.country).contains('y')) || true",
		"consts.many.exists(a, (consts.big + consts.big + consts.big + consts.big + consts.big + consts.big + a + user.country).contains('y')) || true",
	} {
		p := r.compiler.Compile(r.compile(source))
		m := NewMachine()
		m.budget = 5000
		m.Reset(r.full(), r.compiler.Memo())
		for range 2 { // the second reader of a variable fares no better
			if ok, err := p.Bool(m); ok || !errors.Is(err, celenv.ErrBudget) {
				t.Errorf("%.80s: %t, %v; want the budget used up", source, ok, err)
			}
			if ok, err := fine.Bool(m); !ok || err != nil {
				t.Errorf("the next rule: %t, %v", ok, err)
			}
		}
	}
}

// TestBudgetIsNotStricter: where CEL's own budget is enough, so is this one.
func TestBudgetIsNotStricter(t *testing.T) {
	r := newRig(t)
	spent := 0
	for _, source := range []string{
		"consts.many.exists(a, consts.many.exists(b, a + user.country == 'y'))", "consts.many.exists(a, consts.countries.exists(b, a + user.country == b))", "consts.many.map(a, consts.countries.map(b, b)).size() == 1", "consts.many.exists(a, consts.many == user.tags)",
		"consts.many.exists(a, consts.many.filter(b, b != a).size() > 0)", "consts.many.exists(a, consts.big.contains('y'))", "consts.many.exists(a, (consts.big + a).matches('^z+$'))", "consts.many.exists(a, 'x' in consts.many)", "consts.many.exists(a, [a, user.country, a].size() == 2)",
		"consts.many.exists(a, sets.contains(consts.many, [a, 'x']))", "consts.many.exists(a, sets.intersects(consts.countries, [a, 'x']))", "consts.many.exists(a, strings.quote(a + user.country) == '')", "consts.many.exists(a, a in consts.countries)",
	} {
		e := r.compile(source)
		m := NewMachine()
		p := r.compiler.Compile(e)
		m.Reset(r.full(), r.compiler.Memo())
		got, err := p.Bool(m)
		want, wantErr := e.EvalBool(r.scope.NewFrame(r.full()))
		switch {
		case wantErr != nil:
			spent++
		case err != nil || got != want:
			t.Errorf("%s: %t, %v; CEL has %t", source, got, err, want)
		}
	}
	if spent < 2 {
		t.Errorf("%d of the expressions are beyond CEL's budget: they are too cheap", spent)
	}
}

// TestBudgetIsOrderless: a variable takes nothing off the budget of whoever
// reads it first.
func TestBudgetIsOrderless(t *testing.T) {
	r := newRig(t)
	r.vars(r.scope, "long = consts.many.all(a, consts.countries.all(b, consts.numbers.all(c, a == '')))")
	p := r.compiler.Compile(r.compile("consts.numbers.all(a, consts.countries.all(b, consts.many.all(c, vars.long)))"))
	m := NewMachine()
	m.Reset(r.full(), r.compiler.Memo())
	if _, err := p.Bool(m); err != nil {
		t.Fatal(err)
	}
	first := m.steps
	if _, err := p.Bool(m); err != nil || m.steps != first {
		t.Errorf("%d steps are left the second time, %d the first: %v", m.steps, first, err)
	}
}

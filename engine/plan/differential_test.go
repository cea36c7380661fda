package plan_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// freshSeed is a new one for each run, or that of an earlier run.
func freshSeed(t testing.TB) uint64 {
	t.Helper()
	given := os.Getenv("GWCTL_SEED")
	if given == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(given, 10, 64)
	if err != nil {
		t.Fatalf("GWCTL_SEED: %v", err)
	}
	return seed
}

// wholeLanguage is every operator over every type.
func wholeLanguage() *language {
	return newLanguage(false, plannedOperators(), makingOperators(), reachingOperators(), emptyOperators(), scanningOperators(), rareOperators(), optionalFieldOperators())
}

// plannedLanguage is what plan has closures for.
func plannedLanguage() *language { return newLanguage(true, plannedOperators()) }

func plannedOperators() []*operator {
	return slices.Concat(logicOperators(), loopOperators(), itemOperators(), pairOperators(), collectionOperators(), chainOperators(), failingOperators(), whenOperators(), wideOperators(), setOperators(),
		textOperators(), numberOperators(), timeOperators(), readingOperators(), addressOperators(), requestOperators(), constantOperators(), attributeOperators())
}

// run compares expressions in batches; each batch sees requests of its own.
func (r *rig) run(expressions, requests int) {
	r.t.Helper()
	const batch = 200
	for i := 0; i < expressions; i += batch {
		var subjects []*subject
		for j := range min(batch, expressions-i) {
			subjects = append(subjects, r.random(i+j))
		}
		r.compare(subjects, requests)
	}
}

// TestEqualsCEL: random expressions over random requests come to what cel-go
// makes of them, value or class of error. Half of them use all of the language;
// the others use what has closures, and leave nothing to cel-go.
func TestEqualsCEL(t *testing.T) {
	seed, total := freshSeed(t), 0
	t.Logf("seed %d (set GWCTL_SEED to repeat)", seed)
	t.Run("whole language", func(t *testing.T) {
		r := newRig(t, seed, wholeLanguage())
		r.run(1600, 66)
		r.honest()
		r.absorbs()
		total += r.tally.total
	})
	t.Run("without fallback", func(t *testing.T) {
		r := newRig(t, seed, plannedLanguage())
		r.run(1000, 105)
		r.honest()
		total += r.tally.total
	})
	if total < 200_000 {
		t.Errorf("%d evaluations", total)
	}
}

// TestEqualsCELOnManyItems: the same over long lists, where machines make and
// drop lists of their own.
func TestEqualsCELOnManyItems(t *testing.T) {
	r := newRig(t, freshSeed(t), newLanguage(true, loopOperators(), itemOperators(), pairOperators(), logicOperators(), collectionOperators(), constantOperators(), attributeOperators()))
	r.values.many = true
	r.run(200, 8)
}

// TestEqualsCELAgain: the same from seeds that do not change.
func TestEqualsCELAgain(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			newRig(t, seed, wholeLanguage()).run(100, 30)
			newRig(t, seed, plannedLanguage()).run(100, 30)
		})
	}
}

// TestEqualsCELOnKnownCases: expressions in which the two came apart once, or
// in which cel-go is a surprise.
func TestEqualsCELOnKnownCases(t *testing.T) {
	r := newRig(t, 1, wholeLanguage())
	for name, text := range map[string]string{"mixed": "user.flag ? has(user.?labels.a) : true", "made": "user.tags.map(x, x + 'a')"} {
		e, problems := r.scopes[0].scope.CompileUnguarded(text, nil)
		if e == nil {
			t.Fatal(text, problems)
		}
		r.scopes[0].scope.AddVar(name, e)
	}
	var subjects []*subject
	for _, text := range []string{
		// A branch that is has() of an optional is an optional in cel-go.
		"user.flag ? has(user.?profile.limits) : true", "(user.flag ? true : has(user.?labels.a)) == true", "!(true ? has(user.?labels.a) : true) || user.flag", "true ? has(user.labels.a) : true",
		"vars.mixed", "vars.mixed && user.flag", "{'a': vars.mixed}.exists(k, v, v == true)", "vars.mixed == vars.mixed", "user.?profile.home.city.orValue('') == 'a'",
		// NaN, zeros and extremes.
		"[0.0 / 0.0] == [0.0 / 0.0]", "(0.0 / 0.0) in [0.0 / 0.0, user.score]", "0.0 * user.score / 0.0 >= user.score", "-0.0 == user.score", "user.score in [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]", "-(user.level) < 0", "user.level % -1 == 0",
		// Zones are kept where a text shows them.
		"string([timestamp('2026-01-15T12:00:00+02:00')][0]) == '2026-01-15T12:00:00+02:00'", "string(timestamp('2026-01-15T12:00:00+02:00') + user.ttl)", "timestamp('2026-01-15T12:00:00+02:00') in user.times", "{'a': timestamp('2026-01-15T12:00:00+02:00')}.map(k, user.since)[0] == user.since",
		// Variables hide each other, in loops and over variables that are evaluated amid them.
		"user.tags.exists(x, user.nums.exists(x, x == 1) && x == 'a')", "user.tags.map(x, user.tags.map(y, x + y)).exists(x, x.exists(y, y == 'ab'))", "user.tags.all(x, vars.v0 || x == user.country || vars.v1)",
		"user.?country.optMap(x, user.?country.optMap(x, x + 'b').orValue(x)).orValue('') == 'ab'", "user.tags.exists(x, user.?note.optMap(y, [x, y].exists(x, x == y)).orValue(x == 'a'))",
		"user.nums.map(a, [a, 2].map(b, [b].map(c, [c, user.level].map(d, [d].map(e, a + b + c + d + e))))).size() > 1", "user.?level.optMap(a, [a].map(b, [b].map(c, [c].map(d, [d].map(e, [e].map(f, [f].map(g, [g].map(h, [h].map(i, a + i)))))))).size()).hasValue()",
		// A list that a variable made outlives those of the loop in which it was read first.
		"user.tags.exists(x, vars.made.exists(y, y == 'c') || [x, x, x].exists(z, z == 'c')) || vars.made.exists(y, y == 'aa')",
		// Which of several errors stands.
		"user.tags.exists(x, x == user.note || user.flag)", "user.tags.all(x, user.flag && x == user.note)", "user.nums.exists_one(x, x / 0 == 1 || user.flag)", "user.nums.map(x, x > 1 || user.flag, user.country).size() == 1",
		"user.flag && user.country == 'a' || user.note == 'b' && user.marks[0]", "user.note in [user.country, 'a', user.id]", "user.labels[user.note] == user.country", "user.country.replace(user.note, user.id).substring(user.level)",
	} {
		n := &node{op: &operator{name: text}, typ: boolTyp, pieces: []string{text}}
		if strings.HasPrefix(text, "string(timestamp(") || strings.HasPrefix(text, "user.country.replace") {
			n.typ = stringTyp
		}
		x, problems := r.subject(r.scopes[0], n)
		if x == nil {
			t.Errorf("%s: %+v", text, problems)
			continue
		}
		subjects = append(subjects, x)
	}
	r.compare(subjects, 300)
}

// honest holds the run itself to having tried everything: all operators, all
// outcomes, each often enough.
func (r *rig) honest() {
	r.t.Helper()
	r.t.Logf("%d evaluations: %v", r.tally.total, r.tally.outcomes)
	for _, name := range r.names {
		if n := r.tally.operators[name]; n < 4 {
			r.t.Errorf("came up %d times: %s", n, name)
		}
	}
	failed := 0
	for name, n := range r.tally.outcomes {
		if name != "true" && name != "false" && name != "text" {
			failed += n
		}
	}
	for name, n := range map[string]int{"true": r.tally.outcomes["true"], "false": r.tally.outcomes["false"], "an error": failed} {
		if n*10 < r.tally.total {
			r.t.Errorf("%d of %d evaluations gave %s", n, r.tally.total, name)
		}
	}
	for name, least := range map[string]int{"text": 50, "error: is absent": 50, "error: is unavailable": 100, "error: is invalid": 100, "error: is conflict": 200, "error: other": 20} {
		if n := r.tally.outcomes[name]; n*least < r.tally.total {
			r.t.Errorf("%d of %d evaluations gave %s", n, r.tally.total, name)
		}
	}
}

// absorbs holds the run to containing what && and || are special for: an
// operand that fails while the whole does not.
func (r *rig) absorbs() {
	r.t.Helper()
	absorbed := 0
	var values []*slot.Values
	for range 20 {
		values = append(values, r.values.request())
	}
	for i := range 60 {
		s := r.scopes[i%2]
		about := r.roots[[]string{"bool <- ($bool && $bool)", "bool <- ($bool || $bool)"}[i/2%2]]
		g := &generator{rng: r.rng, lang: s.lang}
		n := g.build(about[0], bound{}, 2, nil, -1)
		whole, problems := r.subject(s, n)
		if refused(problems) {
			continue
		}
		if whole == nil {
			r.t.Fatalf("seed %d: %s: %+v", r.seed, n, problems)
		}
		for _, a := range n.args {
			operand, problems := r.subject(s, a)
			if operand == nil {
				r.t.Fatalf("seed %d: %s: %+v", r.seed, a, problems)
			}
			for _, v := range values {
				if operand.reference(s.scope.NewFrame(v)).class != "" && whole.reference(s.scope.NewFrame(v)).class == "" {
					absorbed++
				}
			}
		}
	}
	if absorbed < 50 {
		r.t.Errorf("an operand's error was absorbed %d times of 2400", absorbed)
	}
}

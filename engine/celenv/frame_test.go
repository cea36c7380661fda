package celenv

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// stateOf gives what an evaluation error says about an attribute.
func stateOf(err error) (string, slot.State) {
	var attr *AttributeError
	if !errors.As(err, &attr) {
		return "", slot.Present
	}
	return attr.Attribute, attr.State
}

// TestAbsent: an absent attribute is an error to read, but may be asked for.
func TestAbsent(t *testing.T) {
	r := newRig(t)
	for _, source := range []string{
		"user.country == 'DE'", "user.country != 'DE'", "user.country == ''", "!user.flag", "user.clearance < 5", "user.score == 0.0", "'a' in user.tags", "user.tags.size() == 0",
		"user.labels.k == 'x'", "user.labels[?'k'].orValue('') == ''", "!('k' in user.labels)", "has(user.labels.k)", "user.tags[?0].hasValue()", "user.since < env.time",
		"request.path == '/'", "request.header('x').hasValue()", "request.headers.size() == 0", "!user.net.containsIP(env.ip)", "user.tags.all(x, x == 'a')",
	} {
		ok, err := r.eval(source)
		if _, state := stateOf(err); ok || err == nil || state != slot.Absent {
			t.Errorf("%s: %t, %v; want an error that something is absent", source, ok, err)
		}
	}
	for source, want := range map[string]bool{
		"has(user.country)": false, "!has(user.country) || user.country == 'DE'": true, "has(user.country) && user.country == 'DE'": false,
		"user.?country.hasValue()": false, "user.?country.orValue('XX') == 'XX'": true, "user.?labels[?'k'].orValue('none') == 'none'": true,
		"has(request.path)": false, "has(env.ip)": false,
	} {
		if got, err := r.eval(source); got != want || err != nil {
			t.Errorf("%s: %t, %v; want %t", source, got, err, want)
		}
	}
}

// TestUnavailable: when a provider did not answer, no way of asking makes the
// attribute look absent.
func TestUnavailable(t *testing.T) {
	r := newRig(t, "guarded = has(user.country) && user.country == 'DE'")
	for _, source := range []string{
		"user.country == 'DE'", "has(user.country)", "!has(user.country)", "!has(user.country) || user.country == 'DE'", "has(user.country) && user.country == 'DE'",
		"user.?country.hasValue()", "user.?country.orValue('DE') == 'DE'", "user.?country.or(optional.of('DE')).hasValue()", "user.?country.optMap(c, c == 'DE').orValue(true)",
		"user.labels[?'k'].hasValue()", "user.labels[?'k'].orValue('x') == 'x'", "user.labels.?k.orValue('x') == 'x'", "user.?labels.?k.orValue('x') == 'x'", "has(user.labels.k)", "'k' in user.labels",
		"user.?labels[?'k'].orValue('x') == 'x'", "user.tags[?0].orValue('a') == 'a'", "'a' in user.tags", "user.tags.exists(x, x == 'a')", "user.country == 'DE' ? true : true", "false || has(user.country)",
		"vars.guarded", "!vars.guarded", "vars.guarded == vars.guarded",
	} {
		r.values = slot.NewValues(r.scope.layout)
		r.full().fail("country", "labels", "tags")
		ok, err := r.eval(source)
		if name, state := stateOf(err); ok || state != slot.Unavailable || !strings.HasPrefix(name, "user.") {
			t.Errorf("%s: %t, %v; want unavailable", source, ok, err)
		}
		// The same, answered: no error, so that it was the failure that made one.
		r.values = slot.NewValues(r.scope.layout)
		if _, err := r.full().eval(source); err != nil {
			t.Errorf("%s with every value there: %v", source, err)
		}
	}
}

func TestErrorStates(t *testing.T) {
	r := newRig(t).full()
	r.values.Supply(slot.Source, slot.User, "country", slot.Plain("FR"))
	r.values.Supply(slot.Source, slot.User, "clearance", slot.Plain("x"))
	for source, want := range map[string]slot.State{
		"has(user.country)": slot.Conflicting, "user.clearance == 1": slot.Malformed, "request.header('x-two').orValue('') == ''": slot.Malformed, "request.param('two').hasValue()": slot.Malformed,
	} {
		if _, err := r.eval(source); err == nil {
			t.Errorf("%s: no error", source)
		} else if _, state := stateOf(err); state != want {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
	for source, want := range map[string]bool{
		"request.header('x-plan').orValue('') == 'pro'": true, "request.header('x-none').hasValue()": false, "request.param('q').orValue('') == '1'": true,
		"request.headers['x-two'] == ['1', '2']": true, "user.country == 'x' || true": true,
	} {
		if got, err := r.eval(source); got != want || err != nil {
			t.Errorf("%s: %t, %v; want %t", source, got, err, want)
		}
	}
}

// TestValues: every type comes through, and times are read in UTC.
func TestValues(t *testing.T) {
	r := newRig(t).full()
	for _, source := range []string{
		"user.country == 'DE'", "user.clearance + 1 == 5", "user.score * 2.0 == 3.0", "user.since == timestamp('2026-01-15T10:00:00Z')", "user.ttl == duration('90s')", "user.flag",
		"user.net.containsIP(env.ip)", "cidr('192.0.2.0/24') == user.net", "env.ip == ip('192.0.2.10')", "user.tags == ['a']", "user.labels == {'k': 'x'}", "env.time.getHours() == 23",
		"env.time.getDate('Europe/Berlin') == 16", "user.id == 'alice'", "env.time.getHours(consts.zone) == 0",
	} {
		if got, err := r.eval(source); !got || err != nil {
			t.Errorf("%s: %t, %v", source, got, err)
		}
	}
}

// TestBudget: once the steps are used up the whole expression has failed,
// whatever it goes on to say, also when a variable used them.
func TestBudget(t *testing.T) {
	const dear = "consts.many.exists(a, consts.many.exists(b, a + consts.big == 'y'))"
	for name, tt := range map[string]struct {
		vars   []string
		source string
	}{
		"alone":                  {nil, dear},
		"or true":                {nil, dear + " || true"},
		"true after":             {nil, "((" + dear + ") ? true : true) || true"},
		"variable":               {[]string{"dear = " + dear}, "vars.dear"},
		"variable, or true":      {[]string{"dear = " + dear}, "vars.dear || true"},
		"variable of a variable": {[]string{"dear = " + dear, "outer = vars.dear || true"}, "vars.outer || true"},
		"negated":                {[]string{"dear = " + dear}, "!(vars.dear && false)"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, tt.vars...)
			e := r.compile(tt.source, boolean)
			frame := r.scope.NewFrame(r.values)
			for range 2 { // the second reader of a variable fares no better
				ok, err := e.EvalBool(frame)
				if _, state := stateOf(err); ok || err == nil || state != slot.Present {
					t.Fatalf("%t, %v; want the budget used up", ok, err)
				}
			}
			if trace := e.Trace(frame); trace.Result || trace.Err == nil {
				t.Errorf("traced: %t, %v", trace.Result, trace.Err)
			}
		})
	}
	if got, err := newRig(t).eval("consts.many.exists(a, consts.many.exists(b, a + consts.big == 'y')) || true"); got || err == nil {
		t.Errorf("loops: %t, %v", got, err)
	}
	if got, err := newRig(t).eval("consts.many.all(a, a == '') && consts.big.contains(consts.big)"); !got || err != nil {
		t.Errorf("within the budget: %t, %v", got, err)
	}
}

// TestVariables: they are evaluated when they are read, once, and their errors
// belong to whoever reads them.
func TestVariables(t *testing.T) {
	r := newRig(t, "bad = user.country == 'DE'", "good = has(user.country)", "both = vars.good || vars.bad")
	for source, want := range map[string]bool{"vars.good || true": true, "vars.bad || true": true, "false && vars.bad": false, "vars.good": false} {
		if got, err := r.eval(source); got != want || err != nil {
			t.Errorf("%s: %t, %v; want %t", source, got, err, want)
		}
	}
	for _, source := range []string{"vars.bad", "vars.both", "!vars.bad"} {
		if _, err := r.eval(source); err == nil {
			t.Errorf("%s: no error", source)
		}
	}
	frame, evaluated := r.scope.NewFrame(r.values), 0
	trace := r.compile("vars.good || vars.good || vars.both", boolean).Trace(frame)
	for _, v := range trace.Vars {
		if v.Name == "good" {
			evaluated++
		}
	}
	if evaluated != 1 || len(trace.Vars) != 3 {
		t.Errorf("good is evaluated %d times, %d variables in all", evaluated, len(trace.Vars))
	}
}

// TestPanic: CEL would make a panic the error of one expression, which another
// allow rule could outvote.
func TestPanic(t *testing.T) {
	r := newRig(t, "v = user.country == 'DE'")
	for _, source := range []string{"user.country == 'DE' || true", "vars.v || true"} {
		t.Run(source, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a fault was swallowed")
				}
			}()
			e := r.compile(source, boolean)
			_, err := e.EvalBool(r.scope.NewFrame(nil)) // values that are not there at all
			t.Errorf("went on with %v", err)
		})
	}
}

// TestConcurrent: one expression serves many requests at once.
func TestConcurrent(t *testing.T) {
	r := newRig(t, "mine = has(user.country) && user.country == 'DE'").full()
	e := r.compile("vars.mine && user.tags.exists(x, x == 'a') && request.header('x-plan').orValue('') == 'pro'", boolean)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := newRig(t).full() // values of its own in a layout of its own
			if i%2 == 0 {
				own.fail("country")
			}
			for range 50 {
				got, err := e.EvalBool(r.scope.NewFrame(own.values))
				if i%2 == 0 && err == nil || i%2 == 1 && (!got || err != nil) {
					t.Errorf("%d: %t, %v", i, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

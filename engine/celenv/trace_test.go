package celenv

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

// randomCondition writes a bool expression over the rig's attributes.
func randomCondition(rng *rand.Rand, depth int) string {
	if depth == 0 || rng.IntN(5) == 0 {
		leaves := []string{
			"user.country == 'DE'", "has(user.country)", "user.?country.orValue('DE') == 'DE'", "user.flag", "user.clearance > 3", "'a' in user.tags", "vars.mine", "vars.both",
			"user.labels[?'k'].orValue('y') == 'x'", "true", "false", "consts.n == 3", "user.tags.exists(x, x == user.country)", "user.tags.all(x, user.flag)", "10 / (user.clearance - 4) > 1",
			"request.header('x-plan').orValue('') == 'pro'", "request.param('two').hasValue()", "user.country in ['DE', 'FR']", "user.labels.k.startsWith('x')",
		}
		return leaves[rng.IntN(len(leaves))]
	}
	a, b := randomCondition(rng, depth-1), randomCondition(rng, depth-1)
	switch rng.IntN(5) {
	case 0, 1:
		return "(" + a + " && " + b + ")"
	case 2, 3:
		return "(" + a + " || " + b + ")"
	}
	return []string{"!(" + a + ")", "(" + a + " ? " + b + " : " + randomCondition(rng, depth-1) + ")"}[rng.IntN(2)]
}

// TestTraceAgrees: watching an evaluation does not change it.
func TestTraceAgrees(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	counts := map[string]int{}
	r := newRig(t, "mine = user.country == 'DE' && user.flag", "both = vars.mine || has(user.clearance)")
	for i := range 50 {
		source := randomCondition(rng, 4)
		e := r.compile(source, boolean)
		for range 8 {
			v := slot.NewValues(r.scope.layout)
			r.values = v
			for _, name := range []string{"country", "flag", "clearance", "tags", "labels"} {
				switch rng.IntN(4) {
				case 0:
				case 1:
					r.fail(name)
				default:
					r.supply(name, map[string]string{"country": "DE", "flag": []string{"true", "false"}[rng.IntN(2)], "clearance": []string{"4", "5"}[rng.IntN(2)]}[name])
				}
			}
			if rng.IntN(2) == 0 {
				r.values = slot.NewValues(r.scope.layout)
				r.full()
			}
			want, wantErr := e.EvalBool(r.scope.NewFrame(r.values))
			trace := e.Trace(r.scope.NewFrame(r.values))
			wantName, wantState := stateOf(wantErr)
			gotName, gotState := stateOf(trace.Err)
			if trace.Result != want || (trace.Err == nil) != (wantErr == nil) || gotName != wantName || gotState != wantState {
				t.Fatalf("%d: %s\ntraced %t, %v; evaluated %t, %v", i, source, trace.Result, trace.Err, want, wantErr)
			}
			if wantErr != nil && trace.Err.Error() != wantErr.Error() {
				t.Fatalf("%s: traced %q, evaluated %q", source, trace.Err, wantErr)
			}
			counts[fmt.Sprint(want, wantErr != nil)]++
		}
	}
	if counts["true false"] < 20 || counts["false false"] < 20 || counts["false true"] < 20 {
		t.Errorf("outcomes %v: the conditions are too tame", counts)
	}
}

func TestTraceParts(t *testing.T) {
	r := newRig(t, "mine = user.country == 'DE'").full()
	r.fail("flag")
	trace := r.compile("vars.mine && (user.clearance > 9 || 'a' in user.tags) && (user.plan == 'pro' || user.flag)", boolean).Trace(r.scope.NewFrame(r.values))
	if !trace.Result || trace.Err != nil {
		t.Fatalf("%t, %v", trace.Result, trace.Err)
	}
	var lines []string
	for _, p := range trace.Parts {
		lines = append(lines, strings.Repeat(" ", p.Depth)+p.Text+" "+string(p.State)+" "+p.Value)
	}
	got := strings.Join(lines, "\n")
	for _, want := range []string{
		" vars.mine value true", "  user.clearance > 9 value false", "   user.clearance value 4", "  \"a\" in user.tags value true", `   user.tags value ["a"]`,
		`   user.plan value "pro"`, "  user.flag not_evaluated ",
	} {
		if !strings.Contains("\n"+got+"\n", "\n"+want+"\n") {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
	if len(trace.Vars) != 1 || trace.Vars[0].Name != "mine" || trace.Vars[0].Source != "user.country == 'DE'" || len(trace.Vars[0].Parts) == 0 {
		t.Errorf("variables %+v", trace.Vars)
	}
	trace = r.compile("user.flag", boolean).Trace(r.scope.NewFrame(r.values))
	var attr *AttributeError
	if !errors.As(trace.Err, &attr) || len(trace.Parts) == 0 || trace.Parts[0].State != Failed || trace.Parts[0].Value == "" {
		t.Errorf("%v, %+v", trace.Err, trace.Parts)
	}
}

func TestRender(t *testing.T) {
	r := newRig(t).full()
	r.values.Supply(slot.Source, slot.Resource, "owner", slot.Plain(strings.Repeat("é", 300)))
	for source, want := range map[string]string{
		"user.country": `"DE"`, "user.clearance": "4", "user.score": "1.5", "user.flag": "true", "user.since": "2026-01-15T10:00:00Z", "user.ttl": "1m30s", "user.tags": `["a"]`,
		"user.labels": `{"k": "x"}`, "env.ip": "192.0.2.10", "user.net": "192.0.2.0/24", "user.?country": `optional("DE")`, "request.header('none')": "none",
		"resource.owner": `"` + strings.Repeat("é", 199) + "…", "'a\"\\n'": `"a\"\n"`,
	} {
		v, err := r.compile(source, nil).eval(r.scope.NewFrame(r.values))
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := Render(v); got != want {
			t.Errorf("%s is shown as %s, want %s", source, got, want)
		}
	}
}

package engine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/index"
)

// compileIndexed compiles with rules looked up where there are more than most.
func compileIndexed(t *testing.T, most int, docs ...string) *Set {
	t.Helper()
	lib, err := celenv.NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	c := newCompiler(load(t, docs...), lib)
	c.unguarded, c.most = true, most
	set, found := c.compile()
	if set == nil {
		t.Fatalf("%v\n%s", found, strings.Join(docs, "\n"))
	}
	return set
}

// randomCondition writes a condition of which much can be looked up.
func randomCondition(rng *rand.Rand, depth int) string {
	if depth == 0 || rng.IntN(4) == 0 {
		atoms := []string{
			"user.plan == 'pro'", "'free' == user.plan", "user.plan in ['pro', 'free']", "user.plan != 'pro'", "user.plan == 'free'",
			"resource.tenant == 'acme'", "resource.tenant == 'evil'", "resource.number == 5", "resource.number in [6, 7]", "resource.number > 5",
			"user.a == true", "user.b == false", "user.c", "has(user.a) && user.a == true", "!has(user.b) || user.b == true", "has(resource.number) && resource.number == 6",
			"'admin' in user.roles", "'s1' in user.scopes", "user.authenticated == true", "action.name == 'read'", "vars.open", "vars.acme", "user.plan == consts.paid", "false", "1 / 0 == 1",
		}
		return atoms[rng.IntN(len(atoms))]
	}
	left, right := randomCondition(rng, depth-1), randomCondition(rng, depth-1)
	switch rng.IntN(7) {
	case 0, 1, 2:
		return "(" + left + ") && (" + right + ")"
	case 3, 4:
		return "(" + left + ") || (" + right + ")"
	case 5:
		return "!(" + left + ")"
	}
	return "(" + left + ") ? (" + right + ") : (" + randomCondition(rng, depth-1) + ")"
}

// TestIndexedDecisions: looking rules up changes neither a decision, nor which
// rule decides, nor the errors; nor do planned conditions.
func TestIndexedDecisions(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("GWCTL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (set GWCTL_SEED to repeat)", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	asked, passed, reasons := 0, 0, map[string]int{}
	for range 40 {
		var rules []string
		for i := range 5 + rng.IntN(30) {
			effect := []string{"allow", "allow", "deny"}[rng.IntN(3)]
			line := fmt.Sprintf("id: r%d, effect: %s, actions: [%s], when: %q", i, effect, []string{"read", "list", `"*"`}[rng.IntN(3)], randomCondition(rng, rng.IntN(4)))
			if effect == "allow" && rng.IntN(3) == 0 {
				line += ", roles: [admin]"
			}
			if effect == "allow" && rng.IntN(4) == 0 {
				line += ", scopes: [s1]"
			}
			if effect == "allow" && rng.IntN(4) == 0 {
				line += ", anonymous: true"
			}
			rules = append(rules, line)
		}
		text := policyOf("p", append([]string{`consts: {paid: pro}`, `vars: {open: "user.plan == 'free' || vars.acme", acme: "resource.tenant == 'acme' && has(user.a)"}`}, rules...)...)
		looked, scanned := compileIndexed(t, 0, shop, text), compileIndexed(t, 1<<30, shop, text)
		for range 150 {
			q := randomQuery(rng)
			r := q.bind(looked)
			got, want := looked.Decide(r), scanned.Decide(q.bind(scanned))
			if d := difference(&got, &want); d != "" {
				t.Fatalf("looked up and scanned: %s\n%s\nquery %+v", d, text, *q)
			}
			if d := looked.Verify(r, &got); d != "" {
				t.Fatalf("planned and evaluated by CEL: %s\n%s\nquery %+v", d, text, *q)
			}
			reasons[got.Reason]++
			for _, set := range []*ruleset{&r.cands.deny, &r.cands.allow} {
				n := len(r.applicable(set))
				asked, passed = asked+n, passed+len(looked.list(set))-n
			}
		}
	}
	for _, reason := range []string{ReasonAllowed, ReasonDeniedByRule, ReasonEvalError, ReasonAttributeUnavailable, ReasonUnauthenticated, ReasonInsufficientScope, ReasonNoMatchingRule} {
		if reasons[reason] < 3 {
			t.Errorf("%s came up %d times of 6000", reason, reasons[reason])
		}
	}
	if asked == 0 || passed*8 < asked {
		t.Errorf("%d rules asked, %d passed over: the index hardly took part", asked, passed)
	}
}

// TestInapplicable: what a rule that was not asked needs.
func TestInapplicable(t *testing.T) {
	set := compileIndexed(t, 0, shop, policyOf("p", allowAll, "id: b, effect: allow, actions: [read], roles: [admin], when: \"resource.tenant == 'evil'\"",
		"id: c, effect: allow, actions: [read], when: \"resource.tenant == 'acme' && user.id == 'bob'\"", "id: d, effect: allow, actions: [read], when: \"resource.tenant == 'acme'\""))
	r := give(alice(set.DirectRequest("order", "read")), "resource.tenant=acme")
	if got := short(set.Decide(r)); got != "allow allowed 200 by p/all matched p/all,p/d" {
		t.Fatal(got)
	}
	want := map[string]string{"all": "", "b": "user.roles admin", "c": "user.id bob", "d": ""}
	_, allow := r.Candidates()
	for _, rule := range allow {
		needs, ok := r.Inapplicable(rule)
		text := ""
		if ok {
			text = strings.Join(slices.Collect(func(yield func(string) bool) {
				for _, n := range needs {
					yield(r.Values().Layout().Attr(n.Slot).FullName() + " " + n.Value.Text())
				}
			}), ",")
		}
		if text != want[rule.Ref.Rule] {
			t.Errorf("%s: %q, want %q", rule.Ref, text, want[rule.Ref.Rule])
		}
	}
	var none []index.Need
	if needs, ok := set.DirectRequest("order", "nothing").Inapplicable(allow[0]); ok || !slices.EqualFunc(needs, none, func(a, b index.Need) bool { return false }) {
		t.Error("a request without candidates has something to say about a rule")
	}
}

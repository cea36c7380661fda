package coverage

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/plan"
)

// tree is a condition of the reference: an operator, or an atom with its number
// among those of the whole condition.
type tree struct {
	op       string // &&, ||, !, ?: or "" for an atom
	parts    []*tree
	number   int
	variable int    // read by the atom, -1 for none
	value    string // of the attribute that it reads, "" for none
	fails    bool   // if that is no number
}

// grown makes a condition over attributes p to t and the first variables.
func grown(rng *rand.Rand, depth, variables int, atoms *int) *tree {
	pick := rng.IntN(7)
	if depth == 0 || pick == 0 {
		x := &tree{number: *atoms, variable: -1}
		*atoms++
		if variables > 0 && rng.IntN(4) == 0 {
			x.variable = rng.IntN(variables)
			return x
		}
		x.value, x.fails = string(rune('p'+rng.IntN(5))), rng.IntN(4) == 0
		return x
	}
	x := &tree{op: []string{"&&", "||", "&&", "||", "!", "?:"}[pick-1]}
	for range map[string]int{"&&": 2 + rng.IntN(2), "||": 2, "!": 1, "?:": 3}[x.op] {
		x.parts = append(x.parts, grown(rng, depth-1, variables, atoms))
	}
	return x
}

func (x *tree) source() string {
	var parts []string
	for _, p := range x.parts {
		parts = append(parts, "("+p.source()+")")
	}
	switch {
	case x.op == "!":
		return "!" + parts[0]
	case x.op == "?:":
		return parts[0] + " ? " + parts[1] + " : " + parts[2]
	case x.op != "":
		return strings.Join(parts, " "+x.op+" ")
	case x.variable >= 0:
		return fmt.Sprintf("vars.v%d", x.variable)
	case x.fails:
		return "int(user." + x.value + ") == 1"
	}
	return "user." + x.value + " == '1'"
}

// person is a case: its attributes, and what its variables came to.
type person struct {
	attributes map[string]string
	variables  []*tree
	sizes      []int
	seen       map[int][]plan.Outcome // by variable: its atoms, then the whole
}

// come evaluates as CEL says: from the left, no further than needed; an error
// does not stop && and ||, whose other side may still decide.
func (p *person) come(x *tree, out []plan.Outcome) plan.Outcome {
	switch x.op {
	case "":
		out[x.number] = p.atom(x)
		return out[x.number]
	case "!":
		switch o := p.come(x.parts[0], out); o {
		case plan.True:
			return plan.False
		case plan.False:
			return plan.True
		default:
			return o
		}
	case "?:":
		switch p.come(x.parts[0], out) {
		case plan.True:
			return p.come(x.parts[1], out)
		case plan.False:
			return p.come(x.parts[2], out)
		}
		return plan.Failed
	}
	decides, rest := plan.False, plan.True
	if x.op == "||" {
		decides, rest = rest, decides
	}
	for _, part := range x.parts {
		switch p.come(part, out) {
		case decides:
			return decides
		case plan.Failed:
			rest = plan.Failed
		}
	}
	return rest
}

func (p *person) atom(x *tree) plan.Outcome {
	if x.variable >= 0 {
		v := p.seen[x.variable]
		if v == nil {
			v = make([]plan.Outcome, p.sizes[x.variable]+1)
			v[len(v)-1] = p.come(p.variables[x.variable], v)
			p.seen[x.variable] = v
		}
		return v[len(v)-1]
	}
	switch v := p.attributes[x.value]; {
	case v == "1":
		return plan.True
	case v != "0" && x.fails:
		return plan.Failed
	}
	return plan.False
}

// shows is the definition: between two evaluations the outcome changes, the
// atom changes, and no other atom that was asked in both does.
func shows(atom int, x, y []plan.Outcome) bool {
	last := len(x) - 1
	opposite := func(i int) bool {
		return x[i] == plan.True && y[i] == plan.False || x[i] == plan.False && y[i] == plan.True
	}
	if !opposite(last) || !opposite(atom) {
		return false
	}
	for i := range last {
		if i != atom && x[i] != plan.Unasked && y[i] != plan.Unasked && x[i] != y[i] {
			return false
		}
	}
	return true
}

// TestRandomConditions compares the verdict on random conditions and cases with
// one that evaluates them by itself and tries every pair of cases.
func TestRandomConditions(t *testing.T) {
	const rules, people = 12, 9
	shown, hidden, failed := 0, 0, 0
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 7))
		var trees []*tree
		var sizes []int
		set := "  resources: [order]\n  vars:\n"
		for i := range 3 + rules {
			atoms := 0
			x := grown(rng, 1+rng.IntN(3), min(i, 3), &atoms)
			trees, sizes = append(trees, x), append(sizes, atoms)
			if i == 3 {
				set += "  rules:\n"
			}
			if i < 3 {
				set += fmt.Sprintf("    v%d: \"%s\"\n", i, x.source())
				continue
			}
			set += fmt.Sprintf("    - {id: r%d, effect: allow, actions: [read], when: \"%s\"}\n", i, x.source())
		}
		var crowd []*person
		users := ""
		for i := range people {
			p := &person{attributes: map[string]string{}, variables: trees[:3], sizes: sizes[:3], seen: map[int][]plan.Outcome{}}
			users += fmt.Sprintf("    u%d: {id: u%d, must: x", i, i)
			for _, name := range []string{"p", "q", "r", "s", "t"} {
				p.attributes[name] = []string{"0", "1", "0", "1", "0", "1", "x"}[rng.IntN(7)]
				users += ", " + name + ": \"" + p.attributes[name] + "\""
			}
			users += "}\n"
			crowd = append(crowd, p)
		}
		report := recordedOf(t, set, users, people, 1+int(seed%2))
		evaluations := make([][][]plan.Outcome, len(trees))
		for i := 3; i < len(trees); i++ {
			for _, p := range crowd {
				v := make([]plan.Outcome, sizes[i]+1)
				v[sizes[i]] = p.come(trees[i], v)
				evaluations[i] = append(evaluations[i], v)
			}
		}
		for i := range 3 { // as far as rules read them
			for _, p := range crowd {
				evaluations[i] = append(evaluations[i], p.seen[i])
			}
		}
		for i, list := range evaluations {
			name := fmt.Sprintf("p/r%d", i)
			if i < 3 {
				name = fmt.Sprintf("p: vars.v%d", i)
			}
			s, h, f := compareUnit(t, report, name, trees[i].source(), list)
			shown, hidden, failed = shown+s, hidden+h, failed+f
		}
	}
	if shown < 200 || hidden < 200 || failed < 200 {
		t.Errorf("%d atoms shown, %d not, %d failed evaluations: the conditions say too little", shown, hidden, failed)
	}
}

// compareUnit holds a unit of the report to the evaluations of the reference,
// nil where there was none.
func compareUnit(t *testing.T, report *Report, name, source string, list [][]plan.Outcome) (shown, hidden, failed int) {
	t.Helper()
	var u *Unit
	for i := range report.Units {
		if report.Units[i].Name == name {
			u = &report.Units[i]
		}
	}
	if u == nil {
		for _, v := range list {
			if v != nil {
				t.Fatalf("no unit %s: %s", name, source)
			}
		}
		return 0, 0, 0
	}
	number := func(name string) int {
		n := -1
		_, _ = fmt.Sscanf(name, "t/c%d", &n)
		return n
	}
	for i := range u.Atoms {
		a := &u.Atoms[i]
		counts := map[plan.Outcome]int{}
		possible := false
		for _, x := range list {
			if x == nil {
				continue
			}
			counts[x[i]]++
			for _, y := range list {
				possible = possible || y != nil && shows(i, x, y)
			}
		}
		failed += counts[plan.Failed]
		if a.True != counts[plan.True] || a.False != counts[plan.False] || a.Failed != counts[plan.Failed] || a.Independent != possible {
			t.Errorf("%s: %s\natom %d, %s: %+v\nwant %v, shown %t by %v", name, source, i, a.Text, a, counts, possible, list)
		}
		switch {
		case !a.Independent:
			hidden++
			continue
		case a.ShownBy == nil:
			t.Errorf("%s: no cases show %s", name, a.Text)
			continue
		}
		shown++
		x, y := list[number(a.ShownBy.True)], list[number(a.ShownBy.False)]
		if !shows(i, x, y) || x[i] != plan.True {
			t.Errorf("%s: %s\natom %d is not shown by %v and %v", name, source, i, x, y)
		}
	}
	return shown, hidden, failed
}

// TestEveryAssignment: where no attribute is read twice, the cases of all
// assignments show the effect of every atom.
func TestEveryAssignment(t *testing.T) {
	for _, when := range []string{
		"user.p == '1' && user.q == '1' && user.r == '1' && user.s == '1'", "user.p == '1' || user.q == '1' && user.r == '1' || user.s == '1'",
		"!(user.p == '1' || !(user.q == '1')) && (user.r == '1' || user.s == '1')", "user.p == '1' ? user.q == '1' : (user.r == '1' && !(user.s == '1'))",
	} {
		users := ""
		for i := range 16 {
			users += fmt.Sprintf("    u%d: {id: u%d, must: x, p: \"%d\", q: \"%d\", r: \"%d\", s: \"%d\"}\n", i, i, i&1, i>>1&1, i>>2&1, i>>3&1)
		}
		report := recordedOf(t, "  resources: [order]\n  rules: [{id: r, effect: allow, actions: [read], when: \""+when+"\"}]\n", users, 16, 2)
		if s := report.Summary; s.MCDC.Covered != 4 || s.MCDC.Total != 4 {
			t.Errorf("%s: %s", when, told(report, "p/r"))
		}
	}
}

// recordedOf runs a case for each of the users over rules.
func recordedOf(t *testing.T, rules, users string, people, workers int) *Report {
	t.Helper()
	tests := "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: t}\nspec:\n  users:\n" + users + "  resources: {o: {type: order, id: \"1\"}}\n  cases:\n"
	for i := range people {
		tests += fmt.Sprintf("    - {name: c%d, user: u%d, resource: o, action: read, expect: allow}\n", i, i)
	}
	report, results := recordedFiles(t, rules, tests, workers)
	for _, r := range results {
		if r.Wrong != "" {
			t.Fatal(r.Wrong)
		}
	}
	return report
}

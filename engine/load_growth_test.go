package engine

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
)

// growing makes a set of n policies, or of one policy with n rules.
type growing struct {
	name    string
	head    string
	piece   string // of each policy or rule; # is its number
	perFile int
	small   int    // policies of the smaller set; the larger has four times as many
	first   string // what a file begins with
	suite   string // of each policy, in a file of its own
}

// condition is what rules of growing sets say, where they say something.
const condition = `, when: "has(resource.owner) && resource.owner == user.id || user.id == 'u#'"`

// growingSets are the shapes in which a set can be large; when is a condition
// for each rule, or nothing.
func growingSets(when string) []growing {
	const head = "apiVersion: gwctl.dev/v1\nkind: "
	const resource = head + "Resource\nmetadata: {name: t#}\nspec:\n  actions: {read: {}}\n  attributes: {owner: {type: string, optional: true}}\n  routes: [{route: \"GET /t#/{id}\", action: read}]\n"
	const over = head + "Policy\nmetadata: {name: p#}\nspec:\n  resources: [t]\n  rules:\n"
	one, rule := strings.ReplaceAll(resource, "#", ""), "    - {id: r#, effect: allow, actions: [read]"+when+"}\n"
	return []growing{
		{name: "a type for each policy", piece: resource + "---\n" + strings.Replace(over, "[t]", "[t#]", 1) + rule, perFile: 1, small: 1000},
		{name: "policies over one type", head: one, piece: over + rule, perFile: 1, small: 1000},
		{name: "rules of one policy", head: one, first: over, piece: rule, perFile: 5000, small: 1000},
	}
}

// growingSuites is a suite for each of many policies.
func growingSuites() growing {
	g := growingSets("")[0]
	g.name, g.suite = "suites", "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: s#}\nspec:\n  resources: {f: {type: t#, id: a}}\n"+
		"  cases: [{name: a, user: anonymous, resource: f, action: read, expect: {effect: deny, rule: p#/r#, reason: unauthenticated}}]\n"
	return g
}

func (g growing) files(n int) []policy.File {
	var out []policy.File
	if g.head != "" {
		out = append(out, policy.File{Path: "head.yaml", Data: []byte(g.head)})
	}
	for i := 0; i < n; {
		var text strings.Builder
		text.WriteString(strings.ReplaceAll(g.first, "#", fmt.Sprint(len(out))))
		for range min(g.perFile, n-i) {
			text.WriteString(strings.ReplaceAll(g.piece, "#", fmt.Sprint(i)))
			if g.suite != "" {
				out = append(out, policy.File{Path: fmt.Sprintf("%05d_test.yaml", i), Data: []byte(strings.ReplaceAll(g.suite, "#", fmt.Sprint(i)))})
			}
			i++
		}
		out = append(out, policy.File{Path: fmt.Sprintf("%05d.yaml", i), Data: []byte(text.String())})
	}
	return out
}

// work is what loading and compiling allocates, in pieces and bytes: it grows as
// the work does, and is the same on every machine.
func (g growing) work(t *testing.T, n int) map[string]uint64 {
	t.Helper()
	files := g.files(n)
	var before, between, after runtime.MemStats
	runtime.ReadMemStats(&before)
	src, found := policy.Load(files)
	runtime.ReadMemStats(&between)
	if found.HasErrors() {
		t.Fatal(found[0])
	}
	set, found := Compile(src)
	runtime.ReadMemStats(&after)
	if set == nil {
		t.Fatal(found[0])
	}
	return map[string]uint64{
		"pieces of loading": between.Mallocs - before.Mallocs, "bytes of loading": between.TotalAlloc - before.TotalAlloc,
		"pieces of compiling": after.Mallocs - between.Mallocs, "bytes of compiling": after.TotalAlloc - between.TotalAlloc,
	}
}

// TestLoadGrowth: four times as many policies take little more than four times
// the work.
func TestLoadGrowth(t *testing.T) {
	conditions := growingSets(condition)[2]
	conditions.name, conditions.small = "conditions", 100
	for _, g := range append(growingSets(""), conditions, growingSuites()) {
		t.Run(g.name, func(t *testing.T) {
			small, big := g.work(t, g.small), g.work(t, 4*g.small)
			for what, n := range small {
				if ratio := float64(big[what]) / float64(n); ratio > 4.8 || ratio < 2 {
					t.Errorf("%s: %.1f times as many for %d as for %d", what, ratio, 4*g.small, g.small)
				}
			}
		})
	}
}

package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// slotTypes makes types of attributes; the type of an object is made once.
type slotTypes map[string]*slot.Type

func (s slotTypes) of(t typ) *slot.Type {
	if t.name != "profile" && t.name != "address" {
		return s.plain(t)
	}
	made, ok := s[t.name]
	if !ok {
		made = &slot.Type{Kind: slot.Object, Name: t.name}
		for _, line := range fields(t.name) {
			name, kind, _ := strings.Cut(line, " ")
			kind, optional := strings.CutSuffix(kind, " ?")
			made.Fields = append(made.Fields, &slot.Attr{Name: name, Type: s.of(mustTyp(kind)), Optional: optional})
		}
		s[t.name] = made
	}
	return made
}

func (s slotTypes) plain(t typ) *slot.Type {
	if t.name == "wide" { // a map of its own type, since no loop can go over it with so many orders
		t = mustTyp("map(string, int)")
	}
	parsed, err := slot.ParseType(t.String())
	if err != nil {
		panic(err)
	}
	return parsed
}

func randomLayout() *slot.Layout {
	types := slotTypes{}
	var attrs []*slot.Attr
	for _, line := range declared() {
		root, name, t := attribute(line)
		attrs = append(attrs, &slot.Attr{Root: rootNamed(root), Name: name, Type: types.of(t), Optional: true, From: []slot.Provider{slot.Source}})
	}
	return slot.NewLayout(attrs)
}

func rootNamed(name string) slot.Root {
	for r := range slot.Roots {
		if r.String() == name {
			return r
		}
	}
	panic("no root: " + name)
}

// constants are the constants of every scope. Those of a library have the same
// names, and other values where that matters to nobody else.
func constants(t testing.TB, library bool) map[string]slot.Value {
	out := map[string]slot.Value{}
	others := map[string]any{}
	if library {
		others = map[string]any{
			"three": "4", "half": "1.5", "word": "b", "words": []string{"b", "k"}, "primes": []string{"5"}, "start": "2026-01-15T12:00:00Z", "wait": "1s",
			"caps": map[string]string{"a": "2", "k": "3"}, "by_word": map[string]string{"a": "b"}, "gate": "192.0.2.11",
		}
	}
	types := slotTypes{}
	for name, c := range map[string]struct {
		typ   string
		value any
	}{
		"three": {"int", "3"}, "half": {"double", "0.5"}, "word": {"string", "ab"}, "void": {"string", ""}, "yes": {"bool", "true"}, "zone": {"string", "Europe/Berlin"}, "pattern": {"string", "^a.*$"},
		"words": {"list(string)", []string{"a", "ab", "DE", "é"}}, "many": {"list(string)", many()}, "numbers": {"list(int)", []string{"0", "1", "5", "7", "11", "13", "17", "23", "-5", "9223372036854775807"}}, "none": {"list(string)", []string{}}, "primes": {"list(int)", []string{"2", "3", "7"}}, "start": {"timestamp", "2026-01-15T10:00:00Z"},
		"wait": {"duration", "90s"}, "office": {"cidr", "192.0.2.0/24"}, "gate": {"ip", "192.0.2.10"}, "offices": {"list(cidr)", []string{"192.0.2.0/24", "2001:db8::/32"}},
		"by_word": {"map(string, string)", map[string]string{"a": "ab", "b": "DE", "k": ""}}, "caps": {"map(string, int)", map[string]string{"a": "1", "b": "3"}},
	} {
		a := &slot.Attr{Root: slot.Env, Name: name, Type: types.of(mustTyp(c.typ))}
		if other, ok := others[name]; ok {
			c.value = other
		}
		v, ok, err := a.Convert(input(c.value))
		if err != nil || !ok {
			t.Fatal(name, err)
		}
		out[name] = v
	}
	return out
}

// many texts, so that being among them is looked up.
func many() []string {
	out := []string{"a", "é", ""}
	for i := range 30 {
		out = append(out, fmt.Sprintf("w%02d", i))
	}
	return out
}

func input(v any) slot.Input {
	switch x := v.(type) {
	case []string:
		var items []slot.Input
		for _, s := range x {
			items = append(items, slot.Plain(s))
		}
		return slot.FromList(items)
	case map[string]string:
		var entries []slot.InputEntry
		for k, s := range x {
			entries = append(entries, slot.InputEntry{Key: k, Value: slot.Plain(s)})
		}
		return slot.FromObject(entries)
	}
	return slot.Plain(fmt.Sprint(v))
}

func constantOperators() []*operator {
	var out []*operator
	for _, line := range []string{
		"three int", "half double", "word string", "void string", "yes bool", "words list(string)", "none list(string)", "primes list(int)", "start timestamp", "wait duration", "office cidr", "gate ip",
		"offices list(cidr)", "many list(string)", "numbers list(int)", "by_word map(string, string)", "caps map(string, int)",
	} {
		name, kind, _ := strings.Cut(line, " ")
		op := leafOperator("constant", "consts."+name, mustTyp(kind), 2)
		op.constant = true
		out = append(out, op)
	}
	return out
}

// policyScope is a scope with random variables and a library, and the
// language of its expressions.
type policyScope struct {
	scope    *celenv.Scope
	lang     *language
	vars     map[string]*node // for reports, as are those of the library
	imported map[string]*node
}

// variableTypesOfScope are the types that variables have.
func variablesOfScope() []string {
	return []string{"bool", "bool", "bool", "string", "int", "double", "timestamp", "duration", "list(string)", "map(string, int)", "optional(string)", "profile", "cidr", "bool", "list(int)", "bool"}
}

// newPolicyScope makes random variables; each may read those before it. Errors
// in them belong to whoever reads them.
func newPolicyScope(t testing.TB, rng *rand.Rand, lib *celenv.Library, layout *slot.Layout, base *language, common *policyScope) *policyScope {
	t.Helper()
	s := &policyScope{lang: newLanguage(base.held, base.operators), vars: map[string]*node{}}
	imports := map[string]*celenv.Scope{}
	if common != nil {
		imports["common"], s.imported = common.scope, common.vars
		s.lang = newLanguage(base.held, base.operators, common.export("common"))
	}
	scope := lib.NewScope(layout, constants(t, common == nil), imports)
	s.scope = scope
	g := &generator{rng: rng, lang: s.lang}
	for i, kind := range variablesOfScope() {
		n := g.expr(mustTyp(kind), 1+rng.IntN(3))
		e, problems := scope.CompileUnguarded(n.String(), nil)
		for tries := 0; refused(problems) && tries < 50; tries++ {
			n = g.expr(mustTyp(kind), 1+rng.IntN(3))
			e, problems = scope.CompileUnguarded(n.String(), nil)
		}
		if len(problems) > 0 {
			t.Fatalf("variable of type %s does not compile: %s\n%+v", kind, n, problems)
		}
		name := fmt.Sprintf("v%d", i)
		scope.AddVar(name, e)
		s.vars[name] = n
		s.lang.add(leafOperator("variable", "vars."+name, n.typ, 8))
	}
	return s
}

// export are the operators by which importers read a library.
func (s *policyScope) export(name string) []*operator {
	var out []*operator
	for i, kind := range variablesOfScope() {
		out = append(out, leafOperator("library variable", fmt.Sprintf("%s.v%d", name, i), mustTyp(kind), 4))
	}
	for _, op := range constantOperators() {
		out = append(out, leafOperator("library constant", name+strings.TrimPrefix(op.pieces[0], "consts"), op.result, 1))
	}
	return out
}

// refused tells whether an expression is well typed and kept out for what CEL
// would make of it.
func refused(problems []celenv.Problem) bool {
	return len(problems) > 0 && !slices.ContainsFunc(problems, func(p celenv.Problem) bool { return p.Code != "stored_optional" && p.Code != "header_case" })
}

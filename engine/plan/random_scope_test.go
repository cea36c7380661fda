package plan_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// declared lists attributes of every type, by root.
func declared() []string {
	return []string{
		"user.flag bool", "user.level int", "user.score double", "user.country string", "user.note string", "user.since timestamp", "user.ttl duration", "user.home ip", "user.net cidr",
		"user.tags list(string)", "user.nums list(int)", "user.ratios list(double)", "user.marks list(bool)", "user.times list(timestamp)", "user.waits list(duration)", "user.nets list(cidr)", "user.hosts list(ip)",
		"user.grid list(list(int))", "user.labels map(string, string)", "user.limits map(string, int)", "user.rates map(string, double)", "user.rights map(string, list(string))",
		"user.tree map(string, map(string, int))", "user.dues map(string, timestamp)", "user.quotas wide", "user.profile profile",
		"resource.open bool", "resource.count int", "resource.amount double", "resource.owner string", "resource.opened timestamp", "resource.keep duration", "resource.shared list(string)", "resource.meta map(string, string)", "resource.keeper profile",
		"action.soft bool", "action.reason string", "env.region string", "env.window duration", "env.allowed list(cidr)", "env.peak double",
		"request.body.amount double", "request.body.items list(string)", "request.body.memo string", "request.body.lines int", "request.body.ship address",
	}
}

// builtins lists the attributes that every layout has.
func builtins() []string {
	return []string{
		"user.authenticated bool", "user.id string", "user.type string", "user.tenant string", "user.roles list(string)", "user.groups list(string)", "action.name string", "resource.id string", "env.time timestamp", "env.time timestamp",
		"env.ip ip", "request.method string", "request.host string", "request.path string", "request.segments list(string)", "request.query map(string, list(string))", "request.headers map(string, list(string))",
	}
}

func attribute(line string) (root, name string, t typ) {
	full, kind, _ := strings.Cut(line, " ")
	dot := strings.LastIndexByte(full, '.')
	return full[:dot], full[dot+1:], mustTyp(kind)
}

// fields lists what objects hold; those with a ? may lack it.
func fields(object string) []string {
	if object == "address" {
		return []string{"city string ?", "zip int", "geo list(double) ?"}
	}
	return []string{"name string", "age int ?", "tags list(string) ?", "limits map(string, int) ?", "home address ?"}
}

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

// constants are the constants of every scope.
func constants(t testing.TB) map[string]slot.Value {
	out := map[string]slot.Value{}
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

// attributeOperators read attributes and their fields, and ask for them.
func attributeOperators() []*operator {
	var out []*operator
	for _, line := range append(declared(), builtins()...) {
		root, name, t := attribute(line)
		full := root + "." + name
		out = append(out, leafOperator("read", full, t, 12), leafOperator("has", "has("+full+")", boolTyp, 1),
			leafOperator("optional read", root+".?"+name, typ{"optional", []typ{t}}, 6))
		if t.name == "profile" {
			out = append(out, leafOperator("nested read", full+".home", typ{name: "address"}, 4))
		}
		if root == "request.body" {
			out = append(out, leafOperator("optional body", "request.?body.?"+name, typ{"optional", []typ{t}}, 6))
		}
		if root != "request.body" {
			out = append(out, leafOperator("absolute read", "."+full, t, 1))
		}
	}
	for _, object := range []string{"profile", "address"} {
		for _, line := range fields(object) {
			name, kind, _ := strings.Cut(line, " ")
			kind = strings.TrimSuffix(kind, " ?")
			out = append(out, parseOperators(4, fmt.Sprintf(`
				%[3]s <- $%[1]s.%[2]s
				bool <- has($%[1]s.%[2]s)
				optional(%[3]s) <- $%[1]s.?%[2]s
				optional(%[3]s) <- $optional(%[1]s).%[2]s
				optional(%[3]s) <- $optional(%[1]s).?%[2]s
				bool <- has($optional(%[1]s).%[2]s)
			`, object, name, kind))...)
		}
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
func newPolicyScope(t testing.TB, rng *rand.Rand, lib *celenv.Library, layout *slot.Layout, operators []*operator, common *policyScope) *policyScope {
	t.Helper()
	s := &policyScope{lang: newLanguage(operators), vars: map[string]*node{}}
	imports := map[string]*celenv.Scope{}
	if common != nil {
		imports["common"], s.imported = common.scope, common.vars
		s.lang = newLanguage(operators, common.export("common"))
	}
	scope, err := lib.NewScope(layout, constants(t), imports)
	if err != nil {
		t.Fatal(err)
	}
	s.scope = scope
	g := &generator{rng: rng, lang: s.lang}
	for i, kind := range variablesOfScope() {
		n := g.expr(mustTyp(kind), 1+rng.IntN(3))
		for n.mistaken() {
			n = g.expr(mustTyp(kind), 1+rng.IntN(3))
		}
		e, problems := scope.Compile(n.String(), nil)
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

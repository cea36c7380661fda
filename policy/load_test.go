package policy

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/policy/document"
)

func goodFiles(t *testing.T) []File {
	t.Helper()
	var out []File
	for _, name := range []string{"schema.yaml", "resource.yml", "policies.yaml", "people.yaml", "orders_test.yaml", "small_test.yml"} {
		out = append(out, readFile(t, "testdata/good/"+name))
	}
	return out
}

func TestGood(t *testing.T) {
	set, found := Load(goodFiles(t))
	if len(found) != 0 {
		t.Fatalf("found %v", found)
	}
	lines := describe(set)
	want := []string{
		"schema shop owner=team-platform labels=2 user=7 env=1 roles=3",
		"attribute clearance int optional min=0 max=9",
		"attribute country string optional sensitive pattern=[A-Z]{2}",
		"attribute plan string enum=3 for=human from=credential,directory",
		"attribute teams list(string) maxItems=20 maxLength=64",
		"attribute limits map(string, int) maxEntries=5",
		"resource order actions=list,read,create,delete,re-open attributes=3",
		"route GET:list /tenants/{tenant}/orders",
		"route GET:read DELETE:delete /tenants/{tenant}/orders/{id}",
		"route POST:create PUT:create /tenants/{tenant}/orders",
		"route GET:read /static/{rest...}",
		"resource status actions=read attributes=0",
		"policy guard guard=true consts=0 vars=0",
		"policy orders guard=false consts=3 vars=2",
		"rule tenant-reads allow=true every=false anonymous=false roles=2 scopes=1 any=2 when=vars.same_tenant",
		"rule public allow=true every=true anonymous=true roles=0 scopes=0 any=0 when=",
		"rule every-action allow=false every=true anonymous=false roles=0 scopes=0 any=0 when=!vars.same_tenant",
		"rule bare allow=false every=true anonymous=false roles=0 scopes=0 any=0 when= reason=bare 0",
		"directory orders users=alice,nobody!,Bob B. resources=order/42,order/42",
		"fixtures users=alice",
		"suite orders now=2026-01-15T10:00:00Z env=2 users=alice,carol,anonymous! resources=acme_order,another order cases=4 cells=8",
		"suite small now= env=0 users= resources= cases=1 cells=0",
	}
	for _, w := range want {
		if !slices.Contains(lines, w) {
			t.Errorf("the set does not say: %s", w)
		}
	}
	if t.Failed() {
		t.Logf("it says:\n%s", strings.Join(lines, "\n"))
	}
}

// describe says what the tests look at.
func describe(s *Set) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if s.Schema != nil {
		add("schema %s owner=%s labels=%d user=%d env=%d roles=%d", s.Schema.Name.Value(), s.Schema.Owner.Value(), len(s.Schema.Labels), len(s.Schema.User), len(s.Schema.Env), len(s.Schema.Roles))
		for _, a := range s.Schema.User {
			out = append(out, describeAttribute(a))
		}
	}
	for _, r := range s.Resources {
		add("resource %s actions=%s attributes=%d", r.Name.Value(), strings.Join(r.ActionNames(), ","), len(r.Attributes))
		for _, x := range r.Routes {
			var methods []string
			for _, m := range x.Methods {
				methods = append(methods, m.Method+":"+m.Action.Value())
			}
			add("route %s %s", strings.Join(methods, " "), x.Path())
		}
	}
	for _, p := range s.Policies {
		add("policy %s guard=%t consts=%d vars=%d", p.Name.Value(), p.Guard(), len(p.Consts), len(p.Vars))
		for _, r := range p.Rules {
			line := fmt.Sprintf("rule %s allow=%t every=%t anonymous=%t roles=%d scopes=%d any=%d when=%s",
				r.ID.Value(), r.Allow, r.EveryAction(), r.Anonymous, len(r.Roles), len(r.Scopes), len(r.AnyScope), r.When.Value())
			if r.Reason != nil {
				line += fmt.Sprintf(" reason=%s %d", r.Reason.Code.Value(), r.Reason.Status)
			}
			out = append(out, line)
		}
	}
	for _, d := range s.Directories {
		add("directory %s users=%s resources=%s", d.Name.Value(), fixtures(d.Users), fixtures(d.Resources))
	}
	for _, d := range s.Fixtures {
		add("fixtures users=%s", fixtures(d.Users))
	}
	for _, x := range s.Suites {
		cells := 0
		for _, m := range x.Matrix {
			cells += len(m.Cells)
		}
		add("suite %s now=%s env=%d users=%s resources=%s cases=%d cells=%d", x.Name.Value(), x.Now.Value(), len(x.Env), fixtures(x.Users), fixtures(x.Resources), len(x.Cases), cells)
	}
	return out
}

func describeAttribute(a Attribute) string {
	line := "attribute " + a.Name.Value() + " " + a.Type.Value()
	for _, x := range []struct {
		set  bool
		text string
	}{
		{a.Optional, "optional"}, {a.Sensitive, "sensitive"}, {a.Pattern.IsSet(), "pattern=" + a.Pattern.Value()}, {len(a.Enum) > 0, fmt.Sprintf("enum=%d", len(a.Enum))},
		{a.Min.IsSet(), "min=" + a.Min.Value()}, {a.Max.IsSet(), "max=" + a.Max.Value()}, {a.MaxItems > 0, fmt.Sprintf("maxItems=%d", a.MaxItems)},
		{a.MaxEntries > 0, fmt.Sprintf("maxEntries=%d", a.MaxEntries)}, {a.MaxLength > 0, fmt.Sprintf("maxLength=%d", a.MaxLength)},
		{len(a.For) > 0, "for=" + join(a.For)}, {len(a.From) > 0, "from=" + join(a.From)},
	} {
		if x.set {
			line += " " + x.text
		}
	}
	return line
}

func join(texts []Text) string {
	var out []string
	for _, t := range texts {
		out = append(out, t.Value())
	}
	return strings.Join(out, ",")
}

func fixtures(list []Fixture) string {
	var out []string
	for _, f := range list {
		name := f.Name.Value()
		if !f.Name.IsSet() {
			id, _ := f.Field("id")
			name = f.Type.Value() + "/" + id.Text.Value()
		}
		if f.Anonymous {
			name += "!"
		}
		out = append(out, name)
	}
	return strings.Join(out, ",")
}

func TestLoadIgnoresOrder(t *testing.T) {
	good := goodFiles(t)
	var all []File
	all = append(all, good...)
	for _, path := range testdata(t, "testdata/broken") {
		if !strings.Contains(path, "too_large") { // as slow as it is wide
			all = append(all, readFile(t, path))
		}
	}
	// Two files of one path cannot be, but would have to be told apart.
	all = append(all, File{Path: "same.yaml", Data: []byte("a: 1")}, File{Path: "same.yaml", Data: []byte("b: 1")})
	for name, files := range map[string][]File{"good": good, "all": all} {
		set, found := Load(files)
		if (name == "all") != found.HasErrors() {
			t.Fatalf("%s: found %v", name, found)
		}
		random := rand.New(rand.NewPCG(1, 2))
		for range 5 {
			shuffled := slices.Clone(files)
			random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			before := slices.Clone(shuffled)
			again, foundAgain := Load(shuffled)
			if !reflect.DeepEqual(set, again) || !reflect.DeepEqual(found, foundAgain) {
				t.Fatalf("%s: another order gives another result", name)
			}
			if !reflect.DeepEqual(shuffled, before) {
				t.Fatal("Load changes the order of its argument")
			}
		}
	}
}

// The same findings are made whatever the files are called: only which of two
// places is "the other" may differ.
func TestDuplicatesAcrossFiles(t *testing.T) {
	doc := func(kind, name, spec string) []byte {
		return []byte("apiVersion: gwctl.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name + "}\nspec: " + spec + "\n")
	}
	tests := []struct {
		name         string
		a, b         []byte
		fileA, fileB string
		want         string // code in the file that comes second; "" for none
	}{
		{"policies", doc("Policy", "p", "{resources: [r], rules: [{id: a, effect: deny}]}"), doc("Policy", "p", "{resources: [r], rules: [{id: b, effect: deny}]}"), "a.yaml", "b.yaml", "duplicate_name"},
		{"other names", doc("Policy", "p", "{resources: [r], rules: [{id: a, effect: deny}]}"), doc("Policy", "q", "{resources: [r], rules: [{id: a, effect: deny}]}"), "a.yaml", "b.yaml", ""},
		{"other kinds", doc("Policy", "p", "{resources: [r], rules: [{id: a, effect: deny}]}"), doc("Directory", "p", "{}"), "a.yaml", "b.yaml", ""},
		{"schemas", doc("Schema", "p", "{}"), doc("Schema", "q", "{}"), "a.yaml", "b.yaml", "second_schema"},
		{"users of two Directories", doc("Directory", "p", "{users: {u: {id: a}}}"), doc("Directory", "q", "{users: {u: {id: b}}}"), "a.yaml", "b.yaml", "duplicate_name"},
		{"users of two test files", doc("Directory", "p", "{users: {u: {id: a}}}"), doc("Directory", "q", "{users: {u: {id: b}}}"), "a_test.yaml", "b_test.yaml", "duplicate_name"},
		{"a user for tests", doc("Directory", "p", "{users: {u: {id: a}}}"), doc("Directory", "q", "{users: {u: {id: b}}}"), "a.yaml", "b_test.yaml", ""},
		{"directories", doc("Directory", "p", "{}"), doc("Directory", "p", "{}"), "a.yaml", "b_test.yaml", "duplicate_name"},
		{"sidecars", doc("Sidecar", "p", "{}"), doc("Sidecar", "p", "{}"), "a.yaml", "b.yaml", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, files := range [][]File{{{tt.fileA, tt.a}, {tt.fileB, tt.b}}, {{tt.fileA, tt.b}, {tt.fileB, tt.a}}} {
				_, found := Load(files)
				if tt.want == "" && len(found) == 0 {
					continue
				}
				if len(found) != 1 || found[0].Code != tt.want || found[0].Path != tt.fileB {
					t.Errorf("found %v, want %q in %s", found, tt.want, tt.fileB)
				}
			}
		})
	}
}

func TestIsTestFile(t *testing.T) {
	for path, want := range map[string]bool{
		"a_test.yaml": true, "dir/a_test.yml": true, "set.tar.gz!a_test.yaml": true,
		"test.yaml": false, "a_test.yaml.yaml": false, "a_test/b.yaml": false, "a_Test.yaml": false, "atest.yaml": false, "": false,
	} {
		if got := IsTestFile(path); got != want {
			t.Errorf("IsTestFile(%q) = %t", path, got)
		}
	}
}

func TestOnlySidecar(t *testing.T) {
	for text, want := range map[string]bool{
		"kind: Sidecar\n": true,
		"kind: Sidecar\n---\nkind: Sidecar\nx: 1\n":  true,
		"kind: Sidecar\n---\nkind: Policy\n":         false,
		"kind: Policy\n":                             false,
		"kind: sidecar\n":                            false,
		"Sidecar\n":                                  false,
		"# kind: Sidecar\n":                          false,
		"kind: Sidecar\nkind: Sidecar\n":             false,
		"kind: Sidecar\n---\n":                       false,
		"metadata: {kind: Sidecar}\n":                false,
		"kind: [Sidecar]\n":                          false,
		"kind: Sidecar\nspec: {a: !x 1}\n":           false,
		"kind: \"Sidecar\"\napiVersion: something\n": true,
	} {
		if got := OnlySidecar(File{Path: "f.yaml", Data: []byte(text)}); got != want {
			t.Errorf("OnlySidecar(%q) = %t", text, got)
		}
	}
}

func TestEmptySetLoads(t *testing.T) {
	// Whether a set without rules may serve is not decided here.
	set, found := Load(nil)
	if set == nil || len(found) != 0 || set.Schema != nil || len(set.Policies) != 0 {
		t.Errorf("set %+v, found %v", set, found)
	}
}

// A set of nothing but mistakes is reported, not all of it, and soon.
func TestManyMistakes(t *testing.T) {
	var files []File
	for i := range 40 {
		files = append(files, File{Path: fmt.Sprintf("%02d.yaml", i), Data: []byte(strings.Repeat("a: 1\n", 2000))})
	}
	began := time.Now()
	_, found := Load(files)
	if took := time.Since(began); took > patience {
		t.Errorf("took %v", took)
	}
	if n := len(found); n < 1000 || n > 2*document.MaxFindings {
		t.Errorf("%d findings", n)
	}
}

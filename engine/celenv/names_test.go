package celenv

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
)

// functionNames lists the functions, macros and namespaces of conditions that
// could be the name of something declared.
func functionNames(t *testing.T) []string {
	t.Helper()
	lib, err := NewLibrary()
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	var out []string
	add := func(name string) {
		if head, _, _ := strings.Cut(name, "."); form.MatchString(head) {
			out = append(out, head)
		}
	}
	for name := range lib.env.Functions() {
		add(name)
	}
	for _, m := range lib.env.Macros() {
		add(m.Function())
	}
	for _, v := range lib.env.Variables() {
		add(v.Name())
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) < 40 {
		t.Fatalf("only %d names: %v", len(out), out)
	}
	return out
}

// A library cannot have the name of a function or namespace, whichever there
// are. An attribute, a constant and a variable can: they are read by a root.
func TestNamesOfFunctions(t *testing.T) {
	const head = "apiVersion: gwctl.dev/v1\n"
	for _, name := range functionNames(t) {
		_, found := policy.Load([]policy.File{{Path: "f.yaml", Data: []byte(head + "kind: Library\nmetadata: {name: " + name + "}\nspec: {consts: {a: 1}}\n")}})
		if len(found) != 1 || found[0].Code != "bad_name" {
			t.Errorf("a library named %s: %v, want bad_name", name, found)
		}
		if name == "in" {
			continue // a reserved word anywhere
		}
		_, found = policy.Load([]policy.File{{Path: "f.yaml", Data: []byte(head + "kind: Schema\nmetadata: {name: s}\nspec: {user: {" + name + ": {type: int}}}\n")}})
		if len(found) > 0 {
			t.Errorf("an attribute named %s: %v", name, found)
		}
		r := newRig(t, name+" = user.id == 'x'")
		if e, problems := r.scope.CompileUnguarded("vars."+name, boolean); e == nil || len(problems) > 0 {
			t.Errorf("vars.%s: %+v", name, problems)
		}
	}
}

// Every word that CEL cannot select is refused as a name.
func TestReservedWords(t *testing.T) {
	for _, word := range []string{
		"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while",
		"and", "or", "not", "def", "is", "this", "type", "class", "yield",
	} {
		_, found := policy.Load([]policy.File{{Path: "f.yaml", Data: []byte("apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec: {user: {" + word + ": {type: int}}}\n")}})
		r := newRig(t)
		_, problems := r.scope.Compile("user."+word+" == 1", boolean)
		if syntax := len(problems) > 0 && problems[0].Code == "cel_syntax"; syntax && len(found) == 0 {
			t.Errorf("user.%s cannot be written, and the attribute can be declared", word)
		}
	}
}

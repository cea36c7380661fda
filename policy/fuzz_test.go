package policy

import (
	"reflect"
	"regexp"
	"regexp/syntax"
	"strings"
	"testing"
)

// ofItsOwn is a document that has nothing to do with others.
const ofItsOwn = "apiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: of-its-own}\nspec: {}\n"

// FuzzLoad: whatever stands in a file, there is a set, the same each time, and
// every finding lies in the file.
func FuzzLoad(f *testing.F) {
	f.Add("apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: s}\nspec: {user: {a: {type: string, enum: [a]}}, roles: [x]}\n", false)
	f.Add("apiVersion: gwctl.dev/v1\nkind: Resource\nmetadata: {name: r}\nspec: {actions: {a: {}}, routes: [{route: \"GET,PUT /a\", action: {GET: a}}]}\n", false)
	f.Add("apiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: p}\nspec: {resources: [\"*\"], consts: {a: [1]}, vars: {b: x}, rules: [{id: a, effect: deny, reason: {code: x, status: 1}}]}\n", false)
	f.Add("apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: t}\nspec: {cases: [{name: a, user: b, request: GET /, expect: deny}], matrix: [{users: [a], resources: [b], actions: [c], expect: {a: {b: deny}}}]}\n", true)
	f.Add("apiVersion: gwctl.dev/v1\nkind: Directory\nmetadata: {name: d}\nspec: {users: {a: anonymous, b: {claims: {c: 1}}}, resources: [{type: x, id: y}]}\n---\nkind: Sidecar\n", true)
	f.Fuzz(func(t *testing.T, text string, test bool) {
		path := "f.yaml"
		if test {
			path = "f_test.yaml"
		}
		set, found := Load([]File{{path, []byte(text)}})
		if set == nil {
			t.Fatal("no set")
		}
		again, foundAgain := Load([]File{{path, []byte(text)}})
		if !reflect.DeepEqual(set, again) || !reflect.DeepEqual(found, foundAgain) {
			t.Fatalf("read twice, it is not the same: %v and %v", found, foundAgain)
		}
		if _, beside := Load([]File{{"a.yaml", []byte(ofItsOwn)}, {path, []byte(text)}}); len(beside) < len(found) {
			t.Errorf("beside another file %d of %d findings are left", len(beside), len(found))
		}
		lines := strings.Split(text, "\n")
		for _, d := range found {
			if d.Line < 1 || d.Line > len(lines) || d.Column < 1 || d.Column > len([]rune(lines[d.Line-1]))+1 || d.Code == "" || d.Message == "" {
				t.Errorf("%+v", d)
			}
		}
	})
}

// FuzzPattern: what a pattern really compiles to is at most four times what is
// reckoned with, so that the limits bound memory.
func FuzzPattern(f *testing.F) {
	for _, s := range []string{"[A-Z]{2}", "a|b", "((a{10}){10}){10}", "(a*)*", "[a-z]{0,1000}", "x{3,}", `\pL+`, "(?i:straße)", "", "(", "a{1001}", "(?:a|bc|def){5,7}?", `^\b.\z$`, `[^\x00-\x{10FFFF}]`, "(?s:.)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > MaxPattern {
			return
		}
		re, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return
		}
		reckoned := steps(re)
		if reckoned > MaxPattern {
			return // it is refused, and not compiled
		}
		if _, err := regexp.Compile(text); err != nil {
			t.Fatalf("%q is parsed and does not compile: %v", text, err)
		}
		prog, err := syntax.Compile(re.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if got := int64(len(prog.Inst)); got > 4*reckoned+8 {
			t.Errorf("%q takes %d steps, and %d are reckoned with", text, got, reckoned)
		}
	})
}

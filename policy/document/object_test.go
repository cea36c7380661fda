package document

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestUnknownKeys(t *testing.T) {
	known := []string{"effect", "actions", "roles", "when"}
	tests := []struct {
		name string
		yaml string
		want string // code and hint
	}{
		{"all known", "{effect: 1, when: 1}", ""},
		{"a letter too few", "{efect: 1}", `unknown_key: did you mean "effect"?`},
		{"two letters swapped", "{roels: 1}", `unknown_key: did you mean "roles"?`},
		{"another case", "{When: 1}", `unknown_key: did you mean "when"?`},
		{"nothing like it", "{obligations: 1}", "unknown_key: known here: effect, actions, roles, when"},
		{"two of them", "{mode: 1, until: 1}", "unknown_key: known here: effect, actions, roles, when; unknown_key: known here: effect, actions, roles, when"},
		{"known without a value", "{when: }", `empty_value: give when a value, or remove the key`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, o := mapping(t, tt.yaml)
			for _, key := range known {
				o.Node(key)
			}
			o.Text("effect") // asked for twice, listed once
			o.Done()
			var got []string
			for _, d := range w.Found() {
				got = append(got, d.Code+": "+d.Hint)
			}
			if got := strings.Join(got, "; "); got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestUnknownKeyWhereNoneIsKnown(t *testing.T) {
	w, o := mapping(t, "{attributes: {}}")
	o.Done()
	if found := w.Found(); len(found) != 1 || found[0].Code != "unknown_key" || found[0].Hint != "" {
		t.Errorf("found %v, hint %q", found, found[0].Hint)
	}
}

func TestRequire(t *testing.T) {
	w, o := mapping(t, "k: {a: 1, b: }")
	k := o.Object("k")
	k.Require("a", "b", "c")
	if found := w.Found(); len(found) != 1 || found[0].Code != "missing_key" || !strings.Contains(found[0].Message, `"c"`) || found[0].Column != 4 {
		t.Errorf("found %v, want c to be missing at the mapping", found)
	}
	w, o = mapping(t, "k: 1")
	missing := o.Object("missing")
	if missing.Require("a"); codes(w) != "" || missing.Span() != (Span{}) || missing.Has("a") || missing.Entries() != nil {
		t.Errorf("a mapping that is not there: %q", codes(w))
	}
}

func TestWrongShape(t *testing.T) {
	tests := []struct {
		yaml string
		read func(*Object)
		want string
	}{
		{"k: {a: 1}", func(o *Object) { o.Object("k").Entries() }, ""},
		{"k: {}", func(o *Object) { o.Object("k") }, ""},
		{"k: [a]", func(o *Object) { o.Object("k") }, `wrong_type: "k" must be a mapping, not a list`},
		{"k: a", func(o *Object) { o.Object("k") }, `wrong_type: "k" must be a mapping, not a single value`},
		{"k: ''", func(o *Object) { o.Object("k") }, `wrong_type: "k" must be a mapping, not a single value`},
		{"k: ", func(o *Object) { o.Object("k") }, `empty_value: key "k" has no value`},
		{"k: [a]", func(o *Object) { o.List("k") }, ""},
		{"k: []", func(o *Object) { o.List("k") }, `empty_list: "k" is an empty list`},
		{"k: null", func(o *Object) { o.List("k") }, `empty_value: key "k" has no value`},
		{"k: a", func(o *Object) { o.List("k") }, `wrong_type: "k" must be a list, not a single value`},
		{"k: {a: 1}", func(o *Object) { o.List("k") }, `wrong_type: "k" must be a list, not a mapping`},
		{"k: a", func(o *Object) { o.Text("k") }, ""},
		{"k: [a]", func(o *Object) { o.Text("k") }, `wrong_type: "k" must be a single value, not a list`},
		{"k: {a: 1}", func(o *Object) { o.Text("k") }, `wrong_type: "k" must be a single value, not a mapping`},
		{"k: [a, b]", func(o *Object) { o.Texts("k") }, ""},
		{"k: [a, b, 'a']", func(o *Object) { o.Texts("k") }, `duplicate_item: "a" stands twice in "k"`},
		{"k: [a, ~]", func(o *Object) { o.Texts("k") }, `empty_value: an item of k is empty`},
		{"k: [a, '']", func(o *Object) { o.Texts("k") }, `empty_value: an item of k is empty`},
		{"k: [a, [b]]", func(o *Object) { o.Texts("k") }, `wrong_type: an item of k must be a single value, not a list`},
	}
	for _, tt := range tests {
		w, o := mapping(t, tt.yaml)
		tt.read(o)
		var got []string
		for _, d := range w.Found() {
			got = append(got, d.Code+": "+d.Message)
		}
		if got := strings.Join(got, "; "); got != tt.want {
			t.Errorf("%s: found %q, want %q", tt.yaml, got, tt.want)
		}
	}
}

func TestEntriesInFileOrder(t *testing.T) {
	w, o := mapping(t, "z: 1\na: [2]\n\"m\": {}\n")
	var got []string
	for _, e := range o.Entries() {
		got = append(got, fmt.Sprintf("%s %t%t%t", e.Key.Value(), e.Value.IsScalar(), e.Value.IsList(), e.Value.IsMap()))
	}
	if want := []string{"z truefalsefalse", "a falsetruefalse", "m falsefalsetrue"}; !slices.Equal(got, want) {
		t.Errorf("entries %v, want %v", got, want)
	}
	if o.Done(); codes(w) != "" {
		t.Errorf("entries that were read are unknown: %q", codes(w))
	}
}

// A mapping of many keys is indexed; it must read as one of few.
func TestManyKeys(t *testing.T) {
	for _, n := range []int{1, fewKeys, fewKeys + 1, 200} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "k%d: %d\n", i, i)
		}
		w, o := mapping(t, text.String())
		for i := range n {
			key := fmt.Sprintf("k%d", i)
			if v, ok := o.Int(key); !ok || v != int64(i) || !o.Has(key) || o.Key(key).Start.Line != i+1 {
				t.Fatalf("%d keys: %s reads as %d, %t at %v", n, key, v, ok, o.Key(key))
			}
		}
		if o.Has("other") || o.Node("other") != nil {
			t.Errorf("%d keys: one is found that is not there", n)
		}
		if o.Done(); codes(w) != "" {
			t.Errorf("%d keys: %q", n, codes(w))
		}
	}
}

func TestFindingsAreBounded(t *testing.T) {
	var w Walker
	for range MaxFindings + 5 {
		w.Error(Span{Path: "f.yaml"}, "code", "", "message")
	}
	if n := len(w.Found()); n != MaxFindings {
		t.Errorf("%d findings, want %d", n, MaxFindings)
	}
}

func TestSorted(t *testing.T) {
	at := func(path string, line, col int, code, message string) Diagnostic {
		return NewDiagnostic(Span{Path: path, Start: Position{line, col}}, Error, code, message)
	}
	in := Diagnostics{at("b", 1, 1, "x", "m"), at("a", 2, 1, "x", "m"), at("a", 1, 9, "x", "m"), at("a", 1, 2, "y", "m"), at("a", 1, 2, "x", "n"), at("a", 1, 2, "x", "m"), at("a", 1, 2, "x", "m")}
	var got []string
	for _, d := range in.Sorted() {
		got = append(got, d.String())
	}
	want := []string{
		"a:1:2: error[x]: m", "a:1:2: error[x]: n", "a:1:2: error[y]: m", "a:1:9: error[x]: m", "a:2:1: error[x]: m", "b:1:1: error[x]: m",
	}
	if !slices.Equal(got, want) {
		t.Errorf("sorted %q, want %q", got, want)
	}
	if (Diagnostics{{Severity: Warning}, {Severity: Info}}).HasErrors() || !in.HasErrors() {
		t.Error("HasErrors must be about errors alone")
	}
	whole := Diagnostic{Path: "set.tar.gz", Severity: Warning, Code: "c", Message: "m"}
	if got := whole.String(); got != "set.tar.gz: warning[c]: m" {
		t.Errorf("without a line: %s", got)
	}
}

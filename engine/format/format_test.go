package format

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// update writes the wanted texts anew instead of comparing them.
var update = flag.Bool("update", false, "rewrite testdata/*/want.yaml")

// TestGolden formats each input.yaml of testdata, and what comes out again.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*/input.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	for _, path := range inputs {
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			in, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			wanted := filepath.Join(filepath.Dir(path), "want.yaml")
			got := mustFormat(t, in)
			if *update {
				if err := os.WriteFile(wanted, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wanted)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if again := mustFormat(t, want); !bytes.Equal(again, want) {
				t.Errorf("what is wanted is not canonical:\n%s", again)
			}
		})
	}
}

func mustFormat(t *testing.T, in []byte) []byte {
	t.Helper()
	out, found, err := Source("x.yaml", in)
	if err != nil || found.HasErrors() {
		t.Fatalf("%v %v\n%s", err, found, in)
	}
	return out
}

// TestQuickstart holds the example to what it is shown for: whatever its
// layout is, the canonical one is the same set.
func TestQuickstart(t *testing.T) {
	files := quickstart(t)
	want := digest(t, files)
	for i, f := range files {
		files[i] = formatted(t, f)
	}
	if got := digest(t, files); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

const head = "apiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: a}\n"

func TestLineEnds(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"carriage returns":     {"spec:\r\n  a: |\r\n    b\r\n\r\n  c: \"d\r\n    e\"\r\n", "spec:\n  a: |\n    b\n\n  c: \"d\n    e\"\n"},
		"none at the end":      {"spec: {}", "spec: {}\n"},
		"many at the end":      {"spec: {}\n\n \n", "spec: {}\n"},
		"kept ones at the end": {"spec:\n  a: |+\n    b\n\n\n", "spec:\n  a: |+\n    b\n\n\n"},
		"none after a block":   {"spec:\n  a: |\n    b", "spec:\n  a: |-\n    b\n"},
		"none after a comment": {"spec: {} # c", "spec: {} # c\n"},
		"tabs":                 {"spec:\t{a:\tb}\t# c\t\n", "spec: {a: b} # c\n"},
	} {
		if got := string(mustFormat(t, []byte(head+c.in))); got != head+c.want {
			t.Errorf("%s: got %q, want %q", name, got, head+c.want)
		}
	}
}

// A document may be a flow mapping as a whole.
func TestFlowDocument(t *testing.T) {
	for in, want := range map[string]string{
		"{apiVersion: gwctl.dev/v1,kind: A}":                   "{apiVersion: gwctl.dev/v1, kind: A}\n",
		"# c\n--- {apiVersion: gwctl.dev/v1,\n   kind: A} # d": "# c\n{apiVersion: gwctl.dev/v1,\nkind: A} # d\n",
		"{\napiVersion: gwctl.dev/v1, kind: A\n}":              "{\n  apiVersion: gwctl.dev/v1, kind: A\n}\n",
		"{apiVersion: gwctl.dev/v1, kind: A, spec: [a,\n ]}":   "{apiVersion: gwctl.dev/v1, kind: A, spec: [a,\n]}\n", // no key is further left
	} {
		got := mustFormat(t, []byte(in))
		if again := mustFormat(t, got); string(got) != want || !bytes.Equal(got, again) {
			t.Errorf("%q: got %q and then %q, want %q", in, got, again, want)
		}
	}
}

// TestRefused: a file that the reader or the layout does not know is reported,
// at its place, and no text is returned; without the fault it passes.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, in, twin, code string
		line, column         int
	}{
		{"syntax", head + "spec: [a\n", head + "spec: [a]\n", "yaml_syntax", 4, 1},
		{"condition", head + "spec: {vars: {a: 'b &&'}}\n", head + "spec: {vars: {a: 'b'}}\n", "cel_syntax", 4, 22},
		{"condition in a block", head + "spec:\n  vars:\n    a: |\n      b &&\n      c c\n", head + "spec:\n  vars:\n    a: |\n      b &&\n      c\n", "cel_syntax", 8, 9},
		{"alias", head + "spec: {a: &b c}\n", head + "spec: {a: b}\n", "anchor", 4, 11},
		{"tag", head + "spec: {a: !b c}\n", head + "spec: {a: '!b c'}\n", "yaml_tag", 4, 11},
		{"lone tag", head + "spec:\n  vars:\n    a: ! b\n", head + "spec:\n  vars:\n    a: '! b'\n", "yaml_tag", 6, 8},
		{"lone tag of a key", head + "spec:\n  ! a: b\n", head + "spec:\n  '! a': b\n", "yaml_tag", 5, 3},
		{"lone tag in a list", head + "spec:\n  - ! [a]\n", head + "spec:\n  - [a]\n", "yaml_tag", 5, 5},
		{"marked key", head + "? spec\n: {}\n", head + "spec: {}\n", "layout_unsupported", 4, 1},
		{"mapping without braces", head + "spec: [a: b]\n", head + "spec: [{a: b}]\n", "layout_unsupported", 4, 8},
		{"directive", "%YAML 1.1\n---\n" + head + "spec: {}\n", "---\n" + head + "spec: {}\n", "layout_unsupported", 1, 1},
		{"end marker", head + "spec: {}\n...\n", head + "spec: {}\n", "layout_unsupported", 5, 1},
		{"carriage return", head + "spec: {}\r", head + "spec: {}\r\n", "file_unreadable", 4, 9},
		{"null", head + "spec: {a: null}\n", head + "spec: {a: 'null'}\n", "empty_value", 4, 11},
		{"no value", head + "spec:\n", head + "spec: {}\n", "empty_value", 4, 6},
		{"another product's file", "services: {a: {image: b}}\n", head, "missing_key", 1, 1},
		{"another version", strings.Replace(head, "v1", "v9", 1), head, "unknown_version", 1, 13},
		{"no mapping", "- a\n", head, "wrong_type", 1, 1},
		{"no document", "# nothing\n", head, "empty_file", 1, 1},
		{"control character", head + "spec: {a: '\x00'}\n", head + "spec: {a: ' '}\n", "file_unreadable", 4, 12},
		{"too large", head + strings.Repeat("#", 1<<20), head + strings.Repeat("#", 1<<10), "file_unreadable", 1, 1},
	} {
		out, found, err := Source("x.yaml", []byte(c.in))
		if err != nil || len(found) == 0 || out != nil {
			t.Errorf("%s: got %q, %v, %v", c.name, out, found, err)
			continue
		}
		if d := found[0]; d.Code != c.code || d.Line != c.line || d.Column != c.column || d.Path != "x.yaml" {
			t.Errorf("%s: got %s, want %d:%d %s", c.name, d, c.line, c.column, c.code)
		}
		if out, found, err := Source("x.yaml", []byte(c.twin)); err != nil || found.HasErrors() || out == nil {
			t.Errorf("%s: the twin is refused: %v %v", c.name, found, err)
		}
	}
}

// TestVerify: a result that says something else is an error.
func TestVerify(t *testing.T) {
	const before = head + "spec:\n  vars: {a: b && c}\n  x: [1, '2'] # c\n  rules: [{when: d}]\n"
	cel := testGrammar(t)
	docs, found := readPages("x.yaml", before)
	if found.HasErrors() {
		t.Fatal(found)
	}
	check := func(after string) error { return verify(cel, "x.yaml", docs, []string{"# c"}, []byte(after)) }
	for _, same := range []string{before, strings.ReplaceAll(before, "b && c", "(b)&&c"), strings.ReplaceAll(before, "'2'", `"2"`)} {
		if err := check(same); err != nil {
			t.Errorf("%v:\n%s", err, same)
		}
	}
	for _, swap := range [][2]string{
		{"b && c", "b || c"}, {"b && c", "c && b"}, {"when: d", "when: '!d'"}, {"when: d", "when: d &&"}, {"'2'", "2"}, {"1", "'1'"}, {"1", "1, 1"},
		{"x:", "y:"}, {"x:", "'x':"}, {"[1, '2']", "1"}, {"# c", "# d"}, {"# c", ""}, {"# c", "# c\n# c"}, {"name: a", "name: [a]"}, {"name: a", "name: "},
		{"kind: Policy", "kind: Policy\n---\n" + head}, {"kind: Policy", "kind: Library"}, {"[{when: d}]", "[]"},
	} {
		after := strings.Replace(before, swap[0], swap[1], 1)
		if err := check(after); after == before || err == nil {
			t.Errorf("%s for %s is not noticed", swap[1], swap[0])
		}
	}
}

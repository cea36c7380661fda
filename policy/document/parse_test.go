package document

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	deep := func(n int) string { return "a: " + strings.Repeat("[", n) + "x" + strings.Repeat("]", n) + "\n" }
	tests := []struct {
		name string
		yaml string
		want string // line:column code
		twin string // the same without the fault
	}{
		{"anchor", "a: &x 1\n", "1:4 anchor", "a: '&x 1'\n"},
		{"anchor of a mapping", "a: &x\n  b: 1\n", "1:4 anchor", "a:\n  b: 1\n"},
		{"anchor of a key", "&x a: 1\n", "1:1 anchor", "x a: 1\n"},
		{"anchor at the root", "--- &x\na: 1\n", "1:5 anchor", "---\na: 1\n"},
		{"alias", "a: [&x 1, *x]\n", "1:5 anchor, 1:11 alias", "a: [1, 1]\n"},
		{"alias as a key", "a: &x 1\n*x : 2\n", "1:4 anchor, 2:1 key_not_text", "a: 1\nb : 2\n"},
		{"merge key", "a: {<<: {b: 1}}\n", "1:5 merge_key", "a: {'<<': {b: 1}}\n"},
		{"merge key without a value", "<<:\n", "1:1 merge_key", "'<<':\n"},
		{"tag for text", "a: !!str 1\n", "1:4 yaml_tag", "a: '1'\n"},
		{"negation as a tag", "when: !vars.x\n", "1:7 yaml_tag", "when: \"!vars.x\"\n"},
		{"negation of a call", "when: !has(user.x) && a\n", "1:1 yaml_syntax", "when: '!has(user.x) && a'\n"},
		{"lone tag", "when: ! vars.x\n", "1:7 yaml_tag", "when: '! vars.x'\n"},
		{"lone tag in double quotes' place", "when: ! \"vars.x\"\n", "1:7 yaml_tag", "when: \"vars.x\"\n"},
		{"lone tag of a block", "when: ! |\n  vars.x\n", "1:7 yaml_tag", "when: |\n  ! vars.x\n"},
		{"lone tag of nothing", "when: !\n", "1:7 yaml_tag", "when: '!'\n"},
		{"lone tag of a list", "a: ! [x]\n", "1:4 yaml_tag", "a: [x]\n"},
		{"lone tag of an item", "a:\n  - ! x\n", "2:5 yaml_tag", "a:\n  - x\n"},
		{"lone tag in flow", "{a: [1, ! x]}\n", "1:9 yaml_tag", "{a: [1, \"! x\"]}\n"},
		{"lone tag of a key", "a: {! b: 1}\n", "1:5 yaml_tag", "a: {b: 1}\n"},
		{"lone tag at the root", "--- !\na: 1\n", "1:5 yaml_tag", "---\na: 1\n"},
		{"verbatim tag", "a: !<x> 1\n", "1:4 yaml_tag", "a: '!<x> 1'\n"},
		{"tag behind letters beyond ASCII", "{ä: 1, b: ! x}\n", "1:11 yaml_tag", "{ä: 1, b: x}\n"},
		{"duplicate key", "a: 1\nb: 2\na: 3\n", "3:1 duplicate_key", "a: 1\nb: 2\nc: 3\n"},
		{"duplicate key, quoted", "a: 1\n\"a\": 2\n", "2:1 duplicate_key", "a: 1\n\"A\": 2\n"},
		{"duplicate key, escaped", "a: 1\n\"\\x61\": 2\n", "2:1 duplicate_key", "a: 1\n\"\\x62\": 2\n"},
		{"duplicate key in flow", "x: {a: 1, a: 2}\n", "1:11 duplicate_key", "x: {a: 1, b: 2}\n"},
		{"duplicate key, three times", "{a: 1, a: 2, a: 3}\n", "1:8 duplicate_key, 1:14 duplicate_key", "{a: 1, b: 2, c: 3}\n"},
		{"list as a key", "? [a]\n: 1\n", "1:3 key_not_text", "'[a]': 1\n"},
		{"mapping as a key", "{a: 1}: 2\n", "1:1 key_not_text", "'{a: 1}': 2\n"},
		{"empty key", "'': 1\n", "1:1 key_not_text", "'a': 1\n"},
		{"blank key", "\" \": 1\n", "1:1 key_not_text", "\" a\": 1\n"},
		{"no key", "?\n: 1\n", "1:2 key_not_text", "? a\n: 1\n"},
		{"byte order mark", "\ufeffa: 1\n", "1:1 file_unreadable", "a: 1\n"},
		{"byte order mark inside", "a: x\ufeffy\n", "1:5 file_unreadable", "a: xy\n"},
		{"next line", "a: 'x\u0085y'\n", "1:6 file_unreadable", "a: \"x\\Ny\"\n"},
		{"line separator", "a: b # c\u2028when: x\n", "1:9 file_unreadable", "a: b # c\nwhen: x\n"},
		{"paragraph separator", "a: 1\nb: 'x\u2029'\n", "2:6 file_unreadable", "a: 1\nb: 'x\\P'\n"},
		{"carriage return alone", "# comment\rwhen: x\n", "1:10 file_unreadable", "# comment\r\nwhen: x\n"},
		{"carriage return at the end", "a: 1\r", "1:5 file_unreadable", "a: 1\r\n"},
		{"two carriage returns", "a: 1\r\r\n", "1:5 file_unreadable", "a: 1\r\n"},
		{"right-to-left override", "a: x # \u202e\n", "1:8 file_unreadable", "a: x # \"\\u202e\"\n"},
		{"isolate", "a: '\u2066x\u2069'\n", "1:5 file_unreadable", "a: \"\\u2066x\\u2069\"\n"},
		{"right-to-left mark", "a: '\u200fx'\n", "1:5 file_unreadable", "a: 'אx'\n"},
		{"Arabic letter mark", "a: '\u061cx'\n", "1:5 file_unreadable", "a: 'سx'\n"},
		{"zero-width space", "roles: [ad\u200bmin]\n", "1:11 file_unreadable", "roles: [admin]\n"},
		{"zero-width joiner in a word", "roles: [ad\u200dmin]\n", "1:11 file_unreadable", "roles: ['👩\u200d🚀', 'می\u200cخواهم']\n"},
		{"soft hyphen", "roles: [ad\u00admin]\n", "1:11 file_unreadable", "roles: [ad-min]\n"},
		{"tag character", "a: x\U000E0041\n", "1:5 file_unreadable", "a: xA\n"},
		{"control character", "ä: '\x07'\n", "1:5 file_unreadable", "ä: \"\\a\"\n"},
		{"NUL", "a: 1\n\x00", "2:1 file_unreadable", "a: 1\n"},
		{"form feed", "a: 1\f\n", "1:5 file_unreadable", "a: 1\t\n"},
		{"delete", "a: '\x7f'\n", "1:5 file_unreadable", "a: \"\\x7f\"\n"},
		{"control character of the second block", "a: '\u0081'\n", "1:5 file_unreadable", "a: '\u00a1'\n"},
		{"no character", "a: '\uffff'\n", "1:5 file_unreadable", "a: '\ufffd'\n"},
		{"not UTF-8", "a: 'ä\xff'\n", "1:6 file_unreadable", "a: 'äÿ'\n"},
		{"surrogate", "a: \xed\xa0\x80\n", "1:4 file_unreadable", "a: \U00010000\n"},
		{"UTF-16", "a\x00:\x00 \x001\x00", "1:2 file_unreadable", "a: 1"},
		{"too large", "a: 1\n" + strings.Repeat("#", MaxFileSize-4), "1:1 file_unreadable", "a: 1\n" + strings.Repeat("#", MaxFileSize-5)},
		{"too deep", deep(MaxDepth), "1:67 too_deep", deep(MaxDepth - 2)},
		{"empty", "", "1:1 empty_file", "a: 1"},
		{"only comments", "# nothing\n\n# here\n", "1:1 empty_file", "# something\na: 1\n"},
		{"a fault in the second document", "a: 1\n---\nb: !x 1\n", "3:4 yaml_tag", "a: 1\n---\nb: x 1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, found := Parse("f.yaml", []byte(tt.yaml))
			if got := places(found); got != tt.want {
				t.Errorf("found %s, want %s", got, tt.want)
			}
			if docs != nil {
				t.Error("documents are given in spite of errors")
			}
			if docs, found := Parse("f.yaml", []byte(tt.twin)); len(docs) == 0 || len(found) != 0 {
				t.Errorf("without the fault: %d documents, %v", len(docs), found)
			}
		})
	}
}

// places gives line:column code of each finding.
func places(found Diagnostics) string {
	var out []string
	for _, d := range found.Sorted() {
		out = append(out, fmt.Sprintf("%d:%d %s", d.Line, d.Column, d.Code))
	}
	return strings.Join(out, ", ")
}

func TestParseSyntaxError(t *testing.T) {
	tests := []struct {
		name string
		yaml string
		line int
	}{
		{"open list", "a: 1\nb: [1, 2\nc: 3\nd: 4\n", 2},
		{"open mapping", "a: 1\nb: 2\nc: {x: 1\n", 3},
		{"open double quotes", "a: 1\nb: \"x\nc: 3\nd: 4\n", 2},
		{"open single quotes", "a: 1\nb: 'x\nc: 3\n", 2},
		{"text after quotes", "a: 1\nb: 2\nwhen: \"a\" in b\nc: 3\nd: 4\n", 3},
		{"deep inside a mapping", "spec:\n  rules:\n    - id: x\n      when: y\n      roles: 'a' b\n      effect: allow\n", 5},
		{"star", "a: 1\nactions: [*]\nb: 1\n", 2},
		{"unknown alias", "a: 1\nb: 1\nc: *x\nd: 1\n", 3},
		{"tab for indentation", "a:\n\tb: 1\n", 2},
		{"wrong indentation", "a:\n   b: 1\n  c: 2\nd: 3\n", 3},
		{"two colons", "a: 1\nwhen: a: b\nc: 1\n", 2},
		{"key without a colon", "a: 1\nb\nc: 2\n", 2},
		{"list within a mapping", "a: 1\n- b\nc: 2\n", 2},
		{"at sign", "a: 1\nb: 2\nc: @x\n", 3},
		{"unknown escape", "a: 1\nb: \"\\q\"\n", 2},
		{"text after the end of a document", "a: 1\n...\nb: 1\n", 3},
		{"first line", "}\na: 1\n", 1},
		{"second document", "a: 1\n---\nb: [\n---\nc: 1\n", 3},
		{"windows line ends", "a: 1\r\nb: 2\r\nc: \"x\" y\r\n", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, found := Parse("f.yaml", []byte(tt.yaml))
			if len(found) != 1 || found[0].Code != "yaml_syntax" || docs != nil {
				t.Fatalf("found %v, want yaml_syntax alone", found)
			}
			d := found[0]
			line := strings.TrimRight(strings.Split(tt.yaml, "\n")[tt.line-1], "\r")
			if d.Line != tt.line || d.SourceLine != line {
				t.Errorf("line %d %q, want %d %q", d.Line, d.SourceLine, tt.line, line)
			}
			if got, want := line[d.Column-1:d.EndColumn-1], strings.TrimSpace(line); got != want {
				t.Errorf("the span covers %q, want %q", got, want)
			}
			if d.Message == "" || strings.Contains(d.Message, "line ") || d.Hint == "" {
				t.Errorf("message %q, hint %q", d.Message, d.Hint)
			}
		})
	}
}

func TestParseDocuments(t *testing.T) {
	tests := []struct {
		yaml string
		want []string // first lines of the documents
	}{
		{"a: 1\n", []string{"1:1"}},
		{"---\na: 1\n", []string{"2:1"}},
		{"a: 1\n---\nb: 2\n", []string{"1:1", "3:1"}},
		{"a: 1\n...\n---\nb: 2\n...\n", []string{"1:1", "4:1"}},
		{"# c\n\na: 1\n---\n# d\nb: 2\n", []string{"3:1", "6:1"}},
		{"a: 1\n---\n", []string{"1:1", "3:1"}}, // an empty document is one, for the reader to refuse
	}
	for _, tt := range tests {
		docs, found := Parse("f.yaml", []byte(tt.yaml))
		var got []string
		for _, d := range docs {
			got = append(got, strings.TrimPrefix(d.Span().String(), "f.yaml:"))
		}
		if !slices.Equal(got, tt.want) || len(found) != 0 {
			t.Errorf("%q: documents at %v, want %v; %v", tt.yaml, got, tt.want, found)
		}
	}
}

package document

import (
	"strings"
	"testing"
)

// mapping parses a file of one mapping without faults.
func mapping(t testing.TB, text string) (*Walker, *Object) {
	t.Helper()
	docs, found := Parse("f.yaml", []byte(text))
	if len(docs) != 1 || len(found) != 0 {
		t.Fatalf("parsing %q: %d documents, %v", text, len(docs), found)
	}
	w := &Walker{}
	return w, w.Object(docs[0], "the document")
}

// under gives the text that a span covers in its line.
func under(text string, s Span) string {
	runes := []rune(strings.TrimSuffix(strings.Split(text, "\n")[s.Start.Line-1], "\r"))
	return string(runes[s.Start.Column-1 : s.End.Column-1])
}

func TestTextAt(t *testing.T) {
	tests := []struct {
		name string
		yaml string
		find string // in the value
		want string // what the caret stands under, if it is spelt differently
		line int
		col  int
	}{
		{name: "plain", yaml: "when: a && bad.x\n", find: "bad", line: 1, col: 12},
		{name: "plain, first token", yaml: "when: bad\n", find: "bad", line: 1, col: 7},
		{name: "plain, much indented", yaml: "k: 1\nwhen:    bad.x\n", find: "bad", line: 2, col: 10},
		{name: "plain with a comment", yaml: "when: a + bad # bad\n", find: "bad", line: 1, col: 11},
		{name: "plain over lines", yaml: "when: a &&\n  b &&\n  bad.x\n", find: "bad.x", line: 3, col: 3},
		{name: "plain over lines, first line", yaml: "when: bad &&\n  b\n", find: "bad", line: 1, col: 7},
		{name: "plain over an empty line", yaml: "when: a\n\n\n  == bad\n", find: "bad", line: 4, col: 6},
		{name: "plain on the next line", yaml: "when:\n  a ||\n  bad\n", find: "bad", line: 3, col: 3},
		{name: "single quotes", yaml: "when: 'a && bad'\n", find: "bad", line: 1, col: 13},
		{name: "single quotes, doubled before it", yaml: "when: '''x'' == bad'\n", find: "bad", line: 1, col: 17},
		{name: "single quotes, doubled inside", yaml: "when: 'a == ''bad'''\n", find: "'bad'", want: "''bad''", line: 1, col: 13},
		{name: "single quotes over lines", yaml: "when: 'a &&\n  ''b'' == bad'\n", find: "bad", line: 2, col: 12},
		{name: "double quotes", yaml: "when: \"a && bad\"\n", find: "bad", line: 1, col: 13},
		{name: "double quotes, escapes before it", yaml: "when: \"\\\"x\\\" == bad\"\n", find: "bad", line: 1, col: 17},
		{name: "double quotes, escapes inside", yaml: "when: \"a == \\\"bad\\\"\"\n", find: "\"bad\"", want: "\\\"bad\\\"", line: 1, col: 13},
		{name: "escaped backslash", yaml: "when: \"a == '\\\\' + bad\"\n", find: "bad", line: 1, col: 20},
		{name: "escaped blanks", yaml: "when: \"\\ta\\n\\x20\\u0020\\U00000020+ bad\"\n", find: "bad", line: 1, col: 35},
		{name: "escaped letters", yaml: "when: \"\\x61\\u0061\\U00000061 + bad\"\n", find: "bad", line: 1, col: 31},
		{name: "no-break space, escaped", yaml: "when: \"a\\_\\N\\L\\P+ bad\"\n", find: "bad", line: 1, col: 19},
		{name: "escaped line break", yaml: "when: \"a + \\\n    bad\"\n", find: "bad", line: 2, col: 5},
		{name: "double quotes over lines", yaml: "when: \"a +\n\n   bad\"\n", find: "bad", line: 3, col: 4},
		{name: "literal", yaml: "when: |\n  a &&\n  bad.x\n", find: "bad.x", line: 3, col: 3},
		{name: "literal, first line", yaml: "when: |\n  bad\n  x\n", find: "bad", line: 2, col: 3},
		{name: "literal with a comment beside it", yaml: "when: | # bad\n  a &&\n    bad\n", find: "bad", line: 3, col: 5},
		{name: "literal with empty lines", yaml: "when: |\n\n  a\n\n  bad\n", find: "bad", line: 5, col: 3},
		{name: "literal, indented", yaml: "when: |2\n    a\n   bad\n", find: "bad", line: 3, col: 4},
		{name: "literal, kept end", yaml: "when: |+\n  bad\n\n\nk: 1\n", find: "bad", line: 2, col: 3},
		{name: "folded", yaml: "when: >\n  a &&\n  bad.x\n", find: "bad.x", line: 3, col: 3},
		{name: "folded, stripped", yaml: "when: >-\n  a &&\n\n  b\n    bad\n", find: "bad", line: 5, col: 5},
		{name: "folded, indented", yaml: "when: >1-\n a\n  bad\n", find: "bad", line: 3, col: 3},
		{name: "flow mapping", yaml: "{k: 1, when: a && bad}\n", find: "bad", line: 1, col: 19},
		{name: "flow mapping, quoted", yaml: "{k: 1, when: \"a && bad\", z: 2}\n", find: "bad", line: 1, col: 20},
		{name: "flow over lines", yaml: "{k: 1,\n when: a\n  && bad}\n", find: "bad", line: 3, col: 6},
		{name: "tab before it", yaml: "when:\ta\t&& bad\n", find: "bad", line: 1, col: 12},
		{name: "tab in a literal", yaml: "when: |\n  x\n  \ta &&\tbad\n", find: "bad", line: 3, col: 9},
		{name: "windows line ends", yaml: "k: 1\r\nwhen: |\r\n  a &&\r\n  bad\r\n", find: "bad", line: 4, col: 3},
		{name: "windows line ends, plain", yaml: "k: 1\r\nwhen: a &&\r\n  bad\r\nz: 1\r\n", find: "bad", line: 3, col: 3},
		{name: "letters beyond ASCII before it", yaml: "when: \"'Größe' == bad\"\n", find: "bad", line: 1, col: 19},
		{name: "letters beyond the basic plane", yaml: "when: \"'😀😀' == bad\"\n", find: "bad", line: 1, col: 16},
		{name: "letters beyond ASCII in it", yaml: "when: |\n  'é' == bäd\n", find: "bäd", line: 2, col: 10},
		{name: "letters beyond ASCII in the key", yaml: "{größe: 1, when: bad}\n", find: "bad", line: 1, col: 18},
		{name: "other space before it", yaml: "when: |\n  a\u00a0\u3000+ bad\n", find: "bad", line: 2, col: 8},
		{name: "last line without an end", yaml: "when: a && bad", find: "bad", line: 1, col: 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, o := mapping(t, tt.yaml)
			text := o.Text("when")
			before, _, ok := strings.Cut(text.Value(), tt.find)
			if !ok {
				t.Fatalf("value %q does not hold %q", text.Value(), tt.find)
			}
			got := text.At(len([]rune(before)), len([]rune(tt.find)))
			if got.Path != "f.yaml" || got.Start != (Position{tt.line, tt.col}) {
				t.Errorf("found at %v, want line %d, column %d", got, tt.line, tt.col)
			}
			want := tt.want
			if want == "" {
				want = tt.find
			}
			if got := under(tt.yaml, got); got != want {
				t.Errorf("the caret stands under %q, want %q", got, want)
			}
		})
	}
}

func TestTextAtEdges(t *testing.T) {
	const file = "when: |\n  ab &&\n  cd\nquoted: ' x '\n"
	_, o := mapping(t, file)
	text := o.Text("when") // "ab &&\ncd\n"
	quoted := o.Text("quoted")
	tests := []struct {
		name      string
		text      Text
		offset, n int
		want      Span
	}{
		{"one rune when none is asked for", text, 0, 0, Span{Start: Position{2, 3}, End: Position{2, 4}}},
		{"before the value", text, -7, 2, Span{Start: Position{2, 3}, End: Position{2, 5}}},
		{"the end of the value", text, 9, 1, Span{Start: Position{3, 4}, End: Position{3, 5}}},
		{"beyond the value", text, 999, 999, Span{Start: Position{3, 4}, End: Position{3, 5}}},
		{"as long as can be", text, 6, int(^uint(0) >> 1), Span{Start: Position{3, 3}, End: Position{3, 5}}},
		{"over a line end", text, 3, 5, Span{Start: Position{2, 6}, End: Position{2, 8}}},
		{"a line end", text, 5, 1, Span{Start: Position{3, 2}, End: Position{3, 3}}},
		{"blanks first", quoted, 0, 1, Span{Start: Position{4, 10}, End: Position{4, 11}}},
		{"absent", Text{}, 0, 1, Span{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.text.At(tt.offset, tt.n)
			if got.Start != tt.want.Start || got.End != tt.want.End {
				t.Errorf("At(%d, %d) = %v to %v, want %v to %v", tt.offset, tt.n, got.Start, got.End, tt.want.Start, tt.want.End)
			}
		})
	}
}

func TestSpanOfScalar(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"k: plain\n", "plain"},
		{"k: plain # comment\n", "plain"},
		{"k: over\n  lines\n", "over"},
		{"k: 'single'\n", "'single'"},
		{"k: 'it''s' # ''\n", "'it''s'"},
		{"k: ''''\n", "''''"},
		{"k: \"double\"\n", `"double"`},
		{"k: \"a\\\"b\\u00e9\\\\\" # \"\n", `"a\"b\u00e9\\"`},
		{"k: \"open\n  end\"\n", `"open`},
		{"k: | # comment\n  text\n", "|"},
		{"k: >-\n  text\n", ">"},
		{"k: grün # x\n", "grün"},
		{"{ö: 1, k: 'ä' }\n", "'ä'"},
	}
	for _, tt := range tests {
		_, o := mapping(t, tt.yaml)
		if got := under(tt.yaml, o.Text("k").Span()); got != tt.want {
			t.Errorf("%q: the span covers %q, want %q", tt.yaml, got, tt.want)
		}
	}
}

func TestSpanOfRefused(t *testing.T) {
	tests := []struct{ yaml, want string }{
		{"when: !vars.x\n", "!vars.x"},
		{"when: ! has(user.x)\n", "!"},
		{"when: ! \"a\"\n", "!"},
		{"{a: &x 1}\n", "&x"},
		{"a: !\n", "!"},
	}
	for _, tt := range tests {
		_, found := Parse("f.yaml", []byte(tt.yaml))
		if len(found) != 1 {
			t.Fatalf("%q: found %v", tt.yaml, found)
		}
		d := found[0]
		if got := under(tt.yaml, Span{d.Path, Position{d.Line, d.Column}, Position{d.EndLine, d.EndColumn}, ""}); got != tt.want {
			t.Errorf("%q: the span covers %q, want %q", tt.yaml, got, tt.want)
		}
	}
}

func TestSpanString(t *testing.T) {
	_, o := mapping(t, "a: 1\nk: [x]\n")
	if got := o.Key("k").String(); got != "f.yaml:2:1" {
		t.Errorf("key: %s", got)
	}
	if got := o.Node("k").Span().String(); got != "f.yaml:2:4" {
		t.Errorf("list: %s", got)
	}
	if got := o.Key("missing").String(); got != "f.yaml:1:1" {
		t.Errorf("missing key: %s", got)
	}
}

func TestQuoted(t *testing.T) {
	_, o := mapping(t, "{plain: x, single: 'x', double: \"x\"}")
	_, blocks := mapping(t, "literal: |\n  x\nfolded: >\n  x\n")
	for key, want := range map[string]bool{"plain": false, "single": true, "double": true, "absent": false} {
		if got := o.Text(key).Quoted(); got != want {
			t.Errorf("%s: Quoted() = %t, want %t", key, got, want)
		}
	}
	for _, key := range []string{"literal", "folded"} {
		if !blocks.Text(key).Quoted() {
			t.Errorf("%s: a block can only be a string", key)
		}
	}
}

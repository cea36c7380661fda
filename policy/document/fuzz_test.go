package document

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

var seeds = []string{
	"apiVersion: gwctl.dev/v1\nkind: Policy\nmetadata: {name: orders}\nspec:\n  rules:\n    - id: x\n      when: |\n        a &&\n          b\n",
	"when: a\n  && b # c\nk: 'it''s'\nz: \"\\\"\\x41\\_\\\n  \\u00e9\"\n", "f: >-\n  a\n\n  b\n    c\nl: |2+\n   x\n\n",
	"a: &x 1\nb: *x\n", "<<: {a: 1}\n", "a: ! b\n", "!x a: !!str b\n", "? [a]\n: {b: c}\n", "{a, b: , ? c}", "[a, [b, {c: d}], ]",
	"a: 1\na: 2\n", "- - - a\n-\n", "---\n...\n---\na\n", "%YAML 1.1\n---\na: \r\n", "\ufeffa", "a: \u202eb", "a:\tb\t\n", "ä: ö\n\"😀\": '€'\n", "# c\n",
	"a: |\n\tb\n", "a: >\n # b\n", "a: \"\\ud800\"", "a: 'b", "{", "}", "a:\n  - b\n # c\n", "\"a\\\n  b\": \"\\\n\"\n", "a: |-\n\n\n", "''", "\"\\\r\n\"",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		began := time.Now()
		docs, found := Parse("f.yaml", data)
		if (len(docs) == 0) == (len(found) == 0) {
			t.Errorf("%d documents with %d findings", len(docs), len(found))
		}
		src := newSource("f.yaml", data)
		w := &Walker{}
		for _, d := range docs {
			w.Value(d, "the document")
		}
		for _, d := range append(found, w.Found()...) {
			inside(t, src, Span{d.Path, Position{d.Line, d.Column}, Position{d.EndLine, d.EndColumn}, d.SourceLine})
		}
		if took := time.Since(began); took > slack {
			t.Errorf("took %v", took)
		}
	})
}

// inside holds a span to lie in one line of the file, or just after its end.
func inside(t *testing.T, src *source, s Span) {
	t.Helper()
	if s.Start.Line < 1 || s.Start.Line > src.count() {
		t.Fatalf("%v: line of %d", s, src.count())
	}
	l := src.line(s.Start.Line)
	if s.text != l.text || s.Start.Column < 1 || s.Start.Column > l.length()+1 {
		t.Fatalf("%v: column of %d in %q, shown as %q", s, l.length(), l.text, s.text)
	}
	if s.End.Line != s.Start.Line || s.End.Column <= s.Start.Column || s.End.Column > max(l.length(), s.Start.Column)+1 {
		t.Fatalf("%v: ends at %v in %q", s, s.End, l.text)
	}
}

func FuzzTextAt(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if len(data) > 4096 {
			return
		}
		docs, _ := Parse("f.yaml", []byte(data))
		for _, d := range docs {
			scalars(d, func(n *Node) { exact(t, n.text()) })
		}
	})
}

func scalars(n *Node, visit func(*Node)) {
	if n.kind == scalarNode {
		visit(n)
	}
	for _, c := range n.content {
		scalars(c, visit)
	}
}

// exact holds every visible rune of a text to stand in the file where At says
// that it stands, one after the other.
func exact(t *testing.T, text Text) {
	src := text.src
	inside(t, src, text.Span())
	inside(t, src, text.At(-1, 1<<62))
	inside(t, src, text.At(1<<62, 1<<62))
	last := Position{}
	i := 0
	for _, r := range text.Value() {
		s := text.At(i, 1)
		i++
		inside(t, src, s)
		if unicode.IsSpace(r) {
			continue
		}
		if s.Start.Line < last.Line || s.Start.Line == last.Line && s.Start.Column <= last.Column {
			t.Fatalf("rune %d of %q stands at %v, not after %v", i-1, text.Value(), s, last)
		}
		last = s.Start
		l := src.line(s.Start.Line)
		if got := l.at(s.Start.Column - 1); got != r && (got != '\\' || !text.Quoted()) {
			t.Fatalf("rune %d of %q stands at %v, where %q is", i-1, text.Value(), s, got)
		}
		if n := s.End.Column - s.Start.Column; n > 1 && l.at(s.Start.Column-1) != '\\' && r != '\'' {
			t.Fatalf("rune %d of %q is %d wide", i-1, text.Value(), n)
		}
	}
	if i != utf8.RuneCountInString(text.Value()) {
		t.Fatal("runes are not counted as At counts them")
	}
}

// FuzzNumbers: a number that is read has one spelling and is what JSON says it
// is.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"0", "-0", "017", "1_000", "0x1", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1.0", "1e400", "-1.5E-3", ".5", "1.", "+1", "NaN", "inf", "１", "1e308", "true", "yes", "True", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, ok := ParseInt(text); ok && strconv.FormatInt(v, 10) != text {
			t.Errorf("%q is read as %d", text, v)
		}
		v, ok := ParseDouble(text)
		var plain float64
		if err := json.Unmarshal([]byte(text), &plain); ok && (err != nil || plain != v || math.IsInf(v, 0) || math.IsNaN(v)) {
			t.Errorf("%q is read as %g; JSON says %g, %v", text, v, plain, err)
		}
		if _, isInt := ParseInt(text); isInt && !ok {
			t.Errorf("%q is an int and no double", text)
		}
		if b, ok := ParseBool(text); ok && strconv.FormatBool(b) != text {
			t.Errorf("%q is read as %t", text, b)
		}
	})
}

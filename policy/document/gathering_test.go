package document

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestGathering: every file keeps its lines, whatever others are beside it, and
// no line stands in the text of all twice.
func TestGathering(t *testing.T) {
	more, many, long := []byte{}, "", strings.Repeat("x", longLine)
	for i := range 1000 {
		many += fmt.Sprintf("line %d\n", i)
	}
	for i := range 1 << 16 {
		more = fmt.Appendf(more, "%d\n", i)
	}
	texts := []string{"a\nb\n", "", "\n\n", "b\na", "a\r\nb", "ab\n" + "a", many + many, long + "\n" + long[1:] + "\nä" + long + "\r\nä\n", "b"}
	var g gathering
	for round := range 3 { // a gathering is used again, at last with so many that a number of 16 bits does not tell them apart
		if round == 2 {
			texts = append(texts, string(more))
		}
		for i, text := range texts {
			g.add(fmt.Sprint(i), []byte(text), lookAt([]byte(text)))
		}
		sources := g.sources()
		if all := strings.Split(strings.TrimSuffix(sources[0].in.text, "\n"), "\n"); len(all) != len(slices.Compact(slices.Sorted(slices.Values(all)))) {
			t.Errorf("round %d: lines stand twice", round)
		}
		for i := range sources {
			src := &sources[i]
			want := strings.Split(texts[i], "\n")
			if src.path != fmt.Sprint(i) || src.count() != len(want) {
				t.Fatalf("round %d: %q has %d lines, want %d", round, src.path, src.count(), len(want))
			}
			for n, text := range want {
				l, seen := src.line(n+1), strings.TrimSuffix(text, "\r")
				if src.text(n+1) != text || l.text != seen || l.length() != len([]rune(seen)) {
					t.Fatalf("round %d, file %d, line %d: %q with %d runes, want %q", round, i, n+1, src.text(n+1), l.length(), text)
				}
			}
			if l := src.line(len(want) + 1); l.text != "" || src.text(0) != "" {
				t.Errorf("a line that is not there is %q", l.text)
			}
		}
	}
}

// TestReaderKeeps: documents that are kept are as they were when others have
// been read, and texts outlive every document.
func TestReaderKeeps(t *testing.T) {
	var files []File
	for i := range 300 {
		files = append(files, File{fmt.Sprint(i), fmt.Appendf(nil, "k: v%d\nl: [%d, 'it''s %d', {a: \"\\x41%d\"}]\n", i, i, i, i)})
	}
	var r Reader
	for round := range 2 {
		kept, texts := map[int]*Node{}, map[int]Text{}
		r.Each(files, func(i int, docs []*Node, found Diagnostics) bool {
			if len(docs) != 1 || len(found) > 0 {
				t.Fatal(found)
			}
			texts[i] = docs[0].content[3].content[1].text()
			if i%3 == 0 {
				kept[i] = docs[0]
			}
			return i%3 == 0
		})
		for i, text := range texts {
			if want := fmt.Sprintf("it's %d", i); text.Value() != want || text.Span().String() != fmt.Sprintf("%d:2:%d", i, 7+len(fmt.Sprint(i))) {
				t.Errorf("round %d: %q at %v, want %q", round, text.Value(), text.Span(), want)
			}
		}
		for i, n := range kept {
			if got := n.content[1].value + n.content[3].content[2].content[1].value; got != fmt.Sprintf("v%dA%d", i, i) || n.Span().Path != fmt.Sprint(i) {
				t.Errorf("round %d: document %d holds %s", round, i, got)
			}
		}
		r.Release()
	}
}

func TestNewText(t *testing.T) {
	x := NewText("a b")
	if x.Value() != "a b" || x.IsSet() || x.Quoted() || x.Span() != (Span{}) || x.At(0, 1) != (Span{}) || x.Place().IsSet() {
		t.Errorf("%q, set %t, quoted %t, at %v", x.Value(), x.IsSet(), x.Quoted(), x.Span())
	}
	if x := (Text{}); x.Value() != "" || x.IsSet() || x.Place() != (Place{}) {
		t.Errorf("the zero text is %q", x.Value())
	}
}

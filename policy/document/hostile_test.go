package document

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// slack is far above what such a file takes to read. Reading that is
// quadratic takes minutes.
const slack = 5 * time.Second

// fill repeats a piece up to a size.
func fill(piece string, size int) string { return strings.Repeat(piece, size/len(piece)) }

// hostile files are shaped to be slow.
func hostile(size int) map[string]string {
	var ladder, names strings.Builder
	for i := 0; ladder.Len() < size-size/300; i++ {
		ladder.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for i := 0; names.Len() < size-20; i++ {
		fmt.Fprintf(&names, "k%d: 1,", i)
	}
	room := size - 2*MaxDepth
	return map[string]string{
		"lists in lists":                      fill("[", size),
		"mappings in mappings":                fill("{a: ", size),
		"items in items":                      fill("- ", size),
		"a ladder":                            ladder.String(),
		"many items":                          fill("- a\n", size),
		"a line of items":                     "[" + fill("a,", size-2) + "]",
		"a line of keys":                      "{" + names.String() + "}",
		"a line of keys, not ASCII":           "{ä: 1," + names.String()[:size-40] + ": 1}",
		"the same key":                        fill("a: 1\n", size),
		"anchors":                             "[" + fill("&a 1,", size-2) + "]",
		"aliases":                             "- &a 1\n- [" + fill("*a,", size-12) + "]",
		"quotes":                              "['" + fill("''", size-4) + "']",
		"too deep, many times":                fill("[", MaxDepth-1) + fill("[[],[]],", room) + fill("]", MaxDepth-1),
		"comments":                            fill("# a\n- a\n", size),
		"an error at the end":                 fill("- a\n", size-4) + "}",
		"an error at the end of a small file": fill("- a\n", min(maxRetry, size/4)-4) + "}",
	}
}

func TestHostileFiles(t *testing.T) {
	for name, text := range hostile(hostileSize) {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			docs, found := Parse("f.yaml", []byte(text))
			if (len(docs) == 0) == (len(found) == 0) {
				t.Errorf("%d documents with %d findings: a file is read or refused", len(docs), len(found))
			}
			w := &Walker{}
			for _, d := range docs {
				touch(w, w.Value(d, "the document"))
			}
			if took := time.Since(began); took > slack {
				t.Errorf("took %v", took)
			}
			if len(found)+len(w.Found()) > 2*MaxFindings {
				t.Errorf("%d findings", len(found)+len(w.Found()))
			}
		})
	}
}

// touch asks every value for its place, as readers of documents do.
func touch(w *Walker, v Value) {
	v.Span()
	if v.Kind == Scalar && len(v.Text.Value()) < 100 {
		v.Text.At(0, 1)
	}
	for _, x := range v.Items {
		touch(w, x)
	}
	for _, e := range v.Entries {
		e.Key.Span()
		touch(w, e.Value)
	}
}

func TestHostileKeys(t *testing.T) {
	var text strings.Builder
	n := 0
	for ; text.Len() < hostileSize/2; n++ {
		fmt.Fprintf(&text, "k%d: 1\n", n)
	}
	tests := []struct {
		name string
		read func(*Object)
		want int // findings
	}{
		{"all unknown", func(o *Object) { o.Text("key"); o.Done() }, min(n, MaxFindings)},
		{"each asked for", func(o *Object) {
			for i := range n {
				o.Int(fmt.Sprintf("k%d", i))
			}
			o.Done()
		}, 0},
		{"as many known ones, none there", func(o *Object) {
			for i := range n {
				o.Node(fmt.Sprintf("x%d", i))
			}
			o.Done()
		}, min(n, MaxFindings)},
		{"entries", func(o *Object) { o.Entries(); o.Done() }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, o := mapping(t, text.String())
			began := time.Now()
			tt.read(o)
			if took := time.Since(began); took > slack {
				t.Errorf("took %v for %d keys", took, n)
			}
			if got := len(w.Found()); got != tt.want {
				t.Errorf("%d findings, want %d", got, tt.want)
			}
		})
	}
	t.Run("items", func(t *testing.T) {
		w, o := mapping(t, "l: ["+strings.ReplaceAll(text.String(), ": 1\n", ",")+"]")
		began := time.Now()
		if items := o.Texts("l"); len(items) < 1000 || codes(w) != "" {
			t.Errorf("%d items, %q", len(items), codes(w))
		}
		if took := time.Since(began); took > slack {
			t.Errorf("took %v", took)
		}
	})
}

func TestClosestOfLongWords(t *testing.T) {
	word := strings.Repeat("a", hostileSize/2)
	began := time.Now()
	if got, ok := Closest(word, []string{word + "b"}); ok {
		t.Errorf("suggests a word of %d letters", len(got))
	}
	if _, ok := Closest("effect", []string{word}); ok {
		t.Error("suggests a word that is far")
	}
	if took := time.Since(began); took > slack {
		t.Errorf("took %v", took)
	}
}

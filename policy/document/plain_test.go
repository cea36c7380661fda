package document

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// agree reads a text by the plain reader and by the YAML library, which must
// give the same nodes at the same places. ok is false when the plain reader
// leaves the text to the library.
func agree(t *testing.T, data []byte) (ok bool) {
	t.Helper()
	l := lookAt(data)
	if _, _, bad := refusal(string(data)); bad || l.tabs || l.crs {
		return false
	}
	src := newSource("f.yaml", data)
	got, ok := new(plainReader).documents(src)
	if !ok {
		return false
	}
	roots, err := decode(data)
	if err != nil {
		t.Fatalf("read, and the library says: %v\n%s", err, data)
	}
	if len(got) != len(roots) {
		t.Fatalf("%d documents, and the library gives %d\n%s", len(got), len(roots), data)
	}
	for i, y := range roots {
		sameNode(t, got[i], converter{src, &nursery{}}.node(y, 1), data)
	}
	return true
}

func sameNode(t *testing.T, got, want *Node, data []byte) {
	t.Helper()
	a, b := *got, *want
	if x, y := got.text(), want.text(); a.kind == scalarNode && (x.Value() != a.value || y.Value() != a.value || x.Place() != y.Place() || x.Quoted() != y.Quoted()) {
		t.Fatalf("as texts: %q at %v, and the library gives %q at %v\n%s", x.Value(), x.Span(), y.Value(), y.Span(), data)
	}
	a.content, b.content = nil, nil
	if a.kind != b.kind || a.style != b.style || a.value != b.value || a.line != b.line || a.column != b.column || b.beside != nil || len(got.content) != len(want.content) {
		t.Fatalf("got %+v with %d, and the library gives %+v with %d\n%s", a, len(got.content), b, len(want.content), data)
	}
	for i, c := range got.content {
		sameNode(t, c, want.content[i], data)
	}
}

// TestPlainReaderOfRepository: policies as people write them are read by the
// plain reader; files that are about faults and oddities are not.
func TestPlainReaderOfRepository(t *testing.T) {
	read, left := 0, 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.Name() == "node_modules" { // of the tests against real counterparts
			return filepath.SkipDir
		}
		if ext := filepath.Ext(path); err != nil || d.IsDir() || ext != ".yaml" && ext != ".yml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if read++; !agree(t, data) {
			left++
			if slash := filepath.ToSlash(path); !strings.Contains(slash, "testdata/") && !strings.Contains(slash, "/.github/") {
				t.Errorf("%s is left to the library", path)
			}
		}
		return nil
	})
	if err != nil || read < 20 || left > read/4 {
		t.Errorf("%d of %d files are left to the library, %v", left, read, err)
	}
}

// pieces are of what random texts are made. Most texts hold a fault.
var pieces = append(strings.Split("a_b: _- _-_:_: _\n_\n_\n  _\n    _\n- _\n  - _\n  a: _\nb: _\n  b: _[_]_{_}_, _,_ #c_#_\n# c_\n  # c_'_''_\"_\\\"_\\n_\\_\\x41_'x y'_\"x\"_[a, b]_{a: b}_"+
	"~_null_ _  _\n\n_\n---\n_---_..._\n...\n_%_&a _*a_! _!t _<<_? _?_é_😀_x#y_http://x_: x_when: _when: a && b == 'c'_\n  k: v_\n  - k: v\n    l: w_a:b_>_>-_-1_1.5_@_`_=_\n _\n   _#_|_|-_|+\n", "_"),
	"k: |\n  a\n\n   b\n  c\n", "k: >\n  a\n  b\n\n  c\n   d\n  e\n", "- |-\n  x\n")

// TestPlainReaderOfRandomTexts puts pieces together at random.
func TestPlainReaderOfRandomTexts(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	read := 0
	for range 30000 {
		var text strings.Builder
		for range 1 + random.IntN(14) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		if agree(t, []byte(text.String())) {
			read++
		}
		if t.Failed() {
			break
		}
	}
	t.Logf("seed %d: %d read", seed, read)
	if read < 100 {
		t.Errorf("seed %d: only %d are read", seed, read)
	}
}

// grower writes random documents that are well-formed, in every style.
type grower struct {
	strings.Builder
	*rand.Rand
}

func TestPlainReaderOfRandomDocuments(t *testing.T) {
	seed := rand.Uint64()
	read := 0
	const all = 3000
	for i := range uint64(all) {
		g := grower{Rand: rand.New(rand.NewPCG(seed, i))}
		for n := range 1 + g.IntN(3) {
			if n > 0 {
				g.WriteString("---\n")
			}
			g.collection(0, g.IntN(2) == 0)
		}
		if agree(t, []byte(g.String())) {
			read++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("seed %d: %d read", seed, read)
	if read < all/2 {
		t.Errorf("seed %d: only %d of %d documents are read", seed, read, all)
	}
}

// collection writes a block mapping or list at an indentation that has been
// written for its first line.
func (g *grower) collection(indent int, list bool) {
	pad := strings.Repeat(" ", indent)
	for i := range 1 + g.IntN(4) {
		if i > 0 {
			if g.IntN(6) == 0 {
				g.WriteString([]string{"\n", "# note\n", pad + "# note: x\n", "   \n", pad + "  # deeper\n"}[g.IntN(5)])
			}
			g.WriteString(pad)
		}
		lead := "- "
		if !list {
			lead = []string{"k%d:", "'k%d':", "\"k%d\":", "k %d :", "k-%d:"}[g.IntN(5)]
			lead = fmt.Sprintf(lead, i) + []string{" ", " ", "   "}[g.IntN(3)]
		}
		g.WriteString(lead)
		if deep := indent + 1 + g.IntN(4); indent < 12 && g.IntN(3) == 0 {
			inner := g.IntN(2) == 0
			switch {
			case list && g.IntN(2) == 0:
				deep = indent + 2
			case !list && inner && g.IntN(2) == 0:
				deep = indent
				fallthrough
			default:
				g.WriteString([]string{"\n", "# note\n", "\n\n"}[g.IntN(3)] + strings.Repeat(" ", deep))
			}
			g.collection(deep, inner)
			continue
		}
		if g.IntN(6) == 0 {
			g.block(indent)
			continue
		}
		g.value(indent, 0)
		g.WriteString([]string{"\n", "\n", " \n", " # note\n"}[g.IntN(4)])
	}
}

func (g *grower) block(indent int) {
	g.WriteString([]string{"|", ">", "|-", ">-", "|+", ">+", "| # note"}[g.IntN(7)] + "\n")
	pad := strings.Repeat(" ", indent+1+g.IntN(3))
	for i := range 1 + g.IntN(5) {
		more := []string{"", "", "  "}[g.IntN(3)]
		if i == 0 {
			more = ""
		}
		g.WriteString([]string{pad + more + "a && b: 'c' # d\n", pad + more + "x\n", pad + "é \n", "\n", pad + "\n", pad + "   \n"}[min(g.IntN(6), 2+4*i)])
	}
}

// scalarsOfDocuments are of one line; the last ones stand in blocks only.
var scalarsOfDocuments = []string{"a", "a b", "has(user.x) && user.x == 'y'", "'it''s: # x'", `"a \"b\" \\ \n \t/"`, "-1", "1.5e3", "x#y", "http://x", "null", "~", "é ü", "'😀'", "''", `""`, "a,b [c]", "GET /x?y={z}"}

func (g *grower) value(indent, depth int) {
	switch {
	case depth < 3 && g.IntN(4) == 0:
		open, end := "[", "]"
		named := g.IntN(2) == 0
		if named {
			open, end = "{", "}"
		}
		g.WriteString(open)
		for i := range g.IntN(4) {
			if i > 0 {
				g.WriteString([]string{", ", ",", ",\n" + strings.Repeat(" ", indent+1), " , # c\n "}[g.IntN(4)])
			}
			if named {
				g.WriteString(fmt.Sprintf([]string{"k%d: ", "'k%d': ", "k %d :  "}[g.IntN(3)], i))
			}
			g.value(indent, depth+1)
		}
		g.WriteString([]string{"", " ", ",", "\n "}[g.IntN(4)] + end)
	default:
		n := len(scalarsOfDocuments)
		if depth > 0 {
			n -= 2
		}
		g.WriteString(scalarsOfDocuments[g.IntN(n)])
	}
}

func FuzzPlainReader(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { agree(t, data) })
}

package format

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// quickstart gives the files of the example set.
func quickstart(t *testing.T) []policy.File {
	t.Helper()
	paths, err := filepath.Glob("../../examples/quickstart/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no example files: %v", err)
	}
	var out []policy.File
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, policy.File{Path: filepath.Base(p), Data: data})
	}
	return out
}

func digest(t *testing.T, files []policy.File) string {
	t.Helper()
	src, found := policy.Load(files)
	if found.HasErrors() {
		t.Fatalf("%s\n%s", found[0], fileNamed(files, found[0].Path))
	}
	set, found := engine.Compile(src)
	if set == nil {
		t.Fatalf("%s\n%s", found[0], fileNamed(files, found[0].Path))
	}
	return set.Digest()
}

func fileNamed(files []policy.File, path string) []byte {
	for _, f := range files {
		if f.Path == path {
			return f.Data
		}
	}
	return nil
}

func formatted(t *testing.T, f policy.File) policy.File {
	t.Helper()
	out, found, err := Source(f.Path, f.Data)
	if err != nil || found.HasErrors() {
		t.Fatalf("%v %v\n%s", err, found, f.Data)
	}
	return policy.File{Path: f.Path, Data: out}
}

// Any layout of the example set comes out as the same set, with the same
// comments, and stays as it is when formatted again.
func TestRandomLayouts(t *testing.T) {
	files := quickstart(t)
	want, comments := digest(t, files), 0
	for seed := range uint64(6) {
		var laidOut, results []policy.File
		perturb := seed%2 == 1
		for _, f := range files {
			g := &scribe{rng: rand.New(rand.NewPCG(seed, uint64(len(f.Data)))), conditions: perturb}
			in := policy.File{Path: f.Path, Data: g.file(t, f)}
			laidOut = append(laidOut, in)
			out := formatted(t, in)
			if again := formatted(t, out); !bytes.Equal(out.Data, again.Data) {
				t.Fatalf("seed %d: not canonical\n%s\n--- but\n%s", seed, out.Data, again.Data)
			}
			if a, b := remarks(in.Data), remarks(out.Data); a != b {
				t.Fatalf("seed %d: comments\n%s\nbecame\n%s", seed, a, b)
			}
			if bytes.Contains(out.Data, []byte(" \n")) || bytes.Contains(out.Data, []byte("\n\n\n")) || !bytes.HasSuffix(out.Data, []byte("\n")) {
				t.Fatalf("seed %d: white space\n%q", seed, out.Data)
			}
			comments += g.remarks
			results = append(results, out)
		}
		if got := digest(t, results); got != want {
			t.Fatalf("seed %d: digest %s, want %s", seed, got, want)
		}
		// The digest covers the text of conditions: only these may differ before.
		if got := digest(t, laidOut); got != want && !perturb {
			t.Fatalf("seed %d: the random layout is another set", seed)
		}
	}
	if comments < 100 {
		t.Errorf("only %d comments were written", comments)
	}
}

var remark = regexp.MustCompile(`# remark \d+`)

func remarks(data []byte) string { return string(bytes.Join(remark.FindAll(data, -1), []byte("\n"))) }

// scribe writes documents in a random layout.
type scribe struct {
	rng        *rand.Rand
	conditions bool // write conditions anew, too
	out        strings.Builder
	remarks    int
	inScalar   bool // a block scalar may just have been written
}

func (g *scribe) file(t *testing.T, f policy.File) []byte {
	docs, found := readPages(f.Path, string(f.Data))
	if found.HasErrors() {
		t.Fatal(found[0])
	}
	for i, d := range docs {
		g.lines(0)
		if i > 0 || g.rng.IntN(2) == 0 {
			g.out.WriteString("---" + g.beside() + "\n")
		}
		g.lines(0)
		g.block(d.root, trailOf(d.kind), 0)
		g.lines(0)
	}
	text := g.out.String()
	if g.rng.IntN(3) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return []byte(text)
}

func (g *scribe) spaces(least int) string { return strings.Repeat(" ", least+g.rng.IntN(3)) }

func (g *scribe) remark() string {
	g.remarks++
	return fmt.Sprintf("# remark %d", g.remarks)
}

// beside writes white space at the end of a line, and perhaps a comment.
func (g *scribe) beside() string {
	if g.rng.IntN(8) == 0 {
		return g.spaces(1) + g.remark()
	}
	return g.spaces(0)
}

// lines writes blank lines and comments.
func (g *scribe) lines(indent int) {
	for g.rng.IntN(5) == 0 {
		g.out.WriteString(g.spaces(0) + "\n")
		if g.rng.IntN(2) == 0 {
			column := g.rng.IntN(indent + 4)
			if g.inScalar {
				column = 0 // further right it would be text of the block scalar
			}
			g.out.WriteString(strings.Repeat(" ", column) + g.remark() + "\n")
		}
	}
	g.inScalar = false
}

// block writes a block collection in a column.
func (g *scribe) block(v policy.Value, at trail, column int) {
	pad := strings.Repeat(" ", column)
	for _, e := range v.Entries {
		g.lines(column)
		g.out.WriteString(pad + g.key(e.Key) + ":")
		g.value(e.Value, at.key(e.Key.Value()), column, e.Value.Kind == document.List)
	}
	for _, x := range v.Items {
		g.lines(column)
		g.out.WriteString(pad + "-")
		g.value(x, at.item(), column, false)
	}
}

func (g *scribe) key(t policy.Text) string {
	if t.Quoted() {
		return `"` + t.Value() + `"`
	}
	return t.Value()
}

// value writes what follows a colon or dash, to the end of the line.
func (g *scribe) value(v policy.Value, at trail, column int, mayAlign bool) {
	deeper := column + 1 + g.rng.IntN(4)
	if mayAlign && g.rng.IntN(3) == 0 {
		deeper = column
	}
	switch {
	case v.Kind == document.Scalar && at.expression():
		g.condition(v.Text, column)
	case v.Kind == document.Scalar:
		g.before(column)
		g.out.WriteString(g.scalar(v.Text, column) + g.beside() + "\n")
	case len(v.Items)+len(v.Entries) == 0 || g.rng.IntN(3) == 0 && flowable(v):
		g.before(column)
		g.flow(v, at, column)
		g.out.WriteString(g.beside() + "\n")
	default:
		g.out.WriteString(g.beside() + "\n")
		g.block(v, at, deeper)
	}
}

// before writes what separates a value from its colon or dash.
func (g *scribe) before(column int) {
	if g.rng.IntN(8) > 0 {
		g.out.WriteString(g.spaces(1))
		return
	}
	g.out.WriteString(g.beside() + "\n")
	g.lines(column)
	g.out.WriteString(strings.Repeat(" ", column+1) + g.spaces(0))
}

// scalar keeps the class: what is plain stays plain.
func (g *scribe) scalar(t policy.Text, column int) string {
	text := t.Value()
	if i := strings.IndexByte(text, ' '); i > 0 && g.rng.IntN(4) == 0 && !strings.Contains(text, "#") {
		text = text[:i] + g.spaces(0) + "\n" + strings.Repeat(" ", column+1) + g.spaces(0) + text[i+1:]
	}
	switch {
	case !t.Quoted():
		return text
	case g.rng.IntN(2) == 0 && !strings.Contains(text, "'"):
		return "'" + text + "'"
	}
	return `"` + text + `"`
}

// flowable tells whether all plain scalars of a value can stand in brackets.
func flowable(v policy.Value) bool {
	ok := v.Kind != document.Scalar || v.Text.Quoted() || !strings.ContainsAny(v.Text.Value(), ",[]{}?")
	for _, x := range v.Items {
		ok = ok && flowable(x)
	}
	for _, e := range v.Entries {
		ok = ok && flowable(e.Value)
	}
	return ok
}

func (g *scribe) flow(v policy.Value, at trail, column int) {
	gap := func() {
		g.out.WriteString(g.spaces(0))
		if g.rng.IntN(12) == 0 {
			g.out.WriteString(g.beside() + "\n")
			g.lines(column)
			g.out.WriteString(strings.Repeat(" ", column+1))
		}
	}
	open, end := "{", "}"
	if v.Kind == document.List {
		open, end = "[", "]"
	}
	g.out.WriteString(open)
	n := 0
	next := func() {
		if n++; n > 1 {
			g.out.WriteString(",")
		}
		gap()
	}
	inner := func(x policy.Value, at trail) {
		switch {
		case x.Kind == document.Scalar && at.expression():
			g.out.WriteString(`"` + strings.ReplaceAll(x.Text.Value(), `"`, `\"`) + `"`)
		case x.Kind == document.Scalar:
			g.out.WriteString(g.scalar(x.Text, column))
		default:
			g.flow(x, at, column)
		}
	}
	for _, e := range v.Entries {
		next()
		g.out.WriteString(g.key(e.Key) + ":" + g.spaces(1))
		inner(e.Value, at.key(e.Key.Value()))
		gap()
	}
	for _, x := range v.Items {
		next()
		inner(x, at.item())
		gap()
	}
	g.out.WriteString(end)
}

// condition writes CEL in any YAML style, and in any spelling of its own.
func (g *scribe) condition(t policy.Text, column int) {
	text := t.Value()
	if g.conditions {
		text = g.spell(text)
	}
	pad := strings.Repeat(" ", column+1+g.rng.IntN(4))
	style := g.rng.IntN(4)
	g.inScalar = style >= 2
	switch {
	case style == 0 && plain(text, false):
		g.out.WriteString(" " + text + g.beside() + "\n")
	case style == 1:
		g.out.WriteString(" '" + strings.ReplaceAll(text, "'", "''") + "'" + g.beside() + "\n")
	case style == 2:
		g.out.WriteString(" >-" + g.beside() + "\n" + pad + text + "\n")
	case style == 3 && g.conditions:
		g.out.WriteString(" |" + g.beside() + "\n" + pad + strings.ReplaceAll(text, " && ", "\n"+pad+"  && ") + "\n\n")
	default:
		g.out.WriteString(` "` + strings.ReplaceAll(text, `"`, `\"`) + `"` + g.beside() + "\n")
	}
}

// spell changes spacing, quotes and parentheses of a condition of the example.
func (g *scribe) spell(text string) string {
	for _, swap := range [][2]string{
		{" && ", "&&"}, {" == ", "  =="}, {" > ", ">"}, {"(user.", "( user."}, {"vars.same_tenant", "(vars.same_tenant)"},
		{"has(resource.owner)", "((has(resource.owner)))"}, {"'free'", `"free"`}, {", ", " ,"}, {"!has(env.ip)", "(!has(env . ip))"},
	} {
		if g.rng.IntN(2) == 0 {
			text = strings.ReplaceAll(text, swap[0], swap[1])
		}
	}
	return text
}

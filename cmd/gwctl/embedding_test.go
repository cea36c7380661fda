package main

import (
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func embeddingPage(t *testing.T) *markdown {
	t.Helper()
	return parseMarkdown("docs/embedding.md", readText(t, filepath.Join(root, "docs", "embedding.md")))
}

// TestGeneratedSnippets holds the Go of docs/embedding.md to the examples of the
// packages, which are compiled and run: a block marked `go example=NAME` is the
// body of that function.
func TestGeneratedSnippets(t *testing.T) {
	page := embeddingPage(t)
	bodies := exampleBodies(t, "engine/example_test.go")
	maps.Copy(bodies, exampleBodies(t, "sidecar/canonical/example_test.go"))
	text := strings.Join(page.lines, "\n")
	fresh := slices.Clone(page.lines)
	shown := map[string]bool{}
	for _, b := range slices.Backward(page.blocks) {
		lang, name, marked := strings.Cut(b.info, " example=")
		if lang != "go" {
			continue
		}
		body, ok := bodies[name]
		if !marked || !ok || shown[name] {
			t.Errorf("%s:%d: mark the block as `go example=NAME`, each example once; there are %q", page.name, b.line, slices.Sorted(maps.Keys(bodies)))
			continue
		}
		shown[name] = true
		// From the end, so that the lines before stay where they are.
		fresh = slices.Replace(fresh, b.line, b.line+slices.Index(fresh[b.line:], "```"), strings.Split(body, "\n")...)
	}
	for name := range bodies {
		if !shown[name] {
			t.Errorf("%s does not show %s", page.name, name)
		}
	}
	switch got := strings.Join(fresh, "\n"); {
	case got == text:
	case *update:
		writeText(t, filepath.Join(root, "docs", "embedding.md"), got)
	default:
		t.Errorf("%s: a snippet is stale (%s); run make gen", page.name, firstDifference(text, got))
	}
}

// exampleBodies gives the bodies of the example functions of a file, with their
// output and without the first tab of each line.
func exampleBodies(t *testing.T, name string) map[string]string {
	t.Helper()
	tree := parseTree(t)
	at := slices.IndexFunc(tree.files, func(f *sourceFile) bool { return f.path == name })
	if at < 0 {
		t.Fatalf("there is no %s", name)
	}
	f := tree.files[at]
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(fn.Name.Name, "Example") {
			continue
		}
		body := string(data[f.fset.Position(fn.Body.Lbrace).Offset+1 : f.fset.Position(fn.Body.Rbrace).Offset])
		out[fn.Name.Name] = strings.ReplaceAll(strings.Trim(body, "\n"), "\n\t", "\n")[1:]
	}
	return out
}

// TestStableNames holds the promise of docs/embedding.md to the source: each
// exported name of the engine is either promised or not, and none is gone.
func TestStableNames(t *testing.T) {
	page := embeddingPage(t)
	said := map[string]int{}
	for _, column := range []string{"promised", "not promised"} {
		for _, row := range page.table(t, "what-stays", column).rows {
			for _, name := range codeSpans(row.cells[0]) {
				if said[name] > 0 {
					t.Errorf("%s:%d: %s is named twice", page.name, row.line, name)
				}
				said[name] = row.line
			}
		}
	}
	exported := exportedNames(parseTree(t), "engine")
	for _, name := range exported {
		if said[name] == 0 {
			t.Errorf("%s does not say whether engine.%s stays", page.name, name)
		}
		delete(said, name)
	}
	for name, line := range said {
		t.Errorf("%s:%d: the engine has no %s", page.name, line, name)
	}
}

// exportedNames gives what a package exports: names, and Type.Method.
func exportedNames(t *tree, dir string) []string {
	var out []string
	add := func(name string) {
		if ast.IsExported(name[strings.LastIndexByte(name, '.')+1:]) {
			out = append(out, name)
		}
	}
	for _, f := range t.files {
		if f.dir != dir || f.test {
			continue
		}
		for _, d := range f.syntax.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if on, ok := receiver(d); ok {
					add(on + d.Name.Name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						add(s.Name.Name)
					case *ast.ValueSpec:
						for _, n := range s.Names {
							add(n.Name)
						}
					}
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// receiver gives "Type." of a method and "" of a function. ok is false for a
// method that no name leads to.
func receiver(d *ast.FuncDecl) (on string, ok bool) {
	if d.Recv == nil {
		return "", true
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	name, ok := t.(*ast.Ident)
	if !ok || !name.IsExported() {
		return "", false
	}
	return name.Name + ".", true
}

// TestExportedNames proves what counts as exported.
func TestExportedNames(t *testing.T) {
	tree := parseSources(t, map[string]string{
		"engine/a.go":       "package engine\nconst A, b = 1, 2\nvar C, d int\ntype E struct{ F int }\ntype g int\nfunc H() {}\nfunc i() {}",
		"engine/b.go":       "package engine\nfunc (E) J() {}\nfunc (*E) K() {}\nfunc (e *E) l() {}\nfunc (g) M() {}",
		"engine/b_test.go":  "package engine\nfunc N() {}",
		"engine/slot/a.go":  "package slot\nfunc O() {}",
		"engine/c_test.go":  "package engine_test\nfunc ExampleE() {}",
		"engine/plan/a.go":  "package plan\ntype P int",
		"engine/index/a.go": "package index\ntype Q int",
	})
	if got, want := exportedNames(tree, "engine"), []string{"A", "C", "E", "E.J", "E.K", "H"}; !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// tree is the source of the product's module.
type tree struct {
	files []*sourceFile
	top   []string // names at the top of the repository, without what git ignores
}

// sourceFile is one Go file.
type sourceFile struct {
	path   string // from the root, with slashes: engine/decide.go
	dir    string // engine, or "." for the root
	test   bool
	lines  int
	fset   *token.FileSet
	syntax *ast.File
}

// place gives path:line of a node.
func (f *sourceFile) place(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

const module = "github.com/gwctl/gwctl"

// imports gives the import paths of a file by the name they have in it.
func (f *sourceFile) imports() map[string]string {
	out := map[string]string{}
	for _, i := range f.syntax.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(p))
		}
		if i.Name != nil {
			name = i.Name.Name
		}
		out[name] = p
	}
	return out
}

var readTree = sync.OnceValues(func() (*tree, error) {
	out := &tree{}
	err := filepath.WalkDir(root, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, at)
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, noModule := os.Stat(filepath.Join(at, "go.mod"))
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || noModule == nil) {
				return fs.SkipDir // a module of its own is no part of the product
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") {
			return nil
		}
		data, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		return out.add(filepath.ToSlash(rel), string(data))
	})
	if err != nil {
		return nil, fmt.Errorf("reading the tree: %w", err)
	}
	return out, out.readTop()
})

// readTop lists the top of the repository, without what git ignores.
func (t *tree) readTop() error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("reading the tree: %w", err)
	}
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		return fmt.Errorf("reading the tree: %w", err)
	}
	patterns := strings.Fields(string(ignored))
	for _, e := range entries {
		if e.IsDir() && slices.Contains(patterns, "/"+e.Name()+"/") {
			continue
		}
		t.top = append(t.top, e.Name())
	}
	return nil
}

func (t *tree) add(name, text string) error {
	f := &sourceFile{path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), lines: strings.Count(text, "\n"), fset: token.NewFileSet()}
	var err error
	if f.syntax, err = parser.ParseFile(f.fset, name, text, parser.ParseComments); err != nil {
		return fmt.Errorf("parsing %s: %w", name, err)
	}
	t.files = append(t.files, f)
	return nil
}

func parseTree(t *testing.T) *tree {
	t.Helper()
	tr, err := readTree()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// parseSources makes a tree of sources by path.
func parseSources(t *testing.T, sources map[string]string) *tree {
	t.Helper()
	out := &tree{}
	for name, text := range sources {
		if !strings.HasSuffix(name, ".go") {
			out.top = append(out.top, name)
			continue
		}
		if err := out.add(name, text); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(out.files, func(a, b *sourceFile) int { return strings.Compare(a.path, b.path) })
	return out
}

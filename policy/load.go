package policy

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// File is one file of a set as it was read. Path is what diagnostics print.
type File struct {
	Path string
	Data []byte
}

// Set is everything that the files of a policy set say.
type Set struct {
	Schema      *Schema // nil when no Schema is declared
	Resources   []*Resource
	Policies    []*Policy
	Libraries   []*Library
	Directories []*Directory // those that decide
	Suites      []*TestSuite
	Fixtures    []*Directory // those in *_test.yaml
}

// Limits of one set. MaxCells bounds the expectations of all matrices
// together: a few lines can ask for billions.
const (
	MaxFiles = 20000
	MaxCells = 100000
)

// IsTestFile tells whether a file holds suites: its name ends in _test.yaml
// or _test.yml.
func IsTestFile(path string) bool {
	return strings.HasSuffix(path, "_test.yaml") || strings.HasSuffix(path, "_test.yml")
}

// Load reads the documents of a set's files. The result does not depend on
// the order of the files. With an error among the diagnostics the set is not
// to be used.
func Load(files []File) (*Set, Diagnostics) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), bytes.Compare(a.Data, b.Data))
	})
	l := &loader{set: &Set{}, names: map[string]map[string]Place{}, suites: reader{empty: &empty{}}}
	if len(files) > MaxFiles {
		return l.set, Diagnostics{document.NewDiagnostic(Span{Path: files[0].Path}, document.Error, "too_many_files", fmt.Sprintf("the set has %d files; at most %d are read", len(files), MaxFiles))}
	}
	for r := range readings(files) {
		if len(l.found) >= document.MaxFindings {
			break
		}
		l.found = append(l.found, r.refused...)
		for _, n := range r.suites {
			l.join(readDocument(&l.suites, n, true))
		}
		for _, d := range r.declared {
			l.join(d)
		}
	}
	before := len(l.suites.Found())
	expandMatrices(&l.suites, l.set)
	l.w.Add(l.suites.Found()[before:])
	measure(&l.w, l.set)
	return l.set, append(l.found, l.w.Found()...).Sorted()
}

type loader struct {
	set    *Set
	w      document.Walker
	suites reader      // of the documents of test files
	schema Text        // the word in the Schema of the set
	found  Diagnostics // of files that are refused
	names  map[string]map[string]Place
}

// join puts a document into the set, and what is wrong with it to the findings
// in the order in which it was found: what it has in common with documents
// before it is found only here.
func (l *loader) join(d declared) {
	found := d.w.Found()
	l.w.Add(found[d.from:d.head])
	if d.kind.IsSet() {
		l.unique(d.kind.Value(), d.name)
	}
	l.w.Add(found[d.head:d.body])
	switch decl := d.decl.(type) {
	case *Schema:
		if l.set.Schema != nil {
			l.w.Error(d.kind.Span(), "second_schema", "merge the two", "a set has one Schema; the other is at %s", l.schema.Span())
			break
		}
		l.set.Schema, l.schema = decl, d.kind
	case *Resource:
		l.set.Resources = append(l.set.Resources, decl)
	case *Policy:
		l.set.Policies = append(l.set.Policies, decl)
	case *Library:
		l.set.Libraries = append(l.set.Libraries, decl)
	case *Directory:
		what := "user"
		if d.test {
			what = "user of the test files"
			l.set.Fixtures = append(l.set.Fixtures, decl)
		} else {
			l.set.Directories = append(l.set.Directories, decl)
		}
		for _, u := range decl.Users {
			// Which of two is meant must not depend on the names of files.
			l.unique(what, u.Name)
		}
	case *TestSuite:
		l.set.Suites = append(l.set.Suites, decl)
	}
	l.w.Add(found[d.body:d.to])
}

// unique holds a name to stand once in the set among its like.
func (l *loader) unique(what string, name Text) {
	if !name.IsSet() {
		return
	}
	names := l.names[what]
	if names == nil {
		names = map[string]Place{}
		l.names[what] = names
	}
	if first, ok := names[name.Value()]; ok {
		l.w.Error(name.Span(), "duplicate_name", "give one of them another name", "%s %q is declared twice; the other is at %s", what, name.Value(), first.Span())
		return
	}
	names[name.Value()] = name.Place()
}

// OnlySidecar tells whether a file holds nothing but configuration of
// gwctl serve, and so is no part of the set.
func OnlySidecar(f File) bool {
	docs, _ := document.Parse(f.Path, f.Data)
	for _, d := range docs {
		var w document.Walker
		if w.Object(d, "a document").Text("kind").Value() != KindSidecar {
			return false
		}
	}
	return len(docs) > 0
}

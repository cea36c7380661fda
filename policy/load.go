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
	l := &loader{set: &Set{}, names: map[[2]string]Span{}}
	if len(files) > MaxFiles {
		return l.set, Diagnostics{document.NewDiagnostic(Span{Path: files[0].Path}, document.Error, "too_many_files", fmt.Sprintf("the set has %d files; at most %d are read", len(files), MaxFiles))}
	}
	for f, r := range readings(files) {
		if len(l.found) >= document.MaxFindings {
			break
		}
		l.found = append(l.found, r.found...)
		for _, d := range r.docs {
			l.document(d, IsTestFile(f.Path))
		}
	}
	expandMatrices(&l.w, l.set)
	measure(&l.w, l.set)
	return l.set, append(l.found, l.w.Found()...).Sorted()
}

type loader struct {
	set   *Set
	w     document.Walker
	found Diagnostics
	names map[[2]string]Span
}

func (l *loader) document(n *document.Node, test bool) {
	root := l.w.Object(n, "a document")
	if !n.IsMap() {
		return
	}
	kind := root.Text("kind")
	if kind.Value == KindSidecar {
		// Its keys are sidecar/config's business.
		return
	}
	h := readHeader(&l.w, root)
	if h.Kind.IsSet() {
		l.unique(h.Kind.Value, h.Name)
	}
	if !l.place(kind, test) {
		return
	}
	switch kind.Value {
	case KindSchema:
		s := readSchema(&l.w, h, root)
		if l.set.Schema != nil {
			l.w.Error(h.Kind.Span(), "second_schema", "merge the two", "a set has one Schema; the other is at %s", l.set.Schema.Kind.Span())
			break
		}
		l.set.Schema = s
	case KindResource:
		l.set.Resources = append(l.set.Resources, readResource(&l.w, h, root))
	case KindPolicy:
		l.set.Policies = append(l.set.Policies, readPolicy(&l.w, h, root))
	case KindLibrary:
		l.set.Libraries = append(l.set.Libraries, readLibrary(&l.w, h, root))
	case KindDirectory:
		d := readDirectory(&l.w, h, root)
		what := "user"
		if test {
			what = "user of the test files"
			l.set.Fixtures = append(l.set.Fixtures, d)
		} else {
			l.set.Directories = append(l.set.Directories, d)
		}
		for _, u := range d.Users {
			// Which of two is meant must not depend on the names of files.
			l.unique(what, u.Name)
		}
	case KindTestSuite:
		l.set.Suites = append(l.set.Suites, readSuite(&l.w, h, root))
	}
	root.Done()
}

// place tells whether the kind is known and may stand in this file.
func (l *loader) place(kind Text, test bool) bool {
	switch {
	case !kind.IsSet():
		return false
	case !slices.Contains(kinds, kind.Value):
		hint := "known kinds: " + strings.Join(kinds, ", ")
		if near, ok := document.Closest(kind.Value, kinds); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		l.w.Error(kind.Span(), "unknown_kind", hint, "kind %q is not known", kind.Value)
		return false
	case test && kind.Value != KindTestSuite && kind.Value != KindDirectory:
		l.w.Error(kind.Span(), "wrong_file", "move it to a file whose name does not end in _test.yaml", "a %s cannot stand in a test file", kind.Value)
		return false
	case !test && kind.Value == KindTestSuite:
		l.w.Error(kind.Span(), "wrong_file", "move it to a file whose name ends in _test.yaml", "a TestSuite stands in test files only")
		return false
	}
	return true
}

// unique holds a name to stand once in the set among its like.
func (l *loader) unique(what string, name Text) {
	if !name.IsSet() {
		return
	}
	key := [2]string{what, name.Value}
	if first, ok := l.names[key]; ok {
		l.w.Error(name.Span(), "duplicate_name", "give one of them another name", "%s %q is declared twice; the other is at %s", what, name.Value, first)
		return
	}
	l.names[key] = name.Span()
}

// OnlySidecar tells whether a file holds nothing but configuration of
// gwctl serve, and so is no part of the set.
func OnlySidecar(f File) bool {
	docs, _ := document.Parse(f.Path, f.Data)
	for _, d := range docs {
		var w document.Walker
		if w.Object(d, "a document").Text("kind").Value != KindSidecar {
			return false
		}
	}
	return len(docs) > 0
}

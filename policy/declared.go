package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// declared is what one document says, read without knowing any other.
type declared struct {
	kind, name Text
	decl       any // the pointer to a kind's struct; nil when the document is not to be used
	test       bool
	w          *reader
	// Findings of the header, of the rest and of the end lie between these
	// places in the walker's.
	from, head, body, to int
}

// reader reads documents, one after another, without knowing the set.
type reader struct {
	document.Walker

	empty *empty
	// What is being read of this kind, kept only if it says something.
	ruleDraft   RuleExtras
	routeDraft  RouteExtras
	limitsDraft [maxFieldDepth + 1]Limits
}

// empty is what all share that say nothing of a kind. None of it is changed.
type empty struct {
	about  About
	policy PolicyExtras
	rule   RuleExtras
	route  RouteExtras
	action ActionExtras
	limits Limits
}

// kept gives a draft that says something a place of its own; others share an
// empty one.
func kept[T any](draft, empty *T, isEmpty bool) *T {
	if isEmpty {
		return empty
	}
	out := *draft
	return &out
}

// readDocument reads a document.
func readDocument(w *reader, n *document.Node, test bool) declared {
	d := declared{w: w, from: len(w.Found()), test: test}
	d.head, d.body, d.to = d.from, d.from, d.from
	root := w.Object(n, "a document")
	if !n.IsMap() {
		d.ends()
		return d
	}
	kind := root.Text("kind")
	if kind.Value() == KindSidecar {
		// Its keys are sidecar/config's business.
		d.ends()
		return d
	}
	h := readHeader(w, kind, root)
	d.head = len(w.Found())
	d.kind, d.name = kind, h.Name
	if place(w, kind, test) {
		d.decl = readKind(w, kind.Value(), h, root)
		d.body = len(w.Found())
		root.Done()
	}
	d.ends()
	return d
}

// ends notes that all is found.
func (d *declared) ends() {
	d.to = len(d.w.Found())
	d.head = max(d.head, d.from)
	d.body = max(d.body, d.head)
}

func readKind(w *reader, kind string, h Header, root *document.Object) any {
	switch kind {
	case KindSchema:
		return readSchema(w, h, root)
	case KindResource:
		return readResource(w, h, root)
	case KindPolicy:
		return readPolicy(w, h, root)
	case KindLibrary:
		return readLibrary(w, h, root)
	case KindDirectory:
		return readDirectory(w, h, root)
	default:
		return readSuite(w, h, root)
	}
}

// place tells whether the kind is known and may stand in this file.
func place(w *reader, kind Text, test bool) bool {
	switch {
	case !kind.IsSet():
		return false
	case !slices.Contains(kinds, kind.Value()):
		hint := "known kinds: " + strings.Join(kinds, ", ")
		if near, ok := document.Closest(kind.Value(), kinds); ok {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		w.Error(kind.Span(), "unknown_kind", hint, "kind %q is not known", kind.Value())
		return false
	case test && kind.Value() != KindTestSuite && kind.Value() != KindDirectory:
		w.Error(kind.Span(), "wrong_file", "move it to a file whose name does not end in _test.yaml", "a %s cannot stand in a test file", kind.Value())
		return false
	case !test && kind.Value() == KindTestSuite:
		w.Error(kind.Span(), "wrong_file", "move it to a file whose name ends in _test.yaml", "a TestSuite stands in test files only")
		return false
	}
	return true
}

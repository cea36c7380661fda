package format

import (
	"fmt"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// verify reads a result as if it were a file and compares it with what was
// read before: the same documents, keys, values and comments.
func verify(cel *grammar, path string, before []content, comments []string, after []byte) error {
	docs, found := readPages(path, string(after))
	if found.HasErrors() {
		return fmt.Errorf("%s: formatting would make the file unreadable: %s", path, found[0].Message)
	}
	if len(docs) != len(before) {
		return fmt.Errorf("%s: formatting would make %d documents of %d", path, len(docs), len(before))
	}
	for i, d := range docs {
		v := verifier{cel: cel}
		v.compare(before[i].root, d.root, trailOf(d.kind), "the document")
		if v.err != nil {
			return v.err
		}
	}
	r := &reader{path: path, src: string(after)}
	r.pages(docs)
	if r.stopped() {
		return fmt.Errorf("%s: formatting would make a layout that is not understood: %w", path, r.err)
	}
	for i, c := range comments {
		if i >= len(r.comments) || r.comments[i] != c {
			return fmt.Errorf("%s: formatting would lose or move the comment %q", path, c)
		}
	}
	if len(r.comments) != len(comments) {
		return fmt.Errorf("%s: formatting would make a comment of text", path)
	}
	return nil
}

// verifier holds the first difference.
type verifier struct {
	cel *grammar
	err error
}

func (v *verifier) compare(a, b policy.Value, at trail, what string) {
	switch {
	case v.err != nil:
	case a.Kind != b.Kind || len(a.Items) != len(b.Items) || len(a.Entries) != len(b.Entries):
		v.differs(a, what)
	case a.Kind == document.Scalar && at.expression():
		if !v.cel.same(a.Text.Value(), b.Text.Value()) {
			v.differs(a, what)
		}
	case a.Text.Value() != b.Text.Value() || a.Text.Quoted() != b.Text.Quoted():
		v.differs(a, what)
	}
	if v.err != nil {
		return
	}
	for i := range a.Items {
		v.compare(a.Items[i], b.Items[i], at.item(), "an item of "+what)
	}
	for i, e := range a.Entries {
		if e.Key.Value() != b.Entries[i].Key.Value() || e.Key.Quoted() != b.Entries[i].Key.Quoted() {
			v.differs(a, what)
			return
		}
		v.compare(e.Value, b.Entries[i].Value, at.key(e.Key.Value()), e.Key.Value())
	}
}

func (v *verifier) differs(a policy.Value, what string) {
	v.err = fmt.Errorf("%s: formatting would change %s", a.Span(), what)
}

package policy

import (
	"github.com/gwctl/gwctl/policy/document"
)

// TestSuite is a set of expected decisions.
type TestSuite struct {
	Header
	Now       Text
	Tags      []Text // of every case
	Env       []document.ValueEntry
	Users     []Fixture
	Resources []Fixture
	Cases     []*Case // those of tables one by one
	Matrix    []*Matrix
}

// readSuite reads a suite without what its matrices expand to: for that the
// whole set must be known.
func readSuite(w *reader, h Header, root *document.Object) *TestSuite {
	spec := root.Object("spec")
	s := &TestSuite{Header: h, Now: spec.Text("now"), Users: readUsers(w, spec), Tags: spec.Texts("tags")}
	s.Env = readFields(w, spec.Object("env"))
	for _, e := range spec.Object("resources").Entries() {
		checkLength(w, e.Key)
		s.Resources = append(s.Resources, readResourceFixture(w, e.Value, e.Key))
	}
	names := map[string]bool{}
	for _, n := range spec.List("cases") {
		for _, c := range readCase(w, n) {
			if c.Name.IsSet() && names[c.Name.Value()] {
				w.Error(c.Name.Span(), "duplicate_name", "give the case a name of its own", "case %q stands twice in the suite", c.Name.Value())
			}
			names[c.Name.Value()] = true
			s.Cases = append(s.Cases, c)
		}
	}
	for _, n := range spec.List("matrix") {
		s.Matrix = append(s.Matrix, readMatrix(w, n))
	}
	if len(s.Cases)+len(s.Matrix) == 0 && spec.Span().Path != "" {
		w.Error(spec.Span(), "empty_suite", "add cases or a matrix", "the suite expects nothing")
	}
	spec.Done()
	return s
}

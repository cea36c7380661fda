package policy

import (
	"slices"

	"github.com/gwctl/gwctl/policy/document"
)

// TestSuite is a set of expected decisions.
type TestSuite struct {
	Header
	Now       Text
	Env       []document.ValueEntry
	Users     []Fixture
	Resources []Fixture
	Cases     []*Case
	Matrix    []*Matrix
}

// Case is one request with the decision that is expected of it. Either
// Request or Resource and Action say what is asked.
type Case struct {
	Name     Text
	User     Text
	Env      []document.ValueEntry
	Request  *RequestSpec
	Resource Text
	Action   Text
	Delivers []document.ValueEntry // what an attribute source answers
	Failing  bool                  // the attribute source does not answer
	Expect   Expect
	At       Place
}

// Expect is an expected decision. Unset texts are not checked.
type Expect struct {
	Effect Text
	Rule   Text
	Reason Text
	Status int
	Errors int64
	// Headers is the exact set of headers that obligations set; checked only
	// if HeadersSet.
	Headers    []Label
	HeadersSet bool
	At         Place
}

// Matrix crosses users, resources and actions.
type Matrix struct {
	Users     []Text
	Resources []Text
	Actions   []Text
	Cells     []Cell
	At        Place
}

// Cell is the expectation of one user, resource and action.
type Cell struct {
	User, Resource, Action string
	Expect                 Expect
}

func readSuite(w *reader, h Header, root *document.Object) *TestSuite {
	spec := root.Object("spec")
	s := &TestSuite{Header: h, Now: spec.Text("now"), Users: readUsers(w, spec)}
	s.Env = readFields(w, spec.Object("env"))
	for _, e := range spec.Object("resources").Entries() {
		checkLength(w, e.Key)
		s.Resources = append(s.Resources, readResourceFixture(w, e.Value, e.Key))
	}
	names := map[string]bool{}
	for _, n := range spec.List("cases") {
		c := readCase(w, n)
		if c.Name.IsSet() && names[c.Name.Value()] {
			w.Error(c.Name.Span(), "duplicate_name", "give the case a name of its own", "case %q stands twice in the suite", c.Name.Value())
		}
		names[c.Name.Value()] = true
		s.Cases = append(s.Cases, c)
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

func readCase(w *reader, n *document.Node) *Case {
	o := w.Object(n, "a case")
	c := &Case{Name: o.Text("name"), User: o.Text("user"), Resource: o.Text("resource"), Action: o.Text("action"), At: n.Place()}
	c.Env = readFields(w, o.Object("env"))
	if rn := o.Node("request"); rn != nil {
		c.Request = readRequest(w, rn)
	}
	if dn := o.Node("delivers"); dn != nil && dn.IsScalar() {
		t := w.Text(dn, "delivers")
		c.Failing = t.Value() == "unavailable"
		if t.IsSet() && !c.Failing {
			w.Error(t.Span(), "bad_case", "write the values, or unavailable", "delivers: %q is not known", t.Value())
		}
	} else {
		c.Delivers = readFields(w, o.Object("delivers"))
	}
	c.Expect = readExpect(w, o.Node("expect"))
	o.Require("name", "user", "expect")
	switch {
	case o.Has("request") && (c.Resource.IsSet() || c.Action.IsSet()):
		w.Error(o.Key("request"), "bad_case", "keep request, or resource and action", "a case asks by request or by resource and action, not both")
	case n.IsMap() && !o.Has("request") && (!c.Resource.IsSet() || !c.Action.IsSet()):
		w.Error(n.Span(), "bad_case", "add request: GET /path, or resource and action", "the case asks nothing")
	case !o.Has("request") && o.Has("delivers"):
		w.Error(o.Key("delivers"), "bad_case", "put the values into the resource", "delivers belongs to cases with a request")
	}
	o.Done()
	return c
}

func readExpect(w *reader, n *document.Node) Expect {
	if n == nil {
		return Expect{}
	}
	if n.IsScalar() {
		return Expect{Effect: checkEffect(w, w.Text(n, "expect")), At: n.Place()}
	}
	o := w.Object(n, "expect")
	e := Expect{Effect: checkEffect(w, o.Text("effect")), Rule: o.Text("rule"), Reason: o.Text("reason"), At: n.Place()}
	if status, ok := o.Int("status"); ok {
		if status < 200 || status > 599 {
			w.Error(o.Key("status"), "bad_expect", "use an HTTP status such as 403", "no decision has the status %d", status)
		}
		e.Status = int(status)
	}
	if e.Errors, _ = o.Int("errors"); e.Errors < 0 {
		w.Error(o.Key("errors"), "bad_expect", "write how many errors the decision has", "there cannot be %d errors", e.Errors)
	}
	if e.HeadersSet = o.Has("headers"); e.HeadersSet {
		for _, h := range o.Object("headers").Entries() {
			e.Headers = append(e.Headers, Label{Key: h.Key, Value: readHeaderValue(w, h)})
		}
	}
	o.Require("effect")
	o.Done()
	return e
}

// readHeaderValue reads the value of an expected header. An obligation may set
// an empty one.
func readHeaderValue(w *reader, e document.Entry) Text {
	if e.Value.IsScalar() {
		return w.Value(e.Value, "header "+e.Key.Value()).Text
	}
	return w.Text(e.Value, "header "+e.Key.Value())
}

func checkEffect(w *reader, t Text) Text {
	if t.IsSet() && t.Value() != "allow" && t.Value() != "deny" {
		w.Error(t.Span(), "bad_effect", "write allow or deny", "effect %q is neither allow nor deny", t.Value())
	}
	return t
}

func readMatrix(w *reader, n *document.Node) *Matrix {
	o := w.Object(n, "a matrix")
	m := &Matrix{Users: o.Texts("users"), Resources: o.Texts("resources"), Actions: o.Texts("actions"), At: n.Place()}
	expect := o.Node("expect")
	o.Require("users", "resources", "actions", "expect")
	o.Done()
	if expect == nil {
		return m
	}
	size := int64(len(m.Users)) * int64(len(m.Resources)) * int64(len(m.Actions))
	if w.cells -= size; w.cells < 0 {
		w.cells += size
		w.Error(m.At.Span(), "matrix_too_large", "ask for fewer users, resources or actions", "%d expectations are more than the %d that a set may have in matrices", size, MaxCells)
		return m
	}
	m.expand(w, expect, [3][]Text{m.Users, m.Resources, m.Actions}, nil)
	return m
}

// expand walks user → resource → action; an effect or an expectation at any
// level stands for everything below it.
func (m *Matrix) expand(w *reader, n *document.Node, axes [3][]Text, chosen []string) {
	depth := len(chosen)
	if depth == 3 || isExpect(w, n) {
		m.fill(readExpect(w, n), axes, chosen)
		return
	}
	axis := [3]string{"users", "resources", "actions"}[depth]
	o := w.Object(n, "expect")
	if !n.IsMap() {
		return
	}
	for _, t := range axes[depth] {
		child := o.Node(t.Value())
		if child == nil && o.Has(t.Value()) {
			continue // reported as empty
		}
		if child == nil {
			w.Error(n.Span(), "matrix_gap", "name every one of "+axis+" with an expectation", "nothing is expected of %q", t.Value())
			continue
		}
		m.expand(w, child, axes, append(slices.Clone(chosen), t.Value()))
	}
	o.Done()
}

func isExpect(w *reader, n *document.Node) bool {
	return n.IsScalar() || n.IsMap() && w.Object(n, "expect").Has("effect")
}

func (m *Matrix) fill(e Expect, axes [3][]Text, chosen []string) {
	if depth := len(chosen); depth < 3 {
		for _, t := range axes[depth] {
			m.fill(e, axes, append(slices.Clone(chosen), t.Value()))
		}
		return
	}
	m.Cells = append(m.Cells, Cell{User: chosen[0], Resource: chosen[1], Action: chosen[2], Expect: e})
}

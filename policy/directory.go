package policy

import (
	"slices"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// Directory lists known users and resources with their attributes.
type Directory struct {
	Header
	Users     []Fixture
	Resources []Fixture
}

// Fixture is a user or a resource with given attributes. Users have no Type
// in the sense of a resource type; their `type` is an attribute.
type Fixture struct {
	Name      Text // key of a user or of a suite's resource; unset in a Directory's resources
	Type      Text // resource type
	Anonymous bool // the user form `anonymous`
	Claims    Value
	Fields    []document.ValueEntry
	At        Place
}

// Field gives a fixture's value by attribute name.
func (f *Fixture) Field(name string) (Value, bool) {
	for _, e := range f.Fields {
		if e.Key.Value() == name {
			return e.Value, true
		}
	}
	return Value{}, false
}

// Ref names a resource of a Directory in suites: TYPE/ID. It is empty for one
// without an id, and for one whose id would read as a glob.
func (f *Fixture) Ref() string {
	id, ok := f.Field("id")
	if !ok || id.Kind != document.Scalar || strings.Contains(id.Text.Value(), "*") {
		return ""
	}
	return f.Type.Value() + "/" + id.Text.Value()
}

// SharedResources are the resources that suites name as TYPE/ID: those of the
// set's Directories and, going before them, of the Directories in test files.
func (s *Set) SharedResources() map[string]*Fixture {
	out := map[string]*Fixture{}
	for _, d := range slices.Concat(s.Directories, s.Fixtures) {
		for i := range d.Resources {
			if ref := d.Resources[i].Ref(); ref != "" {
				out[ref] = &d.Resources[i]
			}
		}
	}
	return out
}

func readDirectory(w *reader, h Header, root *document.Object) *Directory {
	spec := root.Object("spec")
	d := &Directory{Header: h, Users: readUsers(w, spec)}
	for _, n := range spec.List("resources") {
		d.Resources = append(d.Resources, readResourceFixture(w, n, Text{}))
	}
	spec.Done()
	return d
}

// anonymous is the user form, and the user's name, of nobody in particular.
const anonymous = "anonymous"

func readUsers(w *reader, spec *document.Object) []Fixture {
	var out []Fixture
	for _, e := range spec.Object("users").Entries() {
		checkLength(w, e.Key)
		if e.Key.Value() == anonymous && !e.Value.IsScalar() {
			w.Error(e.Key.Span(), "bad_user", "choose another name", "the name anonymous stands for a user without a credential")
		}
		if e.Value.IsScalar() {
			t := w.Text(e.Value, "user "+e.Key.Value())
			if t.IsSet() && t.Value() != anonymous {
				w.Error(t.Span(), "bad_user", "write the user's attributes, or anonymous", "%q is not a user", t.Value())
			}
			out = append(out, Fixture{Name: e.Key, Anonymous: true, At: e.Key.Place()})
			continue
		}
		f := Fixture{Name: e.Key, At: e.Key.Place()}
		o := w.Object(e.Value, "user "+e.Key.Value())
		if o.Has("claims") {
			f.Claims = w.Value(o.Node("claims"), "claims")
			o.Done()
		} else {
			f.Fields = readFields(w, o)
			if _, ok := f.Field("id"); !ok {
				w.Error(e.Key.Span(), "missing_key", "give the user an id, or write: anonymous", "user %q has no id", e.Key.Value())
			}
		}
		out = append(out, f)
	}
	return out
}

func readResourceFixture(w *reader, n *document.Node, name Text) Fixture {
	o := w.Object(n, "a resource")
	f := Fixture{Name: name, At: n.Place(), Type: o.Text("type")}
	if name.IsSet() {
		f.At = name.Place()
	}
	o.Require("type")
	for _, e := range readFields(w, o) {
		if e.Key.Value() != "type" {
			f.Fields = append(f.Fields, e)
		}
	}
	return f
}

func readFields(w *reader, o *document.Object) []document.ValueEntry {
	var out []document.ValueEntry
	for _, e := range o.Entries() {
		out = append(out, document.ValueEntry{Key: e.Key, Value: w.Value(e.Value, e.Key.Value())})
	}
	return out
}

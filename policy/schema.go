package policy

import "github.com/gwctl/gwctl/policy/document"

// Schema declares the typed attributes of users and of the environment.
type Schema struct {
	Header
	User  []Attribute
	Env   []Attribute
	Roles []Text
}

// Attribute is one declared attribute. Its type and bounds are text here; the
// engine gives them meaning.
type Attribute struct {
	Name        Text
	Type        Text
	Optional    bool
	Sensitive   bool
	Enum        []Value
	Pattern     Text
	Min, Max    Text
	MaxItems    int64
	MaxEntries  int64
	MaxLength   int64
	For         []Text
	From        []Text
	Description Text
	Span        Span
}

func readSchema(w *document.Walker, h Header, root *document.Object) *Schema {
	spec := root.Object("spec")
	s := &Schema{Header: h, User: readAttributes(w, spec, "user"), Env: readAttributes(w, spec, "env"), Roles: spec.Texts("roles")}
	spec.Done()
	return s
}

func readAttributes(w *document.Walker, spec *document.Object, key string) []Attribute {
	var out []Attribute
	for _, e := range spec.Object(key).Entries() {
		checkIdent(w, e.Key)
		o := w.Object(e.Value, e.Key.Value)
		a := Attribute{
			Name: e.Key, Span: e.Key.Span(), Type: o.Text("type"), Optional: o.Bool("optional"), Sensitive: o.Bool("sensitive"),
			Pattern: o.Text("pattern"), Min: o.Text("min"), Max: o.Text("max"),
			For: o.Texts("for"), From: o.Texts("from"), Description: o.Text("description"),
		}
		a.MaxItems = readLimit(w, o, "maxItems")
		a.MaxEntries = readLimit(w, o, "maxEntries")
		a.MaxLength = readLimit(w, o, "maxLength")
		for _, n := range o.List("enum") {
			a.Enum = append(a.Enum, w.Value(n, "an item of enum"))
		}
		if e.Value.IsMap() && !o.Has("type") {
			w.Error(e.Key.Span(), "missing_key", "add type: string, or another type", "attribute %q has no type", e.Key.Value)
		}
		o.Done()
		out = append(out, a)
	}
	return out
}

// readLimit reads a size; 0 means that none is set.
func readLimit(w *document.Walker, o *document.Object, key string) int64 {
	v, ok := o.Int(key)
	if ok && v < 1 {
		w.Error(o.Key(key), "bad_limit", "", "%q must be at least 1", key)
		return 0
	}
	return v
}

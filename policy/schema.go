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
	Name Text
	Type Text
	From []Text
	*Limits
	Optional  bool
	Sensitive bool
}

// Limits is what few attributes say of themselves. It is never nil.
type Limits struct {
	Enum        []Value
	Pattern     Text
	Min, Max    Text
	MaxItems    int64
	MaxEntries  int64
	MaxLength   int64
	For         []Text
	Description Text
	Fields      []Attribute // of type object
}

func (l *Limits) isEmpty() bool {
	return len(l.Enum)+len(l.For)+len(l.Fields) == 0 && l.MaxItems|l.MaxEntries|l.MaxLength == 0 &&
		!l.Pattern.IsSet() && !l.Min.IsSet() && !l.Max.IsSet() && !l.Description.IsSet()
}

func readSchema(w *reader, h Header, root *document.Object) *Schema {
	spec := root.Object("spec")
	s := &Schema{Header: h, User: readAttributes(w, spec, "user"), Env: readAttributes(w, spec, "env"), Roles: spec.Names("roles")}
	spec.Done()
	return s
}

const maxFieldDepth = 3

func readAttributes(w *reader, spec *document.Object, key string) []Attribute {
	return readFieldsOf(w, spec, key, 0)
}

func readFieldsOf(w *reader, spec *document.Object, key string, depth int) []Attribute {
	declared := spec.Declarations(key)
	if len(declared) == 0 {
		return nil
	}
	out := make([]Attribute, 0, len(declared))
	for _, e := range declared {
		checkIdent(w, e.Key)
		o := w.Object(e.Value, e.Key.Value())
		limits := &w.limitsDraft[depth]
		*limits = Limits{Pattern: o.Text("pattern"), Min: o.Text("min"), Max: o.Text("max"), Description: o.Text("description")}
		a := Attribute{
			Name: e.Key, Type: o.Text("type"), Optional: o.Bool("optional"),
			Limits: limits,
		}
		a.MaxItems = readLimit(w, o, "maxItems")
		a.MaxEntries = readLimit(w, o, "maxEntries")
		a.MaxLength = readLimit(w, o, "maxLength")
		for _, n := range o.Items("enum") {
			a.Enum = append(a.Enum, w.Value(n, "an item of enum"))
		}
		if depth == 0 { // who supplies it, and to whom it belongs, is said of the whole attribute
			a.Sensitive, a.For, a.From = o.Bool("sensitive"), o.Names("for"), o.Names("from")
		}
		a.readFields(w, o, depth)
		if e.Value.IsMap() && !o.Has("type") {
			w.Error(e.Key.Span(), "missing_key", "add type: string, or another type", "attribute %q has no type", e.Key.Value())
		}
		o.Done()
		a.Limits = kept(limits, &w.empty.limits, limits.isEmpty())
		out = append(out, a)
	}
	return out
}

func (a *Attribute) readFields(w *reader, o *document.Object, depth int) {
	switch has := o.Has("fields"); {
	case a.Type.Value() == "object" && !has:
		w.Error(a.Type.Span(), "missing_key", "add fields: {name: {type: string}}", "an object needs fields")
	case has && a.Type.Value() != "object":
		w.Error(o.Key("fields"), "bad_constraint", "write type: object", "only an object has fields")
		o.Object("fields").Entries()
	case has && depth >= maxFieldDepth:
		w.Error(o.Key("fields"), "too_deep", "declare the inner fields as attributes of their own", "objects are nested more than %d levels deep", maxFieldDepth)
		o.Object("fields").Entries()
	case has:
		a.Fields = readFieldsOf(w, o, "fields", depth+1)
		if len(a.Fields) == 0 {
			w.Error(o.Key("fields"), "empty_list", "name at least one field", "an object needs fields")
		}
	}
}

// readLimit reads a size; 0 means that none is set.
func readLimit(w *reader, o *document.Object, key string) int64 {
	v, ok := o.Int(key)
	if ok && v < 1 {
		w.Error(o.Key(key), "bad_limit", "", "%q must be at least 1", key)
		return 0
	}
	return v
}

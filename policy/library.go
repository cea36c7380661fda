package policy

import (
	"slices"

	"github.com/gwctl/gwctl/policy/document"
)

// KindLibrary is the kind of documents with shared constants and variables.
const KindLibrary = "Library"

// Library holds constants and variables that policies import. They are read as
// name.x and compiled in the importer's environment.
type Library struct {
	Header
	Consts []Const
	Vars   []Var
}

// taken are names that conditions read already: roots, and CEL's functions and
// namespaces.
var taken = []string{
	"user", "resource", "env", "action", "request", "vars", "consts",
	"bool", "bytes", "double", "duration", "dyn", "int", "list", "map", "null_type", "string", "timestamp", "type", "uint", "optional",
	"size", "has", "all", "exists", "exists_one", "filter", "matches", "contains", "startsWith", "endsWith", "cel", "google", "math", "lists",
	"sets", "strings", "ip", "cidr", "net", "date", "clock", "weekday", "header", "param",
	"distinct", "family", "first", "flatten", "format", "greatest", "join", "last", "least", "masked", "or", "replace", "reverse", "slice", "sort", "split",
	"substring", "trim", "value",
}

func readLibrary(w *reader, h Header, root *document.Object) *Library {
	checkIdent(w, h.Name)
	if slices.Contains(taken, h.Name.Value()) {
		w.Error(h.Name.Span(), "bad_name", "choose another name", "a library cannot be named %q: conditions read that already", h.Name.Value())
	}
	spec := root.Object("spec")
	l := &Library{Header: h, Consts: readConsts(w, spec), Vars: readVars(w, spec)}
	names := map[string]bool{}
	for _, c := range l.Consts {
		names[c.Name.Value()] = true
	}
	for _, v := range l.Vars {
		if names[v.Name.Value()] {
			w.Error(v.Name.Span(), "duplicate_name", "give one of them another name", "%q is a constant and a variable of the library", v.Name.Value())
		}
	}
	if len(l.Consts)+len(l.Vars) == 0 && spec.Span().Path != "" {
		w.Error(spec.Span(), "empty_list", "add consts or vars", "the library holds nothing")
	}
	spec.Done()
	return l
}

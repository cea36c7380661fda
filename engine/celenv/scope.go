package celenv

import (
	"errors"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/gwctl/gwctl/engine/slot"
)

// Scope is everything that the expressions of one policy can read about one
// resource type. Variables are added as they are compiled; after that a Scope
// does not change.
type Scope struct {
	lib    *Library
	layout *slot.Layout
	consts map[string]ref.Val
	ctypes map[string]*types.Type
	vars   map[string]*Expr
	broken map[string]bool   // root.name of what did not compile
	libs   map[string]*Scope // imported libraries, each a scope over the same layout
	shapes map[string]*slot.Type

	literals map[string][]string // see SetLiterals
	rules    ruleExprs
}

// NewScope makes a scope over a layout with the given constants and imported
// libraries, which are scopes over the same layout.
func (l *Library) NewScope(layout *slot.Layout, consts map[string]slot.Value, libs map[string]*Scope) *Scope {
	s := &Scope{
		lib: l, layout: layout, libs: libs,
	}
	for i := range layout.Len() {
		if t := layout.Attr(slot.Index(i)).Type; t.Kind == slot.Object {
			if s.shapes == nil {
				s.shapes = map[string]*slot.Type{}
			}
			addShapes(s.shapes, t)
		}
	}
	if len(consts) > 0 {
		s.consts, s.ctypes = make(map[string]ref.Val, len(consts)), make(map[string]*types.Type, len(consts))
	}
	for name, v := range consts {
		s.consts[name], s.ctypes[name] = celValue(v), constType(v)
	}
	return s
}

func libType(name string) *types.Type { return types.NewObjectType("@lib." + name) }

// addShapes collects the object types of an attribute by name.
func addShapes(to map[string]*slot.Type, t *slot.Type) {
	if t.Kind == slot.Object {
		to["@"+t.Name] = t
		for _, f := range t.Fields {
			addShapes(to, f.Type)
		}
	}
}

func constType(v slot.Value) *types.Type {
	switch v.Kind() {
	case slot.List:
		if len(v.Items()) > 0 {
			return types.NewListType(constType(v.Items()[0]))
		}
		return types.NewListType(types.StringType)
	case slot.Map:
		if len(v.Entries()) > 0 {
			return types.NewMapType(types.StringType, constType(v.Entries()[0].Value))
		}
		return types.NewMapType(types.StringType, types.StringType)
	}
	return celType(&slot.Type{Kind: v.Kind()})
}

// AddVar makes a compiled expression readable as vars.name.
func (s *Scope) AddVar(name string, e *Expr) {
	if s.vars == nil {
		s.vars = map[string]*Expr{}
	}
	s.vars[name] = e
}

// Break says that a name of vars or consts is declared and wrong. What reads it
// does not compile either, but the fault is reported once.
func (s *Scope) Break(root, name string) {
	if s.broken == nil {
		s.broken = map[string]bool{}
	}
	s.broken[root+"."+name] = true
}

// Var gives a variable by name.
func (s *Scope) Var(name string) (*Expr, bool) {
	e, ok := s.vars[name]
	return e, ok
}

// fields lists what can be selected from a root, sorted.
func (s *Scope) fields(root string) []string {
	var out []string
	switch root {
	case "vars":
		for name := range s.vars {
			out = append(out, name)
		}
	case "consts":
		for name := range s.consts {
			out = append(out, name)
		}
	default:
		for r := range slot.Roots {
			if r.String() == root {
				out = s.layout.Names(r)
			}
		}
		if lib, ok := s.libs[root]; ok {
			out = append(lib.fields("vars"), lib.fields("consts")...)
		}
		if root == slot.Request.String() && len(s.layout.Names(slot.Body)) > 0 {
			out = append(out, "body")
		}
	}
	slices.Sort(out)
	return out
}

// example names something that can be selected from a root.
func (s *Scope) example(root string) string {
	known := s.fields(root)
	switch {
	case slices.Contains(known, "id"):
		return "id"
	case len(known) > 0:
		return known[0]
	}
	return "name"
}

// provider tells CEL's checker the fields of our object types. It gives no
// accessors, so that evaluation goes through object.Get and object.IsSet.
type provider struct {
	types.Provider
	scope *Scope
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(structType, field string) (*types.FieldType, bool) {
	switch structType {
	case "@vars":
		if e, ok := p.scope.vars[field]; ok {
			return &types.FieldType{Type: e.typ}, true
		}
		return nil, false
	case "@consts":
		t, ok := p.scope.ctypes[field]
		return &types.FieldType{Type: t}, ok
	}
	if structType == "@request" && field == "body" {
		return &types.FieldType{Type: rootType(slot.Body)}, true
	}
	if t, ok := p.scope.shapes[structType]; ok {
		f, found := t.Field(field)
		if !found {
			return nil, false
		}
		return &types.FieldType{Type: celType(f.Type)}, true
	}
	if name, ok := strings.CutPrefix(structType, "@lib."); ok {
		return p.scope.libs[name].member(field)
	}
	for r := range slot.Roots {
		if "@"+r.String() != structType {
			continue
		}
		if i, ok := p.scope.layout.Lookup(r, field); ok {
			return &types.FieldType{Type: celType(p.scope.layout.Attr(i).Type)}, true
		}
		return nil, false
	}
	return p.Provider.FindStructFieldType(structType, field)
}

// member is what importers read as name.field.
func (s *Scope) member(field string) (*types.FieldType, bool) {
	if s == nil {
		return nil, false
	}
	if e, ok := s.vars[field]; ok {
		return &types.FieldType{Type: e.typ}, true
	}
	t, ok := s.ctypes[field]
	return &types.FieldType{Type: t}, ok
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(structType string) (*types.Type, bool) {
	if len(structType) > 0 && structType[0] == '@' {
		return types.NewTypeTypeWithParam(types.NewObjectType(structType)), true
	}
	return p.Provider.FindStructType(structType)
}

// errNotString cannot happen to a checked expression.
var errNotString = errors.New("the expression did not give a string")

// EvalString evaluates an expression of type string, such as an obligation's.
func (e *Expr) EvalString(f *Frame) (string, error) {
	v, err := e.eval(f)
	if err != nil {
		return "", err
	}
	s, ok := v.(types.String)
	if !ok {
		return "", errNotString
	}
	return string(s), nil
}

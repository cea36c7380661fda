package celenv

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/engine/slot"
)

// Bounds of the ways that are told apart: needs of a set, and sets.
const (
	maxNeeds = 256
	maxSets  = 8
)

// Needs gives sets of needs: whenever the condition is true or an error, each
// of the sets has a need that is fulfilled. A rule that is found under one set
// can so be passed over for most requests without asking it. There are none
// where the condition gives nothing to go by.
func (e *Expr) Needs() [][]index.Need {
	if e.checked.Load() != nil {
		return e.static.ways
	}
	v := newView(e) // forgotten, and wanted again for an explanation
	return v.needs(v.root())
}

func (v *view) needs(e ast.Expr) [][]index.Need {
	if x, ok := v.variable(e); ok {
		return x.Needs()
	}
	if e.Kind() != ast.CallKind {
		return nil
	}
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case "_&&_":
		var out [][]index.Need
		for _, a := range args {
			out = append(out, v.needs(a)...)
		}
		slices.SortStableFunc(out, bySize)
		return v.present(e, out[:min(len(out), maxSets)])
	case "_||_":
		var either []index.Need
		for _, a := range args {
			of := v.needs(a)
			if len(of) == 0 {
				return nil
			}
			either = append(either, slices.MinFunc(of, bySize)...)
		}
		if len(either) > maxNeeds {
			return nil
		}
		return [][]index.Need{either}
	case "_==_":
		if n := v.equals(args[0], args[1]); n != nil {
			return [][]index.Need{n}
		}
		if n := v.equals(args[1], args[0]); n != nil {
			return [][]index.Need{n}
		}
	case "@in":
		if n := v.member(args[0], args[1]); n != nil {
			return [][]index.Need{n}
		}
	}
	return nil
}

func bySize(a, b []index.Need) int { return len(a) - len(b) }

// present strikes absence from the needs of a chain of && that tests for it:
// has(x) is false then, not an error, and so is the chain.
func (v *view) present(e ast.Expr, sets [][]index.Need) [][]index.Need {
	var tested []slot.Index
	for _, part := range conjuncts(e) {
		if part.Kind() == ast.SelectKind && part.AsSelect().IsTestOnly() {
			if i, ok := v.slot(part); ok {
				tested = append(tested, i)
			}
		}
	}
	if len(tested) == 0 {
		return sets
	}
	out := make([][]index.Need, len(sets))
	for n, set := range sets {
		out[n] = slices.Clone(set)
		for i := range out[n] {
			if slices.Contains(tested, out[n][i].Slot) {
				out[n][i].Absent = false
			}
		}
	}
	return out
}

func conjuncts(e ast.Expr) []ast.Expr {
	if !isCall(e, "_&&_") {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, a := range e.AsCall().Args() {
		out = append(out, conjuncts(a)...)
	}
	return out
}

// slot is the slot that a select reads or tests; fields of objects have none.
func (v *view) slot(e ast.Expr) (slot.Index, bool) {
	if e.Kind() != ast.SelectKind {
		return 0, false
	}
	root := slot.Body
	if operand := e.AsSelect().Operand(); !isBody(operand) {
		if operand.Kind() != ast.IdentKind {
			return 0, false
		}
		r, ok := rootNamed(operand.AsIdent())
		if !ok {
			return 0, false
		}
		root = r
	}
	return v.scope.layout.Lookup(root, e.AsSelect().FieldName())
}

// equals is what attribute == written needs.
func (v *view) equals(attribute, written ast.Expr) []index.Need {
	i, ok := v.reads(attribute)
	if !ok {
		return nil
	}
	value, known := v.known(written)
	return need(i, v.scope.layout.Attr(i).Type, value, known)
}

// member is what written in list, or attribute in [written], needs.
func (v *view) member(x, list ast.Expr) []index.Need {
	if i, ok := v.reads(list); ok {
		t := v.scope.layout.Attr(i).Type
		if t.Kind != slot.List {
			return nil
		}
		value, known := v.known(x)
		return need(i, t.Elem, value, known)
	}
	i, ok := v.reads(x)
	if !ok {
		return nil
	}
	var items []ref.Val
	switch value, isConst := v.constant(list); {
	case isConst:
		lister, isList := value.(traits.Lister)
		if !isList {
			return nil
		}
		for it := lister.Iterator(); it.HasNext() == types.True; {
			items = append(items, it.Next())
		}
	case list.Kind() == ast.ListKind:
		for _, e := range list.AsList().Elements() {
			item, known := v.known(e)
			if !known {
				return nil
			}
			items = append(items, item)
		}
	}
	if len(items) == 0 || len(items) > maxNeeds {
		return nil
	}
	var out []index.Need
	for _, item := range items {
		n := need(i, v.scope.layout.Attr(i).Type, item, true)
		if n == nil {
			return nil
		}
		out = append(out, n...)
	}
	return out
}

// reads is the slot that a node is the value of.
func (v *view) reads(e ast.Expr) (slot.Index, bool) {
	if e.Kind() != ast.SelectKind || e.AsSelect().IsTestOnly() {
		return 0, false
	}
	return v.slot(e)
}

// known is the value of a literal or constant.
func (v *view) known(e ast.Expr) (ref.Val, bool) {
	if value, ok := v.constant(e); ok {
		return value, true
	}
	if e.Kind() == ast.LiteralKind {
		return e.AsLiteral(), true
	}
	return nil, false
}

// need is a need of one value of a type that is looked up by value.
func need(i slot.Index, t *slot.Type, value ref.Val, known bool) []index.Need {
	if !known {
		return nil
	}
	n := index.Need{Slot: i, Absent: true}
	switch x := value.(type) {
	case types.String:
		n.Value = slot.StringValue(string(x))
	case types.Int:
		n.Value = slot.IntValue(int64(x))
	case types.Bool:
		n.Value = slot.BoolValue(bool(x))
	}
	if n.Value.Kind() == slot.Invalid || n.Value.Kind() != t.Kind {
		return nil
	}
	return []index.Need{n}
}

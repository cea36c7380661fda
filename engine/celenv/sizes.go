package celenv

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/gwctl/gwctl/engine/slot"
)

// sizes tells CEL's cost estimator how large attributes, constants and
// variables can be.
type sizes struct {
	*view
	shape shape
}

// EstimateSize implements cost.Estimator.
func (s *sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.Expr() != nil {
		if a, _, ok := s.optionalField(n.Expr()); ok {
			return optionalOf(attrSize(a, a.Type))
		}
	}
	path := n.Path()
	if len(path) < 2 {
		return nil
	}
	switch root := path[0]; root {
	case "vars":
		return below(s.varSize(s.scope, path[1]), path[2:])
	case "consts":
		return below(s.constSize(s.scope, path[1]), path[2:])
	default:
		if lib, ok := s.scope.libs[root]; ok {
			if size := s.constSize(lib, path[1]); size != nil {
				return below(size, path[2:])
			}
			return below(s.varSize(lib, path[1]), path[2:])
		}
		return s.attributeSize(root, path[1:])
	}
}

// EstimateCallCost implements cost.Estimator, for the calls whose result has no
// size in CEL's own models.
func (s *sizes) EstimateCallCost(function, overload string, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	if overload == "request_"+function {
		a := s.scope.layout.Attr(slot.RequestHeaders)
		return cost.NewCallEstimate(cost.FixedCostEstimate(maxParams), optionalOf(textSize(a)))
	}
	size := cost.SizeEstimate{}
	switch overload {
	case overloads.BoolToString:
		size = upTo(5)
	case overloads.IntToString, overloads.UintToString, overloads.DoubleToString, overloads.DurationToString, overloads.TimestampToString:
		size = upTo(40)
	case overloads.ExtFormatString:
		size = formatted(cost.EstimateSize(s, *target), cost.EstimateSize(s, args[0]))
	default:
		return nil
	}
	work := cost.FixedCostEstimate(1).Add(size.MultiplyByCostFactor(cost.StringTraversalCostFactor))
	return cost.NewCallEstimate(work, &size)
}

// formatted bounds what format() writes: the text itself, and for each value
// its own size, or that of the longest number.
func formatted(text, values cost.SizeEstimate) cost.SizeEstimate {
	const number = 1024
	each := cost.SizeEstimate{Max: number}
	if values.Elem != nil {
		each = upToSize(cost.SafeMultiply(cost.SafeAdd(values.Elem.Max, 4), largest(values.Elem.Elem)))
	}
	return upToSize(cost.SafeAdd(text.Max, cost.SafeMultiply(values.Max, cost.SafeAdd(each.Max, number))))
}

func largest(e *cost.SizeEstimate) uint64 {
	if e == nil {
		return 1
	}
	return cost.SafeMultiply(cost.SafeAdd(e.Max, 4), largest(e.Elem))
}

func (s *sizes) varSize(in *Scope, name string) *cost.SizeEstimate {
	if x, ok := in.vars[name]; ok {
		return x.static.sizes[s.shape]
	}
	return nil
}

func (s *sizes) constSize(in *Scope, name string) *cost.SizeEstimate {
	if v, ok := in.consts[name]; ok {
		size := valueSize(v)
		return &size
	}
	return nil
}

func (s *sizes) attributeSize(root string, path []string) *cost.SizeEstimate {
	if root == "request" && path[0] == "body" {
		if len(path) < 2 {
			return nil
		}
		root, path = "request.body", path[1:]
	}
	r, ok := rootNamed(root)
	if !ok {
		return nil
	}
	i, ok := s.scope.layout.Lookup(r, path[0])
	if !ok {
		return nil
	}
	a := s.scope.layout.Attr(i)
	for len(path) > 1 && a.Type.Kind == slot.Object {
		field, found := a.Type.Field(path[1])
		if !found {
			return nil
		}
		a, path = field, path[1:]
	}
	size := attrSize(a, a.Type)
	if whole, ok := s.requestSize(a); ok {
		size = whole
	}
	return below(&size, path[1:])
}

// below follows a path into lists and maps.
func below(size *cost.SizeEstimate, path []string) *cost.SizeEstimate {
	for _, step := range path {
		switch {
		case size == nil:
			return nil
		case step == "@keys":
			size = size.Key
		case step == "@indices":
			return &cost.SizeEstimate{Min: 1, Max: 1}
		default: // @items, @values, and a key of a map
			size = size.Elem
		}
	}
	return size
}

func attrSize(a *slot.Attr, t *slot.Type) cost.SizeEstimate {
	switch t.Kind {
	case slot.String:
		return textSize(a)
	case slot.IP, slot.CIDR:
		return upTo(16)
	case slot.List:
		return cost.ListSizeEstimate(upTo(items(a)), attrSize(a, t.Elem))
	case slot.Map:
		return cost.MapSizeEstimate(upTo(entries(a)), upTo(slot.DefaultMaxLength), attrSize(a, t.Elem))
	}
	return cost.FixedSizeEstimate(1)
}

func textSize(a *slot.Attr) cost.SizeEstimate {
	return upTo(orDefault(a.MaxLength, slot.DefaultMaxLength))
}

func upTo(n int) cost.SizeEstimate { return upToSize(uint64(n)) }

func upToSize(n uint64) cost.SizeEstimate { return cost.RangedSizeEstimate(0, n) }

func optionalOf(v cost.SizeEstimate) *cost.SizeEstimate {
	return &cost.SizeEstimate{Min: 1, Max: cost.SafeAdd(v.Max, 1), Elem: &v}
}

func orDefault(n, def int) int {
	if n > 0 {
		return n
	}
	return def
}

func items(a *slot.Attr) int { return orDefault(a.MaxItems, slot.DefaultMaxItems) }

func entries(a *slot.Attr) int {
	switch a.FullName() {
	case "request.headers":
		return maxHeaders
	case "request.query":
		return maxParams
	}
	return orDefault(a.MaxEntries, slot.DefaultMaxEntries)
}

// valueSize is the size of a constant; of lists and maps with that of their
// largest parts.
func valueSize(v ref.Val) cost.SizeEstimate {
	size := cost.FixedSizeEstimate(cost.ActualSize(v))
	switch x := v.(type) {
	case traits.Mapper:
		var key, elem cost.SizeEstimate
		for it := x.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			key, elem = key.Union(valueSize(k)), elem.Union(valueSize(x.Get(k)))
		}
		return cost.MapSizeEstimate(size, key, elem)
	case traits.Lister:
		var elem cost.SizeEstimate
		for it := x.Iterator(); it.HasNext() == types.True; {
			elem = elem.Union(valueSize(it.Next()))
		}
		return cost.ListSizeEstimate(size, elem)
	}
	return size
}

// caps names the sizes that a part of an expression depends on, largest first.
func (v *view) caps(e ast.Expr) []string {
	type limit struct {
		text string
		size int
	}
	var found []limit
	add := func(path string, a *slot.Attr) {
		var l limit
		switch a.Type.Kind {
		case slot.List:
			l = limit{fmt.Sprintf("%s has up to %d items", path, items(a)), items(a)}
		case slot.Map:
			l = limit{fmt.Sprintf("%s has up to %d entries", path, entries(a)), entries(a)}
		case slot.String:
			l = limit{fmt.Sprintf("%s has up to %d characters", path, orDefault(a.MaxLength, slot.DefaultMaxLength)), 1}
		default:
			return
		}
		if !slices.Contains(found, l) {
			found = append(found, l)
		}
	}
	each(e, func(x ast.Expr) {
		if a, ok := v.attr(x); ok && !x.AsSelect().IsTestOnly() {
			add(v.path(x), a)
		}
		if a, path, ok := v.optionalField(x); ok {
			add(path, a)
		}
	})
	slices.SortStableFunc(found, func(a, b limit) int {
		if a.size != b.size {
			return b.size - a.size
		}
		return strings.Compare(a.text, b.text)
	})
	var out []string
	for _, l := range found[:min(len(found), 3)] {
		out = append(out, l.text)
	}
	return out
}

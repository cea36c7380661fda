package celenv

import (
	"errors"
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"

	"github.com/gwctl/gwctl/engine/slot"
)

// What an HTTP request can hold at most. Its bytes are limited as a whole: a
// header can have 8 KiB and there can be 100 headers, but not 100 of 8 KiB.
const (
	maxHeaders     = 100
	maxParams      = 256
	maxName        = 64
	maxHeaderBytes = 32 << 10 // of all headers
	maxTargetBytes = 8 << 10  // of path and query
)

// shape is one of the extremes between which a text of limited length can be
// cut up. The cost of going once over all parts grows evenly or faster with
// their lengths, so it is highest at an extreme: many parts, of which one may
// have nearly all the bytes. What wide and long add to none bounds that.
type shape uint8

const (
	wide   shape = iota // as many parts as possible, all short
	long                // one part with all the bytes
	deep                // one name with as many short values as possible
	none                // no parts
	shapes              // how many there are
)

// shapes are those that matter to an expression; one is enough where nothing
// is cut up.
func (v *view) shapes(e ast.Expr) []shape {
	var cut, named bool
	look := func(a *slot.Attr) {
		cut = cut || a.Root == slot.Request && a.Type.Kind == slot.List
		named = named || a.Root == slot.Request && a.Type.Kind == slot.Map
	}
	each(e, func(x ast.Expr) {
		cut = cut || isCall(x, "split")
		if a, ok := v.attr(x); ok && !x.AsSelect().IsTestOnly() {
			look(a)
		}
		if a, _, ok := v.optionalField(x); ok {
			look(a)
		}
		if x, ok := v.variable(x); ok {
			cut = cut || len(x.static.shapes) > 1
			named = named || slices.Contains(x.static.shapes, deep)
		}
	})
	switch {
	case named:
		return []shape{wide, long, deep}
	case cut:
		return []shape{wide, long}
	}
	return []shape{wide}
}

// bound adds up what the shapes cost.
func (v *view) bound(a *cel.Ast, e ast.Expr) (uint64, error) {
	estimate := func(in shape) (uint64, error) {
		n, err := v.scope.lib.env.EstimateCost(a, &sizes{view: v, shape: in}, splitModels(in)...)
		if err != nil {
			return 0, fmt.Errorf("estimating the cost: %w", err)
		}
		return n.Max, nil
	}
	list := v.shapes(e)
	sum, err := estimate(list[0])
	if err != nil || len(list) == 1 {
		return sum, err
	}
	base, err := estimate(none)
	for _, in := range list[1:] {
		n, failed := estimate(in)
		err = errors.Join(err, failed)
		sum = cost.SafeAdd(sum, cost.SafeSubtract(n, base))
	}
	return sum, err
}

// requestSize is the size of the path's segments, the query or the headers.
func (s *sizes) requestSize(a *slot.Attr) (cost.SizeEstimate, bool) {
	if a.Root != slot.Request || a.Type.Kind != slot.List && a.Type.Kind != slot.Map {
		return cost.SizeEstimate{}, false
	}
	count, bytes, name := maxParams, maxTargetBytes, maxTargetBytes
	switch a.Name {
	case "headers":
		count, bytes, name = maxHeaders, maxHeaderBytes, maxName
	case "segments":
		count = items(a)
	}
	if s.shape == none {
		count, bytes, name = 0, 0, 0
	}
	short := upTo(bytes/max(count, 1) + 1)
	values := upTo(bytes)
	if a.Name == "headers" {
		values = upTo(min(bytes, orDefault(a.MaxLength, slot.DefaultMaxLength)))
	}
	if a.Type.Kind == slot.List {
		if s.shape == long {
			return cost.ListSizeEstimate(upTo(1), values), true
		}
		return cost.ListSizeEstimate(upTo(count), short), true
	}
	switch s.shape {
	case long:
		return cost.MapSizeEstimate(upTo(1), upTo(name), cost.ListSizeEstimate(upTo(1), values)), true
	case deep:
		return cost.MapSizeEstimate(upTo(1), upTo(min(name, maxName)), cost.ListSizeEstimate(upTo(count), short)), true
	}
	return cost.MapSizeEstimate(upTo(count), upTo(min(name, maxName)), cost.ListSizeEstimate(upTo(1), short)), true
}

// splitModels size the parts of split(): as many as the text has characters,
// or one with all of them.
func splitModels(in shape) []cost.Option {
	var out []cost.Option
	for _, id := range []string{"string_split_string", "string_split_string_int"} {
		out = append(out, cost.OverloadCostEstimate(id, func(est cost.Estimator, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
			text := cost.EstimateSize(est, *target)
			parts, part := cost.SafeAdd(text.Max, 1), uint64(1)
			if len(args) == 2 {
				if n, ok := cost.UintValue(args[1]); ok {
					parts = min(parts, max(n, 1))
					part = cost.SafeAdd(text.Max/parts, 1)
				}
			}
			switch in {
			case long:
				parts, part = min(parts, 2), text.Max
			case none:
				parts, part = 0, 0
			}
			size := cost.ListSizeEstimate(upToSize(parts), upToSize(part))
			return cost.NewListCallEstimate(text.MultiplyByCostFactor(cost.StringTraversalCostFactor).Add(upToSize(parts).AsCost()), size)
		}))
	}
	return out
}

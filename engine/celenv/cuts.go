package celenv

import (
	"fmt"
	"slices"
	"strings"

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

// source is a text of limited length that comes in parts: the headers, the
// query, the path's segments, or what split() is called on.
type source struct {
	of   *Expr // of a split, and the node that is split
	node int64
	attr string // of a request, by name
}

// extreme is one of the ways to cut a source up. The cost of going once over
// all parts grows evenly or faster with their lengths, so it is highest at an
// extreme: many parts, of which one may have nearly all the bytes. What the
// others add to none bounds that.
type extreme uint8

const (
	wide extreme = iota // as many parts as possible, all short
	long                // one part with all the bytes
	deep                // one name with as many short values as possible
	none                // no parts
	open                // as many parts as possible, each with all the bytes
)

// cuts say how each source is cut up; those that are not named are wide. They
// are independent: the cost of a loop over one in a loop over another is
// highest where each is at one of its extremes.
type cuts map[source]extreme

// maxCuts is how many combinations are looked at. Where there are more, all
// sources count as open, which no request comes near.
const maxCuts = 64

// sources lists what is cut up in an expression, its variables included.
func (v *view) sources(e ast.Expr) (out []source) {
	add := func(list ...source) {
		for _, s := range list {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	look := func(a *slot.Attr) {
		if a.Root == slot.Request && (a.Type.Kind == slot.List || a.Type.Kind == slot.Map) {
			add(source{attr: a.Name})
		}
	}
	each(e, func(x ast.Expr) {
		if isCall(x, "split") && x.AsCall().IsMemberFunction() {
			add(source{of: v.expr, node: x.AsCall().Target().ID()})
		}
		if a, ok := v.attr(x); ok && !x.AsSelect().IsTestOnly() {
			look(a)
		}
		if a, _, ok := v.optionalField(x); ok {
			look(a)
		}
		if x, ok := v.variable(x); ok {
			add(x.static.sources...)
		}
	})
	return out
}

func (s source) extremes() []extreme {
	if s.attr == "headers" || s.attr == "query" {
		return []extreme{wide, long, deep}
	}
	return []extreme{wide, long}
}

// combinations lists the ways to cut up some sources; the first has all of
// them wide.
func combinations(of []source) []cuts {
	out := []cuts{{}}
	for _, s := range of {
		var more []cuts
		for _, x := range s.extremes() {
			for _, c := range out {
				more = append(more, c.with(s, x))
			}
		}
		if out = more; len(out) > maxCuts {
			return []cuts{all(of, open)}
		}
	}
	return out
}

func (c cuts) with(s source, x extreme) cuts {
	out := cuts{s: x}
	for k, v := range c {
		out[k] = v
	}
	return out
}

func all(of []source, x extreme) cuts {
	out := cuts{}
	for _, s := range of {
		out[s] = x
	}
	return out
}

// key tells cuts of some sources apart.
func (c cuts) key(of []source) string {
	var b strings.Builder
	for _, s := range of {
		fmt.Fprint(&b, c[s])
	}
	return b.String()
}

// bound adds up what the combinations cost.
func (v *view) bound(a *cel.Ast, e ast.Expr) (uint64, error) {
	estimate := func(in cuts) (uint64, error) {
		s := &sizes{view: v, cuts: in}
		n, err := v.scope.lib.env.EstimateCost(a, s, s.models()...)
		if err != nil {
			return 0, fmt.Errorf("estimating the cost: %w", err)
		}
		return n.Max, nil
	}
	of := v.sources(e)
	list := combinations(of)
	sum, err := estimate(list[0])
	if err != nil || len(list) == 1 {
		return sum, err
	}
	base, err := estimate(all(of, none))
	for _, in := range list[1:] {
		n, failed := estimate(in)
		if failed != nil {
			return 0, failed
		}
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
	in := s.cuts[source{attr: a.Name}]
	if in == none {
		count, bytes, name = 0, 0, 0
	}
	short := upTo(bytes/max(count, 1) + 1)
	values := upTo(bytes)
	if a.Name == "headers" {
		values = upTo(min(bytes, orDefault(a.MaxLength, slot.DefaultMaxLength)))
	}
	if in == open {
		short, name = values, min(name, maxName)
	}
	if a.Type.Kind == slot.List {
		if in == long {
			return cost.ListSizeEstimate(upTo(1), values), true
		}
		return cost.ListSizeEstimate(upTo(count), short), true
	}
	switch in {
	case long:
		return cost.MapSizeEstimate(upTo(1), upTo(name), cost.ListSizeEstimate(upTo(1), values)), true
	case deep:
		return cost.MapSizeEstimate(upTo(1), upTo(min(name, maxName)), cost.ListSizeEstimate(upTo(count), short)), true
	}
	return cost.MapSizeEstimate(upTo(count), upTo(min(name, maxName)), cost.ListSizeEstimate(upTo(1), short)), true
}

// splitModels size the parts of split(): as many as the text has characters,
// or one with all of them.
func (s *sizes) splitModels() []cost.Option {
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
			switch s.cuts[source{of: s.expr, node: (*target).Expr().ID()}] {
			case long:
				parts, part = min(parts, 2), text.Max
			case none:
				parts, part = 0, 0
			case open:
				part = text.Max
			}
			size := cost.ListSizeEstimate(upToSize(parts), upToSize(part))
			return cost.NewListCallEstimate(text.MultiplyByCostFactor(cost.StringTraversalCostFactor).Add(upToSize(parts).AsCost()), size)
		}))
	}
	return out
}

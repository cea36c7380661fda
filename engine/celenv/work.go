package celenv

import (
	"math/bits"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// Work is what a call does, in units of which stepWork take as long as a step.
// A character that is compared is one.
const (
	stepWork    = 1024
	elementWork = stepWork / 2 // of going on to the next element of a list
	zoneCost    = 50           // steps that reading a time zone takes
)

// workCost bounds the calls that CEL's own models count too low: lists are
// compared by their length there, whatever their elements are, and a pattern
// costs by its characters, not by what it compiles to. It is nil for others.
func (s *sizes) workCost(function, overload string, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	times := func(n, work uint64) uint64 { return cost.SafeAdd(1, n, stepsOf(cost.SafeMultiply(n, work))) }
	switch overload {
	case overloads.Equals, overloads.NotEquals:
		shorter := min(cost.EstimateSize(s, args[0]).Max, cost.EstimateSize(s, args[1]).Max)
		scan := max(1, cost.SafeMultiplyByFactor(shorter, perCharacter))
		if isPlain(args[0].Type()) {
			return upToCost(scan, nil)
		}
		return upToCost(cost.SafeAdd(scan, stepsOf(min(s.workOf(args[0]), s.workOf(args[1])))), nil)
	case "optional_hasValue_value":
		scan := cost.SafeMultiplyByFactor(cost.EstimateSize(s, args[0]).Max, cost.StringTraversalCostFactor)
		return upToCost(cost.SafeAdd(scan, times(1, min(s.workOf(*target), s.workOf(args[0])))), nil)
	case "string_index_of_string", "string_index_of_string_int", "string_last_index_of_string", "string_last_index_of_string_int":
		scanned := cost.SafeMultiply(cost.EstimateSize(s, *target).Max, max(1, cost.EstimateSize(s, args[0]).Max))
		return upToCost(cost.SafeAdd(1, cost.SafeMultiplyByFactor(scanned, cost.StringTraversalCostFactor)), nil)
	case overloads.InList:
		n := cost.EstimateSize(s, args[1])
		return upToCost(times(n.Max, min(s.workOf(args[0]), s.workOfElement(args[1]))), nil)
	case "list_sets_contains_list", "list_sets_intersects_list", "list_sets_equivalent_list":
		pairs := cost.SafeMultiply(cost.EstimateSize(s, args[0]).Max, cost.EstimateSize(s, args[1]).Max)
		if function == "sets.equivalent" {
			pairs = cost.SafeMultiply(pairs, 2)
		}
		return upToCost(times(pairs, min(s.workOfElement(args[0]), s.workOfElement(args[1]))), nil)
	case "list_distinct":
		size := cost.EstimateSize(s, *target)
		return upToCost(cost.SafeAdd(cost.ListCreateBaseCost, times(cost.SafeMultiply(cost.SafeMultiply(size.Max, size.Max), 3), s.workOfElement(*target)/3)), &size)
	case "list_string_sort":
		return s.sortCost(*target, *target)
	case "list_string_sortByAssociatedKeys":
		return s.sortCost(*target, args[0])
	case "optional_unwrap":
		return s.unwrapCost(args[0])
	case "optional_unwrapOpt":
		return s.unwrapCost(*target)
	case overloads.Matches:
		return s.matchCost(args[0], args[1])
	case overloads.MatchesString:
		return s.matchCost(*target, args[0])
	}
	if isZoneGetter(function) && len(args) == 1 {
		return upToCost(zoneCost, nil)
	}
	return nil
}

func upToCost(n uint64, size *cost.SizeEstimate) *cost.CallEstimate {
	return cost.NewCallEstimate(cost.RangedCostEstimate(0, n), size)
}

func stepsOf(work uint64) uint64 { return cost.SafeAdd(work/stepWork, min(work%stepWork, 1)) }

// sortCost bounds the sorting of a list by keys, of which each is compared as
// often as the number of keys has digits.
func (s *sizes) sortCost(list, keys cost.AstNode) *cost.CallEstimate {
	size, n := cost.EstimateSize(s, list), cost.EstimateSize(s, keys).Max
	compared := stepsOf(cost.SafeMultiply(cost.SafeMultiply(n, uint64(bits.Len64(n))), s.workOfElement(keys)))
	return upToCost(cost.SafeAdd(cost.ListCreateBaseCost+1, cost.SafeMultiply(cost.SafeMultiply(n, n), 3), compared), &size)
}

// unwrapCost sizes a list of what the optionals in a list hold.
func (s *sizes) unwrapCost(list cost.AstNode) *cost.CallEstimate {
	size := cost.EstimateSize(s, list)
	out := cost.ListSizeEstimate(upToSize(size.Max), part(part(size.Elem).Elem))
	return upToCost(cost.SafeAdd(1, size.Max), &out)
}

// isPlain tells whether values of a type have no parts.
func isPlain(t *types.Type) bool {
	switch t.Kind() {
	case types.ListKind, types.MapKind, types.StructKind, types.OpaqueKind:
		return false
	}
	return true
}

// workOf bounds the work of comparing a value with its equal.
func (s *sizes) workOf(n cost.AstNode) uint64 {
	return s.workOfSize(n.Type(), cost.EstimateSize(s, n))
}

func (s *sizes) workOfElement(list cost.AstNode) uint64 {
	size := cost.EstimateSize(s, list)
	return s.workOfSize(list.Type().Parameters()[0], part(size.Elem))
}

func (s *sizes) workOfSize(t *types.Type, size cost.SizeEstimate) uint64 {
	switch t.Kind() {
	case types.StringKind, types.BytesKind:
		return size.Max
	case types.ListKind:
		return cost.SafeMultiply(size.Max, cost.SafeAdd(elementWork, s.workOfSize(t.Parameters()[0], part(size.Elem))))
	case types.MapKind:
		entry := cost.SafeAdd(s.workOfSize(t.Parameters()[0], part(size.Key)), s.workOfSize(t.Parameters()[1], part(size.Elem)))
		return cost.SafeMultiply(size.Max, cost.SafeAdd(4*elementWork, entry))
	case types.OpaqueKind:
		if isOptional(t) {
			return cost.SafeAdd(elementWork, s.workOfSize(t.Parameters()[0], part(size.Elem)))
		}
	case types.StructKind:
		var sum uint64
		if shape, ok := s.scope.shapes[t.TypeName()]; ok {
			for _, f := range shape.Fields {
				sum = cost.SafeAdd(sum, 4*elementWork, s.workOfSize(celType(f.Type), attrSize(f, f.Type)))
			}
		}
		return sum
	}
	return 0
}

// part is the size of an element, anything if it is not known.
func part(size *cost.SizeEstimate) cost.SizeEstimate {
	if size == nil {
		return cost.UnknownSizeEstimate()
	}
	return *size
}

// matchCost bounds matching by the instructions that the pattern compiles to.
// Patterns that are not literals are evaluated twice, once for the limit on
// their size, and compiled anew each time.
func (s *sizes) matchCost(text, pattern cost.AstNode) *cost.CallEstimate {
	const compiling = 10 // steps for an instruction
	size := cost.EstimateSize(s, text)
	program, known := s.programs[pattern.Expr().ID()]
	if !known {
		program = MaxRegexProgram
	}
	each := max(program, cost.EstimateSize(s, pattern).Max)
	n := cost.SafeMultiply(
		cost.SafeMultiplyByFactor(cost.SafeAdd(size.Max, 1), cost.StringTraversalCostFactor),
		cost.SafeMultiplyByFactor(each, cost.RegexStringLengthCostFactor))
	if pattern.Expr().Kind() != ast.LiteralKind {
		n = cost.SafeAdd(n, compiling*program, cost.SelectAndIdentCost)
		if again, ok := s.partCost(pattern.Expr()); ok && !s.readsLoop(pattern.Expr()) {
			n = cost.SafeAdd(n, again)
		}
	}
	return upToCost(n, nil)
}

// models replace those that CEL's libraries bring along.
func (s *sizes) models() []cost.Option {
	out := s.splitModels()
	for function, ids := range map[string][]string{
		"==": {overloads.Equals}, "!=": {overloads.NotEquals}, "distinct": {"list_distinct"}, "sort": {"list_string_sort"}, "sortBy": {"list_string_sortByAssociatedKeys"},
		"indexOf": {"string_index_of_string", "string_index_of_string_int", "string_last_index_of_string", "string_last_index_of_string_int"}, "hasValue": {"optional_hasValue_value"}, "sets": {"list_sets_contains_list", "list_sets_intersects_list"}, "sets.equivalent": {"list_sets_equivalent_list"},
	} {
		for _, id := range ids {
			out = append(out, cost.OverloadCostEstimate(id, func(_ cost.Estimator, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
				return s.workCost(function, id, target, args)
			}))
		}
	}
	return out
}

package celenv

import (
	"errors"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/interpreter"

	"github.com/gwctl/gwctl/engine/slot"
)

// This file is what engine/plan needs in order to evaluate most of an
// expression by itself and leave the rest to CEL.

// ErrBudget is the error of an evaluation that used up its steps. It ends the
// whole rule, whatever the expression goes on to say.
var ErrBudget = fmt.Errorf("the budget of %d steps is used up", StepBudget)

// Scope is the scope that the expression was checked in.
func (e *Expr) Scope() *Scope { return e.scope }

// Const gives a constant as a CEL value.
func (s *Scope) Const(name string) (ref.Val, bool) {
	v, ok := s.consts[name]
	return v, ok
}

// Library gives an imported library.
func (s *Scope) Library(name string) (*Scope, bool) {
	l, ok := s.libs[name]
	return l, ok
}

// Fragment is a part of an expression that CEL can evaluate by itself.
type Fragment struct{ program cel.Program }

// Fragment prepares a part of the expression for being evaluated alone.
func (e *Expr) Fragment(part ast.Expr) (*Fragment, error) {
	program, err := e.plan()
	if part.ID() != e.AST().Expr().ID() {
		program, err = e.scope.lib.program(newView(e).part(part), cel.CostLimit(StepBudget))
	}
	if err != nil {
		return nil, fmt.Errorf("planning a part of an expression: %w", err)
	}
	return &Fragment{program: program}, nil
}

// Eval evaluates the part over a Frame, or over an activation that adds the
// variables of surrounding loops to one. It gives the steps that were used,
// too. The error is ErrBudget, or may wrap an *AttributeError.
func (f *Fragment) Eval(over cel.Activation) (ref.Val, uint64, error) {
	v, details, err := f.program.Eval(over)
	if err != nil {
		var spent interpreter.EvalCancelledError
		if err = settle(err); errors.As(err, &spent) {
			return nil, StepBudget, ErrBudget
		}
	}
	var steps uint64
	if cost := details.ActualCost(); cost != nil {
		steps = *cost
	}
	if err != nil {
		return nil, steps, err
	}
	return v, steps, nil
}

// CELValue gives a slot's value as expressions see it.
func CELValue(v slot.Value) ref.Val { return celValue(v) }

// SlotValue gives a CEL value as a slot would hold it; ok is false for values
// of types that no slot has.
func SlotValue(v ref.Val) (out slot.Value, ok bool) {
	switch x := v.(type) {
	case types.Bool:
		return slot.BoolValue(bool(x)), true
	case types.Int:
		return slot.IntValue(int64(x)), true
	case types.Double:
		return slot.DoubleValue(float64(x)), true
	case types.String:
		return slot.StringValue(string(x)), true
	case types.Timestamp:
		return slot.TimeValue(x.Time), true
	case types.Duration:
		return slot.DurationValue(x.Duration), true
	case ext.IP:
		return slot.IPValue(x.Addr), true
	case ext.CIDR:
		return slot.CIDRValue(x.Prefix), true
	case *record:
		return x.value, true
	case traits.Lister:
		return slotList(x)
	case traits.Mapper:
		return slotMap(x)
	}
	return slot.Value{}, false
}

func slotList(l traits.Lister) (slot.Value, bool) {
	var items []slot.Value
	for it := l.Iterator(); it.HasNext() == types.True; {
		item, ok := SlotValue(it.Next())
		if !ok {
			return slot.Value{}, false
		}
		items = append(items, item)
	}
	return slot.ListValue(items), true
}

func slotMap(m traits.Mapper) (slot.Value, bool) {
	var entries []slot.Entry
	for it := m.Iterator(); it.HasNext() == types.True; {
		key := it.Next()
		name, isString := key.(types.String)
		value, ok := SlotValue(m.Get(key))
		if !isString || !ok {
			return slot.Value{}, false
		}
		entries = append(entries, slot.Entry{Key: string(name), Value: value})
	}
	return slot.MapValue(entries), true
}

// Zone gives a time zone by its IANA name.
func (s *Scope) Zone(name string) (*time.Location, error) { return s.lib.zones.load(name) }

// IsRoot tells whether expressions of the scope read values from a name.
func (s *Scope) IsRoot(name string) bool {
	_, isLib := s.libs[name]
	return isRoot(name) || isLib
}

// CalendarText gives the text that date, clock or weekday make of a local
// time.
func CalendarText(function string) (text func(time.Time) string, ok bool) {
	for _, f := range calendarFunctions() {
		if f.name == function {
			return f.text, true
		}
	}
	return nil, false
}

package celenv

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"github.com/gwctl/gwctl/engine/slot"
)

// CEL leaves the order of a map's entries open, and cel-go takes them in a new
// one each time. A decision can be replayed only if there is one order: here it
// is that of the keys.

// dict is a map whose keys come in order.
type dict struct {
	traits.Mapper
	keys []ref.Val
}

// Iterator implements traits.Iterable.
func (d *dict) Iterator() traits.Iterator {
	return types.NewRefValList(types.DefaultTypeAdapter, d.keys).Iterator()
}

// IsZeroValue implements traits.Zeroer.
func (d *dict) IsZeroValue() bool { return len(d.keys) == 0 }

// slotDict is the map of a slot, whose entries are in order already.
func slotDict(entries []slot.Entry) ref.Val {
	m := make(map[ref.Val]ref.Val, len(entries))
	d := &dict{keys: make([]ref.Val, len(entries))}
	for i, e := range entries {
		d.keys[i] = types.String(e.Key)
		m[d.keys[i]] = celValue(e.Value)
	}
	d.Mapper = types.NewRefValMap(types.DefaultTypeAdapter, m)
	return d
}

// sortedDict puts the entries of a map in order; anything else stays as it is.
func sortedDict(v ref.Val) ref.Val {
	m, isMap := v.(traits.Mapper)
	if _, done := v.(*dict); !isMap || done {
		return v
	}
	d := &dict{Mapper: m}
	for it := m.Iterator(); it.HasNext() == types.True; {
		d.keys = append(d.keys, it.Next())
	}
	slices.SortFunc(d.keys, compareKeys)
	return d
}

func compareKeys(a, b ref.Val) int {
	if c, ok := a.(traits.Comparer); ok && a.Type() == b.Type() {
		if order, isInt := c.Compare(b).(types.Int); isInt {
			return int(order)
		}
	}
	return strings.Compare(a.Type().TypeName(), b.Type().TypeName())
}

// program prepares a tree for being evaluated, with the maps that it makes in
// order.
func (l *Library) program(tree *ast.AST, options ...cel.ProgramOption) (cel.Program, error) {
	made := map[int64]bool{}
	each(tree.Expr(), func(e ast.Expr) {
		switch e.Kind() {
		case ast.MapKind:
			made[e.ID()] = true
		case ast.ComprehensionKind:
			made[e.ID()] = tree.GetType(e.ID()).Kind() == types.MapKind
		}
	})
	each(tree.Expr(), func(e ast.Expr) {
		if e.Kind() == ast.ComprehensionKind {
			delete(made, e.AsComprehension().AccuInit().ID()) // a loop adds to this one
		}
	})
	if len(made) > 0 {
		options = append(options, cel.CustomDecoratorV2(func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
			// A read of what a part holds goes by the part's number, too.
			if _, reads := i.(interpreter.InterpretableAttribute); reads || !made[i.ID()] {
				return i, nil
			}
			return &ordered{i}, nil
		}))
	}
	return l.env.PlanProgram(tree, options...)
}

// ordered evaluates a part that makes a map.
type ordered struct{ interpreter.InterpretableV2 }

// Exec implements interpreter.InterpretableV2.
func (o *ordered) Exec(f *interpreter.ExecutionFrame) ref.Val {
	return sortedDict(o.InterpretableV2.Exec(f))
}

// Eval implements interpreter.Interpretable.
func (o *ordered) Eval(a interpreter.Activation) ref.Val {
	return sortedDict(o.InterpretableV2.Eval(a))
}

package plan

import (
	"net/netip"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"

	"github.com/gwctl/gwctl/engine/slot"
)

// kind is what a CEL type is held as.
type kind uint8

const (
	unheld kind = iota // no form here: CEL evaluates it
	truth
	whole
	real
	text
	instant
	span
	addr
	network
	composite
	optional
)

var scalarKinds = map[types.Kind]kind{
	types.BoolKind: truth, types.IntKind: whole, types.DoubleKind: real, types.StringKind: text, types.TimestampKind: instant, types.DurationKind: span,
}

func kindOf(t *types.Type) kind {
	switch {
	case t == nil:
		return unheld
	case scalarKinds[t.Kind()] != unheld:
		return scalarKinds[t.Kind()]
	case t.IsExactType(ext.IPType):
		return addr
	case t.IsExactType(ext.CIDRType):
		return network
	case isOptional(t):
		return optional
	case isComposite(t):
		return composite
	}
	return unheld
}

// inside is the type of an optional's value; nil if it is no optional.
func inside(t *types.Type) *types.Type {
	if t == nil || !isOptional(t) {
		return nil
	}
	return t.Parameters()[0]
}

func isOptional(t *types.Type) bool {
	return t.Kind() == types.OpaqueKind && t.TypeName() == types.OptionalType.TypeName() && len(t.Parameters()) == 1
}

// isComposite tells whether a slot can hold lists, maps or objects of a type.
func isComposite(t *types.Type) bool {
	item := func(t *types.Type) bool { k := kindOf(t); return k != unheld && k != optional }
	switch t.Kind() {
	case types.ListKind:
		return item(t.Parameters()[0])
	case types.MapKind:
		return kindOf(t.Parameters()[0]) == text && item(t.Parameters()[1])
	case types.StructKind:
		return isObject(t.TypeName())
	}
	return false
}

// isObject tells the types of objects from those of roots, which are no
// values.
func isObject(name string) bool {
	name, ok := strings.CutPrefix(name, "@")
	if !ok || name == "vars" || name == "consts" || strings.HasPrefix(name, "lib.") {
		return false
	}
	for r := range slot.Roots {
		if r.String() == name {
			return false
		}
	}
	return true
}

// zoned tells whether values of a type hold times, which in a slot lose their
// zone.
func zoned(t *types.Type) bool {
	if kindOf(t) == instant {
		return true
	}
	for _, p := range t.Parameters() {
		if zoned(p) {
			return true
		}
	}
	return false
}

// typed plans parts of one type, for places where any type may stand.
type typed interface {
	in(b *builder, x, y ast.Expr) fn[bool]
	item(b *builder, x ast.Expr) making
	store(b *builder, x ast.Expr) store
	storeOption(b *builder, x ast.Expr) store
	asked(b *builder, call ast.CallExpr) fn[bool]
	sameOption(b *builder, x, y ast.Expr) fn[bool]
}

// planOf gives the planner of a type; nil if there is none.
func planOf(t *types.Type) typed {
	switch kindOf(t) {
	case truth:
		return truthPlan()
	case whole:
		return wholePlan()
	case real:
		return realPlan()
	case text:
		return textPlan()
	case instant:
		return instantPlan()
	case span:
		return spanPlan()
	case addr:
		return addrPlan()
	case network:
		return networkPlan()
	case composite:
		return valuePlan()
	}
	return nil
}

func truthPlan() planner[bool] {
	return planner[bool]{truths, (*builder).truth, (*builder).ownTruth}
}
func wholePlan() planner[int64] {
	return planner[int64]{wholes, (*builder).whole, (*builder).ownWhole}
}
func realPlan() planner[float64] {
	return planner[float64]{reals, (*builder).real, (*builder).ownReal}
}
func textPlan() planner[string] {
	return planner[string]{texts, (*builder).text, (*builder).ownText}
}
func instantPlan() planner[moment] {
	return planner[moment]{instants, (*builder).instant, (*builder).ownInstant}
}
func spanPlan() planner[time.Duration] {
	return planner[time.Duration]{spans, (*builder).span, (*builder).ownSpan}
}
func addrPlan() planner[netip.Addr] {
	return planner[netip.Addr]{addrs, (*builder).addr, (*builder).ownAddr}
}
func networkPlan() planner[netip.Prefix] {
	return planner[netip.Prefix]{networks, (*builder).network, (*builder).ownNetwork}
}
func valuePlan() planner[slot.Ref] {
	return planner[slot.Ref]{values, (*builder).value, (*builder).ownValue}
}

// The types one by one. Only a value has no closure at times, when no slot
// could hold it.

func (b *builder) whole(x ast.Expr) operand[int64]          { return plan(b, x, wholePlan()) }
func (b *builder) real(x ast.Expr) operand[float64]         { return plan(b, x, realPlan()) }
func (b *builder) text(x ast.Expr) operand[string]          { return plan(b, x, textPlan()) }
func (b *builder) instant(x ast.Expr) operand[moment]       { return plan(b, x, instantPlan()) }
func (b *builder) span(x ast.Expr) operand[time.Duration]   { return plan(b, x, spanPlan()) }
func (b *builder) addr(x ast.Expr) operand[netip.Addr]      { return plan(b, x, addrPlan()) }
func (b *builder) network(x ast.Expr) operand[netip.Prefix] { return plan(b, x, networkPlan()) }

func (b *builder) truth(x ast.Expr) operand[bool] {
	if b.probing && b.probe == nil && x.ID() == b.expr.AST().Expr().ID() && b.free[x.ID()] != 0 {
		return operand[bool]{eval: b.probed(x)}
	}
	return plan(b, x, truthPlan())
}

func (b *builder) value(x ast.Expr) operand[slot.Ref] {
	if t := b.typeOf(x); kindOf(t) != composite {
		b.refuse("no slot holds a value of type " + t.String())
		return operand[slot.Ref]{}
	}
	if r, ok := b.common(x); ok {
		return literal(r)
	}
	return plan(b, x, valuePlan())
}

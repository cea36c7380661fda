package plan

import (
	"net/netip"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// fn evaluates an expression of one type. ok is false when the result is an
// error, which is then in Machine.err.
type fn[T any] func(m *Machine) (v T, ok bool)

// opt evaluates an expression of an optional type. some is false for none.
type opt[T any] func(m *Machine) (v T, some, ok bool)

// form is how the values of one CEL type are held here.
type form[T any] struct {
	of    func(slot.Ref) T           // an attribute's value or a list's item
	cel   func(ref.Val) (T, bool)    // what CEL evaluated
	value func(T) slot.Value         // for being an item
	get   func(*cell) T              // from a variable
	put   func(*cell, T)             // into a variable
	equal func(a, b T) bool          // as CEL has it
	slot  func(r *read) fn[T]        // reads an attribute
	memo  func(v *variable[T]) fn[T] // reads a variable
	local func(at int) fn[T]         // reads an item of a loop; may be nil
	among func([]T) func(T) bool     // tests for being in a list that does not change
}

var truths = form[bool]{
	of: slot.Ref.Bool, value: slot.BoolValue,
	cel:   func(v ref.Val) (bool, bool) { x, ok := v.(types.Bool); return bool(x), ok },
	get:   func(c *cell) bool { return c.truth },
	put:   func(c *cell, v bool) { c.truth = v },
	equal: func(a, b bool) bool { return a == b },
	slot:  readTruth, memo: memoTruth,
	among: setOf[bool],
}

var wholes = form[int64]{
	of: slot.Ref.Int, value: slot.IntValue,
	cel:   func(v ref.Val) (int64, bool) { x, ok := v.(types.Int); return int64(x), ok },
	get:   func(c *cell) int64 { return c.whole },
	put:   func(c *cell, v int64) { c.whole = v },
	equal: func(a, b int64) bool { return a == b },
	slot:  readWhole, memo: readMemo(func(c *cell) int64 { return c.whole }),
	among: setOf[int64],
}

var reals = form[float64]{
	of: slot.Ref.Double, value: slot.DoubleValue,
	cel:   func(v ref.Val) (float64, bool) { x, ok := v.(types.Double); return float64(x), ok },
	get:   func(c *cell) float64 { return c.real },
	put:   func(c *cell, v float64) { c.real = v },
	equal: func(a, b float64) bool { return a == b },
	slot:  readSlot(slot.Ref.Double), memo: readMemo(func(c *cell) float64 { return c.real }),
	among: setOf[float64],
}

var texts = form[string]{
	of: slot.Ref.Str, value: slot.StringValue,
	cel:   func(v ref.Val) (string, bool) { x, ok := v.(types.String); return string(x), ok },
	get:   func(c *cell) string { return c.text },
	put:   func(c *cell, v string) { c.text = v },
	equal: func(a, b string) bool { return a == b },
	slot:  readText, memo: memoText,
	among: setOf[string],
	local: func(at int) fn[string] {
		return func(m *Machine) (string, bool) { return m.locals[at].ref.Str(), true }
	},
}

var instants = form[moment]{
	of: momentOf, value: func(v moment) slot.Value { return slot.TimeValue(v.time()) },
	cel: func(v ref.Val) (moment, bool) {
		x, ok := v.(types.Timestamp)
		return momentAt(x.Time), ok
	},
	get:   func(c *cell) moment { return c.at },
	put:   func(c *cell, v moment) { c.at = v },
	equal: moment.equal,
	slot:  readSlot(momentOf), memo: readMemo(func(c *cell) moment { return c.at }),
	among: scanOf(moment.equal),
}

var spans = form[time.Duration]{
	of: slot.Ref.Duration, value: slot.DurationValue,
	cel:   func(v ref.Val) (time.Duration, bool) { x, ok := v.(types.Duration); return x.Duration, ok },
	get:   func(c *cell) time.Duration { return time.Duration(c.whole) },
	put:   func(c *cell, v time.Duration) { c.whole = int64(v) },
	equal: func(a, b time.Duration) bool { return a == b },
	slot:  readSlot(slot.Ref.Duration), memo: readMemo(func(c *cell) time.Duration { return time.Duration(c.whole) }),
	among: setOf[time.Duration],
}

var addrs = form[netip.Addr]{
	of: slot.Ref.Addr, value: slot.IPValue,
	cel:   func(v ref.Val) (netip.Addr, bool) { x, ok := v.(ext.IP); return x.Addr, ok },
	get:   func(c *cell) netip.Addr { return c.addr },
	put:   func(c *cell, v netip.Addr) { c.addr = v },
	equal: func(a, b netip.Addr) bool { return a == b },
	slot:  readSlot(slot.Ref.Addr), memo: readMemo(func(c *cell) netip.Addr { return c.addr }),
	among: setOf[netip.Addr],
}

var networks = form[netip.Prefix]{
	of: slot.Ref.Prefix, value: slot.CIDRValue,
	cel:   func(v ref.Val) (netip.Prefix, bool) { x, ok := v.(ext.CIDR); return x.Prefix, ok },
	get:   func(c *cell) netip.Prefix { return c.network },
	put:   func(c *cell, v netip.Prefix) { c.network = v },
	equal: func(a, b netip.Prefix) bool { return a == b },
	slot:  readSlot(slot.Ref.Prefix), memo: readMemo(func(c *cell) netip.Prefix { return c.network }),
	among: setOf[netip.Prefix],
}

// values are lists, maps and objects.
var values = form[slot.Ref]{
	of: func(r slot.Ref) slot.Ref { return r }, value: slot.Ref.Value,
	cel: func(v ref.Val) (slot.Ref, bool) {
		x, ok := celenv.SlotValue(v)
		return slot.RefTo(&x), ok && x.Kind() >= slot.List
	},
	get:   func(c *cell) slot.Ref { return c.ref },
	put:   func(c *cell, v slot.Ref) { c.ref = v },
	equal: slot.Ref.Equal,
	slot:  readValue, memo: readMemo(func(c *cell) slot.Ref { return c.ref }),
	among: scanOf(slot.Ref.Equal),
}

package slot

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Value is a typed value. The zero Value has kind Invalid and equals nothing.
// It is kept small, since a request holds some thirty of them.
type Value struct {
	_      [0]func() // compare with Equal
	kind   Kind
	family uint8  // 4 or 6, of an address that there is
	small  int32  // nanoseconds of a timestamp, bits of a network
	num    uint64 // bool, int, double (its bits), duration (ns), timestamp (s), an address' upper half
	low    uint64 // an address' lower half
	str    string
	many   *many // nil of an empty list or map, too
}

// many is what a value of several parts holds. It does not change.
type many struct {
	items   []Value
	entries []Entry
	object  *Type
}

// Entry is one key of a map value; entries are sorted by key.
type Entry struct {
	Key   string
	Value Value
}

// Constructors of values.

// BoolValue makes a bool.
func BoolValue(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.num = 1
	}
	return v
}

// IntValue makes an int.
func IntValue(i int64) Value { return Value{kind: Int, num: uint64(i)} }

// DoubleValue makes a double.
func DoubleValue(f float64) Value { return Value{kind: Double, num: math.Float64bits(f)} }

// StringValue makes a string.
func StringValue(s string) Value { return Value{kind: String, str: s} }

// TimeValue makes a timestamp.
func TimeValue(t time.Time) Value {
	return Value{kind: Timestamp, num: uint64(t.Unix()), small: int32(t.Nanosecond())}
}

// DurationValue makes a duration.
func DurationValue(d time.Duration) Value { return Value{kind: Duration, num: uint64(d)} }

// IPValue makes an address; an IPv4-mapped one becomes IPv4.
func IPValue(a netip.Addr) Value { return addrValue(IP, a.Unmap()) }

// CIDRValue makes a network.
func CIDRValue(p netip.Prefix) Value {
	v := addrValue(CIDR, p.Addr())
	v.small = int32(p.Bits())
	return v
}

func addrValue(k Kind, a netip.Addr) Value {
	if !a.IsValid() {
		return Value{kind: k}
	}
	v := Value{kind: k, family: 6}
	if a.Is4() {
		v.family = 4
	}
	b := a.As16()
	v.num, v.low = binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	return v
}

// StringsValue makes a list of strings.
func StringsValue(list []string) Value {
	if len(list) == 0 {
		return Value{kind: List}
	}
	items := make([]Value, len(list))
	for i, s := range list {
		items[i] = StringValue(s)
	}
	return Value{kind: List, many: &many{items: items}}
}

// StringListsValue makes a map of lists of strings, as headers are.
func StringListsValue(m map[string][]string) Value {
	entries := make([]Entry, 0, len(m))
	for k, list := range m {
		entries = append(entries, Entry{Key: k, Value: StringsValue(list)})
	}
	return mapValue(entries)
}

func listValue(items []Value) Value { return Value{kind: List, many: &many{items: items}} }

// mapValue takes entries in any order.
func mapValue(entries []Entry) Value {
	sortEntries(entries)
	return Value{kind: Map, many: &many{entries: entries}}
}

func objectValue(t *Type, entries []Entry) Value {
	sortEntries(entries)
	return Value{kind: Object, many: &many{entries: entries, object: t}}
}

func sortEntries(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
}

// Kind tells what the value is.
func (v Value) Kind() Kind { return v.kind }

// Bool is the value of a bool.
func (v Value) Bool() bool { return v.num != 0 }

// Int is the value of an int.
func (v Value) Int() int64 { return int64(v.num) }

// Double is the value of a double.
func (v Value) Double() float64 { return math.Float64frombits(v.num) }

// Str is the value of a string.
func (v Value) Str() string { return v.str }

// Time is the value of a timestamp, in UTC.
func (v Value) Time() time.Time { return time.Unix(int64(v.num), int64(v.small)).UTC() }

// Duration is the value of a duration.
func (v Value) Duration() time.Duration { return time.Duration(v.num) }

// Addr is the value of an ip.
func (v Value) Addr() netip.Addr {
	switch v.family {
	case 4:
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(v.low))
		return netip.AddrFrom4(b)
	case 6:
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], v.num)
		binary.BigEndian.PutUint64(b[8:], v.low)
		return netip.AddrFrom16(b)
	}
	return netip.Addr{}
}

// Prefix is the value of a cidr.
func (v Value) Prefix() netip.Prefix { return netip.PrefixFrom(v.Addr(), int(v.small)) }

// Items are the elements of a list. They must not be changed.
func (v Value) Items() []Value {
	if v.many == nil {
		return nil
	}
	return v.many.items
}

// ObjectType is the type of an object, nil of anything else.
func (v Value) ObjectType() *Type {
	if v.many == nil {
		return nil
	}
	return v.many.object
}

// Entry gives a field of an object or an entry of a map.
func (v Value) Entry(key string) (Value, bool) {
	entries := v.Entries()
	for i := range entries {
		if entries[i].Key == key {
			return entries[i].Value, true
		}
	}
	return Value{}, false
}

// Entries are the entries of a map, or the fields of an object that have a
// value, sorted by key. They must not be changed.
func (v Value) Entries() []Entry {
	if v.many == nil {
		return nil
	}
	return v.many.entries
}

// Strings are the elements of a list of strings.
func (v Value) Strings() []string {
	out := make([]string, len(v.Items()))
	for i := range out {
		out[i] = v.many.items[i].str
	}
	return out
}

func (v *Value) holdsAny(items []string) bool {
	if v.many == nil {
		return false
	}
	for i := range v.many.items {
		for _, s := range items {
			if v.many.items[i].str == s {
				return true
			}
		}
	}
	return false
}

// Equal tells whether two values have the same kind and content.
func (v Value) Equal(o Value) bool {
	if v.kind == Double && o.kind == Double {
		return v.Double() == o.Double()
	}
	if v.kind != o.kind || v.family != o.family || v.small != o.small || v.num != o.num || v.low != o.low || v.str != o.str {
		return false
	}
	return v.many == o.many || slices.EqualFunc(v.Items(), o.Items(), Value.Equal) &&
		slices.EqualFunc(v.Entries(), o.Entries(), func(a, b Entry) bool { return a.Key == b.Key && a.Value.Equal(b.Value) })
}

// spells tells whether a text is the one spelling of a value.
func (v Value) spells(text string) bool {
	if v.kind == Int {
		var digits [20]byte // as many as an int64 has, with its sign
		return string(strconv.AppendInt(digits[:0], v.Int(), 10)) == text
	}
	return v.Text() == text
}

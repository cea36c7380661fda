package slot

import (
	"net/netip"
	"time"
)

// At gives a slot's state, and a pointer to its value if it is Present; nil
// otherwise. The value must not be changed, and the pointer is good until the
// slot is set anew.
func (v *Values) At(i Index) (*Value, State) {
	c := &v.cells[i]
	if c.state != Present {
		return nil, c.state
	}
	return &c.value, Present
}

// Ref reads a Value where it stands: a Value is large, and copying one takes
// longer than most comparisons. The zero Ref refers to nothing and must not be
// read.
type Ref struct{ v *Value }

// RefTo refers to a value, which must not change from then on.
func RefTo(v *Value) Ref { return Ref{v} }

// Ref gives a slot's state, and refers to its value if it is Present.
func (v *Values) Ref(i Index) (Ref, State) {
	c := &v.cells[i]
	return Ref{&c.value}, c.state
}

// Value is a copy of what is referred to.
func (r Ref) Value() Value { return *r.v }

// Kind tells what the value is.
func (r Ref) Kind() Kind { return r.v.kind }

// Bool is the value of a bool.
func (r Ref) Bool() bool { return r.v.num != 0 }

// Int is the value of an int.
func (r Ref) Int() int64 { return r.v.num }

// Double is the value of a double.
func (r Ref) Double() float64 { return r.v.double }

// Str is the value of a string.
func (r Ref) Str() string { return r.v.str }

// Time is the value of a timestamp, in UTC.
func (r Ref) Time() time.Time { return time.Unix(r.v.num, int64(r.v.nanos)).UTC() }

// Unix is the value of a timestamp as seconds since 1970 and nanoseconds.
func (r Ref) Unix() (seconds int64, nanoseconds int32) { return r.v.num, r.v.nanos }

// Duration is the value of a duration.
func (r Ref) Duration() time.Duration { return time.Duration(r.v.num) }

// Addr is the value of an ip.
func (r Ref) Addr() netip.Addr { return r.v.addr }

// Prefix is the value of a cidr.
func (r Ref) Prefix() netip.Prefix { return netip.PrefixFrom(r.v.addr, int(r.v.num)) }

// Len is the number of a list's items, or of a map's or object's entries.
func (r Ref) Len() int { return len(r.v.items) + len(r.v.entries) }

// Item is the item of a list at an index below Len.
func (r Ref) Item(i int) Ref { return Ref{&r.v.items[i]} }

// EntryAt is the entry of a map at an index below Len, in the order of keys.
func (r Ref) EntryAt(i int) (key string, value Ref) {
	e := &r.v.entries[i]
	return e.Key, Ref{&e.Value}
}

// fewEntries are searched one by one, which is faster than halving.
const fewEntries = 16

// Entry gives a field of an object or an entry of a map.
func (r Ref) Entry(key string) (Ref, bool) {
	entries := r.v.entries
	if len(entries) <= fewEntries {
		for i := range entries {
			if entries[i].Key == key {
				return Ref{&entries[i].Value}, true
			}
		}
		return Ref{}, false
	}
	low, high := 0, len(entries)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if entries[mid].Key < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(entries) && entries[low].Key == key {
		return Ref{&entries[low].Value}, true
	}
	return Ref{}, false
}

// Equal tells whether two values have the same kind and content.
func (r Ref) Equal(o Ref) bool {
	a, b := r.v, o.v
	if a.kind != b.kind || a.num != b.num || a.double != b.double || a.nanos != b.nanos || a.str != b.str || a.addr != b.addr ||
		len(a.items) != len(b.items) || len(a.entries) != len(b.entries) {
		return false
	}
	for i := range a.items {
		if !r.Item(i).Equal(o.Item(i)) {
			return false
		}
	}
	for i := range a.entries {
		if a.entries[i].Key != b.entries[i].Key || !(Ref{&a.entries[i].Value}).Equal(Ref{&b.entries[i].Value}) {
			return false
		}
	}
	return true
}

// ListValue makes a list of items of one kind, which must not be changed any
// more.
func ListValue(items []Value) Value { return Value{kind: List, items: items} }

// MapValue makes a map of entries with different keys, which it sorts.
func MapValue(entries []Entry) Value {
	v := Value{kind: Map, entries: entries}
	v.sort()
	return v
}

// Holds tells whether a list of strings has an item.
func (r Ref) Holds(text string) bool {
	for i := range r.v.items {
		if r.v.items[i].str == text {
			return true
		}
	}
	return false
}

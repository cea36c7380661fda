package slot

import (
	"net/netip"
	"time"
)

// At gives a slot's state, and a pointer to its value if it is Present; nil
// otherwise. The value must not be changed, and the pointer is good until the
// slot is set anew.
func (v *Values) At(i Index) (*Value, State) {
	m, value := v.look(i)
	if m.state != Present {
		return nil, m.state
	}
	return value, Present
}

// Ref reads a Value where it stands: a Value is large, and copying one takes
// longer than most comparisons. The zero Ref refers to nothing and must not be
// read.
type Ref struct{ v *Value }

// RefTo refers to a value, which must not change from then on.
func RefTo(v *Value) Ref { return Ref{v} }

// Ref gives a slot's state, and refers to its value if it is Present.
func (v *Values) Ref(i Index) (Ref, State) {
	m, value := v.look(i)
	return Ref{value}, m.state
}

// Value is a copy of what is referred to.
func (r Ref) Value() Value { return *r.v }

// Kind tells what the value is.
func (r Ref) Kind() Kind { return r.v.kind }

// Bool is the value of a bool.
func (r Ref) Bool() bool { return r.v.num != 0 }

// Int is the value of an int.
func (r Ref) Int() int64 { return int64(r.v.num) }

// Double is the value of a double.
func (r Ref) Double() float64 { return r.v.Double() }

// Str is the value of a string.
func (r Ref) Str() string { return r.v.str }

// Time is the value of a timestamp, in UTC.
func (r Ref) Time() time.Time { return time.Unix(int64(r.v.num), int64(r.v.small)).UTC() }

// Unix is the value of a timestamp as seconds since 1970 and nanoseconds.
func (r Ref) Unix() (seconds int64, nanoseconds int32) { return int64(r.v.num), r.v.small }

// Duration is the value of a duration.
func (r Ref) Duration() time.Duration { return time.Duration(r.v.num) }

// Addr is the value of an ip.
func (r Ref) Addr() netip.Addr { return r.v.Addr() }

// Prefix is the value of a cidr.
func (r Ref) Prefix() netip.Prefix { return r.v.Prefix() }

// Len is the number of a list's items, or of a map's or object's entries.
func (r Ref) Len() int {
	if r.v.many == nil {
		return 0
	}
	return len(r.v.many.items) + len(r.v.many.entries)
}

// Item is the item of a list at an index below Len.
func (r Ref) Item(i int) Ref { return Ref{&r.v.many.items[i]} }

// EntryAt is the entry of a map at an index below Len, in the order of keys.
func (r Ref) EntryAt(i int) (key string, value Ref) {
	e := &r.v.many.entries[i]
	return e.Key, Ref{&e.Value}
}

// fewEntries are searched one by one, which is faster than halving.
const fewEntries = 16

// Entry gives a field of an object or an entry of a map.
func (r Ref) Entry(key string) (Ref, bool) {
	if r.v.many == nil {
		return Ref{}, false
	}
	entries := r.v.many.entries
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
	return r.v.Equal(*o.v)
}

// ListValue makes a list of items of one kind, which must not be changed any
// more.
func ListValue(items []Value) Value { return listValue(items) }

// MapValue makes a map of entries with different keys, which it sorts.
func MapValue(entries []Entry) Value {
	return mapValue(entries)
}

// Holds tells whether a list of strings has an item.
func (r Ref) Holds(text string) bool {
	if r.v.many == nil {
		return false
	}
	for i := range r.v.many.items {
		if r.v.many.items[i].str == text {
			return true
		}
	}
	return false
}

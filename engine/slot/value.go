package slot

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// Value is a typed value. The zero Value has kind Invalid and equals nothing.
type Value struct {
	kind    Kind
	num     int64 // bool, int, duration (ns), timestamp (s), prefix length
	double  float64
	nanos   int32
	str     string
	addr    netip.Addr
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
func IntValue(i int64) Value { return Value{kind: Int, num: i} }

// DoubleValue makes a double.
func DoubleValue(f float64) Value { return Value{kind: Double, double: f} }

// StringValue makes a string.
func StringValue(s string) Value { return Value{kind: String, str: s} }

// TimeValue makes a timestamp.
func TimeValue(t time.Time) Value {
	return Value{kind: Timestamp, num: t.Unix(), nanos: int32(t.Nanosecond())}
}

// DurationValue makes a duration.
func DurationValue(d time.Duration) Value { return Value{kind: Duration, num: int64(d)} }

// IPValue makes an address; an IPv4-mapped one becomes IPv4.
func IPValue(a netip.Addr) Value { return Value{kind: IP, addr: a.Unmap().WithZone("")} }

// CIDRValue makes a network.
func CIDRValue(p netip.Prefix) Value { return Value{kind: CIDR, addr: p.Addr(), num: int64(p.Bits())} }

// StringsValue makes a list of strings.
func StringsValue(list []string) Value {
	v := Value{kind: List, items: make([]Value, len(list))}
	for i, s := range list {
		v.items[i] = StringValue(s)
	}
	return v
}

// StringListsValue makes a map of lists of strings, as headers are.
func StringListsValue(m map[string][]string) Value {
	v := Value{kind: Map, entries: make([]Entry, 0, len(m))}
	for k, list := range m {
		v.entries = append(v.entries, Entry{Key: k, Value: StringsValue(list)})
	}
	v.sort()
	return v
}

func (v *Value) sort() {
	slices.SortFunc(v.entries, func(a, b Entry) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
}

// Kind tells what the value is.
func (v Value) Kind() Kind { return v.kind }

// Bool is the value of a bool.
func (v Value) Bool() bool { return v.num != 0 }

// Int is the value of an int.
func (v Value) Int() int64 { return v.num }

// Double is the value of a double.
func (v Value) Double() float64 { return v.double }

// Str is the value of a string.
func (v Value) Str() string { return v.str }

// Time is the value of a timestamp, in UTC.
func (v Value) Time() time.Time { return time.Unix(v.num, int64(v.nanos)).UTC() }

// Duration is the value of a duration.
func (v Value) Duration() time.Duration { return time.Duration(v.num) }

// Addr is the value of an ip.
func (v Value) Addr() netip.Addr { return v.addr }

// Prefix is the value of a cidr.
func (v Value) Prefix() netip.Prefix { return netip.PrefixFrom(v.addr, int(v.num)) }

// Items are the elements of a list. They must not be changed.
func (v Value) Items() []Value { return v.items }

// ObjectType is the type of an object, nil of anything else.
func (v Value) ObjectType() *Type { return v.object }

// Entry gives a field of an object or an entry of a map.
func (v Value) Entry(key string) (Value, bool) {
	for _, e := range v.entries {
		if e.Key == key {
			return e.Value, true
		}
	}
	return Value{}, false
}

// Entries are the entries of a map, or the fields of an object that have a
// value, sorted by key. They must not be changed.
func (v Value) Entries() []Entry { return v.entries }

// Strings are the elements of a list of strings.
func (v Value) Strings() []string {
	out := make([]string, len(v.items))
	for i, x := range v.items {
		out[i] = x.str
	}
	return out
}

// Equal tells whether two values have the same kind and content.
func (v Value) Equal(o Value) bool {
	if v.kind != o.kind || v.num != o.num || v.double != o.double || v.nanos != o.nanos || v.str != o.str || v.addr != o.addr {
		return false
	}
	return slices.EqualFunc(v.items, o.items, Value.Equal) &&
		slices.EqualFunc(v.entries, o.entries, func(a, b Entry) bool { return a.Key == b.Key && a.Value.Equal(b.Value) })
}

// AppendJSON appends the value in the form that records and explanations use:
// timestamps as RFC 3339, durations as Go writes them, addresses as text.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.Bool())
	case Int:
		return strconv.AppendInt(dst, v.num, 10)
	case Double:
		return appendAny(dst, v.double)
	case List:
		dst = append(dst, '[')
		for i, x := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.AppendJSON(dst)
		}
		return append(dst, ']')
	case Map, Object:
		dst = append(dst, '{')
		for i, e := range v.entries {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendAny(dst, e.Key), ':')
			dst = e.Value.AppendJSON(dst)
		}
		return append(dst, '}')
	}
	return appendAny(dst, v.Text())
}

// Text gives a scalar value as text.
func (v Value) Text() string {
	switch v.kind {
	case String:
		return v.str
	case Timestamp:
		return v.Time().Format(time.RFC3339Nano)
	case Duration:
		return v.Duration().String()
	case IP:
		return v.addr.String()
	case CIDR:
		return v.Prefix().String()
	case Invalid:
		return ""
	}
	return string(v.AppendJSON(nil))
}

// appendAny encodes a string or a finite number, which cannot fail.
func appendAny(dst []byte, x any) []byte {
	b, err := json.Marshal(x)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, b...)
}

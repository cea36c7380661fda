package document

import (
	"regexp"
	"strconv"
)

// One spelling per value: no leading zeros, no separators, no hexadecimal.
var (
	intForm    = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	doubleForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// ParseInt reads a 64-bit integer in its one spelling.
func ParseInt(s string) (int64, bool) {
	if !intForm.MatchString(s) || s == "-0" {
		return 0, false
	}
	v, err := strconv.ParseInt(s, 10, 64)
	return v, err == nil
}

// ParseDouble reads a finite number in JSON's grammar.
func ParseDouble(s string) (float64, bool) {
	if !doubleForm.MatchString(s) {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

// ParseBool reads true or false.
func ParseBool(s string) (value, ok bool) { return s == "true", s == "true" || s == "false" }

// Bool reads a key as true or false; missing reads as false.
func (o *Object) Bool(key string) bool {
	t := o.Text(key)
	if !t.IsSet() {
		return false
	}
	v, ok := ParseBool(t.Value())
	if !ok || t.Quoted() {
		o.w.Error(t.Span(), "wrong_type", "write true or false, without quotes", "%q must be true or false, not %q", key, t.Value())
	}
	return v && ok
}

// Int reads a key as an integer; ok is false when the key is missing or wrong.
func (o *Object) Int(key string) (value int64, ok bool) {
	t := o.Text(key)
	if !t.IsSet() {
		return 0, false
	}
	v, good := ParseInt(t.Value())
	if !good || t.Quoted() {
		o.w.Error(t.Span(), "wrong_type", "write digits only, without quotes or leading zeros", "%q must be a whole number, not %q", key, t.Value())
		return 0, false
	}
	return v, true
}

// Value is data whose type is declared elsewhere: fixtures, constants,
// bounds. Exactly one of Text, Items and Entries is used.
type Value struct {
	Text    Text
	Items   []Value
	Entries []ValueEntry
	Kind    ValueKind
	at      Place
}

// ValueKind tells the shape of a Value.
type ValueKind uint8

// The shapes of a Value; the zero Value is absent.
const (
	Absent ValueKind = iota
	Scalar
	List
	Map
)

// ValueEntry is one key of a Value of kind Map.
type ValueEntry struct {
	Key   Text
	Value Value
}

// Value reads a node as data. Null and empty are reported.
func (w *Walker) Value(n *Node, what string) Value {
	if n == nil {
		return Value{}
	}
	v := Value{at: n.Place()}
	switch {
	case n.isNull():
		w.Error(n.Span(), "empty_value", "leave the key out if there is no value; quote it if you mean the text", "%s has no value", what)
		return Value{}
	case n.kind == scalarNode:
		v.Kind, v.Text = Scalar, n.text()
	case n.kind == listNode:
		v.Kind, v.Items = List, make([]Value, len(n.content))
		what = "an item of " + what
		for i, c := range n.content {
			v.Items[i] = w.Value(c, what)
		}
	case n.kind == mapNode:
		entries := w.Object(n, what).Entries()
		v.Kind, v.Entries = Map, make([]ValueEntry, len(entries))
		for i, e := range entries {
			v.Entries[i] = ValueEntry{Key: e.Key, Value: w.Value(e.Value, e.Key.Value())}
		}
	}
	return v
}

// Span is where the value starts.
func (v Value) Span() Span {
	if v.Kind == Absent {
		return Span{}
	}
	if v.Kind == Scalar {
		return v.Text.Span()
	}
	return v.at.Span()
}

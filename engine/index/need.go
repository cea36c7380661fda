package index

import (
	"slices"

	"github.com/gwctl/gwctl/engine/slot"
)

// Need is one way in which a condition can be true: the slot holds the value,
// or has it among its items. A slot whose value is unavailable or unusable
// fulfils every need, since reading it is an error; an absent one does where
// Absent is set.
type Need struct {
	Slot   slot.Index
	Value  slot.Value // of kind String, Int or Bool; none of a need that only what cannot be read fulfils
	Absent bool
}

// key tells needs apart by slot and value.
type key struct {
	slot slot.Index
	kind slot.Kind
	num  int64
	text string
}

// key is the need's slot and value.
func (n Need) key() key {
	k := key{slot: n.Slot, kind: n.Value.Kind()}
	switch k.kind {
	case slot.String:
		k.text = n.Value.Str()
	case slot.Int:
		k.num = n.Value.Int()
	case slot.Bool:
		if n.Value.Bool() {
			k.num = 1
		}
	}
	return k
}

// Fulfilled tells whether values fulfil the need.
func (n Need) Fulfilled(v *slot.Values) bool {
	value, state := v.Get(n.Slot)
	switch state {
	case slot.Present:
		return value.Equal(n.Value) || slices.ContainsFunc(value.Items(), n.Value.Equal)
	case slot.Absent:
		return n.Absent
	}
	return true
}

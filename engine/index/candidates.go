package index

import (
	"slices"

	"github.com/gwctl/gwctl/engine/slot"
)

// Candidates finds, among many rules, those that a request can make true or
// fail. A rule is filed under one set of needs of which it fulfils one whenever
// it matters; looking up what the request's slots hold gives all that do. Rules
// without needs always matter. It does not change once built.
type Candidates struct {
	always []int32
	slots  []entry
}

// entry are the rules filed under one slot.
type entry struct {
	slot    slot.Index
	strings map[string][]int32
	ints    map[int64][]int32
	bools   [2][]int32
	absent  []int32 // matter where the slot is absent
	all     []int32 // matter where it is unavailable or unusable
}

// NewCandidates files n rules; needs gives the sets of needs of each.
func NewCandidates(n int, needs func(i int) [][]Need) *Candidates {
	shared := map[key]int{}
	for i := range n {
		for _, set := range needs(i) {
			for _, x := range set {
				shared[x.key()]++
			}
		}
	}
	c := &Candidates{}
	for i := range n {
		sets := needs(i)
		if len(sets) == 0 {
			c.always = append(c.always, int32(i))
			continue
		}
		// The set that the fewest rules share tells most.
		crowd := func(set []Need) (sum int) {
			for _, x := range set {
				if x.Value.Kind() != slot.Invalid {
					sum += shared[x.key()]
				}
			}
			return sum
		}
		c.file(int32(i), slices.MinFunc(sets, func(a, b []Need) int { return crowd(a) - crowd(b) }))
	}
	return c
}

func (c *Candidates) file(rule int32, set []Need) {
	for _, x := range set {
		e := c.entry(x.Slot)
		switch x.Value.Kind() {
		case slot.String:
			e.strings[x.Value.Str()] = append(e.strings[x.Value.Str()], rule)
		case slot.Int:
			e.ints[x.Value.Int()] = append(e.ints[x.Value.Int()], rule)
		case slot.Bool:
			at := truth(x.Value)
			e.bools[at] = append(e.bools[at], rule)
		}
		e.all = once(e.all, rule)
		if x.Absent {
			e.absent = once(e.absent, rule)
		}
	}
}

// once appends a rule that is not the last one already.
func once(list []int32, rule int32) []int32 {
	if n := len(list); n > 0 && list[n-1] == rule {
		return list
	}
	return append(list, rule)
}

func (c *Candidates) entry(i slot.Index) *entry {
	for n := range c.slots {
		if c.slots[n].slot == i {
			return &c.slots[n]
		}
	}
	c.slots = append(c.slots, entry{slot: i, strings: map[string][]int32{}, ints: map[int64][]int32{}})
	return &c.slots[len(c.slots)-1]
}

func truth(v slot.Value) int {
	if v.Bool() {
		return 1
	}
	return 0
}

// Find appends the rules that matter to buf, in order and each once.
func (c *Candidates) Find(v *slot.Values, buf []int32) []int32 {
	buf = append(buf, c.always...)
	for n := range c.slots {
		e := &c.slots[n]
		value, state := v.Get(e.slot)
		switch state {
		case slot.Present:
			buf = e.find(value, buf)
			for _, item := range value.Items() {
				buf = e.find(item, buf)
			}
		case slot.Absent:
			buf = append(buf, e.absent...)
		default:
			buf = append(buf, e.all...)
		}
	}
	if len(c.slots) > 0 {
		slices.Sort(buf)
		buf = slices.Compact(buf)
	}
	return buf
}

func (e *entry) find(v slot.Value, buf []int32) []int32 {
	switch v.Kind() {
	case slot.String:
		return append(buf, e.strings[v.Str()]...)
	case slot.Int:
		return append(buf, e.ints[v.Int()]...)
	case slot.Bool:
		return append(buf, e.bools[truth(v)]...)
	}
	return buf
}

package plan_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine/slot"
)

var errBroken = errors.New("time-out")

// values makes requests.
type values struct {
	rng    *rand.Rand
	layout *slot.Layout
	many   bool // items in lists, often as many as a Schema allows unless it says more
}

// request makes one request. In some requests all is well, in others attributes
// are missing, unavailable or unusable.
func (r values) request() *slot.Values {
	rng, v := r.rng, slot.NewValues(r.layout)
	trouble := []int{0, 0, 4, 10, 30}[rng.IntN(5)] // of a hundred attributes
	if rng.IntN(4) > 0 {
		v.SetBody()
	}
	for i := range r.layout.Len() {
		a := r.layout.Attr(slot.Index(i))
		if rng.IntN(100) < trouble {
			r.unsettle(v, a)
			continue
		}
		v.Supply(slot.Fixture, a.Root, a.Name, r.input(a.Type, a))
	}
	return v
}

// unsettle leaves an attribute without a value to read.
func (r values) unsettle(v *slot.Values, a *slot.Attr) {
	switch r.rng.IntN(7) {
	case 0, 1: // absent
	case 2:
		v.Supply(slot.Fixture, a.Root, a.Name, slot.Input{}) // null
	case 3, 4:
		v.Supply(slot.Fixture, a.Root, a.Name, r.input(a.Type, a))
		v.Fail(a.Root, a.Name, errBroken)
	case 5:
		v.Invalidate(a.Root, a.Name, errBroken)
	case 6:
		for range 20 { // until two differ
			v.Supply(slot.Fixture, a.Root, a.Name, r.input(a.Type, a))
		}
	}
}

// input makes a value of a type, as it comes from outside.
func (r values) input(t *slot.Type, a *slot.Attr) slot.Input {
	rng := r.rng
	switch t.Kind {
	case slot.List:
		var items []slot.Input
		for range r.size() {
			items = append(items, r.input(t.Elem, a))
		}
		return slot.FromList(items)
	case slot.Map:
		var entries []slot.InputEntry
		for _, key := range mapKeys(rng, a) {
			entries = append(entries, slot.InputEntry{Key: key, Value: r.input(t.Elem, a)})
		}
		return slot.FromObject(entries)
	case slot.Object:
		var entries []slot.InputEntry
		for _, f := range t.Fields {
			if !f.Optional || rng.IntN(4) > 0 {
				entries = append(entries, slot.InputEntry{Key: f.Name, Value: r.input(f.Type, f)})
			}
		}
		return slot.FromObject(entries)
	case slot.String:
		return slot.Quoted(scalar(rng, "string"))
	}
	return slot.Plain(scalar(rng, t.String()))
}

// size of a list: often none or one, sometimes many.
func (r values) size() int {
	if r.many && r.rng.IntN(2) == 0 {
		return slot.DefaultMaxItems
	}
	return []int{0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 9}[r.rng.IntN(12)]
}

// mapKeys are few, so that cel-go's random order of them has few outcomes.
func mapKeys(rng *rand.Rand, a *slot.Attr) []string {
	pool := keys()
	switch a.Name {
	case "headers":
		pool = []string{"x-plan", "x-two", "x-empty"}
	case "query":
		pool = []string{"q", "two", "Q"}
	case "quotas":
		return append(many(), one(rng, []string{"b", "k", "x-y"}))
	}
	var out []string
	for range rng.IntN(4) {
		if k := one(rng, pool); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// describe writes the values that an expression can look at.
func describe(v *slot.Values, reads []slot.Index) string {
	var b strings.Builder
	for _, i := range reads {
		value, state := v.Get(i)
		fmt.Fprintf(&b, "  %s: %s", v.Layout().Attr(i).FullName(), state)
		if state == slot.Present {
			fmt.Fprintf(&b, " %s", value.AppendJSON(nil))
		}
		b.WriteByte('\n')
	}
	if v.HasBody() {
		b.WriteString("  with a body\n")
	}
	return b.String()
}

package index

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("GWCTL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (set GWCTL_SEED to repeat)", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// TestCandidatesMissNothing: a rule each of whose sets is fulfilled is found; what
// is found is in order, once, and fulfils at least the set it was filed under.
func TestCandidatesMissNothing(t *testing.T) {
	rng := seeded(t)
	integer, err := slot.ParseType("int")
	if err != nil {
		t.Fatal(err)
	}
	layout := slot.NewLayout([]*slot.Attr{{Root: slot.User, Name: "level", Type: integer, Optional: true}})
	level, _ := layout.Lookup(slot.User, "level")
	slots := []slot.Index{slot.UserID, slot.UserTenant, slot.UserRoles, slot.UserAuthenticated, level}
	value := func(i slot.Index) slot.Value {
		switch i {
		case slot.UserAuthenticated:
			return slot.BoolValue(rng.IntN(2) == 0)
		case level:
			return slot.IntValue(rng.Int64N(4))
		}
		return slot.StringValue(string(rune('a' + rng.IntN(5))))
	}
	found, passed := 0, 0
	for range 300 {
		rules := make([][][]Need, 1+rng.IntN(40))
		for i := range rules {
			for range rng.IntN(3) {
				var set []Need
				for range 1 + rng.IntN(3) {
					at := slots[rng.IntN(len(slots))]
					set = append(set, Need{Slot: at, Value: value(at), Absent: rng.IntN(2) == 0})
				}
				rules[i] = append(rules[i], set)
			}
		}
		c := NewCandidates(len(rules), func(i int) [][]Need { return rules[i] })
		for range 20 {
			v := slot.NewValues(layout)
			for _, i := range slots {
				switch n := rng.IntN(8); {
				case n == 0:
				case n == 1:
					a := layout.Attr(i)
					v.Fail(a.Root, a.Name, nil)
				case i == slot.UserRoles:
					v.Set(i, slot.StringsValue([]string{value(i).Str(), value(i).Str()}[:rng.IntN(3)]))
				default:
					v.Set(i, value(i))
				}
			}
			got := c.Find(v, nil)
			if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
				t.Fatalf("not in order, or twice: %v", got)
			}
			for i, sets := range rules {
				holds := func(set []Need) bool { return slices.ContainsFunc(set, func(x Need) bool { return x.Fulfilled(v) }) }
				in := slices.Contains(got, int32(i))
				if all := !slices.ContainsFunc(sets, func(set []Need) bool { return !holds(set) }); all && !in {
					t.Fatalf("rule %d of %v is missed", i, sets)
				}
				if in && len(sets) > 0 && !slices.ContainsFunc(sets, holds) {
					t.Fatalf("rule %d of %v is found and fulfils none", i, sets)
				}
				if in {
					found++
				} else {
					passed++
				}
			}
		}
	}
	if found < 10000 || passed < 10000 {
		t.Errorf("%d found, %d passed over: too one-sided to show anything", found, passed)
	}
}

// BenchmarkCandidates finds one rule of many.
func BenchmarkCandidates(b *testing.B) {
	for _, n := range []int{100, 10000, 100000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			c := NewCandidates(n, func(i int) [][]Need {
				return [][]Need{{{Slot: slot.UserTenant, Value: slot.StringValue(fmt.Sprint("t", i))}}}
			})
			v := slot.NewValues(slot.NewLayout())
			var buf []int32
			b.ReportAllocs()
			for i := range b.N {
				if i%1024 == 0 {
					v.Set(slot.UserTenant, slot.StringValue(fmt.Sprint("t", i%n)))
				}
				if buf = c.Find(v, buf[:0]); len(buf) != 1 {
					b.Fatal(buf)
				}
			}
		})
	}
}

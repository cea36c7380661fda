package celenv

import (
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
)

// TestMapsInOrder: what depends on the order of a map's entries is the same each
// time, for attributes, literals and maps that a loop makes.
func TestMapsInOrder(t *testing.T) {
	r := newRig(t)
	labels, _ := r.scope.layout.Lookup(slot.User, "places")
	entries := slot.FromObject([]slot.InputEntry{{Key: "d", Value: slot.Quoted("1")}, {Key: "b", Value: slot.Quoted("2")}, {Key: "c", Value: slot.Quoted("3")}, {Key: "a", Value: slot.Quoted("4")}})
	r.values.Supply(slot.Source, slot.User, "places", entries)
	if _, state := r.values.Get(labels); state != slot.Present {
		t.Fatal(r.values.Err(labels))
	}
	for _, source := range []string{
		"user.places.map(k, k) == ['a', 'b', 'c', 'd']",
		"user.places.map(k, k != 'b', user.places[k]) == ['4', '3', '1']",
		"user.places.transformList(k, v, k + v) == ['a4', 'b2', 'c3', 'd1']",
		"{'d': 1, 'b': 2, 'c': 3, 'a': 4}.map(k, k) == ['a', 'b', 'c', 'd']",
		"{9: 'x', -1: 'y', 5: 'z'}.map(k, k) == [-1, 5, 9]",
		"user.places.transformMap(k, v, v + 'x').map(k, k) == ['a', 'b', 'c', 'd']",
		"user.places.transformMap(k, v, v + 'x')['a'] == '4x' && {'x': 1}['x'] == 1 && {'x': 1}.x == 1",
		"{true: 1, false: 2}.map(k, k) == [false, true]",
		"user.places == {'d': '1', 'b': '2', 'c': '3', 'a': '4'}",
		"user.places.size() == 4 && 'd' in user.places && user.places.d == '1' && user.places[?'e'] == optional.none()",
	} {
		e := r.compile(source, boolean)
		for range 50 {
			if got, err := e.EvalBool(r.scope.NewFrame(r.values)); !got || err != nil {
				t.Errorf("%s: %t %v", source, got, err)
				break
			}
		}
		if trace := e.Trace(r.scope.NewFrame(r.values)); !trace.Result {
			t.Errorf("%s: traced %v", source, trace.Err)
		}
	}
}

package authn

import (
	"fmt"
	"testing"
)

// The memory of absent kids is bounded and forgets the oldest.
func TestLRU(t *testing.T) {
	l := newLRU[int, string](3)
	for i := range 3 {
		l.put(i, fmt.Sprint(i))
	}
	l.get(0)
	l.put(1, "one")
	l.put(3, "3")
	for key, want := range map[int]string{0: "0", 1: "one", 2: "", 3: "3"} {
		if got, ok := l.get(key); got != want || ok != (want != "") {
			t.Errorf("%d: %q %v", key, got, ok)
		}
	}
	if len(l.entries) != 3 || l.order.Len() != 3 {
		t.Errorf("%d entries, %d in order", len(l.entries), l.order.Len())
	}
	l.clear()
	if _, ok := l.get(0); ok || l.order.Len() != 0 {
		t.Error("not cleared")
	}
}

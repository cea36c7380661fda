package authn

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

func digestOf(i int) digest { return sha256.Sum256([]byte(fmt.Sprint(i))) }

func (t *table[V]) weigh() (values, bytes int) {
	t.drop(func(key digest, _ V) bool {
		values++
		for i := range t.set(key).ways {
			if e := t.set(key).ways[i].Load(); e != nil && e.key == key {
				bytes += e.bytes
			}
		}
		return false
	})
	return values, bytes
}

func TestTableKeepsWhatFits(t *testing.T) {
	tab := newTable[int](64, 1<<20)
	for i := range 16 {
		tab.put(digestOf(i), i, 10)
	}
	tab.put(digestOf(3), 33, 20) // in place of the other
	for i := range 16 {
		want := i
		if i == 3 {
			want = 33
		}
		if got, ok := tab.get(digestOf(i)); !ok || got != want {
			t.Errorf("%d is %d, %v", i, got, ok)
		}
	}
	if n, bytes := tab.weigh(); n != 16 || bytes != 170 {
		t.Errorf("%d values of %d bytes", n, bytes)
	}
	if _, ok := tab.get(digestOf(16)); ok {
		t.Error("found what was never put")
	}
	tab.remove(digestOf(3))
	if _, ok := tab.get(digestOf(3)); ok {
		t.Error("found what was removed")
	}
	if n := tab.drop(func(_ digest, v int) bool { return v%2 == 0 }); n != 8 {
		t.Errorf("%d dropped", n)
	}
	if n, _ := tab.weigh(); n != 7 {
		t.Errorf("%d left", n)
	}
}

// Whatever comes, the table stays within its bounds.
func TestTableIsBounded(t *testing.T) {
	const size, bytes = 80, 8000
	tab := newTable[int](size, bytes)
	for i := range 10 * size {
		tab.put(digestOf(i), i, 1+i%300)
	}
	if n, b := tab.weigh(); n > size || n < size/10 || b > bytes {
		t.Errorf("%d values of %d bytes", n, b)
	}
	tab.put(digestOf(-1), -1, 801) // over the share of a set
	if _, ok := tab.get(digestOf(-1)); ok {
		t.Error("a value heavier than its set is kept")
	}
	tab.put(digestOf(-1), -1, 800)
	if _, ok := tab.get(digestOf(-1)); !ok {
		t.Error("control: a value as heavy as its set is not kept")
	}
}

// A full set forgets what was used least recently.
func TestTableForgetsTheLeastUsed(t *testing.T) {
	tab := newTable[int](ways, 1<<20)
	for i := range ways {
		tab.put(digestOf(i), i, 1)
	}
	for _, i := range []int{0, 1, 2, 4, 5, 6, 7} { // not 3
		tab.get(digestOf(i))
	}
	tab.put(digestOf(ways), ways, 1)
	for i := range ways + 1 {
		if _, ok := tab.get(digestOf(i)); ok == (i == 3) {
			t.Errorf("%d found: %v", i, ok)
		}
	}
}

// A memo is of one owner.
func TestMemo(t *testing.T) {
	var m Memo
	a, b := new(int), new(int)
	if m.Load(a) != nil || m.Load(nil) != nil {
		t.Error("an empty memo gives something")
	}
	m.Store(a, "of a")
	if m.Load(a) != "of a" || m.Load(b) != nil {
		t.Errorf("a has %v, b has %v", m.Load(a), m.Load(b))
	}
	m.Store(b, "of b")
	defer func() {
		if m.Clear(); m.Load(b) != nil {
			t.Error("a cleared memo gives something")
		}
	}()
	if m.Load(a) != nil || m.Load(b) != "of b" {
		t.Errorf("a has %v, b has %v", m.Load(a), m.Load(b))
	}
}

// The claims are parsed once, good or bad.
func TestIdentityInput(t *testing.T) {
	good, bad := &Identity{Claims: []byte(`{"sub":"alice"}`)}, &Identity{Claims: []byte(`{"sub":`)}
	for range 2 {
		in, err := good.Input()
		sub, ok := in.Member("sub")
		if text, _ := sub.Str(); err != nil || !ok || text != "alice" {
			t.Errorf("%v, %v", in, err)
		}
		if _, err := bad.Input(); err == nil {
			t.Error("bad claims are taken")
		}
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = good.Input() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

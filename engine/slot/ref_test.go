package slot

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"
)

// TestRefReadsAsValueDoes: reading in place gives what a copy gives.
func TestRefReadsAsValueDoes(t *testing.T) {
	at := time.Date(2026, 1, 15, 10, 0, 0, 5, time.UTC)
	values := []Value{
		BoolValue(true), IntValue(-3), DoubleValue(1.5), StringValue("a"), TimeValue(at), DurationValue(time.Minute), IPValue(netip.MustParseAddr("192.0.2.1")), CIDRValue(netip.MustParsePrefix("192.0.2.0/24")),
		StringsValue([]string{"a", "b"}), StringListsValue(map[string][]string{"k": {"x"}}), MapValue([]Entry{{"b", IntValue(2)}, {"a", IntValue(1)}}), ListValue([]Value{IntValue(1)}),
	}
	for i, v := range values {
		r := RefTo(&v)
		if r.Kind() != v.Kind() || r.Bool() != v.Bool() || r.Int() != v.Int() || math.Float64bits(r.Double()) != math.Float64bits(v.Double()) || r.Str() != v.Str() || r.Duration() != v.Duration() || r.Addr() != v.Addr() || !r.Value().Equal(v) {
			t.Errorf("%s reads otherwise in place", v.Text())
		}
		if v.Kind() == Timestamp && !r.Time().Equal(v.Time()) || v.Kind() == CIDR && r.Prefix() != v.Prefix() || r.Len() != len(v.Items())+len(v.Entries()) {
			t.Errorf("%s reads otherwise in place", v.Text())
		}
		for j, w := range values {
			if r.Equal(RefTo(&w)) != (i == j) || r.Equal(RefTo(&w)) != v.Equal(w) {
				t.Errorf("%s equal to %s: %t", v.Text(), w.Text(), r.Equal(RefTo(&w)))
			}
		}
	}
	if s, n := RefTo(&values[4]).Unix(); s != at.Unix() || n != 5 {
		t.Errorf("%d.%d", s, n)
	}
}

// TestRefEntry: few entries are searched one by one and many by halving; both
// find every key and no other.
func TestRefEntry(t *testing.T) {
	for n := range 3 * fewEntries {
		var entries []Entry
		for i := range n {
			entries = append(entries, Entry{fmt.Sprintf("key%02d", n-i), IntValue(int64(n - i))})
		}
		v := MapValue(entries)
		r := RefTo(&v)
		for i := -1; i <= n+1; i++ {
			got, ok := r.Entry(fmt.Sprintf("key%02d", i))
			want, wanted := v.Entry(fmt.Sprintf("key%02d", i))
			if ok != wanted || ok && got.Int() != want.Int() {
				t.Errorf("%d of %d: %t", i, n, ok)
			}
		}
		for i := range n {
			if key, at := r.EntryAt(i); key != v.Entries()[i].Key || at.Int() != int64(i+1) {
				t.Errorf("entry %d of %d is %s", i, n, key)
			}
		}
	}
}

func TestRefHolds(t *testing.T) {
	v := StringsValue([]string{"a", "", "ab"})
	for text, want := range map[string]bool{"a": true, "": true, "ab": true, "b": false, "aba": false} {
		if got := RefTo(&v).Holds(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	if RefTo(&v).Item(2).Str() != "ab" {
		t.Error("items are out of order")
	}
}

// TestAt: only what is Present can be read, and in place.
func TestAt(t *testing.T) {
	l := NewLayout()
	v := NewValues(l)
	if p, state := v.At(UserID); p != nil || state != Absent {
		t.Errorf("%v, %s", p, state)
	}
	v.Set(UserID, StringValue("alice"))
	p, state := v.At(UserID)
	r, refState := v.Ref(UserID)
	if state != Present || p.Str() != "alice" || refState != Present || r.Str() != "alice" {
		t.Errorf("%v, %s and %s", p, state, refState)
	}
	v.Fail(User, "id", errors.New("time-out"))
	if p, state := v.At(UserID); p != nil || state != Unavailable {
		t.Errorf("%v, %s", p, state)
	}
	if _, state := v.Ref(UserID); state != Unavailable {
		t.Error(state)
	}
}

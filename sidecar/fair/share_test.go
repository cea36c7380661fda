package fair

import (
	"fmt"
	"net/netip"
	"testing"
)

// greedy takes one by one until there is no more.
func greedy(s *Share, who ...string) (got []int) {
	got = make([]int, len(who))
	for more := true; more; {
		more = false
		for i, w := range who {
			if s.Take(netip.MustParseAddr(w), 1) {
				got[i]++
				more = true
			}
		}
	}
	return got
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		who  []string
		want string
	}{
		{[]string{"192.0.2.1"}, "[600]"},
		{[]string{"192.0.2.1", "192.0.2.2"}, "[360 360]"},
		{[]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, "[258 257 257]"},
		{[]string{"2001:db8::1", "2001:db8::2"}, "[300 300]"},     // one network
		{[]string{"2001:db8::1", "2001:db8:0:1::2"}, "[360 360]"}, // two
		{[]string{"192.0.2.1", "::ffff:192.0.2.1"}, "[300 300]"},  // one address
	} {
		s := New(900)
		if got := fmt.Sprint(greedy(s, tt.who...)); got != tt.want {
			t.Errorf("%v got %s, want %s", tt.who, got, tt.want)
		}
		// Whoever comes next finds something left.
		if !s.Take(netip.MustParseAddr("198.51.100.1"), 1) {
			t.Errorf("%v left nothing", tt.who)
		}
	}
	s := New(900)
	for range 900 {
		if !s.Take(netip.Addr{}, 1) {
			t.Fatal("who speaks for many got less than all")
		}
	}
	if s.Take(netip.Addr{}, 1) || s.Take(netip.MustParseAddr("192.0.2.1"), 1) {
		t.Error("more was given than there is")
	}
}

// What is given back can be taken again, and nobody who holds nothing is
// remembered.
func TestShareGive(t *testing.T) {
	s := New(100)
	who := netip.MustParseAddr("192.0.2.1")
	if !s.Take(who, 60) || s.Take(who, 60) {
		t.Fatal("want 60 and no further 60")
	}
	s.Give(who, 60)
	if !s.Take(who, 60) {
		t.Error("60 were given back and cannot be taken")
	}
	s.Give(who, 60)
	if s.used != 0 || len(s.held) != 0 {
		t.Errorf("%d are in use, by %v", s.used, s.held)
	}
}

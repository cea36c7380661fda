package canonical

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// The word-wise loop agrees with the definition for every byte at every place.
func TestIsPrintable(t *testing.T) {
	for n := range 19 {
		base := strings.Repeat("\x20\x7e", 10)[:n]
		if !isPrintable(base) {
			t.Errorf("%q is not printable", base)
		}
		for at := range n {
			for b := range 256 {
				s := base[:at] + string([]byte{byte(b)}) + base[at+1:]
				if got, want := isPrintable(s), b >= 0x20 && b <= 0x7e; got != want {
					t.Errorf("isPrintable(%q) = %t, want %t", s, got, want)
				}
			}
		}
	}
}

func TestUUIDv7(t *testing.T) {
	form := regexp.MustCompile(`^0192f7a0-1234-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	now := time.UnixMilli(0x0192f7a01234)
	seen := map[string]bool{}
	for range 1000 {
		id := NewUUIDv7(now)
		if !form.MatchString(id) || !validID(id) {
			t.Fatalf("%q is no UUIDv7 of that time", id)
		}
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
}

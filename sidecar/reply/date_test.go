package reply

import (
	"net/http"
	"testing"
	"time"
)

// A date is that of its second, whichever was asked for before.
func TestDates(t *testing.T) {
	var d Dates
	at := time.Date(2026, 3, 1, 12, 0, 0, 999_999_999, time.FixedZone("east", 3600))
	for _, tt := range []struct {
		at   time.Time
		want string
	}{
		{at, "Sun, 01 Mar 2026 11:00:00 GMT"},
		{at.Add(time.Nanosecond), "Sun, 01 Mar 2026 11:00:01 GMT"},
		{at, "Sun, 01 Mar 2026 11:00:00 GMT"},
	} {
		if got := d.At(tt.at); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%v: %q, want %q", tt.at, got, tt.want)
		}
		if parsed, err := http.ParseTime(d.At(tt.at)[0]); err != nil || parsed.Unix() != tt.at.Unix() {
			t.Errorf("%v is read as %v, %v", tt.at, parsed, err)
		}
	}
	if n := testing.AllocsPerRun(100, func() { d.At(at) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

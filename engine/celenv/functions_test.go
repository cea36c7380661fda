package celenv_test

import (
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

func TestCalendarFunctions(t *testing.T) {
	s := newScope(t)
	at := func(text string) time.Time {
		out, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	cases := []struct {
		now, src string
		want     bool
	}{
		{"2026-01-15T10:00:00Z", "date(env.time, 'UTC') == '2026-01-15'", true},
		{"2026-01-15T23:30:00Z", "date(env.time, 'Europe/Berlin') == '2026-01-16'", true},
		{"2026-01-15T02:00:00Z", "date(env.time, 'America/New_York') == '2026-01-14'", true},
		{"2026-01-15T08:05:59Z", "clock(env.time, 'Europe/Berlin') == '09:05'", true},
		{"2026-07-15T07:05:00Z", "clock(env.time, 'Europe/Berlin') == '09:05'", true},
		{"2026-01-15T07:59:59Z", "clock(env.time, 'Europe/Berlin') >= '09:00'", false},
		{"2026-01-15T08:00:00Z", "clock(env.time, 'Europe/Berlin') >= '09:00'", true},
		{"2026-01-15T23:00:00Z", "clock(env.time, 'Europe/Berlin') == '00:00'", true},
		{"2026-01-15T10:00:00Z", "weekday(env.time, 'UTC') == 'thursday'", true},
		{"2026-01-18T23:30:00Z", "weekday(env.time, 'Asia/Tokyo') == 'monday'", true},
		{"2026-01-17T10:00:00Z", "weekday(env.time, 'UTC') in ['saturday', 'sunday']", true},
		// The night in which the clock in Berlin goes from 02:00 to 03:00.
		{"2026-03-29T00:59:59Z", "clock(env.time, 'Europe/Berlin') == '01:59'", true},
		{"2026-03-29T01:00:00Z", "clock(env.time, 'Europe/Berlin') == '03:00'", true},
	}
	for _, c := range cases {
		e := compiles(t, s, c.src, celenv.RuleOptions{})
		if e == nil {
			continue
		}
		values := slot.NewValues(slot.NewLayout(attributes()))
		values.Set(slot.EnvTime, slot.TimeValue(at(c.now)))
		if got, err := e.EvalBool(s.NewFrame(values)); err != nil || got != c.want {
			t.Errorf("%s at %s: %t, %v, want %t", c.src, c.now, got, err, c.want)
		}
	}
}

// A day that has no four-digit year where the zone puts it has no text that
// compares rightly.
func TestDateOutOfRange(t *testing.T) {
	s := newScope(t)
	e := compiles(t, s, "date(env.time, 'Asia/Tokyo') > '2026-01-01'", celenv.RuleOptions{})
	values := slot.NewValues(slot.NewLayout(attributes()))
	values.Set(slot.EnvTime, slot.TimeValue(time.Date(9999, 12, 31, 23, 0, 0, 0, time.UTC)))
	if got, err := e.EvalBool(s.NewFrame(values)); err == nil {
		t.Errorf("got %t, want an error", got)
	}
}

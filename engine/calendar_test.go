package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
)

// date, clock and weekday give text that compares rightly, in the zone that is
// named, across the change of the clocks.
func TestCalendarFunctions(t *testing.T) {
	tests := []struct {
		now, condition string
		want           engine.Effect
	}{
		{"2026-01-15T10:00:00Z", "date(env.time, 'UTC') == '2026-01-15'", engine.Allow},
		{"2026-01-15T23:30:00Z", "date(env.time, 'Europe/Berlin') == '2026-01-16'", engine.Allow},
		{"2026-01-15T02:00:00Z", "date(env.time, 'America/New_York') == '2026-01-14'", engine.Allow},
		{"2026-01-15T08:05:59Z", "clock(env.time, 'Europe/Berlin') == '09:05'", engine.Allow},
		{"2026-07-15T07:05:00Z", "clock(env.time, 'Europe/Berlin') == '09:05'", engine.Allow},
		{"2026-01-15T07:59:59Z", "clock(env.time, 'Europe/Berlin') >= '09:00'", engine.Deny},
		{"2026-01-15T08:00:00Z", "clock(env.time, 'Europe/Berlin') >= '09:00'", engine.Allow},
		{"2026-01-15T23:00:00Z", "clock(env.time, 'Europe/Berlin') == '00:00'", engine.Allow},
		{"2026-01-18T23:30:00Z", "weekday(env.time, 'Asia/Tokyo') == 'monday'", engine.Allow},
		{"2026-01-17T10:00:00Z", "weekday(env.time, 'UTC') in ['saturday', 'sunday']", engine.Allow},
		{"2026-03-29T00:59:59Z", "clock(env.time, 'Europe/Berlin') == '01:59'", engine.Allow},
		{"2026-03-29T01:00:00Z", "clock(env.time, 'Europe/Berlin') == '03:00'", engine.Allow},
		{"9999-12-31T23:00:00Z", "date(env.time, 'Asia/Tokyo') != '2026-01-01'", engine.Deny}, // no four-digit year there
	}
	for _, tt := range tests {
		set := mustTrapSet(t, trapSchema, trapOrder, rulesOver("p", fmt.Sprintf("    - {id: r, effect: allow, actions: [read], when: %q}\n", tt.condition)))
		at, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		r := as(ask(set, "GET", "h", "/orders/7"), "alice")
		r.SetTime(at)
		if d := set.Decide(r); d.Effect != tt.want {
			t.Errorf("%s at %s: %s %v, want %s", tt.condition, tt.now, d.Effect, d.Errors, tt.want)
		}
	}
	for _, zone := range []string{"'Local'", "'+01:00'", "'Europe/Atlantis'", "user.id"} {
		_, found := trapSet(t, trapSchema, trapOrder, rulesOver("p", fmt.Sprintf("    - {id: r, effect: allow, actions: [read], when: %q}\n", "clock(env.time, "+zone+") > '09:00'")))
		if !found.HasErrors() {
			t.Errorf("the zone %s is accepted", zone)
		}
	}
}

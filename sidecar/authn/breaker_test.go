package authn

import (
	"testing"
	"time"
)

// at is a point in time of a test, in seconds.
func at(seconds float64) time.Time {
	return time.Unix(1_700_000_000, 0).Add(time.Duration(seconds * float64(time.Second)))
}

// call makes one call and tells whether it was let through.
func (b *breaker) call(now time.Time, good bool) bool {
	probe, _, ok := b.allow(now)
	if ok {
		b.done(now, probe, good)
	}
	return ok
}

func TestBreakerOpens(t *testing.T) {
	for _, tc := range []struct {
		name  string
		calls string // good and bad ones, a tenth of a second apart
		want  string
	}{
		{"nothing", "", BreakerClosed},
		{"four in a row", "bbbb", BreakerClosed},
		{"five in a row", "bbbbb", BreakerOpen},
		{"a good one between", "bbbbgbbbb", BreakerClosed},
		{"half of nineteen", "bgbgbgbgbgbgbgbgbgb", BreakerClosed},
		{"half of twenty", "gbgbgbgbgbgbgbgbgbgb", BreakerOpen},
		{"less than half", "ggbgbgbgbgbgbgbgbggb", BreakerClosed},
	} {
		var b breaker
		for i, c := range tc.calls {
			if !b.call(at(float64(i)/10), c == 'g') && i < len(tc.calls) {
				t.Errorf("%s: call %d is not let through", tc.name, i)
			}
		}
		if got := b.state(at(float64(len(tc.calls)) / 10)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// Failures of more than ten seconds ago do not count.
func TestBreakerWindow(t *testing.T) {
	for gap, want := range map[float64]string{8: BreakerOpen, 10: BreakerClosed} {
		var b breaker
		for i := range 18 {
			b.call(at(0), i%2 == 0)
		}
		b.call(at(gap), true)
		b.call(at(gap), false)
		if got := b.state(at(gap)); got != want {
			t.Errorf("after %v s: %s, want %s", gap, got, want)
		}
	}
}

func TestBreakerProbes(t *testing.T) {
	var b breaker
	early, _, _ := b.allow(at(0)) // still under way when the breaker opens
	for range 5 {
		b.call(at(0), false)
	}
	if wait, ok := b.peek(at(0.5)); ok || wait != 1500*time.Millisecond {
		t.Errorf("peek: %v, %v", wait, ok)
	}
	b.done(at(1), early, true)
	if _, _, ok := b.allow(at(1.9)); ok {
		t.Error("a late answer of an old call closes it")
	}
	probe, _, ok := b.allow(at(2))
	if !ok || !probe {
		t.Fatal("no probe when the pause is over")
	}
	if _, wait, ok := b.allow(at(2)); ok || wait <= 0 {
		t.Error("a second probe beside the first")
	}
	b.done(at(3), probe, false)
	if _, ok := b.peek(at(6.9)); ok {
		t.Error("the pause has not doubled")
	}
	probe, _, ok = b.allow(at(7))
	if !ok || !probe {
		t.Fatal("no second probe")
	}
	if !b.done(at(7), probe, true) || b.state(at(7)) != BreakerClosed {
		t.Error("a good probe does not close it")
	}
	for range 4 {
		if !b.call(at(7), false) {
			t.Error("not let through after closing")
		}
	}
	if b.state(at(7)) != BreakerClosed {
		t.Error("failures from before count")
	}
}

// A clock that is set back does not keep a breaker open for longer than its
// pause.
func TestBreakerClockSetBack(t *testing.T) {
	var b breaker
	for range 5 {
		b.call(at(0), false)
	}
	if _, ok := b.peek(at(1)); ok {
		t.Fatal("control: it is not open")
	}
	if _, ok := b.peek(at(-3600)); !ok {
		t.Error("open for another hour")
	}
}

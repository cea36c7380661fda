package plan

import (
	"errors"
	"time"

	"github.com/gwctl/gwctl/engine/slot"
)

// moment is a timestamp as slots hold it, which takes no work to read. zone is
// nil for UTC; it shows in nothing but string(x).
type moment struct {
	seconds int64 // since 1970
	nanos   int32
	zone    *time.Location
}

func momentOf(r slot.Ref) moment {
	s, n := r.Unix()
	return moment{seconds: s, nanos: n}
}

func momentAt(t time.Time) moment { return moment{t.Unix(), int32(t.Nanosecond()), t.Location()} }

func (v moment) time() time.Time {
	t := time.Unix(v.seconds, int64(v.nanos))
	if v.zone == nil {
		return t.UTC()
	}
	return t.In(v.zone)
}

func (v moment) equal(w moment) bool { return v.seconds == w.seconds && v.nanos == w.nanos }

// compare is negative where v is before w, and positive where it is after.
func (v moment) compare(w moment) int {
	switch {
	case v.equal(w):
		return 0
	case v.seconds < w.seconds, v.seconds == w.seconds && v.nanos < w.nanos:
		return -1
	}
	return 1
}

// The seconds of the years 1 to 9999, which timestamps are of.
const (
	firstSecond = -62135596800
	lastSecond  = 253402300799
)

var errTimeRange = errors.New("timestamp overflow")

// later adds a duration.
func (v moment) later(d time.Duration) (moment, error) {
	v.seconds += int64(d / time.Second)
	v.nanos += int32(d % time.Second)
	switch {
	case v.nanos < 0:
		v.seconds, v.nanos = v.seconds-1, v.nanos+int32(time.Second)
	case v.nanos >= int32(time.Second):
		v.seconds, v.nanos = v.seconds+1, v.nanos-int32(time.Second)
	}
	if v.seconds < firstSecond || v.seconds > lastSecond {
		return v, errTimeRange
	}
	return v, nil
}

// since is the time from w to v.
func (v moment) since(w moment) (time.Duration, error) {
	whole, err := multiply(v.seconds-w.seconds, int64(time.Second))
	if err != nil {
		return 0, err
	}
	sum, err := add(whole, int64(v.nanos-w.nanos))
	return time.Duration(sum), err
}

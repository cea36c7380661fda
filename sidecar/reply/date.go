package reply

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Dates gives the values of Date headers (RFC 9110 section 6.6.1). They have
// seconds, so that most answers share one that net/http would write anew. Its
// method may be called from any goroutine; the zero value is ready.
type Dates struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	values []string
}

// At gives the value of the header at a time. It must not be changed.
func (d *Dates) At(now time.Time) []string {
	second := now.Unix()
	if last := d.last.Load(); last != nil && last.second == second {
		return last.values
	}
	made := &date{second, []string{now.UTC().Format(http.TimeFormat)}}
	d.last.Store(made)
	return made.values
}

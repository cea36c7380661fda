package record

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
)

// ErrNotTold stands for the value of an input that a record withholds.
var ErrNotTold = errors.New("the record does not tell it")

var errAsRecorded = errors.New("as recorded")

// Question is what a decision was asked, for (*engine.Set).Recall. What the
// record does not tell comes back by name and is unavailable in the question;
// with nothing unknown the decision can be made again. What only shadow rules
// read is not named: see [Event.ShadowKnown]. Only a record with a Decision has a
// question.
func (e *Event) Question() (q engine.Recorded, unknown []string) {
	d := e.Decision
	q = engine.Recorded{Resource: d.Resource, Action: d.Action, Time: e.Time}
	if h := e.HTTP; h != nil && e.Door != "authzen" {
		q.HTTP = &engine.HTTP{ID: e.RequestID, Method: h.Method, Host: h.Host, Path: h.Path, Segments: segments(h.Path)}
		q.HTTP.ClientIP, _ = netip.ParseAddr(e.SourceIP)
		if strings.HasSuffix(h.Path, ellipsis) {
			unknown = append(unknown, "the path, which was cut")
		}
	}
	if e.Method != "" {
		q.Principal = &engine.Principal{Method: e.Method, Issuer: e.Issuer}
	}
	if d.Reason == engine.ReasonBodyInvalid || d.Reason == engine.ReasonBodyUnavailable {
		q.BodyReason, q.BodyStatus = d.Reason, d.Status
	}
	for _, in := range e.Inputs {
		r := engine.RecordedInput{Name: in.Name, State: stateOf(in.State), Err: errAsRecorded}
		if r.State == slot.Present {
			var err error
			if r.Value, err = slot.ParseJSON(in.Value); in.Masked || err != nil {
				if !in.Shadow {
					unknown = append(unknown, in.Name)
				}
				r = engine.RecordedInput{Name: in.Name, State: slot.Unavailable, Err: ErrNotTold}
			}
		}
		q.Inputs = append(q.Inputs, r)
	}
	return q, unknown
}

// ShadowKnown tells whether the record holds what shadow rules read beyond the
// others, given by name: their results can be made again, too.
func (e *Event) ShadowKnown(reads []string) bool {
	for _, name := range reads {
		i := slices.IndexFunc(e.Inputs, func(in Input) bool { return in.Name == name })
		if i < 0 || e.Inputs[i].Masked {
			return false
		}
	}
	return true
}

func stateOf(s string) slot.State {
	switch s {
	case StatePresent:
		return slot.Present
	case StateUnavailable:
		return slot.Unavailable
	case StateInvalid:
		return slot.Malformed
	case StateConflict:
		return slot.Conflicting
	}
	return slot.Absent
}

// segments are the parts of a canonical path, decoded.
func segments(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "*" || path == "" {
		return nil
	}
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		text, err := url.PathUnescape(part)
		if err != nil {
			text = part // no canonical path has it
		}
		out = append(out, text)
	}
	return out
}

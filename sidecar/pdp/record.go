package pdp

import (
	"net/netip"

	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
)

// event begins the record of a request with what every kind of record says.
func (q *question) event(kind record.Kind) *record.Event {
	now := q.point.o.Clock()
	e := &record.Event{
		Kind: kind, Time: now, DecisionID: q.id, RequestID: q.c.ID, Door: q.door, SourceIP: text(q.c.ClientIP),
		HTTP:       &record.HTTP{Method: q.c.Method, Host: q.c.Host, Path: q.c.Path, TargetSHA256: q.c.TargetSHA256},
		EvalMicros: q.eval.Microseconds(), TotalMicros: now.Sub(q.began).Microseconds(),
	}
	if id := q.identity; id != nil {
		e.Method, e.Issuer, e.JTIFingerprint, e.KeyID = id.Method, id.Issuer, id.JTIFingerprint, id.KeyID
	}
	return e
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// secretHeaders hold credentials; a record never repeats them, whoever reads
// them in a rule.
var secretHeaders = []string{"authorization", "cookie", "x-api-key", "dpop", "proxy-authorization"}

// inputs adds what the decision's candidates can read, so that the decision can
// be explained and repeated from its record.
func (q *question) inputs(e *record.Event) {
	if q.request == nil {
		return
	}
	v := q.request.Values()
	e.Subject, e.Tenant = str(v, slot.UserID), str(v, slot.UserTenant)
	e.Replayable = true
	for _, i := range q.request.Reads().Slots {
		attr := v.Layout().Attr(i)
		value, state := v.Get(i)
		in := record.Input{Name: attr.FullName(), State: inputState(state), Masked: attr.Sensitive}
		switch {
		case state != slot.Present || attr.Sensitive:
		case i == slot.RequestHeaders:
			in.Masked = carriesSecret(value)
			if !in.Masked {
				in.Value = value.AppendJSON(nil)
			}
		case i == slot.RequestQuery:
			// A query may carry a token; nothing tells which parameter.
			in.Masked = true
		default:
			in.Value = value.AppendJSON(nil)
		}
		if in.Masked {
			e.Replayable = false
		}
		e.Inputs = append(e.Inputs, in)
	}
}

func inputState(s slot.State) string {
	switch s {
	case slot.Present:
		return record.StatePresent
	case slot.Absent:
		return record.StateAbsent
	case slot.Unavailable:
		return record.StateUnavailable
	}
	return record.StateInvalid
}

func carriesSecret(headers slot.Value) bool {
	for _, e := range headers.Entries() {
		for _, name := range secretHeaders {
			if e.Key == name {
				return true
			}
		}
	}
	return false
}

func str(v *slot.Values, i slot.Index) string {
	value, state := v.Get(i)
	if state != slot.Present || v.Layout().Attr(i).Sensitive {
		return ""
	}
	return value.Str()
}

package pdp

import (
	"net/netip"
	"slices"
	"strings"

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

// secretWords mark headers that may hold a credential; a record never repeats
// those, whoever reads them in a rule. A Referer has the query of a page.
var secretWords = []string{"refer", "auth", "cookie", "token", "key", "secret", "session", "dpop", "passw", "credential", "signature", "assertion", "jwt", "saml"}

// secretForms begin values that are credentials under any name: JSON in
// base64, as in a JWT, and the usual schemes.
var secretForms = []string{"eyj", "bearer ", "basic ", "digest ", "dpop "}

// inputs adds what the decision's candidates can read, so that the decision can
// be explained and repeated from its record.
func (q *question) inputs(e *record.Event) {
	if q.request == nil {
		return
	}
	e.Detail = q.c.Lifted.String()
	v := q.request.Values()
	e.Subject, e.Tenant = str(v, slot.UserID), str(v, slot.UserTenant)
	e.Replayable = true
	for _, i := range q.request.Reads().Slots {
		attr := v.Layout().Attr(i)
		value, state := v.Get(i)
		in := record.Input{Name: attr.FullName(), State: inputState(state), Masked: attr.Sensitive && state == slot.Present}
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
	if !e.Replayable {
		withhold(e)
	}
}

// withhold takes the texts of evaluation errors and the values of obligations
// out of a decision that read something masked: both may repeat it.
func withhold(e *record.Event) {
	d := *e.Decision
	d.Errors = slices.Clone(d.Errors)
	for i := range d.Errors {
		d.Errors[i].Message = ""
	}
	d.Obligations = slices.Clone(d.Obligations)
	for i := range d.Obligations {
		d.Obligations[i].Value = ""
	}
	e.Decision = &d
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
	contains := func(name string) func(string) bool {
		return func(word string) bool { return strings.Contains(name, word) }
	}
	for _, e := range headers.Entries() {
		if slices.ContainsFunc(secretWords, contains(e.Key)) {
			return true
		}
		for _, v := range e.Value.Strings() {
			value := strings.ToLower(v)
			if slices.ContainsFunc(secretForms, func(form string) bool { return strings.HasPrefix(value, form) }) {
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

package pdp

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// begin begins the record of a request with what every kind of record says.
func (q *question) begin(kind record.Kind) *record.Event {
	now := q.point.o.Clock()
	q.http = record.HTTP{Method: q.c.Method, Host: q.c.Host, Path: q.c.Path, TargetSHA256: q.c.TargetSHA256}
	q.event = record.Event{
		Kind: kind, Time: now, DecisionID: q.id, RequestID: q.c.ID, Door: q.door, SourceIP: text(q.c.ClientIP), HTTP: &q.http,
		EvalMicros: q.eval.Microseconds(), TotalMicros: now.Sub(q.began).Microseconds(),
	}
	e := &q.event
	e.TrustedChain = chain(q.c.Trusted, q.c.Peer, q.c.Hops)
	if id := q.identity; id != nil {
		e.Method, e.Issuer, e.JTIFingerprint, e.KeyID = id.Method, id.Issuer, id.JTIFingerprint, id.KeyID
		if id.AnswerStale() {
			q.cache.Introspection, e.Stale, e.Cache = "stale", true, &q.cache
		}
		e.IgnoredHeaders = id.IgnoredHeaders
		e.CertificateSHA256 = id.CertificateSHA256
		if id.Method == "jwt" {
			q.cache.JWKS = "fresh"
			if id.KeysStale() {
				q.cache.JWKS, e.Stale = "stale", true
			}
			e.Cache = &q.cache
		}
	}
	return e
}

// unrecorded answers 503 to a request whose record e, which is required, found
// no place, and tells of that answer in what still has place.
func (p *Point) unrecorded(e *record.Event, c reply.Context) reply.Answer {
	a := reply.Unavailable(reply.ReasonAuditUnavailable, 5*time.Second, c)
	if d := e.Decision; d != nil {
		e.Decision = &engine.Decision{Reason: a.Reason, Status: a.Status, Route: d.Route, Resource: d.Resource, Action: d.Action, SetDigest: d.SetDigest}
		e.Inputs, e.Replayable = nil, false
	} else {
		e.Reason = a.Reason
	}
	e.Status = a.Status
	p.o.Audit.Write(e)
	return a
}

// chain gives the trusted proxies that a request came by, nearest first.
func chain(trusted bool, peer netip.Addr, hops []netip.Addr) []string {
	if !trusted || !peer.IsValid() {
		return nil
	}
	out := make([]string, 1, 1+len(hops))
	out[0] = text(peer)
	for _, h := range hops {
		out = append(out, text(h))
	}
	return out
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

// inputs is space for the inputs of one record.
type inputs struct {
	list   []record.Input
	values []byte
}

func (p *Point) giveBack(in *inputs) {
	if in == nil || cap(in.values) > record.MaxLine {
		return
	}
	clear(in.list)
	in.list, in.values = in.list[:0], in.values[:0]
	p.inputs.Put(in)
}

// readInputs adds what the decision's candidates can read, so that the decision
// can be explained and repeated from its record. What it gives holds the
// record's inputs; nil for none.
func (q *question) readInputs(e *record.Event) *inputs {
	if q.request == nil {
		return nil
	}
	e.Detail = q.c.Lifted.String()
	v := q.request.Values()
	e.Subject, e.Tenant = str(v, slot.UserID), str(v, slot.UserTenant)
	e.Replayable = true
	out := q.point.inputs.Get().(*inputs)
	for _, i := range q.request.Reads().Slots {
		if out.add(v, i, false) {
			e.Replayable = false
		}
	}
	if e.Decision.Shadow != nil {
		for _, i := range q.request.ShadowReads() {
			out.add(v, i, true)
		}
	}
	e.Inputs = out.list
	if !e.Replayable {
		withhold(e)
	}
	return out
}

// add adds one attribute and tells whether its value is masked.
func (in *inputs) add(v *slot.Values, i slot.Index, shadow bool) bool {
	attr := v.Layout().Attr(i)
	value, state := v.Get(i)
	one := record.Input{Name: attr.FullName(), State: inputState(state), Masked: state == slot.Present && masked(attr, i, value), Shadow: shadow}
	if state == slot.Present && !one.Masked {
		from := len(in.values)
		in.values = value.AppendJSON(in.values)
		one.Value = in.values[from:]
	}
	in.list = append(in.list, one)
	return one.Masked
}

// masked tells whether a value must not be recorded.
func masked(attr *slot.Attr, i slot.Index, value slot.Value) bool {
	switch {
	case attr.Sensitive:
		return true
	case i == slot.RequestHeaders:
		return carriesSecret(value)
	}
	// A query may carry a token; nothing tells which parameter.
	return i == slot.RequestQuery
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
	case slot.Conflicting:
		return record.StateConflict
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

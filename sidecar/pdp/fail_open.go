package pdp

import (
	"errors"
	"net/http"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// FlagFailOpen is the flag behind [Options.FailOpen], as records and status
// name it.
const FlagFailOpen = "--insecure-fail-open"

// failedOpen is the reason of such a decision in metrics.
const failedOpen = "fail_open"

// unjudged tells whether a request goes on as one of nobody because its
// credential cannot be judged now. A refused credential never does, also beside
// one that cannot be judged.
func (p *Point) unjudged(err error) bool {
	if !p.o.FailOpen {
		return false
	}
	_, refused := errors.AsType[*authn.Refused](err)
	_, broken := errors.AsType[*authn.Broken](err)
	return broken && !refused
}

// opens tells whether a decision is let through although it allows nothing, and
// which 503 it stands for. The rules have been asked: what one of them denies, a
// route that is not there, a set that is not loaded and any failure other than
// of a provider stay as they are.
func (q *question) opens(d engine.Decision) (reason string, ok bool) {
	if !q.point.o.FailOpen || q.snapshot == nil {
		return "", false
	}
	for _, e := range d.Errors {
		if e.Code != engine.ReasonAttributeUnavailable {
			return "", false
		}
	}
	switch {
	case q.unjudged != nil && (d.Allowed() || d.Reason == engine.ReasonUnauthenticated && len(d.Errors) == 0):
		return reply.ReasonDependencyUnavailable, true
	case q.unjudged == nil && !d.Allowed() && d.Reason == engine.ReasonAttributeUnavailable && len(d.Errors) > 0:
		return engine.ReasonAttributeUnavailable, true
	}
	return "", false
}

// letThrough lets a request through undecided, with the identity that is known,
// and writes its one record. It reports false if the identity cannot be passed
// on or the record, which is required, found no place.
func (q *question) letThrough(d engine.Decision, reason string) (Outcome, bool) {
	headers, unfit := identityHeaders(q, d.Obligations)
	if unfit != "" {
		return Outcome{}, false
	}
	e := q.begin(record.KindFailOpen)
	e.Decision, e.Reason, e.Status = &d, reason, http.StatusServiceUnavailable
	list := q.readInputs(e)
	recorded := q.write(e)
	q.point.giveBack(list)
	if !recorded {
		q.recorded = false
		return Outcome{}, false
	}
	q.point.o.Metrics.Decision(q.door, engine.Allow.String(), failedOpen, e.Time.Sub(q.began))
	return q.allowed(d, headers), true
}

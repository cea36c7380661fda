package pdp

import (
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/reply"
)

// CORS is what the route of a request says about pages of other origins, nil if
// it says nothing. The method is that of the request, or the one that a
// preflight asks about.
func (t Turn) CORS(method string, c *canonical.Request) *policy.CORS {
	if t.snapshot == nil || !t.snapshot.cors {
		return nil
	}
	p := t.snapshot.Set.Place(method, c.Host, c.Path, c.Segments)
	if p.Route == nil {
		return nil
	}
	return p.Route.CORS
}

// What gwctl answers itself, without a decision.
const (
	AnsweredPreflight = "preflight"         // a CORS preflight of a route with a cors block
	AnsweredMetadata  = "resource_metadata" // the document about a protected resource
)

// Answered writes the record of a request that is nobody's to decide. Where the
// record is required and cannot be had it reports false, with the answer to give
// instead.
func (p *Point) Answered(c *canonical.Request, door, what string, status int) (instead Outcome, ok bool) {
	e := &record.Event{
		Kind: record.KindAnswered, Time: p.o.Clock(), RequestID: c.ID, Door: door, SourceIP: text(c.ClientIP), TrustedChain: chain(c.Trusted, c.Peer, c.Hops), Reason: what, Status: status,
		HTTP: &record.HTTP{Method: c.Method, Host: c.Host, Path: c.Path, TargetSHA256: c.TargetSHA256},
	}
	if !p.o.Audit.TryWrite(e) {
		return Outcome{Answer: p.unrecorded(e, reply.Context{RequestID: c.ID})}, false
	}
	return Outcome{}, true
}

// RefuseOrigin answers a preflight of a page whose origin the route does not
// name, and writes its record.
func (p *Point) RefuseOrigin(c *canonical.Request, door string) Outcome {
	return p.Reject(c.Refuse(canonical.CodeOriginNotAllowed, canonical.RuleOrigin, 403), door, nil)
}

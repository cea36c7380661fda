package pdp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/record"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/sidecar/audit"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/canonical"
	"github.com/gwctl/gwctl/sidecar/health"
	"github.com/gwctl/gwctl/sidecar/reply"
	"github.com/gwctl/gwctl/sidecar/transport"
)

// Options are the parts a Point works with. All are required.
type Options struct {
	Clock   func() time.Time
	NewID   func() string // decision ids
	Audit   *audit.Log
	Metrics *health.Metrics
	Reader  *canonical.Reader // used until there is a snapshot
	Logger  *slog.Logger
	// Verify evaluates a decision of the set once more and tells the difference,
	// "" without one: (*engine.Set).Verify.
	Verify func(*engine.Set, *engine.Request, *engine.Decision) string
	// FailOpen lets requests through whose credential or attributes cannot be had
	// now. It is a last resort: see [FlagFailOpen].
	FailOpen bool
}

// Point answers requests by its current snapshot. It is safe for concurrent
// use.
type Point struct {
	o        Options
	snapshot atomic.Pointer[Snapshot]
	changed  change
	decided  atomic.Uint64 // for sampling, while decisions are verified
	inputs   sync.Pool     // *inputs
	stripped stripped
}

// New makes a point without a snapshot, which denies everything.
func New(o Options) *Point {
	p := &Point{o: o}
	p.inputs.New = func() any { return new(inputs) }
	return p
}

// Swap makes a snapshot the current one. Requests on their way finish on the
// one they began with; what waits for [Point.Changed] goes on.
func (p *Point) Swap(s *Snapshot) {
	p.snapshot.Store(s)
	p.changed.tell()
}

// Current gives the snapshot in force, nil before the first one.
func (p *Point) Current() *Snapshot { return p.snapshot.Load() }

// Outcome is what a door has to do: answer, or pass the request on with the
// identity headers set.
type Outcome struct {
	Allowed bool
	Answer  reply.Answer // when not allowed
	Headers http.Header  // for the upstream, when allowed: identity, and without values what must not get there

	DecisionID string
	// Expires is when the credential ends that the request was allowed with; zero
	// without one.
	Expires time.Time
	// Grant is equal for two allowed requests if the service is told the same of
	// the user and by the obligations. It is for comparison only.
	Grant string
}

func (p *Point) request(ctx context.Context, t Turn, c *canonical.Request, body Body, door string) (out Outcome) {
	q := &question{point: p, c: c, body: body, door: door, began: p.o.Clock(), id: p.o.NewID(), snapshot: t.snapshot, to: t.to}
	defer func() {
		if recover() != nil {
			out = q.fail()
		}
	}()
	for _, d := range c.Dropped {
		p.o.Metrics.HeadersDropped(d.Reason, 1)
		q.noteStripped(d)
	}
	if q.snapshot == nil {
		return q.finish(engine.Decision{Reason: engine.ReasonNotLoaded, Status: http.StatusServiceUnavailable}, nil)
	}
	credentials := authn.Credentials{
		Header: c.Header, ClientIP: c.ClientIP, Certificates: c.Shown, Forwarded: c.Forwarded, Certificate: c.Certificate,
		Method: c.Method, Scheme: c.Scheme, Host: c.Host, Path: c.Path, Standing: t.standing,
	}
	if values := c.Header["Authorization"]; len(values) > 0 {
		credentials.Authorization, credentials.HasAuthorization = values[0], true
	}
	identity, err := q.snapshot.chain.Authenticate(ctx, credentials)
	switch {
	case errors.Is(err, authn.ErrNotMine):
		if !q.snapshot.allowAnonymous {
			return q.unauthenticated()
		}
		identity = nil
	case err != nil && p.unjudged(err):
		identity, q.unjudged = nil, err
	case err != nil:
		return q.refuse(err)
	}
	return q.decide(identity)
}

// Reject answers a request that is not canonical and writes its record.
func (p *Point) Reject(r *canonical.Rejection, door string, allow []string) Outcome {
	now := p.o.Clock()
	p.o.Metrics.Rejected(r.Code)
	e := &record.Event{
		Kind: record.KindRequestRejected, Time: now, RequestID: r.ID, Door: door, Reason: r.Code, Detail: r.Rule, Status: r.Status,
		SourceIP: text(r.ClientIP), TrustedChain: chain(r.Trusted, r.Peer, r.Hops), HTTP: &record.HTTP{Method: r.Method, TargetSHA256: r.TargetSHA256},
	}
	if !p.o.Audit.TryWrite(e) {
		a := p.unrecorded(e, reply.Context{RequestID: r.ID})
		a.Header.Set("Connection", "close") // as with the answer that cannot be given
		return Outcome{Answer: a}
	}
	a := reply.Rejected(r.Status, r.Code, reply.Context{RequestID: r.ID, Allow: allow})
	if r.Rule == canonical.RuleWebSocketVersion {
		a.Header.Set("Sec-WebSocket-Version", "13") // RFC 6455 section 4.4
	}
	return Outcome{Answer: a}
}

// question is one request on its way through the point.
type question struct {
	point    *Point
	snapshot *Snapshot
	to       *transport.Upstream // that it goes to; nil: none that is known
	c        *canonical.Request
	door     string
	id       string
	began    time.Time
	identity *authn.Identity
	user     *user
	request  *engine.Request
	eval     time.Duration
	recorded bool
	unjudged error // why its credential cannot be judged, if it goes on as nobody's
	body     Body
	event    record.Event
	http     record.HTTP
	cache    record.Cache
}

func (q *question) context() reply.Context {
	c := reply.Context{RequestID: q.c.ID, DecisionID: q.id}
	if q.snapshot != nil {
		c.ResourceMetadata = q.snapshot.challengeURL(q.c)
		c.Schemes = q.snapshot.schemes
	}
	if values := q.c.Header["Authorization"]; len(values) > 0 {
		scheme, _, _ := strings.Cut(values[0], " ")
		c.DPoP = strings.EqualFold(scheme, authn.SchemeDPoP)
	}
	if c.DPoP && len(c.Schemes.DPoP) == 0 {
		c.Schemes.DPoP = authn.ProofAlgorithms() // who uses it is answered in it
	}
	return c
}

func (q *question) decide(identity *authn.Identity) Outcome {
	q.identity = identity
	began := q.point.o.Clock()
	r := q.snapshot.newRequest()
	q.request = r
	h := HTTP(q.c)
	r.ResetHTTP(&h)
	r.SetTime(q.began)
	for _, e := range q.snapshot.env {
		r.Supply(slot.Config, slot.Env, e.name, e.in)
	}
	if identity != nil {
		u, err := q.snapshot.userOf(identity)
		if err != nil {
			return q.refuse(err)
		}
		q.user = u
		r.SetSubject(u.subject)
		q.point.o.Metrics.Authn(identity.Method, "ok")
	}
	q.bindBody(q.body)
	d := q.snapshot.Set.Decide(r)
	made := d
	q.eval = q.point.o.Clock().Sub(began)
	if n := r.Values().Dropped(); n > 0 {
		q.point.o.Metrics.AttributesDropped(n)
	}
	var headers http.Header
	if d.Allowed() {
		var reason string
		if headers, reason = identityHeaders(q, d.Obligations); reason != "" {
			d.Effect, d.Reason, d.Status = engine.Deny, reason, http.StatusForbidden
		}
	}
	out := q.finish(d, headers)
	if q.sampled() {
		q.verify(made)
	}
	q.snapshot.giveBack(r)
	q.request = nil
	return out
}

// finish writes the decision's record and makes the outcome.
func (q *question) finish(d engine.Decision, headers http.Header) Outcome {
	if reason, ok := q.opens(d); ok {
		if out, through := q.letThrough(d, reason); through {
			return out
		}
	}
	if q.unjudged != nil && d.Reason == engine.ReasonUnauthenticated {
		return q.refuse(q.unjudged) // there is a credential
	}
	m := q.point.o.Metrics
	e := q.begin(record.KindDecision)
	e.Decision, e.Status = &d, d.HTTPStatus()
	list := q.readInputs(e)
	recorded := q.write(e)
	q.point.giveBack(list)
	if !recorded {
		a := q.unrecorded(e)
		m.Decision(q.door, engine.Deny.String(), a.Reason, e.Time.Sub(q.began))
		return Outcome{Answer: a}
	}
	m.Decision(q.door, d.Effect.String(), d.Reason, e.Time.Sub(q.began))
	if s := d.Shadow; s != nil && s.Effect != d.Effect {
		m.ShadowDiff(s.Rule.String(), d.Effect.String(), s.Effect.String())
	}
	if d.Allowed() {
		return q.allowed(d, headers)
	}
	ctx := q.context()
	if q.request != nil {
		ctx.Allow = q.request.Allow()
	}
	return Outcome{Answer: reply.Decided(d, ctx)}
}

// write reports false if the record is required and cannot be had.
func (q *question) write(e *record.Event) bool {
	q.recorded = q.point.o.Audit.TryWrite(e)
	return q.recorded
}

// unrecorded answers for a required record that cannot be had: see
// [Point.unrecorded].
func (q *question) unrecorded(e *record.Event) reply.Answer {
	a := q.point.unrecorded(e, q.context())
	q.recorded = true
	return a
}

// fail denies after a panic. What the request holds is not looked at again.
func (q *question) fail() Outcome {
	d := engine.Decision{
		Reason: engine.ReasonEvalError, Status: http.StatusForbidden,
		Errors: []engine.RuleError{{Code: engine.ReasonEvalError, Message: "a panic outside the rules"}},
	}
	if q.snapshot != nil {
		d.SetDigest = q.snapshot.Set.Digest()
	}
	if q.recorded {
		return Outcome{Answer: reply.Decided(d, q.context())}
	}
	q.request, q.identity = nil, nil
	return q.finish(d, nil)
}

// unauthenticated answers a request without a credential where one is needed.
func (q *question) unauthenticated() Outcome {
	q.point.o.Metrics.Authn("none", "missing")
	a := reply.Unauthenticated(q.context())
	e := q.begin(record.KindAuthnFailure)
	e.Reason, e.Status = a.Reason, a.Status
	if !q.write(e) {
		a = q.unrecorded(e)
	}
	return Outcome{Answer: a}
}

// refuse answers a credential that is bad, or that cannot be judged now.
func (q *question) refuse(err error) Outcome {
	e := q.begin(record.KindAuthnFailure)
	var refused *authn.Refused
	var a reply.Answer
	if errors.As(err, &refused) {
		ctx := q.context()
		ctx.Challenge = refused.Challenge
		a = reply.Refused(refused.Reason, ctx)
		e.Method = refused.Kind
		if q.identity == nil {
			e.IgnoredHeaders = refused.IgnoredHeaders
		}
		if refused.Kind == authn.KindMTLS && len(q.c.Shown) > 0 {
			e.CertificateSHA256 = authn.CertificateSHA256(q.c.Shown[0])
		}
		q.point.o.Metrics.Authn(methodLabel(refused.Kind), "refused")
	} else {
		after := 5 * time.Second
		var broken *authn.Broken
		if errors.As(err, &broken) {
			e.Method = broken.Kind
			if broken.RetryAfter > 0 {
				after = broken.RetryAfter
			}
		}
		a = reply.Unavailable(reply.ReasonDependencyUnavailable, after, q.context())
		q.point.o.Metrics.Authn(methodLabel(e.Method), "broken")
	}
	e.Reason, e.Status = a.Reason, a.Status
	if !q.write(e) {
		a = q.unrecorded(e)
	}
	return Outcome{Answer: a}
}

// methodLabel gives the kind of credential, for metrics.
func methodLabel(kind string) string {
	if kind == "" {
		return "none"
	}
	return kind
}

package engine

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/index"
	"github.com/gwctl/gwctl/engine/plan"
	"github.com/gwctl/gwctl/engine/slot"
)

// Request is one question to a Set: who wants to do what to which resource,
// under which circumstances. It is made by [Set.HTTPRequest] or
// [Set.DirectRequest], or made once by [Set.NewRequest] and reset for each
// question; it is completed by the methods below, decided once, and belongs to
// one goroutine. Until [Request.SetSubject] or [Request.Authenticate] is called
// the user is anonymous. A Request must not be copied.
type Request struct {
	set     *Set
	res     *resource
	cands   *candidates
	way     *way // of an HTTP request with a route
	over    Transport
	action  string
	match   index.Match // of an HTTP request
	noRoute int         // HTTP status when no route was found
	memo    int         // of the resource

	bodyReason string // why the body cannot be used; "" when it can, or none is read
	bodyStatus int
	values     slot.Values
	roles      roleBits // of the subject
	anonymous  bool
	misbound   bool // the subject is another set's
	observe    func(*Rule) (bool, error)
	unindexed  bool // every rule is asked

	machine *plan.Machine // evaluates conditions
	turning bool          // and is bound to the values
	found   []int32       // rules that were looked up
	asked   []*Rule
}

// HTTP is what an HTTP request contributes.
type HTTP = slot.HTTP

// NewRequest makes a request that asks nothing yet, and is denied as one
// without a route is. Used again and again by one goroutine at a time, it
// decides without allocating memory.
func (s *Set) NewRequest() *Request {
	r := &Request{set: s}
	r.reset(OverAuthZEN, s.base)
	return r
}

// reset forgets everything about the question before.
func (r *Request) reset(over Transport, layout *slot.Layout) {
	r.res, r.cands, r.way, r.over, r.action, r.noRoute = nil, nil, nil, over, "", http.StatusForbidden
	r.bodyReason, r.bodyStatus, r.observe = "", 0, nil
	r.turning, r.unindexed = false, false
	r.values.Reset(layout)
	r.SetSubject(nil)
}

// HTTPRequest routes an HTTP request and binds request.*, env.ip and the
// values of the path. The lists and maps of h must not change while the request
// is in use.
func (s *Set) HTTPRequest(h HTTP) *Request {
	r := &Request{set: s}
	r.ResetHTTP(&h)
	return r
}

// ResetHTTP makes the request a new one, as [Set.HTTPRequest] does. What was
// read from its values before may change.
func (r *Request) ResetHTTP(h *HTTP) {
	m := &r.match
	r.set.routes.Find(m, h.Method, h.Host, h.Path, h.Segments)
	if m.Route < 0 {
		r.reset(OverHTTP, r.set.base)
		r.values.BindHTTP(h)
		switch {
		case m.Foreign:
			r.noRoute = http.StatusMisdirectedRequest
		case m.Path:
			r.noRoute = http.StatusMethodNotAllowed
		}
		return
	}
	w := &r.set.ways[m.Route]
	r.reset(OverHTTP, w.layout)
	r.noRoute, r.way, r.res, r.action, r.cands, r.memo = 0, w, w.res, w.action, w.cands, int(w.memo)
	if w.body != nil {
		// Until the body is bound the request is denied.
		r.bodyReason, r.bodyStatus = ReasonBodyUnavailable, http.StatusServiceUnavailable
	}
	r.values.BindTarget(w.resource, w.action)
	r.values.BindHTTP(h)
	r.values.BindPath(r.places(), m.Captures)
	r.lookUp()
}

// places are the slots of the way's placeholders.
func (r *Request) places() []slot.Index { return r.set.places[r.way.places.from:r.way.places.to] }

// DirectRequest asks about a resource type and action without HTTP.
func (s *Set) DirectRequest(resourceType, action string) *Request {
	r := &Request{set: s}
	r.ResetDirect(resourceType, action)
	return r
}

// ResetDirect makes the request a new one, as [Set.DirectRequest] does. What
// was read from its values before may change.
func (r *Request) ResetDirect(resourceType, action string) {
	r.match = index.Match{Captures: r.match.Captures}
	res, ok := r.set.resources[resourceType]
	if ok {
		_, ok = res.actions[action]
	}
	if !ok {
		r.reset(OverAuthZEN, r.set.base)
		return
	}
	r.reset(OverAuthZEN, res.layout)
	r.noRoute, r.res, r.memo = 0, res, res.memo
	r.setAction(action)
	r.values.BindTarget(res.name, action)
}

func (r *Request) setAction(action string) {
	r.action = action
	r.cands = r.res.actions[action][r.over]
}

// SetTime binds env.time. A request without it denies where a rule reads the
// time.
func (r *Request) SetTime(t time.Time) { r.values.Set(slot.EnvTime, slot.TimeValue(t)) }

// SetIP binds env.ip.
func (r *Request) SetIP(a netip.Addr) { r.values.Set(slot.EnvIP, slot.IPValue(a)) }

// Values are the request's values, for records and explanations.
func (r *Request) Values() *slot.Values { return &r.values }

// Resource is the resource type, "" without a route.
func (r *Request) Resource() string {
	switch {
	case r.way != nil:
		return r.way.resource
	case r.res != nil:
		return r.res.name
	}
	return ""
}

// Action is the action, "" without a route.
func (r *Request) Action() string { return r.action }

// Route is the pattern of the chosen route, "" without one.
func (r *Request) Route() string {
	if r.way == nil {
		return ""
	}
	return r.way.pattern
}

// Allow lists the methods of the path when the path matched, for a 405.
func (r *Request) Allow() []string { return r.set.routes.Methods(&r.match) }

// Anonymous tells whether the user is unauthenticated.
func (r *Request) Anonymous() bool { return r.anonymous }

// Reads is what the candidate rules can look at; it decides what is fetched,
// demanded and recorded.
func (r *Request) Reads() celenv.Reads {
	if r.cands == nil {
		return celenv.Reads{}
	}
	return *r.reads()
}

func (r *Request) reads() *celenv.Reads {
	if r.anonymous {
		return r.cands.reads[0]
	}
	return r.cands.reads[1]
}

// Observe has conditions evaluated by the given function instead, which sees
// each one that the decision asks for. It is for explanations; the algorithm
// stays the same.
func (r *Request) Observe(condition func(*Rule) (bool, error)) { r.observe = condition }

// Candidates are the enforced rules that speak about the request, in deciding
// order: deny rules, then allow rules.
func (r *Request) Candidates() (deny, allow []*Rule) {
	if r.cands == nil {
		return nil, nil
	}
	return r.set.list(&r.cands.deny), r.set.list(&r.cands.allow)
}

// Shadows are the shadow rules that speak about the request.
func (r *Request) Shadows() []*Rule {
	if r.cands == nil || r.cands.shadow == nil {
		return nil
	}
	return r.cands.shadow.rules
}

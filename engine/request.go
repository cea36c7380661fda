package engine

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine/celenv"
	"github.com/gwctl/gwctl/engine/slot"
)

// Request is one question to a Set: who wants to do what to which resource,
// under which circumstances. It is made by [Set.HTTPRequest] or
// [Set.DirectRequest], completed by the methods below, used once, and belongs
// to one goroutine. Until [Request.Authenticate] is called the user is
// anonymous.
type Request struct {
	set     *Set
	res     *resource
	cands   *candidates
	target  *target // of an HTTP request with a route
	over    Transport
	action  string
	route   string
	allow   []string
	noRoute int // HTTP status when no route was found

	bodyReason string // why the body cannot be used; "" when it can, or none is read
	bodyStatus int
	values     *slot.Values
	anonymous  bool
	frames     map[*celenv.Scope]*celenv.Frame
	condition  func(*Rule) (bool, error)
}

// HTTP is what an HTTP request contributes. Path is in canonical form and
// Segments are its decoded segments; nothing is repaired here.
type HTTP struct {
	ID, Method, Scheme, Host, Path string
	Segments                       []string
	Query, Headers                 map[string][]string // header names in any case
	ClientIP                       netip.Addr
}

// HTTPRequest routes an HTTP request and binds request.*, env.ip and the
// values of the path.
func (s *Set) HTTPRequest(h HTTP) *Request {
	m := s.routes.Match(h.Method, h.Host, h.Path, h.Segments)
	r := &Request{set: s, over: OverHTTP, noRoute: http.StatusForbidden, allow: m.Allow}
	switch {
	case m.Foreign:
		r.noRoute = http.StatusMisdirectedRequest
	case m.Path:
		r.noRoute = http.StatusMethodNotAllowed
	}
	layout := s.base
	if m.Route >= 0 {
		t := &s.targets[m.Route]
		r.noRoute, r.route, r.target, r.res, layout = 0, t.pattern, t, t.res, t.res.layout
		action, ok := t.actions[h.Method]
		if !ok {
			action = t.actions[http.MethodGet] // GET also stands for HEAD
		}
		if t.body != nil {
			// Until the body is bound the request is denied.
			r.bodyReason, r.bodyStatus = ReasonBodyUnavailable, http.StatusServiceUnavailable
		}
		r.setAction(action)
	}
	r.bind(layout)
	r.bindHTTP(h)
	if m.Route >= 0 {
		for i, name := range r.target.placeholders {
			r.Supply(slot.Path, slot.Resource, name, slot.Plain(m.Captures[i]))
		}
		r.lookUp()
	}
	return r
}

// DirectRequest asks about a resource type and action without HTTP.
func (s *Set) DirectRequest(resourceType, action string) *Request {
	r := &Request{set: s, over: OverAuthZEN, noRoute: http.StatusForbidden}
	layout := s.base
	if res, ok := s.resources[resourceType]; ok {
		if _, ok := res.actions[action]; ok {
			r.noRoute, r.res, layout = 0, res, res.layout
			r.setAction(action)
		}
	}
	r.bind(layout)
	return r
}

func (r *Request) setAction(action string) {
	r.action, r.cands = action, nil
	if c := r.res.actions[action]; c != nil {
		r.cands = &c[r.over]
	}
}

func (r *Request) bind(layout *slot.Layout) {
	v := slot.NewValues(layout)
	r.values, r.anonymous = v, true
	r.condition = func(rule *Rule) (bool, error) { return rule.When.EvalBool(r.frame(rule)) }
	v.Set(slot.UserAuthenticated, slot.BoolValue(false))
	v.Set(slot.UserMethod, slot.StringValue("anonymous"))
	for _, i := range []slot.Index{slot.UserRoles, slot.UserScopes, slot.UserGroups} {
		v.Set(i, slot.StringsValue(nil))
	}
	if r.res != nil {
		v.Set(slot.ActionName, slot.StringValue(r.action))
		v.Set(slot.ResourceType, slot.StringValue(r.res.name))
	}
}

func (r *Request) bindHTTP(h HTTP) {
	v := r.values
	headers := make(map[string][]string, len(h.Headers))
	for name, list := range h.Headers {
		lower := strings.ToLower(name)
		headers[lower] = append(headers[lower], list...)
	}
	v.Set(slot.RequestID, slot.StringValue(h.ID))
	v.Set(slot.RequestMethod, slot.StringValue(h.Method))
	v.Set(slot.RequestScheme, slot.StringValue(h.Scheme))
	v.Set(slot.RequestHost, slot.StringValue(h.Host))
	v.Set(slot.RequestPath, slot.StringValue(h.Path))
	v.Set(slot.RequestSegments, slot.StringsValue(h.Segments))
	v.Set(slot.RequestQuery, slot.StringListsValue(h.Query))
	v.Set(slot.RequestHeaders, slot.StringListsValue(headers))
	if h.ClientIP.IsValid() {
		v.Set(slot.EnvIP, slot.IPValue(h.ClientIP))
	}
}

// lookUp supplies what the set's Directories know about the resource.
func (r *Request) lookUp() {
	id, state := r.values.Get(slot.ResourceID)
	if state != slot.Present || len(r.set.directory) == 0 {
		return
	}
	for _, v := range r.set.directory[resourceKey{r.res.name, id.Str()}] {
		r.Supply(slot.Directory, slot.Resource, v.name, v.in)
	}
}

// LookUp supplies what the set's Directories know about the resource of a
// DirectRequest, once resource.id is supplied.
func (r *Request) LookUp() {
	if r.res != nil {
		r.lookUp()
	}
}

// Principal is what the method of authentication itself says about a user.
type Principal struct {
	Method string // jwt, api_key, …; never "anonymous"
	Issuer string // "" when there is none
	Type   string // human, service, …
}

// Authenticate makes the user authenticated. Roles, scopes and the rest come
// through [Request.Supply].
func (r *Request) Authenticate(p Principal) {
	r.anonymous = false
	r.values.Set(slot.UserAuthenticated, slot.BoolValue(true))
	r.values.Set(slot.UserMethod, slot.StringValue(p.Method))
	if p.Type != "" {
		r.values.Set(slot.UserType, slot.StringValue(p.Type))
	}
	if p.Issuer != "" {
		r.values.Set(slot.UserIssuer, slot.StringValue(p.Issuer))
	}
}

// SetTime binds env.time. A request without it denies where a rule reads the
// time.
func (r *Request) SetTime(t time.Time) { r.values.Set(slot.EnvTime, slot.TimeValue(t)) }

// SetIP binds env.ip.
func (r *Request) SetIP(a netip.Addr) { r.values.Set(slot.EnvIP, slot.IPValue(a)) }

// Supply offers a provider's value for an attribute. Values that nobody
// declared, that this provider may not give, or that are about an anonymous
// user, are dropped and counted.
func (r *Request) Supply(from slot.Provider, root slot.Root, name string, in slot.Input) {
	if root == slot.User && r.anonymous {
		r.values.Drop()
		return
	}
	r.values.Supply(from, root, name, in)
}

// Fail says that the provider of an attribute did not answer.
func (r *Request) Fail(root slot.Root, name string, err error) { r.values.Fail(root, name, err) }

// FailSource says that the attribute source of the resource did not answer:
// everything that a source may supply is unavailable, whoever else supplied it.
func (r *Request) FailSource(err error) {
	if r.res == nil {
		return
	}
	for _, name := range r.res.layout.Names(slot.Resource) {
		if i, _ := r.res.layout.Lookup(slot.Resource, name); slices.Contains(r.res.layout.Attr(i).From, slot.Source) {
			r.Fail(slot.Resource, name, err)
		}
	}
}

// Values are the request's values, for records and explanations.
func (r *Request) Values() *slot.Values { return r.values }

// Resource is the resource type, "" without a route.
func (r *Request) Resource() string {
	if r.res == nil {
		return ""
	}
	return r.res.name
}

// Action is the action, "" without a route.
func (r *Request) Action() string { return r.action }

// Route is the pattern of the chosen route, "" without one.
func (r *Request) Route() string { return r.route }

// Allow lists the methods of the path when the path matched, for a 405.
func (r *Request) Allow() []string { return r.allow }

// Anonymous tells whether the user is unauthenticated.
func (r *Request) Anonymous() bool { return r.anonymous }

// Reads is what the candidate rules can look at; it decides what is fetched,
// demanded and recorded.
func (r *Request) Reads() celenv.Reads {
	switch {
	case r.cands == nil:
		return celenv.Reads{}
	case r.anonymous:
		return r.cands.reads[0]
	}
	return r.cands.reads[1]
}

// frame is the request as a rule's scope sees it; variables are evaluated in
// it once for all rules of the policy.
func (r *Request) frame(rule *Rule) *celenv.Frame {
	f := r.frames[rule.scope]
	if f == nil {
		f = rule.scope.NewFrame(r.values)
		if r.frames == nil {
			r.frames = map[*celenv.Scope]*celenv.Frame{}
		}
		r.frames[rule.scope] = f
	}
	return f
}

// Observe has conditions evaluated by the given function instead, which sees
// each one that the decision asks for. It is for explanations; the algorithm
// stays the same.
func (r *Request) Observe(condition func(*Rule) (bool, error)) { r.condition = condition }

// Candidates are the enforced rules that speak about the request, in deciding
// order: deny rules, then allow rules.
func (r *Request) Candidates() (deny, allow []*Rule) {
	if r.cands == nil {
		return nil, nil
	}
	return r.cands.deny, r.cands.allow
}

// Shadows are the shadow rules that speak about the request.
func (r *Request) Shadows() []*Rule {
	if r.cands == nil {
		return nil
	}
	return r.cands.shadow
}

// Invalidate says that a provider's value for an attribute cannot be used.
func (r *Request) Invalidate(root slot.Root, name string, err error) {
	r.values.Invalidate(root, name, err)
}

// Give supplies an attribute from text by whoever asks for an explanation,
// standing in for the provider. A list is written with commas.
func (r *Request) Give(root, name, text string) error {
	for at := slot.Root(0); at < slot.Roots; at++ {
		i, ok := r.values.Layout().Lookup(at, name)
		if at.String() != root || !ok || at == slot.Request {
			continue
		}
		switch {
		case at == slot.User && r.anonymous:
			return fmt.Errorf("%s.%s: the user is anonymous and has no attributes", root, name)
		case i == slot.UserAuthenticated || i == slot.ResourceType || i == slot.ActionName:
			return fmt.Errorf("%s.%s is never supplied: it follows from the request", root, name)
		}
		in := slot.Plain(text)
		if r.values.Layout().Attr(i).Type.Kind == slot.List {
			var items []slot.Input
			for part := range strings.SplitSeq(text, ",") {
				if text != "" {
					items = append(items, slot.Plain(part))
				}
			}
			in = slot.FromList(items)
		}
		if _, _, err := r.values.Layout().Attr(i).Convert(in); err != nil {
			return err
		}
		r.Supply(slot.Fixture, at, name, in)
		return nil
	}
	return fmt.Errorf("%s.%s is not declared", root, name)
}

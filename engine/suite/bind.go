package suite

import (
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Bind makes the case's request. The error may be a *Refused.
func (c *Case) Bind() (*engine.Request, error) { return newBinder(c.runner).bind(c) }

// binder makes the requests of many cases, one after the other, in one
// Request. It belongs to one goroutine.
type binder struct {
	runner *Runner
	req    *engine.Request
	suites map[*policy.TestSuite]*bound
}

// bound is what the cases of a suite have in common.
type bound struct {
	subjects  map[string]subject
	resources map[string]resource
	circumstances
}

type subject struct {
	*engine.Subject
	err error
}

// resource is a fixture with its values.
type resource struct {
	kind   string
	values []supply
}

// supply is a value that a fixture gives.
type supply struct {
	name string
	in   slot.Input
}

// circumstances are what a suite or a case says of the environment.
type circumstances struct {
	now time.Time
	ip  netip.Addr
	env []supply
}

func newBinder(r *Runner) *binder {
	return &binder{runner: r, req: r.set.NewRequest(), suites: map[*policy.TestSuite]*bound{}}
}

// bind makes a case's request, which is good until the next.
func (b *binder) bind(c *Case) (*engine.Request, error) {
	s := b.suites[c.suite]
	if s == nil {
		s = &bound{subjects: map[string]subject{}, resources: map[string]resource{}}
		if at, err := time.Parse(time.RFC3339, c.suite.Now.Value()); err == nil {
			s.now = at
		}
		s.add(c.suite.Env)
		b.suites[c.suite] = s
	}
	around := s.circumstances
	if c.decl != nil && len(c.decl.Env) > 0 {
		around.env = around.env[:len(around.env):len(around.env)]
		around.add(c.decl.Env)
	}
	if err := b.ask(c, s, around.ip); err != nil {
		return nil, err
	}
	if !around.now.IsZero() {
		b.req.SetTime(around.now)
	}
	for i, x := range around.env {
		if !overwritten(around.env[i+1:], x.name) {
			b.req.Supply(slot.Fixture, slot.Env, x.name, x.in)
		}
	}
	user, known := s.subjects[c.User()]
	if !known {
		user.Subject, user.err = c.subject()
		s.subjects[c.User()] = user
	}
	if user.err != nil {
		return nil, user.err
	}
	b.req.SetSubject(user.Subject)
	return b.req, nil
}

// add takes entries that go over what is there.
func (a *circumstances) add(env []document.ValueEntry) {
	for _, e := range env {
		switch name := e.Key.Value(); name {
		case "ip": // part of HTTP requests only
			if addr, err := netip.ParseAddr(e.Value.Text.Value()); err == nil {
				a.ip = addr
			}
		case "time":
			if at, err := time.Parse(time.RFC3339, e.Value.Text.Value()); err == nil {
				a.now = at
			}
		default:
			a.env = append(a.env, supply{name, slot.FromValue(e.Value)})
		}
	}
}

func overwritten(later []supply, name string) bool {
	for i := range later {
		if later[i].name == name {
			return true
		}
	}
	return false
}

func (b *binder) ask(c *Case, s *bound, ip netip.Addr) error {
	if c.Request() == nil {
		resource, action := c.Target()
		return b.direct(c, s, resource, action)
	}
	h, err := b.runner.read(c.decl.Request, ip)
	if err != nil {
		return err
	}
	b.req.ResetHTTP(&h)
	if b.req.BodyLimit() > 0 {
		b.body(c)
	}
	if c.decl.Failing {
		b.req.FailSource(errNotDelivered)
	}
	return b.delivers(c)
}

// delivers supplies what the source answers. A value that breaks the
// attribute's declaration is a mistake in the case, which another rule could
// hide, unless the case is about just that.
func (b *binder) delivers(c *Case) error {
	for _, e := range c.decl.Delivers {
		name := e.Key.Value()
		i, ok := b.req.Values().Layout().Lookup(slot.Resource, name)
		if !ok {
			if b.req.Resource() != "" {
				return fmt.Errorf("delivers: resource.%s is not declared for %s", name, b.req.Resource())
			}
			continue
		}
		b.req.Supply(slot.Fixture, slot.Resource, name, slot.FromValue(e.Value))
		if _, state := b.req.Values().Get(i); state == slot.Malformed && c.Expect.Reason.Value() != engine.ReasonAttributeInvalid {
			return fmt.Errorf("delivers: the value of resource.%s breaks its declaration; expect the reason %s if that is meant", name, engine.ReasonAttributeInvalid)
		}
	}
	return nil
}

// body gives the route its body. What is wrong with it denies the request, as
// it would in the sidecar, so the error is not looked at here.
func (b *binder) body(c *Case) {
	body := c.decl.Request.Body
	if body.Kind == document.Absent {
		_ = b.req.BodyFailed(engine.ReasonBodyInvalid, http.StatusBadRequest, engine.ErrBodyInvalid)
		return
	}
	if !plainJSON(c.decl.Request.Headers) {
		_ = b.req.BodyFailed(engine.ReasonBodyInvalid, http.StatusUnsupportedMediaType, engine.ErrBodyInvalid)
		return
	}
	data := slot.FromValue(body).AppendJSON(nil)
	if int64(len(data)) > b.req.BodyLimit() {
		_ = b.req.BodyFailed(engine.ReasonBodyInvalid, http.StatusRequestEntityTooLarge, engine.ErrBodyInvalid)
		return
	}
	_ = b.req.Body(data)
}

// plainJSON tells whether the headers that a case names leave its body
// application/json in UTF-8 without an encoding, which it is if they do not
// speak of it.
func plainJSON(headers []policy.Label) bool {
	for _, h := range headers {
		switch strings.ToLower(h.Key.Value()) {
		case "content-encoding":
			if h.Value.Value() != "" {
				return false
			}
		case "content-type":
			kind, params, err := mime.ParseMediaType(h.Value.Value())
			if err != nil || kind != "application/json" {
				return false
			}
			for name, value := range params {
				if name != "charset" || !strings.EqualFold(value, "utf-8") {
					return false
				}
			}
		}
	}
	return true
}

// direct asks about a resource fixture, whose values stand in for whoever
// would supply them.
func (b *binder) direct(c *Case, s *bound, name, action string) error {
	res, known := s.resources[name]
	if !known {
		f := c.fixture(name)
		if f == nil {
			return fmt.Errorf("no resource %q", name)
		}
		res.kind = f.Type.Value()
		for _, e := range f.Fields {
			res.values = append(res.values, supply{e.Key.Value(), slot.FromValue(e.Value)})
		}
		s.resources[name] = res
	}
	b.req.ResetDirect(res.kind, action)
	for _, x := range res.values {
		b.req.Supply(slot.Fixture, slot.Resource, x.name, x.in)
	}
	return nil
}

// fixture finds a resource: of the suite, or of a Directory by TYPE/ID.
func (c *Case) fixture(name string) *policy.Fixture {
	for i := range c.suite.Resources {
		if f := &c.suite.Resources[i]; f.Name.Value() == name {
			return f
		}
	}
	return c.runner.shared[name]
}

// Package suite runs the test suites of a policy set.
//
// [Cases] lists every expectation of a set, matrices expanded; [Case.Bind]
// makes the request that a case describes and [Runner.Run] compares decisions
// with what is expected; [Runner.Measure] tells what they cost. The set decides
// exactly as it does in the sidecar.
// Names that do not exist are load errors, so no case passes by a misspelling.
package suite

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Refused is returned by a Reader for a request that never reaches a rule.
type Refused struct {
	Reason string // reason code, as the sidecar answers it
	Status int
}

func (e *Refused) Error() string { return "the request is refused: " + e.Reason }

// Reader makes the canonical request of an HTTP request, by the same rules as
// the sidecar. It gives a *Refused for one that the sidecar would not accept.
type Reader func(spec *policy.RequestSpec, ip netip.Addr) (engine.HTTP, error)

// Case is one expectation.
type Case struct {
	Suite  string
	Name   string
	Span   policy.Span
	Expect policy.Expect

	suite  *policy.TestSuite
	decl   *policy.Case
	cell   *policy.Cell
	runner *Runner
}

// FullName gives suite/case, the name that --run matches.
func (c *Case) FullName() string { return c.Suite + "/" + c.Name }

// Runner runs the suites of one set.
type Runner struct {
	set     *engine.Set
	read    Reader
	mapping *mapping.Mapping
}

// NewRunner makes a runner. read makes canonical requests; m maps the claims
// of users that are given by claims.
func NewRunner(set *engine.Set, read Reader, m *mapping.Mapping) *Runner {
	return &Runner{set: set, read: read, mapping: m}
}

// Cases lists the expectations in the order of files and suites.
func (r *Runner) Cases() []*Case {
	var out []*Case
	for _, s := range r.set.Source().Suites {
		for _, c := range s.Cases {
			out = append(out, &Case{Suite: s.Name.Value(), Name: c.Name.Value(), Span: c.At.Span(), Expect: c.Expect, suite: s, decl: c, runner: r})
		}
		for i, m := range s.Matrix {
			for j := range m.Cells {
				cell := &m.Cells[j]
				name := fmt.Sprintf("matrix %d: %s %s %s", i+1, cell.User, cell.Action, cell.Resource)
				out = append(out, &Case{Suite: s.Name.Value(), Name: name, Span: cell.Expect.At.Span(), Expect: cell.Expect, suite: s, cell: cell, runner: r})
			}
		}
	}
	return out
}

// Bind makes the case's request. The error may be a *Refused.
func (c *Case) Bind() (*engine.Request, error) {
	env := slices.Clone(c.suite.Env)
	user := ""
	if c.decl != nil {
		env = append(env, c.decl.Env...)
		user = c.decl.User.Value()
	} else {
		user = c.cell.User
	}
	req, err := c.request(ip(env))
	if err != nil {
		return nil, err
	}
	c.bindEnv(req, env)
	if user != "anonymous" {
		u := c.user(user)
		if u == nil {
			return nil, fmt.Errorf("no user %q", user)
		}
		c.runner.BindUser(req, u)
	}
	return req, nil
}

func (c *Case) request(ip netip.Addr) (*engine.Request, error) {
	if c.decl == nil {
		return c.direct(c.cell.Resource, c.cell.Action)
	}
	if c.decl.Request == nil {
		return c.direct(c.decl.Resource.Value(), c.decl.Action.Value())
	}
	h, err := c.runner.read(c.decl.Request, ip)
	if err != nil {
		return nil, err
	}
	req := c.runner.set.HTTPRequest(h)
	if req.BodyLimit() > 0 {
		c.bindBody(req)
	}
	if c.decl.Failing {
		req.FailSource(errNotDelivered)
	}
	for _, e := range c.decl.Delivers {
		if _, ok := req.Values().Layout().Lookup(slot.Resource, e.Key.Value()); !ok && req.Resource() != "" {
			return nil, fmt.Errorf("delivers: resource.%s is not declared for %s", e.Key.Value(), req.Resource())
		}
		req.Supply(slot.Fixture, slot.Resource, e.Key.Value(), slot.FromValue(e.Value))
	}
	return req, nil
}

// errNotDelivered is the failure of `delivers: unavailable`.
var errNotDelivered = errors.New("the suite says that the source does not answer")

// bindBody gives the route its body. What is wrong with it denies the request,
// as it would in the sidecar, so the error is not looked at here.
func (c *Case) bindBody(req *engine.Request) {
	body := c.decl.Request.Body
	if body.Kind == document.Absent {
		_ = req.BodyFailed(engine.ReasonBodyInvalid, http.StatusBadRequest, engine.ErrBodyInvalid)
		return
	}
	_ = req.Body(slot.FromValue(body).AppendJSON(nil))
}

// direct asks about a resource fixture, whose values stand in for whoever
// would supply them.
func (c *Case) direct(name, action string) (*engine.Request, error) {
	for i := range c.suite.Resources {
		f := &c.suite.Resources[i]
		if f.Name.Value() != name {
			continue
		}
		req := c.runner.set.DirectRequest(f.Type.Value(), action)
		for _, e := range f.Fields {
			req.Supply(slot.Fixture, slot.Resource, e.Key.Value(), slot.FromValue(e.Value))
		}
		return req, nil
	}
	return nil, fmt.Errorf("no resource %q", name)
}

func ip(env []document.ValueEntry) netip.Addr {
	for _, e := range slices.Backward(env) {
		if e.Key.Value() == "ip" {
			addr, err := netip.ParseAddr(e.Value.Text.Value())
			if err == nil {
				return addr
			}
		}
	}
	return netip.Addr{}
}

func (c *Case) bindEnv(req *engine.Request, env []document.ValueEntry) {
	if at, err := time.Parse(time.RFC3339, c.suite.Now.Value()); err == nil {
		req.SetTime(at)
	}
	last := map[string]policy.Value{}
	for _, e := range env {
		last[e.Key.Value()] = e.Value
	}
	for name, v := range last {
		switch name {
		case "ip": // part of HTTP requests only
		case "time":
			if at, err := time.Parse(time.RFC3339, v.Text.Value()); err == nil {
				req.SetTime(at)
			}
		default:
			req.Supply(slot.Fixture, slot.Env, name, slot.FromValue(v))
		}
	}
}

func (c *Case) user(name string) *policy.Fixture {
	return FindUser(c.runner.set, c.suite, name)
}

// FindUser finds a user by name: in the suite, if one is given, then in the
// set's Directories and in those of its test files.
func FindUser(set *engine.Set, s *policy.TestSuite, name string) *policy.Fixture {
	var lists [][]policy.Fixture
	if s != nil {
		lists = append(lists, s.Users)
	}
	for _, d := range slices.Concat(set.Source().Fixtures, set.Source().Directories) {
		lists = append(lists, d.Users)
	}
	for _, list := range lists {
		for i := range list {
			if list[i].Name.Value() == name {
				return &list[i]
			}
		}
	}
	return nil
}

// BindUser makes a fixture the request's user.
func (r *Runner) BindUser(req *engine.Request, u *policy.Fixture) {
	if u.Anonymous {
		return
	}
	p := engine.Principal{Method: "fixture", Type: "human"}
	for _, e := range u.Fields {
		switch e.Key.Value() {
		case "type":
			p.Type = e.Value.Text.Value()
		case "method":
			p.Method = e.Value.Text.Value()
		case "issuer":
			p.Issuer = e.Value.Text.Value()
		}
	}
	req.Authenticate(p)
	if u.Claims.Kind != document.Absent {
		// What the sidecar refuses here leaves the attribute unusable in a suite.
		_ = r.mapping.Apply(req, slot.FromValue(u.Claims))
		return
	}
	for _, e := range u.Fields {
		switch e.Key.Value() {
		case "type", "method", "issuer":
		default:
			req.Supply(slot.Fixture, slot.User, e.Key.Value(), slot.FromValue(e.Value))
		}
	}
}

// Find looks a case up by FILE#NAME, where FILE may be any suffix of the
// suite's path and NAME is the case's name. One that fits several cases is an
// error.
func (r *Runner) Find(ref string) (*Case, error) {
	file, name, ok := strings.Cut(ref, "#")
	if !ok {
		return nil, fmt.Errorf("%q is not of the form FILE#NAME", ref)
	}
	var found *Case
	for _, c := range r.Cases() {
		path := c.suite.Name.Span().Path
		if c.Name != name || path != file && !strings.HasSuffix(path, "/"+file) && !strings.HasSuffix(path, "!"+file) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("case %q in %s is ambiguous: it stands at %s and at %s", name, file, found.Span, c.Span)
		}
		found = c
	}
	if found == nil {
		return nil, fmt.Errorf("no case %q in %s", name, file)
	}
	return found, nil
}

// User names the case's user.
func (c *Case) User() string {
	if c.cell != nil {
		return c.cell.User
	}
	return c.decl.User.Value()
}

// RequestText gives the case's HTTP request in one line, "" without one.
func (c *Case) RequestText() string {
	if c.decl == nil || c.decl.Request == nil {
		return ""
	}
	r := c.decl.Request
	text := fmt.Sprintf("%s %s%s", r.Method, r.Host, r.Path)
	if r.Query != "" {
		text += "?" + r.Query
	}
	return text
}

// Request is the case's HTTP request as it was written, nil without one.
func (c *Case) Request() *policy.RequestSpec {
	if c.decl == nil {
		return nil
	}
	return c.decl.Request
}

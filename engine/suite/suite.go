// Package suite runs the test suites of a policy set.
//
// [Runner.Cases] lists every expectation of a set, matrices and tables expanded;
// [Select] picks some, [Runner.Run] decides them and compares; [Case.Bind]
// makes the request that a case describes, and [Runner.Measure] tells what
// decisions cost. The set decides exactly as it does in the sidecar. The package
// reads no file and prints nothing.
// Names that do not exist are load errors, so no case passes by a misspelling.
package suite

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/policy"
)

// Refused is returned by a Reader for a request that never reaches a rule.
type Refused struct {
	Reason string // reason code, as the sidecar answers it
	Status int
}

func (e *Refused) Error() string { return "the request is refused: " + e.Reason }

// Reader makes the canonical request of an HTTP request, by the same rules as
// the sidecar. It gives a *Refused for one that the sidecar would not accept.
// It may be called by several goroutines at once.
type Reader func(spec *policy.RequestSpec, ip netip.Addr) (engine.HTTP, error)

// Case is one expectation.
type Case struct {
	Suite  string
	Name   string
	Span   policy.Span
	Expect policy.Expect
	Tags   []string // of the suite and of the case
	Skip   string   // why the case is not run; "" if it is

	suite  *policy.TestSuite
	decl   *policy.Case
	cell   *policy.Cell
	number int // among all cases of the set
	runner *Runner
}

// FullName gives suite/case, the name that --run matches.
func (c *Case) FullName() string { return c.Suite + "/" + c.Name }

// Number is the case's place among all cases of its set, from 0.
func (c *Case) Number() int { return c.number }

// Runner runs the suites of one set. It may be used concurrently.
type Runner struct {
	set    *engine.Set
	read   Reader
	claims Claims
	shared map[string]*policy.Fixture // resources of Directories, by TYPE/ID
}

// NewRunner makes a runner. read makes canonical requests; m maps the claims
// of users that are given by claims, until [Runner.MapClaims] says otherwise.
func NewRunner(set *engine.Set, read Reader, m *mapping.Mapping) *Runner {
	return &Runner{set: set, read: read, claims: byDefault(m), shared: set.Source().SharedResources()}
}

// Over gives a runner of another set that makes requests and users as this one
// does.
func (r *Runner) Over(set *engine.Set) *Runner {
	return &Runner{set: set, read: r.read, claims: r.claims, shared: set.Source().SharedResources()}
}

// Set is the set whose suites are run.
func (r *Runner) Set() *engine.Set { return r.set }

// Cases lists the expectations in the order of files and suites.
func (r *Runner) Cases() []*Case {
	var out []*Case
	add := func(c *Case, tags ...[]policy.Text) {
		c.runner, c.number, c.Suite = r, len(out), c.suite.Name.Value()
		for _, t := range slices.Concat(tags...) {
			if !slices.Contains(c.Tags, t.Value()) {
				c.Tags = append(c.Tags, t.Value())
			}
		}
		out = append(out, c)
	}
	for _, s := range r.set.Source().Suites {
		for _, c := range s.Cases {
			add(&Case{Name: c.Name.Value(), Span: c.Span, Expect: c.Expect, Skip: c.Skip.Value(), suite: s, decl: c}, s.Tags, c.Tags)
		}
		for i, m := range s.Matrix {
			for j := range m.Cells {
				cell := &m.Cells[j]
				name := fmt.Sprintf("matrix %d: %s %s %s", i+1, cell.User, cell.Action, cell.Resource)
				add(&Case{Name: name, Span: cell.Expect.Span, Expect: cell.Expect, Skip: m.Skip.Value(), suite: s, cell: cell}, s.Tags, m.Tags)
			}
		}
	}
	return out
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

// Target names the resource fixture and the action of a case without HTTP;
// both are "" for one with it.
func (c *Case) Target() (resource, action string) {
	if c.cell != nil {
		return c.cell.Resource, c.cell.Action
	}
	return c.decl.Resource.Value(), c.decl.Action.Value()
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

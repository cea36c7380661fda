package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/engine/suite"
)

// Test is the output of `policy test`.
type Test struct {
	Envelope
	Summary  TestSummary   `json:"summary"`
	Tests    []TestCase    `json:"tests"`
	Coverage []SetCoverage `json:"coverage,omitempty"`
	Now      time.Time     `json:"-"` // when the cases ran
}

// TestSummary counts cases.
type TestSummary struct {
	Cases   int `json:"cases"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// TestCase is one case's result.
type TestCase struct {
	Suite       string               `json:"suite"`
	Name        string               `json:"name"`
	Path        string               `json:"path"`
	Line        int                  `json:"line"`
	Column      int                  `json:"column"`
	Tags        []string             `json:"tags,omitempty"`
	User        string               `json:"user"`
	Request     string               `json:"request,omitempty"` // of a case that asks over HTTP
	Resource    string               `json:"resource,omitempty"`
	Action      string               `json:"action,omitempty"`
	Passed      bool                 `json:"passed"`
	Skipped     bool                 `json:"skipped,omitempty"`
	Skip        string               `json:"skip,omitempty"` // why
	Failures    []string             `json:"failures"`
	Differences []suite.Difference   `json:"differences,omitempty"`
	Decision    *engine.Decision     `json:"decision,omitempty"`
	Lessons     []explain.Lesson     `json:"lessons,omitempty"`
	Explanation *explain.Explanation `json:"explanation,omitempty"`
}

// Add appends the results of one set.
func (t *Test) Add(results []suite.Result) {
	for i := range results {
		c := newTestCase(&results[i])
		t.Tests = append(t.Tests, c)
		t.Summary.Cases++
		switch {
		case c.Skipped:
			t.Summary.Skipped++
		case c.Passed:
			t.Summary.Passed++
		default:
			t.Summary.Failed++
		}
	}
}

func newTestCase(r *suite.Result) TestCase {
	c := TestCase{
		Suite: r.Case.Suite, Name: r.Case.Name, Path: r.Case.Span.Path, Line: r.Case.Span.Start.Line, Column: r.Case.Span.Start.Column,
		Tags: r.Case.Tags, User: r.Case.User(), Passed: r.Passed(), Skipped: r.Skipped, Explanation: r.Why, Failures: []string{}, Differences: r.Failures,
	}
	c.Resource, c.Action = r.Case.Target()
	if spec := r.Case.Request(); spec != nil {
		c.Request = RequestText(spec)
	}
	if r.Skipped {
		c.Skip = r.Case.Skip
		return c
	}
	c.Decision = &r.Decision
	if r.Wrong != "" {
		c.Failures = append(c.Failures, r.Wrong)
	}
	for _, f := range r.Failures {
		c.Failures = append(c.Failures, f.String())
	}
	if r.Why != nil {
		wanted := engine.Deny
		if r.Case.Expect.Effect.Value() == engine.Allow.String() {
			wanted = engine.Allow
		}
		c.Lessons = r.Why.Lessons(wanted, r.Case.Expect.Rule.Value(), r.Case.Expect.Reason.Value())
	}
	return c
}

// FullName is that by which --run picks the case.
func (c *TestCase) FullName() string { return c.Suite + "/" + c.Name }

// TestFormats are the values of -o.
func TestFormats() []string { return []string{"text", "json", "junit", "tap", "github"} }

// Write prints the results. ok tells whether the command succeeds.
func (t *Test) Write(w io.Writer, format string, color, ok bool) error {
	t.OK = ok
	t.Diagnostics = t.Diagnostics.Sorted()
	switch format {
	case "json":
		if t.Tests == nil {
			t.Tests = []TestCase{}
		}
		return writeJSON(w, t)
	case "junit":
		return t.junit(w)
	case "tap":
		return t.tap(w)
	case "github":
		return t.github(w)
	}
	return t.text(w, color)
}

func (t *Test) text(w io.Writer, color bool) error {
	p := paint(color)
	Diagnostics(w, t.Diagnostics, color)
	skipped := map[[2]string]int{} // by suite and reason
	for i := range t.Tests {
		c := &t.Tests[i]
		switch {
		case c.Skipped:
			skipped[[2]string{c.Suite, c.Skip}]++
		case !c.Passed:
			c.text(w, p)
			fmt.Fprintln(w)
		}
	}
	for i := range t.Tests {
		c := &t.Tests[i]
		switch n := skipped[[2]string{c.Suite, c.Skip}]; {
		case !c.Skipped || n == 0:
		case n == 1:
			fmt.Fprintf(w, "%s %s: %s\n", p.in(yellow, "SKIP"), visible(c.FullName()), visible(c.Skip))
		default: // once for all of them
			fmt.Fprintf(w, "%s %s of %s: %s\n", p.in(yellow, "SKIP"), plural(n, "case"), visible(c.Suite), visible(c.Skip))
			skipped[[2]string{c.Suite, c.Skip}] = 0
		}
	}
	for i := range t.Coverage {
		t.Coverage[i].text(w, p)
	}
	_, err := fmt.Fprintf(w, "%s: %s\n", t.status(p), t.counts())
	return err
}

func (t *Test) status(p paint) string {
	if !t.OK {
		return p.in(red, "failed")
	}
	return p.in(green, "ok")
}

func (t *Test) counts() string {
	if t.Summary.Cases == 0 {
		return "no case was run"
	}
	counts := fmt.Sprintf("%d passed, %d failed", t.Summary.Passed, t.Summary.Failed)
	if t.Summary.Skipped > 0 {
		counts += fmt.Sprintf(", %d skipped", t.Summary.Skipped)
	}
	return counts
}

// text says what one failed case asked, what differs and which rules teach why.
func (c *TestCase) text(w io.Writer, p paint) {
	fmt.Fprintf(w, "%s %s\n  at %s\n", p.in(red, "FAIL"), visible(c.FullName()), visible(fmt.Sprintf("%s:%d:%d", c.Path, c.Line, c.Column)))
	for _, f := range c.Failures {
		fmt.Fprintf(w, "  %s\n", p.in(bold, visible(f)))
	}
	for _, d := range c.Differences {
		difference(w, d, p)
	}
	in := &indented{w: w, color: p}
	if c.Request != "" {
		in.field("request", c.Request)
	}
	in.field("user", c.User)
	x := c.Explanation
	if x == nil {
		if c.Decision != nil && c.Decision.Reason != "" {
			in.field("answer", fmt.Sprintf("HTTP %d, reason %s, before any rule", c.Decision.HTTPStatus(), c.Decision.Reason))
		}
		return
	}
	d := &x.Decision
	if d.Route != "" {
		in.field("route", d.Route)
	}
	if d.Resource != "" {
		in.field("resource", strings.TrimSpace(fmt.Sprintf("%s, action %s  %s", d.Resource, d.Action, c.fixture())))
	}
	decided := fmt.Sprintf("%s, reason %s", strings.ToUpper(d.Effect.String()), d.Reason)
	if !d.Rule.IsZero() {
		decided += ", by " + d.Rule.String()
	}
	in.field("decision", decided)
	in.field("because", x.Step)
	if x.Next != "" {
		in.field("next", x.Next)
	}
	for _, l := range c.Lessons {
		lesson(in, &l, p)
	}
	c.others(in)
}

func (c *TestCase) fixture() string {
	if c.Resource == "" {
		return ""
	}
	return "(" + c.Resource + ")"
}

// others names the candidates that are not shown.
func (c *TestCase) others(in *indented) {
	var names []string
	for _, r := range c.Explanation.Rules {
		shown := false
		for _, l := range c.Lessons {
			shown = shown || l.Rule == r.Rule
		}
		if !shown {
			names = append(names, r.Rule+" "+strings.ReplaceAll(r.Outcome, "_", " "))
		}
	}
	const most = 5
	if len(names) == 0 {
		return
	}
	in.line(0, "")
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
	}
	in.field("others", strings.Join(names[:min(len(names), most)], ", ")+more+"; gwctl explain --case shows all")
}

// lesson shows one rule: what stopped it, and its source with values beneath.
func lesson(in *indented, l *explain.Lesson, p paint) {
	r := l.Shown
	in.line(0, "")
	in.line(2, fmt.Sprintf("%s: %s %s", l.Title, r.Effect, p.in(bold, r.Rule)))
	in.line(4, p.in(dim, "at "+r.Position))
	for _, s := range l.Stopped {
		in.line(4, "stopped: "+s)
	}
	annotated(in, 4, r.Parts, p)
	for _, v := range r.Vars {
		if len(v.Parts) > 0 {
			annotated(in, 4, v.Parts, p)
		}
	}
}

// difference shows which headers are missing and which are too many.
func difference(w io.Writer, d suite.Difference, p paint) {
	for _, x := range d.Wanted {
		if !slices.Contains(d.Found, x) {
			fmt.Fprintf(w, "    %s\n", p.in(red, "- "+visible(x)))
		}
	}
	for _, x := range d.Found {
		if !slices.Contains(d.Wanted, x) {
			fmt.Fprintf(w, "    %s\n", p.in(green, "+ "+visible(x)))
		}
	}
}

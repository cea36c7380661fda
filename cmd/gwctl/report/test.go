package report

import (
	"fmt"
	"io"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/engine/suite"
)

// Test is the output of `policy test`.
type Test struct {
	Envelope
	Summary TestSummary `json:"summary"`
	Tests   []TestCase  `json:"tests"`
}

// TestSummary counts cases.
type TestSummary struct {
	Cases  int `json:"cases"`
	Passed int `json:"passed"`
	Failed int `json:"failed"`
}

// TestCase is one case's result.
type TestCase struct {
	Suite       string               `json:"suite"`
	Name        string               `json:"name"`
	Path        string               `json:"path"`
	Line        int                  `json:"line"`
	Column      int                  `json:"column"`
	User        string               `json:"user"`
	Request     string               `json:"request,omitempty"` // of a case that asks over HTTP
	Passed      bool                 `json:"passed"`
	Failures    []string             `json:"failures"`
	Decision    engine.Decision      `json:"decision"`
	Explanation *explain.Explanation `json:"explanation,omitempty"`
}

// Add appends the results of one set.
func (t *Test) Add(results []suite.Result) {
	for _, r := range results {
		c := TestCase{
			Suite: r.Case.Suite, Name: r.Case.Name, Path: r.Case.Span.Path, Line: r.Case.Span.Start.Line, Column: r.Case.Span.Start.Column,
			User: r.Case.User(), Passed: r.Passed(), Decision: r.Decision, Explanation: r.Why,
		}
		if spec := r.Case.Request(); spec != nil {
			c.Request = RequestText(spec)
		}
		c.Failures = []string{}
		if r.Wrong != "" {
			c.Failures = append(c.Failures, r.Wrong)
		}
		for _, f := range r.Failures {
			c.Failures = append(c.Failures, f.String())
		}
		t.Tests = append(t.Tests, c)
		t.Summary.Cases++
		if c.Passed {
			t.Summary.Passed++
		} else {
			t.Summary.Failed++
		}
	}
}

// Write prints the failed cases and the summary.
func (t *Test) Write(w io.Writer, format string, color, ok bool) error {
	t.OK = ok
	t.Diagnostics = t.Diagnostics.Sorted()
	if format == "json" {
		if t.Tests == nil {
			t.Tests = []TestCase{}
		}
		return writeJSON(w, t)
	}
	p := paint(color)
	Diagnostics(w, t.Diagnostics, color)
	for _, c := range t.Tests {
		if c.Passed {
			continue
		}
		fmt.Fprintf(w, "%s %s\n  at %s\n", p.in(red, "FAIL"), visible(c.Suite+"/"+c.Name), visible(fmt.Sprintf("%s:%d:%d", c.Path, c.Line, c.Column)))
		for _, f := range c.Failures {
			fmt.Fprintf(w, "  %s\n", p.in(bold, visible(f)))
		}
		in := &indented{w: w, color: p}
		if c.Request != "" {
			in.field("request", c.Request)
		}
		in.field("user", c.User)
		if c.Explanation != nil {
			explanation(in, c.Explanation, p)
		} else if c.Decision.Reason != "" {
			in.field("answer", fmt.Sprintf("HTTP %d, reason %s, before any rule", c.Decision.HTTPStatus(), c.Decision.Reason))
		}
		fmt.Fprintln(w)
	}
	status := p.in(green, "ok")
	if !ok {
		status = p.in(red, "failed")
	}
	counts := fmt.Sprintf("%d passed, %d failed", t.Summary.Passed, t.Summary.Failed)
	if t.Summary.Cases == 0 {
		counts = "no case was run"
	}
	_, err := fmt.Fprintf(w, "%s: %s\n", status, counts)
	return err
}

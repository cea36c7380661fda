package suite

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/policy"
)

// Result is what one case came to.
type Result struct {
	Case     *Case
	Decision engine.Decision
	Failures []string             // what differs from the expectation, one sentence each
	Why      *explain.Explanation // of a failed case; nil if no rule was asked
}

// Passed tells whether everything expected came true.
func (r *Result) Passed() bool { return len(r.Failures) == 0 }

// Run runs the cases whose full name matches; a nil pattern matches all.
func (r *Runner) Run(only *regexp.Regexp) []Result {
	var out []Result
	for _, c := range r.Cases() {
		if only == nil || only.MatchString(c.FullName()) {
			out = append(out, c.Run())
		}
	}
	return out
}

// Run decides the case and compares.
func (c *Case) Run() Result {
	res := Result{Case: c}
	req, err := c.Bind()
	var refused *Refused
	switch {
	case errors.As(err, &refused):
		res.Decision = engine.Decision{Reason: refused.Reason, Status: refused.Status, SetDigest: c.runner.set.Digest()}
	case err != nil:
		res.Failures = []string{"the case cannot be asked: " + err.Error()}
		return res
	default:
		res.Decision = c.runner.set.Decide(req)
	}
	res.Failures = c.compare(res.Decision)
	if len(res.Failures) > 0 && refused == nil {
		if again, err := c.Bind(); err == nil {
			x := explain.Explain(c.runner.set, again)
			res.Why = &x
		}
	}
	return res
}

func (c *Case) compare(d engine.Decision) []string {
	var out []string
	differ := func(what, want, got string) {
		if want != got {
			out = append(out, fmt.Sprintf("expected %s %s, got %s", what, want, got))
		}
	}
	e := c.Expect
	differ("effect", e.Effect.Value(), d.Effect.String())
	if e.Rule.IsSet() {
		differ("rule", e.Rule.Value(), orNone(d.Rule.String()))
	}
	if e.Reason.IsSet() {
		differ("reason", e.Reason.Value(), d.Reason)
	}
	if e.Status != 0 {
		differ("status", fmt.Sprint(e.Status), fmt.Sprint(d.HTTPStatus()))
	}
	if e.HeadersSet {
		differ("headers", headerSet(e.Headers), obligationSet(d.Obligations))
	}
	differ("errors", fmt.Sprint(e.Errors), fmt.Sprint(len(d.Errors)))
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// headerSet and obligationSet give headers in one form, sorted, names folded.
func headerSet(list []policy.Label) string {
	var out []string
	for _, l := range list {
		out = append(out, http.CanonicalHeaderKey(l.Key.Value())+": "+l.Value.Value())
	}
	slices.Sort(out)
	return orNone(strings.Join(out, ", "))
}

func obligationSet(list []engine.Obligation) string {
	var out []string
	for _, o := range list {
		out = append(out, http.CanonicalHeaderKey(o.Name)+": "+o.Value)
	}
	slices.Sort(out)
	return orNone(strings.Join(out, ", "))
}

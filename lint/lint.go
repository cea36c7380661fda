// Package lint judges a policy set that compiles: what is allowed by the
// language and still hardly meant.
//
// A [Rule] is a value with its documentation; [Run] applies rules to a set and
// gives findings. The rules themselves are in lint/rules. The package reports
// and never changes a file; a missed finding is better than a false alarm.
package lint

import (
	"fmt"
	"regexp"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// Rule is one check with its documentation, from which its page is made.
type Rule struct {
	Code     string // stable, snake_case
	Title    string // what it finds, in one line
	Severity document.Severity
	Why      string // what goes wrong if it is ignored
	Before   string // YAML that raises it
	After    string // the same, mended
	Run      func(*Pass)
}

var codeForm = regexp.MustCompile(`^[a-z][a-z_]*$`)

// Validate tells what a rule lacks.
func (r *Rule) Validate() error {
	switch {
	case !codeForm.MatchString(r.Code):
		return fmt.Errorf("rule code %q is not snake_case", r.Code)
	case r.Title == "" || r.Why == "" || r.Before == "" || r.After == "":
		return fmt.Errorf("rule %s is not documented", r.Code)
	case r.Severity != document.Error && r.Severity != document.Warning && r.Severity != document.Info:
		return fmt.Errorf("rule %s has no severity", r.Code)
	case r.Run == nil:
		return fmt.Errorf("rule %s does nothing", r.Code)
	}
	return nil
}

// Pass is what a rule sees of a set.
type Pass struct {
	Set     *engine.Set
	Runner  *suite.Runner
	Now     time.Time
	rule    *Rule
	found   policy.Diagnostics
	reports map[string]bool
}

// Report adds a finding, once per place.
func (p *Pass) Report(at policy.Span, hint, format string, args ...any) {
	if key := at.String(); !p.reports[key] {
		p.reports[key] = true
		d := document.NewDiagnostic(at, p.rule.Severity, p.rule.Code, fmt.Sprintf(format, args...))
		p.found = append(p.found, d.WithHint(hint))
	}
}

// Run applies the rules to a set. runner knows the set's suites; now is the day
// that rules with a date are held to.
func Run(set *engine.Set, runner *suite.Runner, rules []*Rule, now time.Time) policy.Diagnostics {
	var out policy.Diagnostics
	for _, r := range rules {
		p := &Pass{Set: set, Runner: runner, Now: now, rule: r, reports: map[string]bool{}}
		r.Run(p)
		out = append(out, p.found...)
	}
	return out.Sorted()
}

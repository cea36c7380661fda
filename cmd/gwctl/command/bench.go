package command

import (
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// What --time accepts.
const (
	leastBench = time.Millisecond
	mostBench  = 10 * time.Minute
)

type benchOptions struct {
	streams Streams
	path    string
	output  string
	run     string
	time    time.Duration
}

func newBench(s Streams) *cobra.Command {
	o := &benchOptions{streams: s}
	c := &cobra.Command{
		Use: "bench [PATH]", Short: "Measure what the decisions of a policy set cost",
		Long: `Decides the cases of the suites (*_test.yaml) of PATH (a directory or a bundle;
default: the current directory) again and again, and tells the time and the
allocations of a decision, the conditions that take longest, the bounds of their
cost, and what is left to cel-go and why. Every case must pass first.

The clock runs from a request with all its values to the decision. A condition
is timed by itself, over the cases whose decision asks it, with its variables.`,
		Example: "  gwctl policy bench examples/quickstart --time 3s",
		Args:    argCount(0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.path = paths(args)[0]
			if err := checkOutput(o.output); err != nil {
				return err
			}
			if o.time < leastBench || o.time > mostBench {
				return usage("give a time such as 3s", "--time: %s is not between %s and %s", o.time, leastBench, mostBench)
			}
			return runBench(o)
		},
	}
	outputFlag(c, &o.output)
	c.Flags().StringVar(&o.run, "run", "", "decide only cases whose suite/name matches this regular expression")
	c.Flags().DurationVar(&o.time, "time", time.Second, "how long to decide cases; conditions take about as long again")
	return c
}

func runBench(o *benchOptions) error {
	only, err := regexp.Compile(o.run)
	if err != nil {
		return usage("quote the expression for the shell; it follows RE2", "--run: %s", err)
	}
	out := report.NewBench()
	l, err := load(o.path)
	code := exitFine
	switch {
	case err != nil:
		out.Diagnostics, code = append(out.Diagnostics, notLoaded(o.path, err)), exitInternal
	case l.set == nil:
		out.Diagnostics, code = append(out.Diagnostics, l.found...), exitNotLoad
	default:
		var cases []*suite.Case
		var found policy.Diagnostics
		cases, found = passing(l, only, o.run)
		out.Diagnostics = append(append(out.Diagnostics, l.found...), found...)
		out.Summary.Cases = len(cases)
		if code = findingsCode(out.Diagnostics, false); code == exitFine {
			measured, err := l.runner.Measure(cases, o.time, time.Now)
			if err != nil {
				return internal(err, "please report this")
			}
			out.Set(measured)
		}
	}
	if err := out.Write(o.streams.Out, o.output, o.streams.Color, code == exitFine); err != nil {
		return internal(err, "")
	}
	return exitWith(code)
}

// passing picks the cases to measure. What a wrong decision costs says nothing,
// so a case that fails is an error.
func passing(l *loaded, only *regexp.Regexp, run string) ([]*suite.Case, policy.Diagnostics) {
	if len(l.runner.Cases()) == 0 {
		return nil, policy.Diagnostics{setProblem(l.path, "no_suite", "no test suite found", "add a TestSuite in a file whose name ends in _test.yaml")}
	}
	results := l.runner.Run(suite.Select(l.runner.Cases(), suite.Selection{Only: only}), suite.Options{})
	if len(results) == 0 {
		return nil, policy.Diagnostics{setProblem(l.path, "no_case", "no case matches "+run, "a case's name is SUITE/CASE")}
	}
	var cases []*suite.Case
	var found policy.Diagnostics
	for _, r := range results {
		if r.Skipped {
			continue
		}
		cases = append(cases, r.Case)
		if r.Failed() {
			why := r.Wrong
			if why == "" {
				why = r.Failures[0].String()
			}
			found = append(found, document.NewDiagnostic(r.Case.Span, document.Error, "failed_case",
				fmt.Sprintf("case %s fails: %s", r.Case.FullName(), why)).WithHint("gwctl policy test shows what decided"))
		}
	}
	return cases, found
}

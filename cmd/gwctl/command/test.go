package command

import (
	"regexp"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine/suite"
)

type testOptions struct {
	streams Streams
	paths   []string
	output  string
	run     string
	strict  bool
}

func newTest(s Streams) *cobra.Command {
	o := &testOptions{streams: s}
	c := &cobra.Command{
		Use: "test [PATH...]", Short: "Run the test suites of a policy set",
		Long: `Decides every case of the suites (*_test.yaml) of each PATH (a directory or a
bundle; default: the current directory) and compares with what is expected.
A failed case shows what decided and the values of the conditions' parts.`,
		Example: "  gwctl policy test examples/quickstart --run 'refund'",
		Args:    argCount(0, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.paths = paths(args)
			if err := checkOutput(o.output); err != nil {
				return err
			}
			return runTest(o)
		},
	}
	outputFlag(c, &o.output)
	c.Flags().StringVar(&o.run, "run", "", "run only cases whose suite/name matches this regular expression")
	c.Flags().BoolVar(&o.strict, "strict", false, "let warnings fail too")
	return c
}

func runTest(o *testOptions) error {
	only, err := regexp.Compile(o.run)
	if err != nil {
		return usage("quote the expression for the shell; it follows RE2", "--run: %s", err)
	}
	out := report.Test{Envelope: report.NewEnvelope("policy test")}
	code := exitFine
	suites := false
	for _, path := range o.paths {
		l, err := load(path)
		if err != nil {
			out.Diagnostics = append(out.Diagnostics, notLoaded(path, err))
			code = exitInternal
			continue
		}
		out.Diagnostics = append(out.Diagnostics, l.found...)
		code = max(code, findingsCode(l.found, o.strict))
		if l.set == nil {
			code = max(code, exitNotLoad)
			continue
		}
		if len(l.runner.Cases()) == 0 {
			out.Diagnostics = append(out.Diagnostics, setProblem(path, "no_suite", "no test suite found", "add a TestSuite in a file whose name ends in _test.yaml"))
			code = max(code, exitFindings)
			continue
		}
		suites = true
		out.Add(l.runner.Run(suite.Select(l.runner.Cases(), suite.Selection{Only: only}), suite.Options{Workers: 2}))
	}
	if suites && out.Summary.Cases == 0 {
		out.Diagnostics = append(out.Diagnostics, setProblem(o.paths[0], "no_case", "no case matches "+o.run, "a case's name is SUITE/CASE"))
		code = max(code, exitFindings)
	}
	if out.Summary.Failed > 0 {
		code = max(code, exitFindings)
	}
	if err := out.Write(o.streams.Out, o.output, o.streams.Color, code == exitFine); err != nil {
		return internal(err, "")
	}
	return exitWith(code)
}

package command

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/engine/suite"
)

type testOptions struct {
	streams  Streams
	paths    []string
	output   string
	config   string
	run      string
	tags     []string
	shard    string
	failFast bool
	strict   bool
	watch    bool
	update   bool
	coverage bool
	out      []string
	least    string
	decision string
	log      string

	selection suite.Selection
	minimums  []report.Minimum
	results   []suite.Result // kept for --update
}

func newTest(s Streams) *cobra.Command {
	o := &testOptions{streams: s}
	c := &cobra.Command{
		Use: "test [PATH...]", Short: "Run the test suites of a policy set",
		Long: `Decides every case of the suites (*_test.yaml) of each PATH (a directory or a
bundle; default: the current directory) and compares with what is expected.
A failed case shows the rule that decided, the rule that was nearest to what was
expected, and the values of the parts of their conditions.

With --coverage it tells which rules matched, which parts of their conditions
were true and false, and which were shown to matter by themselves (MC/DC).`,
		Example: `  gwctl policy test examples/quickstart --run 'refund'
  gwctl policy test examples/quickstart --coverage --coverage-min rule=100,mcdc=90
  gwctl policy test policies --from-decision 0198… --log decisions.jsonl > policies/regression_test.yaml`,
		Args: argCount(0, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.paths = paths(args)
			if err := o.check(); err != nil {
				return err
			}
			switch {
			case o.watch:
				return watchTest(o)
			case o.decision != "":
				return caseOfDecision(o)
			}
			return runTest(o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.output, "output", "o", "text", "output format: "+strings.Join(report.TestFormats(), ", "))
	f.StringVarP(&o.config, "config", "c", "", "a sidecar configuration, for its mapping of claims")
	f.StringVar(&o.run, "run", "", "run only cases whose suite/name matches this regular expression")
	f.StringSliceVar(&o.tags, "tags", nil, "run only cases with one of these tags; !TAG leaves out those with it")
	f.StringVar(&o.shard, "shard", "", "run one of several equal parts, as in 2/4")
	f.BoolVar(&o.failFast, "fail-fast", false, "stop at the first case that fails")
	f.BoolVar(&o.strict, "strict", false, "let warnings fail too")
	f.BoolVar(&o.watch, "watch", false, "run again whenever a file changes, until interrupted")
	f.BoolVar(&o.update, "update", false, "write the headers that decisions have into expectations that name other ones")
	f.BoolVar(&o.coverage, "coverage", false, "tell what the cases exercise")
	f.StringArrayVar(&o.out, "coverage-out", nil, "write the coverage to a file: .json, .html, .info (lcov) or .xml (Cobertura)")
	f.StringVar(&o.decision, "from-decision", "", "run nothing: print the recorded decision with this id as a suite with one case")
	f.StringVar(&o.log, "log", "", "the file of decision records that --from-decision looks in")
	f.StringVar(&o.least, "coverage-min", "", "fail below these percentages, as in rule=100,condition=90,mcdc=80")
	return c
}

func (o *testOptions) check() error {
	if !slices.Contains(report.TestFormats(), o.output) {
		return usage("write -o "+strings.Join(report.TestFormats(), ", -o "), "unknown output format %q", o.output)
	}
	if o.run != "" {
		only, err := regexp.Compile(o.run)
		if err != nil {
			return usage("quote the expression for the shell; it follows RE2", "--run: %s", err)
		}
		o.selection.Only = only
	}
	if o.shard != "" {
		shard, err := suite.ParseShard(o.shard)
		if err != nil {
			return usage("write --shard 2/4 for the second of four parts", "--shard: %s", err)
		}
		o.selection.Shard = shard
	}
	for _, t := range o.tags {
		if strings.Trim(t, "! ") == "" {
			return usage("write --tags slow,!flaky", "--tags: a tag is empty")
		}
	}
	o.selection.Tags = o.tags
	for _, path := range o.out {
		if report.CoverageFormat(path) == "" {
			return usage("name the file *.json, *.html, *.info or *.xml", "--coverage-out: the format of %s is not known", path)
		}
	}
	var err error
	if o.minimums, err = parseMinimums(o.least); err != nil {
		return err
	}
	o.coverage = o.coverage || len(o.out) > 0 || len(o.minimums) > 0
	switch {
	case o.watch && o.output != "text":
		return usage("leave out -o", "--watch writes text")
	case (o.decision == "") != (o.log == ""):
		return usage("write --from-decision ID --log decisions.jsonl", "--from-decision and --log go together")
	case o.decision != "" && (o.watch || o.update || o.coverage || o.output != "text" || len(o.paths) > 1):
		return usage("leave the other flags out, and give one PATH", "--from-decision prints a case and runs none")
	case o.update && o.watch:
		return usage("keep one of them", "--update and --watch cannot be used together")
	case o.update && o.coverage:
		return usage("keep one of them", "--update and --coverage cannot be used together")
	}
	return nil
}

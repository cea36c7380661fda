package command

import (
	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/lint"
	"github.com/gwctl/gwctl/lint/rules"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

type lintOptions struct {
	streams Streams
	paths   []string
	output  string
	strict  bool
}

func newLint(s Streams) *cobra.Command {
	o := &lintOptions{streams: s}
	c := &cobra.Command{
		Use: "lint [PATH...]", Short: "Find everything wrong with a policy set",
		Long: `Reads each PATH (a directory or a bundle; default: the current directory),
compiles it and applies the lint rules. Nothing is run and nothing is changed.`,
		Example: "  gwctl policy lint examples/quickstart",
		Args:    argCount(0, -1),
		RunE: func(_ *cobra.Command, args []string) error {
			o.paths = paths(args)
			if err := checkOutput(o.output); err != nil {
				return err
			}
			return runLint(o)
		},
	}
	outputFlag(c, &o.output)
	c.Flags().BoolVar(&o.strict, "strict", false, "let warnings fail too")
	return c
}

func runLint(o *lintOptions) error {
	out := report.Lint{Envelope: report.NewEnvelope("policy lint")}
	code := exitFine
	for _, path := range o.paths {
		l, err := load(path)
		if err != nil {
			out.Diagnostics = append(out.Diagnostics, notLoaded(path, err))
			code = exitInternal
			continue
		}
		found := l.found
		if l.set != nil {
			found = append(found, lint.Run(l.set, l.runner, rules.All(), o.streams.Now())...).Sorted()
			out.Summary.Rules += len(l.set.Inspect().Order)
		} else {
			code = max(code, exitNotLoad)
		}
		code = max(code, findingsCode(found, o.strict))
		out.Summary.Sets++
		if l.files != nil {
			out.Summary.Files += len(l.files.List)
		}
		out.Diagnostics = append(out.Diagnostics, found...)
	}
	if err := out.Write(o.streams.Out, o.output, o.streams.Color, code == exitFine); err != nil {
		return internal(err, "")
	}
	return exitWith(code)
}

func findingsCode(found policy.Diagnostics, strict bool) int {
	for _, d := range found {
		if d.Severity == document.Error || strict && d.Severity == document.Warning {
			return exitFindings
		}
	}
	return exitFine
}

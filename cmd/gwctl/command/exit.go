package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
	"github.com/gwctl/gwctl/policy"
)

const (
	exitFine     = 0
	exitFindings = 1
	exitUsage    = 2
	exitNotLoad  = 3
	exitInternal = 4
)

// ExitCode is an exit code of the process with its meaning in one line.
type ExitCode struct {
	Code    int
	Meaning string
}

// ExitCodes lists every exit code, for `gwctl help exit-codes` and the docs.
func ExitCodes() []ExitCode {
	return []ExitCode{
		{exitFine, "fine"},
		{exitFindings, "an error found, a failed test (or a warning, under --strict), or no suite"},
		{exitUsage, "wrong usage"},
		{exitNotLoad, "the policy set or the configuration does not load or compile"},
		{exitInternal, "input/output or internal error, such as a missing path"},
	}
}

func exitCodesHelp() string {
	var out strings.Builder
	for _, c := range ExitCodes() {
		fmt.Fprintf(&out, "%d  %s\n", c.Code, c.Meaning)
	}
	return out.String() + "\nOf several PATHs the highest code counts. explain exits 0 whatever the decision\nis: an explained denial is no failure."
}

// failure is an error that ends the process with a code. hint says what to do
// next, found is what led to it; a silent one has been reported already.
type failure struct {
	code   int
	err    error
	hint   string
	found  policy.Diagnostics
	silent bool
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

var errReported = errors.New("reported")

// exitWith ends quietly with a code; 0 is no error at all.
func exitWith(code int) error {
	if code == exitFine {
		return nil
	}
	return &failure{code: code, err: errReported, silent: true}
}

func usage(hint, format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

func internal(err error, hint string) error {
	return &failure{code: exitInternal, err: err, hint: hint}
}

// finish is the one place where an error becomes output and an exit code. What
// a program asked for as JSON it also gets as JSON when the command fails;
// wrong usage is for the person at the keyboard.
func finish(c *cobra.Command, err error, s Streams) int {
	if err == nil {
		return exitFine
	}
	var f *failure
	if !errors.As(err, &f) {
		// What cobra itself refuses is always wrong usage.
		f = &failure{code: exitUsage, err: err, hint: "see gwctl help"}
	}
	switch {
	case f.silent:
	case f.code != exitUsage && wantsJSON(c):
		if len(f.found) == 0 {
			f.found = policy.Diagnostics{setProblem("", "io_error", f.err.Error(), f.hint)}
		}
		name := strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
		if err := report.NewFindings(name, f.found).Write(s.Out, "json", false); err != nil {
			return exitInternal
		}
	default:
		report.Diagnostics(s.Err, f.found.Sorted(), false)
		report.Failure(s.Err, f.err, f.hint)
	}
	return f.code
}

func wantsJSON(c *cobra.Command) bool {
	output := c.Flags().Lookup("output")
	return output != nil && output.Value.String() == "json"
}

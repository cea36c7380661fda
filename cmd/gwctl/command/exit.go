package command

import (
	"errors"
	"fmt"
	"io"
)

// Exit codes, also told by `gwctl help exit-codes`.
const (
	exitFine     = 0
	exitFindings = 1 // findings of error severity, failed tests, or no suite
	exitUsage    = 2
	exitNotLoad  = 3 // the set or configuration does not load or compile
	exitInternal = 4 // input/output or internal error, such as a missing path
)

const exitCodesHelp = `0  fine
1  findings of error severity or failed tests (warnings too under --strict),
   or no suite found
2  wrong usage
3  the policy set or the configuration does not load or compile
4  input/output or internal error, such as a missing path

Of several PATHs the highest code counts. explain exits 0 whatever the decision is.
`

// failure is an error that ends the process with a code. hint says what to do
// next; a silent one has been reported already.
type failure struct {
	code   int
	err    error
	hint   string
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

// finish is the one place where an error becomes text and an exit code.
func finish(err error, w io.Writer) int {
	if err == nil {
		return exitFine
	}
	var f *failure
	if !errors.As(err, &f) {
		// What cobra itself refuses is always wrong usage.
		f = &failure{code: exitUsage, err: err, hint: "see gwctl help"}
	}
	if !f.silent {
		fmt.Fprintf(w, "gwctl: %s\n", f.err)
		if f.hint != "" {
			fmt.Fprintf(w, "  next: %s\n", f.hint)
		}
	}
	return f.code
}

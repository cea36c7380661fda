package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/gwctl/gwctl/policy/document"
)

// tap writes the Test Anything Protocol, version 14. A finding of error severity
// ends the run, as a set that does not load has no cases.
func (t *Test) tap(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "TAP version 14\n1..%d\n", len(t.Tests))
	for i := range t.Tests {
		c := &t.Tests[i]
		ok := "ok"
		if !c.Passed && !c.Skipped {
			ok = "not ok"
		}
		fmt.Fprintf(&out, "%s %d - %s", ok, i+1, tapText(c.FullName()))
		if c.Skipped {
			fmt.Fprintf(&out, " # SKIP %s", tapText(c.Skip))
		}
		out.WriteByte('\n')
		if ok == "ok" {
			continue
		}
		fmt.Fprintf(&out, "  ---\n  at: %q\n  failures:\n", fmt.Sprintf("%s:%d:%d", c.Path, c.Line, c.Column))
		for _, f := range c.Failures {
			fmt.Fprintf(&out, "    - %q\n", visible(f))
		}
		out.WriteString("  ...\n")
	}
	for _, d := range t.Diagnostics {
		if d.Severity == document.Error {
			fmt.Fprintf(&out, "Bail out! %s\n", visible(d.String()))
			break
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// tapText is a description without what begins a directive.
func tapText(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(visible(s), `\`, `\\`), "#", `\#`)
}

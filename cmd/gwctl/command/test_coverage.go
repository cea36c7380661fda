package command

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gwctl/gwctl/cmd/gwctl/report"
)

// parseMinimums reads rule=100,condition=90,mcdc=80.
func parseMinimums(text string) ([]report.Minimum, error) {
	if text == "" {
		return nil, nil
	}
	const hint = "write --coverage-min rule=100,condition=90,mcdc=80"
	var out []report.Minimum
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(part, "=")
		least, err := strconv.ParseFloat(number, 64)
		switch {
		case name != "rule" && name != "condition" && name != "mcdc":
			return nil, usage(hint, "--coverage-min: %q is not rule, condition or mcdc", name)
		case err != nil || !(least >= 0 && least <= 100):
			return nil, usage(hint, "--coverage-min: %q is not a percentage from 0 to 100", number)
		case seen[name]:
			return nil, usage(hint, "--coverage-min: %s stands twice", name)
		}
		seen[name] = true
		out = append(out, report.Minimum{Measure: name, Percent: least})
	}
	return out, nil
}

// writeCoverage writes the files of --coverage-out.
func (o *testOptions) writeCoverage(t *report.Test, ok bool) error {
	c := &report.Coverage{Envelope: report.NewEnvelope("policy test"), Coverage: t.Coverage, Now: o.streams.Now()}
	c.OK, c.Diagnostics = ok, t.Diagnostics.Sorted()
	if c.Coverage == nil {
		c.Coverage = []report.SetCoverage{}
	}
	for _, path := range o.out {
		var data bytes.Buffer
		if err := c.Write(&data, report.CoverageFormat(path)); err != nil {
			return internal(err, "please report this")
		}
		if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
			return internal(fmt.Errorf("writing the coverage: %w", err), "give a path in a directory that exists")
		}
	}
	return nil
}

package report

import (
	"fmt"
	"io"
)

// Lint is the output of `policy lint`.
type Lint struct {
	Envelope
	Summary LintSummary `json:"summary"`
}

// LintSummary counts what was read and found.
type LintSummary struct {
	Sets     int `json:"sets"`
	Files    int `json:"files"`
	Rules    int `json:"rules"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
}

// Write prints the findings; ok tells whether the command succeeds.
func (l *Lint) Write(w io.Writer, format string, color, ok bool) error {
	l.OK = ok
	l.Diagnostics = l.Diagnostics.Sorted()
	l.Summary.Errors, l.Summary.Warnings = countSeverities(l.Diagnostics)
	if format == "json" {
		return writeJSON(w, l)
	}
	Diagnostics(w, l.Diagnostics, color)
	s := l.Summary
	_, err := fmt.Fprintf(w, "%s, %s: %s, %s\n", plural(s.Files, "file"), plural(s.Rules, "rule"), plural(s.Errors, "error"), plural(s.Warnings, "warning"))
	return err
}

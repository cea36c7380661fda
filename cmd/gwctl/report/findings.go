package report

import (
	"fmt"
	"io"

	"github.com/gwctl/gwctl/policy"
)

// Findings is the output of a command that has nothing but findings to tell:
// `serve --check`, and any command whose set or configuration does not load.
type Findings struct {
	Envelope
	Summary FindingsSummary `json:"summary"`
}

// FindingsSummary counts the findings.
type FindingsSummary struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
}

// NewFindings makes the output of a command. It is OK when there is no error.
func NewFindings(command string, found policy.Diagnostics) *Findings {
	f := &Findings{Envelope: NewEnvelope(command)}
	f.Diagnostics = append(f.Diagnostics, found.Sorted()...)
	f.OK = !found.HasErrors()
	f.Summary.Errors, f.Summary.Warnings = countSeverities(f.Diagnostics)
	return f
}

// Write prints the findings and a line that counts them.
func (f *Findings) Write(w io.Writer, format string, color bool) error {
	if format == "json" {
		return writeJSON(w, f)
	}
	Diagnostics(w, f.Diagnostics, color)
	status := paint(color).in(green, "ok")
	if !f.OK {
		status = paint(color).in(red, "failed")
	}
	_, err := fmt.Fprintf(w, "%s: %s, %s\n", status, plural(f.Summary.Errors, "error"), plural(f.Summary.Warnings, "warning"))
	return err
}

// Failure prints why a command ended and what to do next.
func Failure(w io.Writer, err error, next string) {
	fmt.Fprintf(w, "gwctl: %s\n", visible(err.Error()))
	if next != "" {
		fmt.Fprintf(w, "  next: %s\n", visible(next))
	}
}

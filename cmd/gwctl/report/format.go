package report

import (
	"fmt"
	"io"

	"github.com/gwctl/gwctl/policy"
)

// Format is the output of `policy fmt`.
type Format struct {
	Envelope
	Changed []Reformatted `json:"changed"`
	Summary FormatSummary `json:"summary"`
}

// Reformatted is a file that is not in canonical layout.
type Reformatted struct {
	File string `json:"file"`
	Diff string `json:"diff,omitempty"` // where it was asked for
}

// FormatSummary counts what was read and found.
type FormatSummary struct {
	Files   int `json:"files"`
	Changed int `json:"changed"`
	Errors  int `json:"errors"`
}

// Write prints the changed files, one name a line, or their differences. What
// is wrong with others goes to errs, so that w can be read by programs; ok
// tells whether the command succeeds.
func (f *Format) Write(w, errs io.Writer, format string, color, ok bool) error {
	f.OK = ok
	f.Diagnostics = f.Diagnostics.Sorted()
	f.Summary.Changed = len(f.Changed)
	f.Summary.Errors, _ = countSeverities(f.Diagnostics)
	if format == "json" {
		return writeJSON(w, f)
	}
	Diagnostics(errs, f.Diagnostics, color)
	for _, c := range f.Changed {
		text := c.Diff
		if text == "" {
			text = c.File + "\n"
		}
		if _, err := io.WriteString(w, text); err != nil {
			return fmt.Errorf("writing the changed files: %w", err)
		}
	}
	return nil
}

// NewFormat begins the output of `policy fmt`.
func NewFormat() *Format {
	return &Format{Envelope: NewEnvelope("policy fmt"), Changed: []Reformatted{}}
}

// Add takes in what was found in one file.
func (f *Format) Add(found policy.Diagnostics) {
	f.Summary.Files++
	f.Diagnostics = append(f.Diagnostics, found...)
}

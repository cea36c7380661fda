package report

import (
	"fmt"
	"io"
)

// Init is the output of `init`.
type Init struct {
	Envelope
	Files   []string    `json:"files"` // that were written
	Next    []string    `json:"next"`  // commands to go on with
	Summary InitSummary `json:"summary"`
}

// InitSummary counts what was written.
type InitSummary struct {
	Files int `json:"files"`
}

// Write prints what was written and what to do next.
func (i *Init) Write(w io.Writer, format string) error {
	i.Summary.Files = len(i.Files)
	if format == "json" {
		return writeJSON(w, i)
	}
	for _, f := range i.Files {
		if _, err := fmt.Fprintf(w, "wrote %s\n", f); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintln(w, "\nnext:"); err != nil {
		return err
	}
	for _, n := range i.Next {
		if _, err := fmt.Fprintf(w, "  %s\n", n); err != nil {
			return err
		}
	}
	return nil
}

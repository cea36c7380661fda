package report

import (
	"fmt"
	"io"
)

// Bundle is the output of `policy bundle`.
type Bundle struct {
	Envelope
	File       string        `json:"file"`
	Digest     string        `json:"digest"`
	SetDigest  string        `json:"set_digest"`
	CELVersion string        `json:"cel_version"`
	Summary    BundleSummary `json:"summary"`
}

// BundleSummary counts what was packed.
type BundleSummary struct {
	Files int `json:"files"`
	Bytes int `json:"bytes"`
}

// Write prints where the bundle is and what identifies it.
func (b *Bundle) Write(w io.Writer, format string) error {
	if format == "json" {
		return writeJSON(w, b)
	}
	_, err := fmt.Fprintf(w, "%s: %s, %d bytes\n  bundle %s\n  set    %s\n", b.File, plural(b.Summary.Files, "file"), b.Summary.Bytes, b.Digest, b.SetDigest)
	return err
}

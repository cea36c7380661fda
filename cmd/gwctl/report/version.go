package report

import (
	"fmt"
	"io"
)

// Version is the output of `version`.
type Version struct {
	Envelope
	Summary VersionSummary `json:"summary"`
}

// VersionSummary names what the binary is made of.
type VersionSummary struct {
	Gwctl    string `json:"gwctl"`
	CEL      string `json:"cel"` // of cel-go
	Go       string `json:"go"`
	Platform string `json:"platform"` // GOOS/GOARCH
}

// Text gives the versions in one line.
func (v *Version) Text() string {
	s := v.Summary
	return fmt.Sprintf("gwctl %s (cel-go %s, %s, %s)\n", s.Gwctl, s.CEL, s.Go, s.Platform)
}

// Write prints the versions.
func (v *Version) Write(w io.Writer, format string) error {
	if format == "json" {
		return writeJSON(w, v)
	}
	_, err := io.WriteString(w, v.Text())
	return err
}

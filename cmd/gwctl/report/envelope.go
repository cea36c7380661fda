// Package report writes what commands found: one file per output, each as
// text for people and as JSON for programs.
//
// A command fills a report, such as [Lint], and calls its Write. Nothing here
// reads files, decides, or knows about exit codes.
package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/gwctl/gwctl/policy"
)

// Envelope is the part that all JSON outputs share.
type Envelope struct {
	Version     int                `json:"version"`
	Command     string             `json:"command"`
	OK          bool               `json:"ok"`
	Diagnostics policy.Diagnostics `json:"diagnostics"`
}

// NewEnvelope begins the output of a command.
func NewEnvelope(command string) Envelope {
	return Envelope{Version: 1, Command: command, OK: true, Diagnostics: policy.Diagnostics{}}
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// paint colours text for a terminal.
type paint bool

const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	reset  = "\x1b[0m"
)

func (p paint) in(color, text string) string {
	if !p {
		return text
	}
	return color + text + reset
}

// RequestText gives a request in one line, as `explain` and suites take it.
func RequestText(r *policy.RequestSpec) string {
	text := r.Method + " " + r.Host + r.Path
	if r.Query != "" {
		text += "?" + r.Query
	}
	return text
}

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

package document

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity ranks a finding.
type Severity string

// The three severities. Only an error keeps a set from loading.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// docsBase is where the page of each code is published.
const docsBase = "https://github.com/gwctl/gwctl/blob/main/docs/diagnostics.md#"

// Position is a place in a file: 1-based line and column, counted in runes.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Span is a stretch of a file. End is exclusive.
type Span struct {
	Path       string
	Start, End Position
	text       string
}

// String gives path:line:col.
func (s Span) String() string {
	return fmt.Sprintf("%s:%d:%d", s.Path, s.Start.Line, s.Start.Column)
}

// Line is the text of the line in which the span starts.
func (s Span) Line() string { return s.text }

// Diagnostic is one finding, the single type used by loader, compiler, linter
// and test runner.
type Diagnostic struct {
	Path      string   `json:"path"`
	Line      int      `json:"line"`
	Column    int      `json:"column"`
	EndLine   int      `json:"end_line"`
	EndColumn int      `json:"end_column"`
	Severity  Severity `json:"severity"`
	Code      string   `json:"code"`
	Message   string   `json:"message"`
	Hint      string   `json:"hint,omitempty"`
	URL       string   `json:"url"`

	// SourceLine is the text of the line at Line, for the caret rendering.
	SourceLine string `json:"-"`
}

// String gives path:line:col: severity[code]: message.
func (d Diagnostic) String() string {
	place := d.Path
	if d.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", d.Path, d.Line, d.Column)
	}
	return fmt.Sprintf("%s: %s[%s]: %s", place, d.Severity, d.Code, d.Message)
}

// NewDiagnostic makes a finding at a span.
func NewDiagnostic(at Span, severity Severity, code, message string) Diagnostic {
	return Diagnostic{
		Path: at.Path, Line: at.Start.Line, Column: at.Start.Column,
		EndLine: at.End.Line, EndColumn: at.End.Column,
		Severity: severity, Code: code, Message: message,
		URL: docsBase + code, SourceLine: at.text,
	}
}

// WithHint returns the finding with its next step.
func (d Diagnostic) WithHint(hint string) Diagnostic {
	d.Hint = hint
	return d
}

// Diagnostics is a list of findings.
type Diagnostics []Diagnostic

// HasErrors tells whether any finding is of error severity.
func (d Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(d, func(x Diagnostic) bool { return x.Severity == Error })
}

// Sorted returns the findings by place, then code and message, each once.
func (d Diagnostics) Sorted() Diagnostics {
	out := slices.Clone(d)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(out, func(a, b Diagnostic) bool {
		return a.Path == b.Path && a.Line == b.Line && a.Column == b.Column && a.Code == b.Code && a.Message == b.Message
	})
}

package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// mostDiagnostics is how many findings are printed as text; the rest is
// counted. JSON holds them all.
const mostDiagnostics = 100

// Diagnostics prints findings with their source line and a caret under the
// place.
func Diagnostics(w io.Writer, found policy.Diagnostics, color bool) {
	for i, d := range found {
		if i == mostDiagnostics {
			fmt.Fprintf(w, "… and %s\n", plural(len(found)-i, "more finding"))
			return
		}
		diagnostic(w, d, paint(color))
	}
}

func diagnostic(w io.Writer, d policy.Diagnostic, p paint) {
	place := visible(d.Path)
	if d.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", place, d.Line, d.Column)
	}
	shade := yellow
	if d.Severity == document.Error {
		shade = red
	}
	fmt.Fprintf(w, "%s: %s: %s\n", p.in(bold, place), p.in(shade, fmt.Sprintf("%s[%s]", d.Severity, d.Code)), visible(d.Message))
	if d.SourceLine != "" {
		line, caret := snippet(d)
		fmt.Fprintf(w, "  %s\n  %s\n", line, p.in(shade, caret))
	}
	if d.Hint != "" {
		fmt.Fprintf(w, "  help: %s\n", visible(d.Hint))
	}
}

// snippet gives the source line, cut to fit, and a caret line under the span.
func snippet(d policy.Diagnostic) (line, caret string) {
	const width, before = 76, 40
	runes := []rune(visible(strings.ReplaceAll(d.SourceLine, "\t", " ")))
	start := min(max(d.Column-1, 0), len(runes))
	length := 1
	if d.EndLine == d.Line {
		length = max(1, d.EndColumn-d.Column)
	}
	from := 0
	if len(runes) > width && start > before {
		from = min(start-before, len(runes)-width)
	}
	to := min(from+width, len(runes))
	length = max(1, min(length, to-start))
	return string(runes[from:to]), strings.Repeat(" ", start-from) + "^" + strings.Repeat("~", length-1)
}

// visible keeps hostile text from steering the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func countSeverities(found policy.Diagnostics) (errors, warnings int) {
	for _, d := range found {
		switch d.Severity {
		case document.Error:
			errors++
		case document.Warning:
			warnings++
		}
	}
	return errors, warnings
}

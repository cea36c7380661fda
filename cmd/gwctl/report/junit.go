package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/gwctl/gwctl/policy/document"
)

// The elements of JUnit's XML, as the schema that CI servers read has them: a
// testsuite's counts agree with its cases, and a case has at most one of
// skipped, error and failure.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"` // seconds; cases take microseconds
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Skipped *junitOutcome `xml:"skipped"`
	Error   *junitOutcome `xml:"error"`
	Failure *junitOutcome `xml:"failure"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// junit writes one testsuite for each suite, and one for findings of error
// severity: without it a set that does not load would read as a success.
func (t *Test) junit(w io.Writer) error {
	out := junitSuites{Name: "gwctl policy test"}
	at := map[string]int{}
	add := func(name string, c junitCase) {
		i, known := at[name]
		if !known {
			i = len(out.Suites)
			at[name] = i
			out.Suites = append(out.Suites, junitSuite{Name: name, Time: "0"})
		}
		s := &out.Suites[i]
		s.Cases = append(s.Cases, c)
		s.Tests++
		out.Tests++
		switch {
		case c.Skipped != nil:
			s.Skipped++
		case c.Error != nil:
			s.Errors++
			out.Errors++
		case c.Failure != nil:
			s.Failures++
			out.Failures++
		}
	}
	for _, d := range t.Diagnostics {
		if d.Severity == document.Error {
			add("gwctl: findings", junitCase{Name: xmlText(d.Code + " at " + d.Path + fmt.Sprintf(":%d:%d", d.Line, d.Column)), Class: "gwctl.findings", Time: "0", File: xmlText(d.Path), Line: d.Line, Error: &junitOutcome{Message: xmlText(d.Message), Type: d.Code, Text: xmlText(d.String())}})
		}
	}
	for i := range t.Tests {
		c := &t.Tests[i]
		x := junitCase{Name: xmlText(c.Name), Class: xmlText(c.Suite), Time: "0", File: xmlText(c.Path), Line: c.Line}
		switch {
		case c.Skipped:
			x.Skipped = &junitOutcome{Message: xmlText(c.Skip)}
		case !c.Passed:
			var text strings.Builder
			c.text(&text, false)
			x.Failure = &junitOutcome{Message: xmlText(strings.Join(c.Failures, "; ")), Type: "decision", Text: xmlText(text.String())}
		}
		add(xmlText(c.Suite), x)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// xmlText takes out what XML 1.0 cannot hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, s)
}

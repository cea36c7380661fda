package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/gwctl/gwctl/policy/document"
)

// The elements of JUnit's XML, in the order and with the attributes that both
// public schemas ask for: that of Ant's reports (windyroad/JUnit-Schema), which
// wants everything below, and Jenkins' junit-10.xsd, which the xUnit plugin
// holds reports to. Neither knows attributes for a case's file and line, so
// these stand in the text of a failure.

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	ID         int         `xml:"id,attr"`
	Package    string      `xml:"package,attr"`
	Name       string      `xml:"name,attr"`
	Timestamp  string      `xml:"timestamp,attr"` // UTC, without a zone
	Host       string      `xml:"hostname,attr"`
	Tests      int         `xml:"tests,attr"`
	Failures   int         `xml:"failures,attr"`
	Errors     int         `xml:"errors,attr"`
	Skipped    int         `xml:"skipped,attr"`
	Time       string      `xml:"time,attr"` // seconds; cases take microseconds
	Properties struct{}    `xml:"properties"`
	Cases      []junitCase `xml:"testcase"`
	Out        string      `xml:"system-out"`
	Err        string      `xml:"system-err"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Time    string        `xml:"time,attr"`
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
	var out junitSuites
	at := map[string]int{}
	add := func(name string, c junitCase) {
		i, known := at[name]
		if !known {
			i = len(out.Suites)
			at[name] = i
			out.Suites = append(out.Suites, junitSuite{ID: i, Package: "policies", Name: name, Timestamp: t.Now.UTC().Format("2006-01-02T15:04:05"), Host: "localhost", Time: "0"})
		}
		s := &out.Suites[i]
		s.Cases = append(s.Cases, c)
		s.Tests++
		switch {
		case c.Skipped != nil:
			s.Skipped++
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		}
	}
	for _, d := range t.Diagnostics {
		if d.Severity == document.Error {
			add("gwctl: findings", junitCase{Name: xmlText(d.Code + " at " + d.Path + fmt.Sprintf(":%d:%d", d.Line, d.Column)), Class: "gwctl.findings", Time: "0", Error: &junitOutcome{Message: xmlText(d.Message), Type: d.Code, Text: xmlText(d.String())}})
		}
	}
	for i := range t.Tests {
		c := &t.Tests[i]
		x := junitCase{Name: xmlText(c.Name), Class: xmlText(c.Suite), Time: "0"}
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

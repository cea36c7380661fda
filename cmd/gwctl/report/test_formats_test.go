package report

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
)

// hostileName holds what each format gives a meaning to.
const hostileName = "a\x1b[2J # ]]> <b> \"q\" & %0A::error::x, y: \\ \n z"

func mixed() *Test {
	t := &Test{Envelope: NewEnvelope("policy test")}
	t.Diagnostics = append(t.Diagnostics, document.NewDiagnostic(policy.Span{Path: "a,b:c.yaml", Start: document.Position{Line: 3, Column: 4}}, document.Error, "unknown_key", hostileName).WithHint("mend it"))
	t.Tests = []TestCase{
		{Suite: "one", Name: "passes", Path: "x_test.yaml", Line: 1, Column: 2, Passed: true, Failures: []string{}, Decision: &engine.Decision{}},
		{Suite: "one", Name: hostileName, Path: "x_test.yaml", Line: 5, Column: 7, Failures: []string{"expected " + hostileName}, Decision: &engine.Decision{Reason: "no_route"},
			Lessons: []explain.Lesson{{Title: "nearest", Rule: "p/r", Stopped: []string{hostileName}}}},
		{Suite: "two", Name: "skipped", Path: "x_test.yaml", Line: 9, Column: 7, Skipped: true, Skip: hostileName, Failures: []string{}},
	}
	t.Summary = TestSummary{Cases: 3, Passed: 1, Failed: 1, Skipped: 1}
	return t
}

func written(t *testing.T, x *Test, format string) string {
	t.Helper()
	var out strings.Builder
	if err := x.Write(&out, format, false, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestJUnit holds the report to the rules of both public schemas, and its
// counts to its cases.
func TestJUnit(t *testing.T) {
	x := mixed()
	x.Now = time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	text := written(t, x, "junit")
	antJUnit.holds(t, text)
	jenkinsJUnit.holds(t, text)
	var back junitSuites
	if err := xml.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range back.Suites {
		got = append(got, fmt.Sprintf("%d %s: %d of %d failed, %d errors, %d skipped at %s", s.ID, s.Name, s.Failures, s.Tests, s.Errors, s.Skipped, s.Timestamp))
	}
	want := []string{"0 gwctl: findings: 0 of 1 failed, 1 errors, 0 skipped at 2026-01-02T02:04:05", "1 one: 1 of 2 failed, 0 errors, 0 skipped at 2026-01-02T02:04:05", "2 two: 0 of 1 failed, 0 errors, 1 skipped at 2026-01-02T02:04:05"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if c := back.Suites[1].Cases[1]; c.Class != "one" || !strings.Contains(c.Name, `<b> "q" &`) || c.Failure == nil || !strings.Contains(c.Failure.Text, "at x_test.yaml:5:7") || !strings.Contains(c.Failure.Text, "before any rule") {
		t.Errorf("%+v", c)
	}
	if c := back.Suites[0].Cases[0]; c.Error == nil || c.Name != "unknown_key at a,b:c.yaml:3:4" {
		t.Errorf("%+v", c)
	}
}

// TestHostileNames: whatever a name holds, the formats that machines read stay
// what they are.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{"\x00\x01\x08\x0b\x1f\x7f\u0085", "]]>", "]]><![CDATA[", "&amp;&#0;<!--", "\xff\xfe\xc0\x80", "\ufffe\uffff\ud7ff\U0010ffff", "\u202egnp.exe\u2066", "\r\nok 9 - forged\r\n::error::forged", "# TODO # SKIP", "a\\# b", "%0A%25::set-output name=x::y", "file=x,line=1", "\"'`", "  ", "1..9", "---\n...", strings.Repeat("x", 5000)} {
		x := mixed()
		for i := range x.Tests {
			c := &x.Tests[i]
			c.Suite, c.Name, c.Path = "s "+name, name, name
			c.Failures = []string{name}
			if c.Skipped {
				c.Skip = name
			}
		}
		x.Diagnostics[0].Message, x.Diagnostics[0].Path = name, name
		junit := written(t, x, "junit")
		antJUnit.holds(t, junit)
		jenkinsJUnit.holds(t, junit)
		tapHolds(t, written(t, x, "tap"), 3)
		githubHolds(t, written(t, x, "github"), 3)
	}
}

// tapHolds holds a text to TAP 14: the version, one plan, a numbered line for
// each case, in order, whose description begins no directive by itself; YAML
// between its marks, indented by two; and nothing after what ends the run.
func tapHolds(t *testing.T, text string, cases int) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != "TAP version 14" || lines[1] != fmt.Sprintf("1..%d", cases) {
		t.Errorf("it begins with %q", lines[:2])
	}
	point := regexp.MustCompile(`^(?:not )?ok (\d+) - (?:[^#\\]|\\#|\\\\)*(?: # SKIP (?:[^#\\]|\\#|\\\\)*)?$`)
	number, within, ended := 0, false, false
	for _, l := range lines[2:] {
		m := point.FindStringSubmatch(l)
		switch {
		case ended:
			t.Errorf("%q comes after the end", l)
		case within:
			if within = l != "  ..."; within && !strings.HasPrefix(l, "  ") {
				t.Errorf("%q within YAML", l)
			}
		case m != nil:
			if number++; m[1] != strconv.Itoa(number) {
				t.Errorf("%q is number %d", l, number)
			}
		case l == "  ---":
			within = true
		case strings.HasPrefix(l, "Bail out! "):
			ended = true
		default:
			t.Errorf("%q is none of TAP's lines", l)
		}
		if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q has control characters", l)
		}
	}
	if number != cases || within {
		t.Errorf("%d cases; YAML open: %t", number, within)
	}
}

// TestTAP: what failed, why, and what was skipped.
func TestTAP(t *testing.T) {
	text := written(t, mixed(), "tap")
	tapHolds(t, text, 3)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[2] != "ok 1 - one/passes" || !strings.HasPrefix(lines[3], "not ok 2 - one/a") || !strings.HasPrefix(lines[len(lines)-1], "Bail out! ") || !strings.Contains(lines[len(lines)-2], "ok 3 - two/skipped # SKIP ") {
		t.Errorf("%q", lines)
	}
	if !slices.Contains(lines, `  at: "x_test.yaml:5:7"`) || !strings.Contains(text, `    - "expected a`) {
		t.Errorf("the YAML of the failure: %q", lines)
	}
}

// githubHolds holds a text to the form of workflow commands, which nothing of a
// name leaves: properties without colon, comma and line end, and one line each.
func githubHolds(t *testing.T, text string, commands int) {
	t.Helper()
	form := regexp.MustCompile(`^::(error|warning|notice) (?:file=[^,:\r\n]*,line=\d+,col=\d+,)?title=[^,:\r\n]*::[^\r\n\x00-\x1f]*$`)
	percent := regexp.MustCompile(`%(25|0A|0D|3A|2C)`)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != commands+1 {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	for _, l := range lines[:len(lines)-1] {
		if !form.MatchString(l) || strings.Contains(percent.ReplaceAllString(l, ""), "%") {
			t.Errorf("%q", l)
		}
	}
	if last := lines[len(lines)-1]; strings.HasPrefix(last, "::") {
		t.Errorf("%q", last)
	}
}

// TestGitHub: one command a finding, beside its line.
func TestGitHub(t *testing.T) {
	text := written(t, mixed(), "github")
	githubHolds(t, text, 3)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, level := range []string{"::error file=a%2Cb%3Ac.yaml,line=3,col=4,title=unknown_key::", "::error file=x_test.yaml,line=5,col=7,title=one/a", "::notice file=x_test.yaml,line=9,col=7,title=skipped%3A two/skipped::"} {
		if !strings.HasPrefix(lines[i], level) {
			t.Errorf("%q", lines[i])
		}
	}
	if !strings.Contains(lines[0], "%250A::error::x") || !strings.Contains(lines[1], "%0Anearest: p/r%0A  stopped: ") || lines[3] != "failed: 1 passed, 1 failed, 1 skipped" {
		t.Errorf("%q", lines)
	}
}

// TestHeaderDifference shows what is missing and what is too much, and not what
// is as it should be.
func TestHeaderDifference(t *testing.T) {
	x := &Test{Envelope: NewEnvelope("policy test"), Tests: []TestCase{{Suite: "s", Name: "n", Failures: []string{"headers differ"}, Decision: &engine.Decision{},
		Differences: []suite.Difference{{What: "headers", Wanted: []string{"A: 1", "B: 2"}, Found: []string{"A: 1", "C: 3"}}}}}}
	text := written(t, x, "text")
	if !strings.Contains(text, "    - B: 2\n    + C: 3\n") || strings.Contains(text, "A: 1") {
		t.Error(text)
	}
}

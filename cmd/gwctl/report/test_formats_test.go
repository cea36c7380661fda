package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

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

// The rules of the public schema of JUnit reports (jenkins-ci, junit-10.xsd):
// the attributes of each element, those that must be there marked with !.
func junitRules() map[string][]string {
	return map[string][]string{
		"testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
		"testsuite":  {"name!", "tests!", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url", "version", "group"},
		"testcase":   {"name!", "assertions", "time", "timeout", "classname", "status", "class", "file", "line", "score"},
		"failure":    {"type", "message"}, "error": {"type", "message"}, "skipped": {"type", "message"},
	}
}

// TestJUnit holds the report to the schema's rules, and its counts to its cases.
func TestJUnit(t *testing.T) {
	text := written(t, mixed(), "junit")
	rules := junitRules()
	within := map[string]string{"testsuites": "", "testsuite": "testsuites", "testcase": "testsuite", "failure": "testcase", "error": "testcase", "skipped": "testcase"}
	var open []string
	outcomes, cases := 0, 0
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		switch x := token.(type) {
		case xml.StartElement:
			known, ok := rules[x.Name.Local]
			parent := ""
			if len(open) > 0 {
				parent = open[len(open)-1]
			}
			if !ok || within[x.Name.Local] != parent {
				t.Errorf("<%s> in <%s>", x.Name.Local, parent)
			}
			var has []string
			for _, a := range x.Attr {
				has = append(has, a.Name.Local)
				if !slices.Contains(known, a.Name.Local) && !slices.Contains(known, a.Name.Local+"!") {
					t.Errorf("<%s> has the attribute %s", x.Name.Local, a.Name.Local)
				}
				if number := regexp.MustCompile(`^(tests|failures|errors|skipped|line)$`); number.MatchString(a.Name.Local) && !regexp.MustCompile(`^\d+$`).MatchString(a.Value) {
					t.Errorf("<%s %s=%q>", x.Name.Local, a.Name.Local, a.Value)
				}
			}
			for _, k := range known {
				if name, needed := strings.CutSuffix(k, "!"); needed && !slices.Contains(has, name) {
					t.Errorf("<%s> lacks %s", x.Name.Local, name)
				}
			}
			switch x.Name.Local {
			case "testcase":
				cases, outcomes = cases+1, 0
			case "failure", "error", "skipped":
				if outcomes++; outcomes > 1 {
					t.Error("a case with two outcomes")
				}
			}
			open = append(open, x.Name.Local)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	var back junitSuites
	if err := xml.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	if back.Tests != 4 || cases != 4 || back.Failures != 1 || back.Errors != 1 || len(back.Suites) != 3 || back.Suites[1].Tests != 2 || back.Suites[1].Failures != 1 || back.Suites[2].Skipped != 1 {
		t.Errorf("%d cases; %+v", cases, back)
	}
	if c := back.Suites[1].Cases[1]; c.Class != "one" || !strings.Contains(c.Name, `<b> "q" &`) || strings.Contains(text, "\x1b") || c.Failure == nil || !strings.Contains(c.Failure.Text, "before any rule") {
		t.Errorf("%+v", c)
	}
}

// TestTAP: the plan, the numbers, and nothing of a name that reads as a
// directive.
func TestTAP(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(written(t, mixed(), "tap"), "\n"), "\n")
	if lines[0] != "TAP version 14" || lines[1] != "1..3" || lines[2] != "ok 1 - one/passes" {
		t.Errorf("%q", lines[:3])
	}
	plain := regexp.MustCompile(`^((not )?ok \d+ - ([^#\\]|\\#|\\\\)*( # SKIP .*)?|  .*|Bail out! .*)$`)
	number := 0
	for _, l := range lines[2:] {
		if !plain.MatchString(l) {
			t.Errorf("%q", l)
		}
		if strings.Contains(l, "ok ") && !strings.HasPrefix(l, " ") {
			number++
			if !strings.Contains(l, fmt.Sprintf("ok %d - ", number)) {
				t.Errorf("%q is number %d", l, number)
			}
		}
	}
	if number != 3 || !strings.HasPrefix(lines[3], "not ok 2 - one/a") || !strings.HasPrefix(lines[len(lines)-1], "Bail out! ") || !strings.Contains(lines[len(lines)-2], "ok 3 - two/skipped # SKIP ") {
		t.Errorf("%d cases in\n%s", number, strings.Join(lines, "\n"))
	}
}

// TestGitHub: one command a finding, and nothing of a name that begins another.
func TestGitHub(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(written(t, mixed(), "github"), "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("%q", lines)
	}
	form := regexp.MustCompile(`^::(error|warning|notice) file=[^,:]+,line=\d+,col=\d+,title=[^:,]*::[^\r\n\x1b]*$`)
	for i, level := range []string{"::error file=a%2Cb%3Ac.yaml,line=3,col=4,title=unknown_key::", "::error file=x_test.yaml,line=5,col=7,title=one/a", "::notice file=x_test.yaml,line=9,col=7,title=skipped%3A two/skipped::"} {
		if !strings.HasPrefix(lines[i], level) || !form.MatchString(lines[i]) {
			t.Errorf("%q", lines[i])
		}
	}
	if !strings.Contains(lines[0], "%250A%3A%3Aerror") && !strings.Contains(lines[0], "%250A::error") || !strings.Contains(lines[1], "%0Anearest: p/r%0A  stopped: ") || lines[3] != "failed: 1 passed, 1 failed, 1 skipped" {
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

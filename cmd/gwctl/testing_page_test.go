package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/examples"
	"github.com/gwctl/gwctl/policy/document"
)

// TestTestingPage holds docs/testing.md to what it says: the first suite passes
// beside the quickstart, the CI files are YAML, and each command in them, and in
// the sh blocks, does what a pipeline expects of it.
func TestTestingPage(t *testing.T) {
	page := parseMarkdown("docs/testing.md", readText(t, filepath.Join(root, "docs", "testing.md")))
	t.Chdir(t.TempDir())
	for _, dir := range []string{"policies", "examples/quickstart"} {
		if err := os.CopyFS(dir, examples.Quickstart()); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CI_NODE_INDEX", "2")
	t.Setenv("CI_NODE_TOTAL", "4")
	suites, pipelines, commands := 0, 0, 0
	for _, b := range page.blocks {
		switch b.info {
		case "yaml":
			if _, found := document.Parse("page.yaml", []byte(b.text)); found.HasErrors() {
				t.Errorf("line %d: %v", b.line, found)
			}
			if strings.Contains(b.text, "kind: TestSuite") {
				suites++
				if err := os.WriteFile("examples/quickstart/first_test.yaml", []byte(b.text), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			pipelines++
			for _, m := range regexp.MustCompile(`(?m)^ *- (?:run: )?(gwctl .*)$`).FindAllStringSubmatch(b.text, -1) {
				commands++
				inPipeline(t, m[1])
			}
		case "sh":
			if line := strings.TrimSpace(b.text); strings.Contains(line, "--run ^first/") {
				commands++
				if got := inPipeline(t, line); got != "ok: 2 passed, 0 failed\n" {
					t.Errorf("%s prints %s", line, got)
				}
			}
		}
	}
	if suites != 1 || pipelines != 2 || commands != 5 {
		t.Errorf("%d suites, %d pipelines, %d commands", suites, pipelines, commands)
	}
	for _, made := range []string{"cover.html", "cover.xml"} {
		if _, err := os.Stat(made); err != nil {
			t.Errorf("the pipelines upload %s: %v", made, err)
		}
	}
}

// inPipeline runs a line as a shell would; it must succeed.
func inPipeline(t *testing.T, line string) string {
	t.Helper()
	line, _, _ = strings.Cut(os.ExpandEnv(line), " > ")
	args, err := splitCommand(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	out, code := gwctl(args...)
	if code != 0 {
		t.Errorf("%s ends with %d:\n%s", line, code, out)
	}
	return out
}

// TestQuickstartCoverage: the quickstart's own suite asks all of its rules and
// shows what nearly every atom is for.
func TestQuickstartCoverage(t *testing.T) {
	t.Chdir(root)
	if out, code := gwctl("policy", "test", "examples/quickstart", "--coverage-min", "rule=100,condition=90,mcdc=90"); code != 0 || !strings.Contains(out, "rules        100.0 %") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if out, code := gwctl("policy", "test", "examples/quickstart", "--run", "refund", "--coverage-min", "rule=100"); code != 1 || !strings.Contains(out, "coverage_too_low") {
		t.Errorf("a part of the suite covers all: exit code %d:\n%s", code, out)
	}
}

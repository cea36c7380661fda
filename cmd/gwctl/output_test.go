package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gwctl/gwctl/cmd/gwctl/command"
	"github.com/gwctl/gwctl/cmd/gwctl/docs"
)

const quickstart = root + "/examples/quickstart"

// TestExplainFits explains every case of the quickstart: each line fits into 80
// columns, nothing is coloured without a terminal, and explain comes to the
// decision that the suite came to.
func TestExplainFits(t *testing.T) {
	t.Parallel()
	out, code := gwctl("policy", "test", quickstart, "-o", "json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	var run struct {
		Tests []struct {
			Name, User, Path string
			Decision         struct{ Effect, Reason string }
		}
	}
	if err := json.Unmarshal([]byte(out), &run); err != nil {
		t.Fatal(err)
	}
	if len(run.Tests) < 40 {
		t.Fatalf("only %d cases", len(run.Tests))
	}
	for _, c := range run.Tests {
		out, code := gwctl("explain", "-p", quickstart, "--case", c.Path+"#"+c.Name)
		if code != 0 {
			t.Errorf("%s: exit %d: %s", c.Name, code, out)
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: colour codes without a terminal", c.Name)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%s: %d columns: %s", c.Name, n, line)
			}
		}
		if want := "\ndecision  " + strings.ToUpper(c.Decision.Effect) + ", reason " + c.Decision.Reason + "\n"; !strings.Contains(out, want) {
			t.Errorf("%s: want %q in\n%s", c.Name, want, out)
		}
	}
}

// TestColorIsForTerminals shows that text is coloured on a terminal, and JSON
// never is.
func TestColorIsForTerminals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeBase(t, dir, &docs.Example{File: "orders_test.yaml", Old: "effect: allow", New: "effect: deny"})
	broken := t.TempDir()
	writeBase(t, broken, &docs.Example{File: "policies.yaml", Old: "effect: deny", New: "effect: reject"})
	for _, args := range [][]string{
		{"policy", "lint", broken}, {"policy", "test", dir}, {"explain", "-p", quickstart, "GET /status"}, {"serve", "-c", filepath.Join(broken, "gwctl.yaml"), "--check"},
	} {
		for _, format := range []string{"text", "json"} {
			var out, errs bytes.Buffer
			command.Main(append(args, "-o", format), command.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Color: true, Now: at})
			if colored := strings.Contains(out.String(), "\x1b["); colored != (format == "text") {
				t.Errorf("%s -o %s: coloured: %t\n%s%s", args, format, colored, out.String(), errs.String())
			}
			if strings.Contains(errs.String(), "\x1b") {
				t.Errorf("%s -o %s: standard error is coloured", args, format)
			}
		}
	}
}

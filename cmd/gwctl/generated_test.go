package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/cmd/gwctl/command"
	"github.com/gwctl/gwctl/cmd/gwctl/docs"
	"github.com/gwctl/gwctl/lint/rules"
	"github.com/gwctl/gwctl/policy/document"
)

// at is when the commands of these tests run.
func at() time.Time { return time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC) }

// gwctl runs a command in this process. What it prints comes back in order,
// standard output and standard error in one.
func gwctl(args ...string) (output string, code int) {
	var out bytes.Buffer
	code = command.Main(args, command.Streams{In: strings.NewReader(""), Out: &out, Err: &out, Now: at})
	return out.String(), code
}

// TestGenerated compares the generated pages with what the source says.
func TestGenerated(t *testing.T) {
	outputs := map[string]string{}
	for name, r := range runExamples(t) {
		outputs[name] = r.text
	}
	diagnostics, err := docs.Diagnostics(rules.All(), command.ExitCodes(), outputs)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{
		"cli.md":         docs.CLI(command.Root(command.Streams{}), command.ExitCodes()),
		"lint.md":        docs.Lint(rules.All()),
		"diagnostics.md": diagnostics,
		"refusals.md":    docs.Refusals(),
	}
	for name, want := range pages {
		path := filepath.Join(root, "docs", name)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Error(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		if string(got) != want {
			t.Errorf("docs/%s is stale (%s); run make gen", name, firstDifference(string(got), want))
		}
	}
}

// TestEveryURLLeadsSomewhere holds the address that a finding prints to the
// headings of the page.
func TestEveryURLLeadsSomewhere(t *testing.T) {
	page, err := docs.Diagnostics(rules.All(), command.ExitCodes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{}
	for _, c := range docs.Codes() {
		codes = append(codes, c.Name)
	}
	for _, r := range rules.All() {
		codes = append(codes, r.Code)
	}
	for _, code := range codes {
		url := document.NewDiagnostic(document.Span{}, document.Error, code, "").URL
		if want := "/docs/diagnostics.md#" + code; !strings.HasSuffix(url, want) {
			t.Errorf("%s: the address is %s, want one that ends in %s", code, url, want)
		}
		if n := strings.Count(page, "\n### "+code+"\n"); n != 1 {
			t.Errorf("%s has %d headings", code, n)
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: have %q, want %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// TestExamplesRaiseTheirCode proves the table: each example raises its code
// and no other, and the set that it changes raises none.
func TestExamplesRaiseTheirCode(t *testing.T) {
	results := runExamples(t)
	for _, c := range docs.Codes() {
		if (c.Example == nil) == (c.NoExample == "") {
			t.Errorf("%s: wants an example, or the reason why there is none", c.Name)
		}
		if c.Meaning == "" || c.Mend == "" {
			t.Errorf("%s is not documented", c.Name)
		}
		if c.Example == nil {
			continue
		}
		if r := results[c.Name]; !slices.Equal(r.codes, []string{c.Name}) || (r.exit == 0) != c.Warns {
			t.Errorf("%s: the example raises %q and ends with %d:\n%s", c.Name, r.codes, r.exit, r.text)
		}
	}
	dir := t.TempDir()
	writeBase(t, dir, nil)
	for _, args := range [][]string{{"policy", "lint", "--strict", dir}, {"policy", "test", dir}, {"serve", "-c", filepath.Join(dir, "gwctl.yaml"), "--check"}} {
		if out, code := gwctl(args...); code != 0 || codeIn.MatchString(out) {
			t.Errorf("gwctl %s on the set of the examples: exit %d\n%s", strings.Join(args, " "), code, out)
		}
	}
}

// result is what gwctl says about an example: without the line that counts.
type result struct {
	text  string
	codes []string // each once, sorted
	exit  int
}

var codeIn = regexp.MustCompile(`(?m)^[^ ].*: (?:error|warning|info)\[([a-z_]+)\]: `)

var (
	examplesOnce sync.Once
	exampleRuns  map[string]result
)

// runExamples runs the example of every code once, a few at a time.
func runExamples(t *testing.T) map[string]result {
	t.Helper()
	examplesOnce.Do(func() {
		exampleRuns = map[string]result{}
		var mu sync.Mutex
		var running sync.WaitGroup
		slots := make(chan struct{}, 4)
		for _, c := range docs.Codes() {
			if c.Example == nil {
				continue
			}
			dir := t.TempDir()
			writeBase(t, dir, c.Example)
			running.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				r := runExample(dir, c.Example)
				mu.Lock()
				defer mu.Unlock()
				exampleRuns[c.Name] = r
			})
		}
		running.Wait()
	})
	return exampleRuns
}

func runExample(dir string, e *docs.Example) result {
	var args []string
	for _, a := range e.Command() {
		args = append(args, strings.ReplaceAll(a, "SET", dir))
	}
	out, code := gwctl(args...)
	r := result{exit: code}
	for _, m := range codeIn.FindAllStringSubmatch(out, -1) {
		r.codes = append(r.codes, m[1])
	}
	slices.Sort(r.codes)
	r.codes = slices.Compact(r.codes)
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	out = strings.Join(lines[:len(lines)-1], "\n") // the last one counts
	r.text = strings.ReplaceAll(strings.ReplaceAll(out, dir+string(filepath.Separator), ""), dir, ".")
	return r
}

// writeBase writes the set of the examples, changed by one of them, and an
// empty directory beside it.
func writeBase(t *testing.T, dir string, e *docs.Example) {
	t.Helper()
	set, err := docs.Base()
	if err == nil {
		err = os.CopyFS(dir, set)
	}
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "empty"), 0o755)
	}
	if err == nil && e != nil && e.File != "" {
		path := filepath.Join(dir, e.File)
		var old []byte
		if old, err = os.ReadFile(path); errors.Is(err, fs.ErrNotExist) {
			err = nil // the example adds a file
		}
		var text string
		if err == nil {
			text, err = e.Apply(string(old))
		}
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
	}
	if err == nil && e != nil && e.Without != "" {
		err = os.Remove(filepath.Join(dir, e.Without))
	}
	if err != nil {
		t.Fatal(err)
	}
}

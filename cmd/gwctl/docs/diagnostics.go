package docs

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/gwctl/gwctl/cmd/gwctl/command"
	"github.com/gwctl/gwctl/lint"
)

// Diagnostics is docs/diagnostics.md: every code with its meaning, an example
// and what to do. Every finding links here. output gives what gwctl prints
// about the example of a code.
func Diagnostics(rules []*lint.Rule, codes []command.ExitCode, output map[string]string) (string, error) {
	w := &strings.Builder{}
	w.WriteString(generated + "# Diagnostics\n\n")
	w.WriteString("A finding is printed as `path:line:column: severity[code]: message`, with the source line, a caret under the place, and the next\n" +
		"step. Codes are stable: they never change their meaning. Find the code of a message below.\n\n## Exit codes\n\n")
	exitCodes(w, codes)
	if err := baseSet(w); err != nil {
		return "", err
	}
	for _, a := range Areas() {
		fmt.Fprintf(w, "\n## %s\n\n%s\n", a.Title, a.Intro)
		for i := range a.Codes {
			code(w, &a.Codes[i], output[a.Codes[i].Name])
		}
	}
	w.WriteString("\n## Lint rules\n\nFindings about a set that loads, each with its reason and an example in [lint.md](lint.md).\n")
	for _, r := range rules {
		fmt.Fprintf(w, "\n### %s\n\n%s: %s. See [lint.md](lint.md#%s).\n", r.Code, capital(string(r.Severity)), r.Title, r.Code)
	}
	return w.String(), nil
}

func baseSet(w *strings.Builder) error {
	w.WriteString("\n## The set of the examples\n\nEach example changes one place of this set. A test proves that it raises its code and no other.\n")
	set, err := Base()
	if err != nil {
		return err
	}
	names, err := fs.Glob(set, "*.yaml")
	if err != nil {
		return fmt.Errorf("listing the set of the examples: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(set, name)
		if err != nil {
			return fmt.Errorf("reading the set of the examples: %w", err)
		}
		fmt.Fprintf(w, "\n`%s`:\n\n```yaml\n%s```\n", name, text)
	}
	return nil
}

func code(w *strings.Builder, c *Code, output string) {
	fmt.Fprintf(w, "\n### %s\n\n%s\n\n%s\n", c.Name, c.Meaning, c.Mend)
	e := c.Example
	if e == nil {
		fmt.Fprintf(w, "\nThere is no example: %s.\n", c.NoExample)
		return
	}
	if e.File != "" {
		shown := e.Shown
		if shown == "" {
			shown = e.New
		}
		fmt.Fprintf(w, "\n```yaml\n# %s\n%s\n```\n", e.File, dedent(shown))
	}
	w.WriteString("\n```text\n")
	if len(e.Args) > 0 {
		shown := strings.ReplaceAll(strings.ReplaceAll(strings.Join(e.Args, " "), "SET/", ""), "SET", ".")
		fmt.Fprintf(w, "$ gwctl %s\n", shown)
	}
	fmt.Fprintf(w, "%s\n```\n", strings.TrimRight(output, "\n"))
}

package docs

import (
	"fmt"
	"strings"

	"github.com/gwctl/gwctl/lint"
)

// Lint is docs/lint.md: every lint rule with its reason and an example.
func Lint(rules []*lint.Rule) string {
	w := &strings.Builder{}
	w.WriteString(generated + "# Lint rules\n\n")
	w.WriteString("`gwctl policy lint` judges a set that loads: what the language allows and hardly anybody means. A warning does not change the exit\n" +
		"code, except under `--strict`. What keeps a set from loading is listed in [diagnostics.md](diagnostics.md).\n\n")
	w.WriteString("| rule | severity | finds |\n|---|---|---|\n")
	for _, r := range rules {
		fmt.Fprintf(w, "| [`%s`](#%s) | %s | %s |\n", r.Code, r.Code, r.Severity, r.Title)
	}
	for _, r := range rules {
		fmt.Fprintf(w, "\n## %s\n\n%s: %s.\n\n%s\n", r.Code, capital(string(r.Severity)), r.Title, r.Why)
		fmt.Fprintf(w, "\nBefore:\n\n```yaml\n%s\n```\n\nAfter:\n\n```yaml\n%s\n```\n", dedent(r.Before), dedent(r.After))
	}
	return w.String()
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/cmd/gwctl/docs"
)

// judgeCondition puts a condition into the set of the examples of
// diagnostics.md and gives the codes that lint raises, lint rules left out.
func judgeCondition(t *testing.T, place, condition, below string) (codes []string, out string) {
	t.Helper()
	dir := t.TempDir()
	writeBase(t, dir, nil)
	file := filepath.Join(dir, "policies.yaml")
	e := docs.Example{File: "policies.yaml", Old: "when: " + place + "\n", New: `when: "` + strings.ReplaceAll(condition, `"`, `\"`) + `"` + below + "\n"}
	text, err := e.Apply(readText(t, file))
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, file, text)
	out, _ = gwctl("policy", "lint", dir)
	return errorCodes(out), out
}

// errorCodes are the codes of errors in what lint prints, each once, sorted;
// warnings are left out.
func errorCodes(out string) []string {
	var codes []string
	for _, m := range codeIn.FindAllStringSubmatch(out, -1) {
		if strings.Contains(m[0], " error[") {
			codes = append(codes, m[1])
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// The conditions of that set that are replaced: of the allow rule, and of the
// deny rule.
const (
	allowPlace = "vars.is_owner"
	denyPlace  = "has(resource.amount) && resource.amount > 1000.0"
)

// overHTTP is what follows a condition in a rule that is about HTTP only.
const overHTTP = "\n      transports: [http]"

// TestLanguageFunctions compiles the examples of what there is.
func TestLanguageFunctions(t *testing.T) {
	t.Parallel()
	page := languagePage(t)
	for _, r := range page.table(t, "functions", "there is").rows {
		if codes, out := judgeCondition(t, allowPlace, codeSpans(r.cells[1])[0], ""); len(codes) > 0 {
			t.Errorf("%s:%d: the example raises %q:\n%s", page.name, r.line, codes, out)
		}
	}
}

// TestLanguageRefused tries the table of what is refused: each condition raises
// its code, and what to write instead raises nothing.
func TestLanguageRefused(t *testing.T) {
	t.Parallel()
	page := languagePage(t)
	for _, r := range page.table(t, "refused", "code").rows {
		code, place, below := strings.Trim(r.cells[0], "[]"), allowPlace, ""
		switch {
		case code == "deny_on_default":
			place = denyPlace
		case strings.Contains(r.cells[1], "request.header("):
			below = overHTTP
		}
		if codes, out := judgeCondition(t, place, codeSpans(r.cells[1])[0], below); !slices.Equal(codes, []string{code}) {
			t.Errorf("%s:%d: the refused condition raises %q, want %s:\n%s", page.name, r.line, codes, code, out)
		}
		if codes, out := judgeCondition(t, place, codeSpans(r.cells[2])[0], below); len(codes) > 0 {
			t.Errorf("%s:%d: what to write raises %q:\n%s", page.name, r.line, codes, out)
		}
	}
}

package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/cmd/gwctl/docs"
	"github.com/gwctl/gwctl/docs/schema"
	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/lint/rules"
)

// TestGeneratedLinks holds the end of docs/language.md to the codes that the
// page names as [code]: each leads to its place in diagnostics.md.
func TestGeneratedLinks(t *testing.T) {
	page := languagePage(t)
	codes := map[string]bool{}
	for _, l := range page.links {
		if l.to == "" {
			codes[l.name] = true
		}
	}
	var fresh []string
	for _, line := range page.lines {
		if !definitionForm.MatchString(line) {
			fresh = append(fresh, line)
		}
	}
	text := strings.TrimRight(strings.Join(fresh, "\n"), "\n") + "\n\n"
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		text += fmt.Sprintf("[%s]: diagnostics.md#%s\n", code, code)
	}
	old := strings.Join(page.lines, "\n")
	switch {
	case old == text:
	case *update:
		if err := os.WriteFile(filepath.Join(root, page.name), []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	default:
		t.Errorf("%s: the links of codes at the end are stale (%s); run make gen", page.name, firstDifference(old, text))
	}
}

// TestLanguageCodes holds the codes that the page names to the table of codes,
// both ways: what a document of a set can raise is named.
func TestLanguageCodes(t *testing.T) {
	page := languagePage(t)
	known := map[string]bool{}
	for _, r := range rules.All() {
		known[r.Code] = true
	}
	for _, c := range docs.Codes() {
		known[c.Name] = true
	}
	named := map[string]bool{}
	for _, l := range page.links {
		if l.to == "" && !known[l.name] {
			t.Errorf("%s:%d: there is no code %s", page.name, l.line, l.name)
		}
		named[l.name] = true
	}
	for _, a := range docs.Areas() {
		for _, c := range a.Codes {
			if !named[c.Name] && a.Title != "Configuration" && a.Title != "Commands" {
				t.Errorf("%s does not say what raises %s", page.name, c.Name)
			}
		}
	}
}

// TestLanguageReasons holds the table of reason codes to those of the engine,
// and what is said of the sidecar's to those that a rule cannot use.
func TestLanguageReasons(t *testing.T) {
	page := languagePage(t)
	given := map[string]bool{}
	for _, f := range parseTree(t).files {
		if f.path == "engine/decision.go" {
			for _, name := range regexp.MustCompile(`(?m)^\s+Reason\w+\s+= "([a-z_]+)"$`).FindAllStringSubmatch(readText(t, filepath.Join(root, f.path)), -1) {
				given[name[1]] = true
			}
		}
	}
	if !given[engine.ReasonAllowed] || !given[engine.ReasonNotLoaded] {
		t.Fatalf("the engine gives the reasons %q", slices.Sorted(maps.Keys(given)))
	}
	sameNames(t, page, "reason-codes", "code", slices.Collect(maps.Keys(given)))
	text := strings.Join(page.lines, "\n")
	_, text, _ = strings.Cut(text, "\n### Reason codes\n")
	text, _, _ = strings.Cut(text, "\n#")
	told := codeSpans(text)
	for _, code := range reservedReasons(t) {
		if !slices.Contains(told, code) {
			t.Errorf("%s: a rule cannot use the reason code %s, and #reason-codes does not say so", page.name, code)
		}
	}
}

// reservedReasons are the codes that a rule's reason cannot have, from the JSON
// Schema, which has them from the loader.
func reservedReasons(t *testing.T) []string {
	t.Helper()
	code := keyedMappings(t)["Policy#/$defs/reason"].keys["code"]
	n, _ := code.(map[string]any)
	n, _ = n["not"].(map[string]any)
	var out []string
	list, _ := n["enum"].([]any)
	for _, v := range list {
		text, _ := v.(string)
		out = append(out, text)
	}
	if len(out) == 0 {
		t.Fatal("no reason code is reserved")
	}
	return out
}

// TestLanguageStatuses holds the statuses of reason codes to the suites of the
// page, which the engine runs: each code that a suite can expect is shown there
// with one of its statuses, and with no other.
func TestLanguageStatuses(t *testing.T) {
	page := languagePage(t)
	suites := ""
	for _, blocks := range languageSets(t) {
		for _, b := range blocks {
			suites += b.text
		}
	}
	for _, r := range page.table(t, "reason-codes", "code").rows {
		code := strings.Trim(r.cells[0], "`")
		shown := regexp.MustCompile(`reason: `+code+`, status: (\d+)`).FindAllStringSubmatch(suites, -1)
		for _, m := range shown {
			if !slices.Contains(strings.Fields(r.cells[2]), m[1]) {
				t.Errorf("%s:%d: a suite of the page has %s with %s", page.name, r.line, code, m[1])
			}
		}
		if len(shown) == 0 && !slices.Contains(notShown(), code) {
			t.Errorf("%s:%d: no suite of the page shows the status of %s", page.name, r.line, code)
		}
	}
}

// notShown are the reason codes that no suite can come to, or that take a rule
// nobody should copy.
func notShown() []string {
	return []string{
		engine.ReasonBodyUnavailable, engine.ReasonNotLoaded, engine.ReasonObligationError, engine.ReasonEvalError, engine.ReasonDeniedByRule,
	}
}

// TestLanguageKinds holds the table of kinds to the kinds that there are.
func TestLanguageKinds(t *testing.T) {
	all, err := schema.All()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, s := range all {
		if s.Kind != "Record" && s.Kind != "APIKeys" { // no documents of the language: told in docs/records.md and docs/authentication.md
			kinds = append(kinds, s.Kind)
		}
	}
	sameNames(t, languagePage(t), "at-a-glance", "kind", kinds)
}

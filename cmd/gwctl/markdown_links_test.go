package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLinks follows the links of every page within the repository: the file is
// there, and so is the heading.
func TestLinks(t *testing.T) {
	pages := map[string]*markdown{}
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(paths, filepath.Join(root, "README.md")) {
		pages[path] = parseMarkdown(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), readText(t, path))
	}
	for path, page := range pages {
		links := page.links
		for name, to := range page.defined {
			links = append(links, markdownLink{to: to, name: name, line: len(page.lines)})
		}
		for _, l := range links {
			if l.to == "" || strings.Contains(l.to, "://") {
				continue // defined elsewhere, or somebody else's page
			}
			file, anchor, _ := strings.Cut(l.to, "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s:%d: there is no %s", page.name, l.line, file)
				continue
			}
			if other := pages[target]; other != nil && anchor != "" && !slices.ContainsFunc(other.sections, func(s markdownSection) bool { return s.anchor == anchor }) {
				t.Errorf("%s:%d: %s has no heading #%s", page.name, l.line, other.name, anchor)
			}
		}
	}
}

// TestAnchors holds the headings of docs/language.md to unique anchors, and to
// those that people may have linked to: an anchor that was published stays.
func TestAnchors(t *testing.T) {
	published := []string{
		"at-a-glance", "files", "documents", "metadata", "values", "names", "schema", "attributes", "types", "providers",
		"absent-unavailable-invalid", "built-in-attributes", "resource", "actions", "routes", "matching", "bodies", "action-by-the-body", "cors",
		"policy", "rules", "reasons", "challenges", "obligations", "guards", "shadow-rules", "library",
		"conditions", "roots", "functions", "guards-of-attributes", "refused", "decision", "reason-codes", "budget",
		"directory", "users", "testsuite", "cases", "requests", "expectations", "matrix", "limits",
	}
	page := languagePage(t)
	seen := map[string]bool{}
	for _, s := range page.sections {
		if seen[s.anchor] {
			t.Errorf("%s:%d: a second heading #%s", page.name, s.line, s.anchor)
		}
		seen[s.anchor] = true
	}
	for _, anchor := range published {
		if !seen[anchor] {
			t.Errorf("%s has no heading #%s any more, and links lead there", page.name, anchor)
		}
	}
}

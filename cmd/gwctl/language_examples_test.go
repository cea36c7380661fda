package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/engine/slot"
	"github.com/gwctl/gwctl/policy/document"
)

// languageSets are the complete examples of docs/language.md by set: a block
// that is marked `yaml set=NAME` is a file of the set NAME.
func languageSets(t *testing.T) map[string][]markdownBlock {
	t.Helper()
	page := languagePage(t)
	out := map[string][]markdownBlock{}
	for _, b := range page.blocks {
		language, set, marked := strings.Cut(b.info, " set=")
		switch {
		case language != "yaml":
		case !marked || set == "" || !strings.HasPrefix(b.text, "apiVersion:"):
			t.Errorf("%s:%d: a yaml block begins with apiVersion and names its set, as in ```yaml set=shop, so that it can be tried", page.name, b.line)
		default:
			out[set] = append(out[set], b)
		}
	}
	return out
}

// writeSet writes the files of a set, named by the lines of their blocks.
func writeSet(t *testing.T, dir string, blocks []markdownBlock) {
	t.Helper()
	for _, b := range blocks {
		end := ".yaml"
		if strings.Contains(b.text, "\nkind: TestSuite\n") {
			end = "_test.yaml"
		}
		writeText(t, filepath.Join(dir, fmt.Sprintf("line%04d%s", b.line, end)), b.text)
	}
}

// TestLanguageExamples judges the sets of the page as a user would.
func TestLanguageExamples(t *testing.T) {
	t.Parallel()
	sets := languageSets(t)
	if len(sets) < 2 {
		t.Errorf("the page has the sets %q", slices.Sorted(maps.Keys(sets)))
	}
	for name, blocks := range sets {
		dir := t.TempDir()
		writeSet(t, dir, blocks)
		for _, args := range [][]string{{"policy", "lint", "--strict", dir}, {"policy", "test", "--strict", dir}, {"policy", "fmt", "--check", dir}} {
			if out, code := gwctl(args...); code != 0 {
				t.Errorf("gwctl %s of the set %s: exit %d\n%s", strings.Join(args[:2], " "), name, code, strings.ReplaceAll(out, dir+string(os.PathSeparator), "docs/language.md, "))
			}
		}
	}
}

// givenKeys are the keys of documents, each with the values that it has
// somewhere in them, as JSON.
type givenKeys map[string][]string

func (k givenKeys) add(t *testing.T, text string) {
	t.Helper()
	docs, found := document.Parse("example", []byte(text))
	for _, d := range docs {
		var w document.Walker
		k.values(w.Value(d, "the document"))
		found = append(found, w.Found()...)
	}
	if found.HasErrors() {
		t.Errorf("the example %q: %s", text, found)
	}
}

func (k givenKeys) values(v document.Value) {
	for _, x := range v.Items {
		k.values(x)
	}
	for _, e := range v.Entries {
		k[e.Key.Value()] = append(k[e.Key.Value()], string(slot.FromValue(e.Value).AppendJSON(nil)))
		k.values(e.Value)
	}
}

// TestKeyExamples holds the example of each key to one that loads: it stands
// in a set of the page. `key: …` stands for a value that is too long for a
// table.
func TestKeyExamples(t *testing.T) {
	known := givenKeys{}
	for _, blocks := range languageSets(t) {
		for _, b := range blocks {
			known.add(t, b.text)
		}
	}
	page := languagePage(t)
	for anchor := range keyTables() {
		for _, r := range page.table(t, anchor, "key").rows {
			keys, examples := codeSpans(r.cells[0]), examplesOf(r.cells[3])
			var shown []string
			for _, e := range examples {
				if key, elided := strings.CutSuffix(e, ": …"); elided {
					shown = append(shown, key)
					if len(known[key]) == 0 {
						t.Errorf("%s:%d: no example of the page has the key %s", page.name, r.line, key)
					}
					continue
				}
				given := givenKeys{}
				given.add(t, e)
				key, _, _ := strings.Cut(e, ":")
				shown = append(shown, key)
				if len(given[key]) == 0 || !slices.Contains(known[key], given[key][0]) {
					t.Errorf("%s:%d: `%s` stands in no example that is tried; the examples have %s", page.name, r.line, e, known[key])
				}
			}
			if !slices.Equal(keys, shown) {
				t.Errorf("%s:%d: the row is about %q, its examples are of %q", page.name, r.line, keys, shown)
			}
		}
	}
}

// examplesOf gives the examples in the cell of a key: each stands in a line of
// its own below the meaning.
func examplesOf(cell string) []string {
	var out []string
	_, below, _ := strings.Cut(cell, "<br>")
	for line := range strings.SplitSeq(below, "<br>") {
		out = append(out, strings.Trim(line, "`"))
	}
	return out
}

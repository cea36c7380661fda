package command

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine/explain"
	"github.com/gwctl/gwctl/engine/suite"
)

const (
	recipes     = "../../../examples/recipes"
	recipesPage = "../../../docs/recipes.md"
)

// recipeNames lists the directories of recipes.
func recipeNames(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(recipes)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			t.Errorf("%s stands outside a recipe", e.Name())
			continue
		}
		out = append(out, e.Name())
	}
	if len(out) < 20 {
		t.Fatalf("only %d recipes", len(out))
	}
	return out
}

// TestRecipes holds each recipe to what the page promises: it has no finding,
// its suite passes, it is formatted, and its suite shows both sides of every
// rule.
func TestRecipes(t *testing.T) {
	t.Parallel()
	for _, name := range recipeNames(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(recipes, name)
			for _, c := range []struct {
				args []string
				want string
			}{
				{[]string{"policy", "lint", "--strict", dir}, "0 errors, 0 warnings\n"},
				{[]string{"policy", "test", "--strict", dir}, ", 0 failed\n"},
				{[]string{"policy", "fmt", "--check", dir}, ""},
			} {
				var out, errs bytes.Buffer
				now := func() time.Time { return time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC) }
				code := Main(c.args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Now: now})
				if code != exitFine || errs.Len() > 0 || !strings.HasSuffix(out.String(), c.want) || c.want == "" && out.Len() > 0 {
					t.Errorf("gwctl %s: exit %d\n%s%s", strings.Join(c.args, " "), code, out.String(), errs.String())
				}
			}
			bothSides(t, dir)
		})
	}
}

// bothSides demands that the cases of a set show each rule match and, unless it
// is unconditional, not match, and that whoever expects a denial says for which reason.
func bothSides(t *testing.T, dir string) {
	t.Helper()
	l, err := load(dir)
	if err != nil || l.set == nil {
		t.Fatalf("%v %v", err, l.found)
	}
	seen := map[[2]string]bool{}
	for _, c := range l.runner.Cases() {
		if c.Expect.Effect.Value() == "deny" && !c.Expect.Reason.IsSet() {
			t.Errorf("%s: %s: a denial without a reason", c.Expect.Span, c.FullName())
		}
		req, err := c.Bind()
		var refused *suite.Refused
		if errors.As(err, &refused) {
			continue // no rule was asked
		}
		if err != nil {
			t.Fatalf("%s: %v", c.FullName(), err)
		}
		for _, r := range explain.Explain(l.set, req).Rules {
			seen[[2]string{r.Rule, r.Outcome}] = true
		}
	}
	for _, r := range l.set.Inspect().Rules {
		if !seen[[2]string{r.Ref.String(), "matched"}] {
			t.Errorf("no case has %s match", r.Ref)
		}
		conditional := r.When != nil || len(r.Decl.Roles)+len(r.Decl.Scopes)+len(r.Decl.AnyScope) > 0
		if conditional && !seen[[2]string{r.Ref.String(), "not_matched"}] {
			t.Errorf("no case has %s not match", r.Ref)
		}
	}
}

// TestRecipesPage: the page has a section for each recipe, and what it shows in
// a yaml block stands in the recipe's files.
func TestRecipesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(recipesPage)
	if err != nil {
		t.Fatal(err)
	}
	sections := recipeSections(string(page))
	if got, want := slices.Sorted(maps.Keys(sections)), recipeNames(t); !slices.Equal(got, want) {
		t.Errorf("the page has sections about %q\nthe recipes are      %q", got, want)
	}
	for name, section := range sections {
		files, err := filepath.Glob(filepath.Join(recipes, name, "*.yaml"))
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %d files, %v", name, len(files), err)
		}
		var texts []string
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
		blocks := yamlBlocks(section)
		if len(blocks) == 0 {
			t.Errorf("%s: the page shows nothing of it", name)
		}
		for _, b := range blocks {
			if !slices.ContainsFunc(texts, func(text string) bool { return shows(text, b) }) {
				t.Errorf("%s: this stands in none of its files:\n%s", name, b)
			}
		}
	}
}

var recipeLink = regexp.MustCompile(`\]\(\.\./examples/recipes/([a-z-]+)\)`)

// recipeSections gives the sections of the page by the recipe that each links
// to first.
func recipeSections(page string) map[string]string {
	out := map[string]string{}
	for _, section := range strings.Split(page, "\n## ")[1:] {
		if m := recipeLink.FindStringSubmatch(section); m != nil {
			out[m[1]] = section
		}
	}
	return out
}

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)\n```$")

func yamlBlocks(section string) []string {
	var out []string
	for _, m := range yamlBlock.FindAllStringSubmatch(section, -1) {
		out = append(out, m[1])
	}
	return out
}

// shows tells whether a snippet stands in a file, line by line. The file may
// have it further to the right.
func shows(file, snippet string) bool {
	lines, want := strings.Split(file, "\n"), strings.Split(snippet, "\n")
	for i := range lines {
		indent, ok := strings.CutSuffix(lines[i], want[0])
		if !ok || strings.Trim(indent, " ") != "" || len(lines)-i < len(want) {
			continue
		}
		same := true
		for k, w := range want {
			same = same && (lines[i+k] == indent+w || w == "" && lines[i+k] == "")
		}
		if same {
			return true
		}
	}
	return false
}

// TestShows proves the comparison that the page is held to.
func TestShows(t *testing.T) {
	t.Parallel()
	const file = "rules:\n  - id: a\n    when: x\n\n  - id: b\n"
	for snippet, want := range map[string]bool{
		"rules:\n  - id: a":                    true,
		"- id: a\n  when: x":                   true,
		"- id: a\n  when: x\n\n- id: b":        true,
		"  - id: a\n    when: x":               true,
		"- id: a\n  when: y":                   false,
		"- id: a\n    when: x":                 false,
		"- id: a\n- id: b":                     false,
		"id: a":                                false,
		"- id: b\n\n  when: x":                 false,
		"    - id: a":                          false,
		"- id: a\n  when: x\n\n- id: b\n\n# …": false,
	} {
		if got := shows(file, snippet); got != want {
			t.Errorf("%q: %t, want %t", snippet, got, want)
		}
	}
	sections := recipeSections("# x\n\n## A\n[a](../examples/recipes/a)\n```yaml\nk: v\n```\n\n```sh\nls\n```\n## B\nno link")
	if len(sections) != 1 || !slices.Equal(yamlBlocks(sections["a"]), []string{"k: v"}) {
		t.Errorf("%q", sections)
	}
}

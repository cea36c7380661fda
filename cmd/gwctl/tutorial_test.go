package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/examples"
)

// TestConsoleTutorial follows docs/tutorial.md from an empty directory. Blocks
// marked `yaml file=NAME` are files in full, `diff file=NAME` are changes, and
// `console in=shop` are commands that must print what stands below them. At the
// end the directory holds the files of examples/quickstart and nothing else.
func TestConsoleTutorial(t *testing.T) {
	name, err := filepath.Abs(filepath.Join(root, "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := readText(t, name)
	t.Chdir(t.TempDir())
	fresh := strings.Split(text, "\n")
	for _, b := range slices.Backward(followed(t, parseMarkdown("docs/tutorial.md", text))) {
		// From the end, so that the lines before stay where they are.
		fresh = slices.Replace(fresh, b.line, b.line+strings.Count(b.text, "\n"), strings.Split(b.before, "\n")...)
	}
	switch got := strings.Join(fresh, "\n"); {
	case got == text:
	case *update:
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Error(err)
		}
	default:
		t.Errorf("docs/tutorial.md: a console block is stale (%s); run make gen", firstDifference(text, got))
	}
	sameFiles(t, examples.Quickstart(), os.DirFS("."))
}

// followed does what the page says, in order, in the working directory. It
// gives the console blocks, each with its lines made anew in place of before.
func followed(t *testing.T, page *markdown) []markdownBlock {
	t.Helper()
	var out []markdownBlock
	for _, b := range page.blocks {
		kind, value, _ := strings.Cut(b.info, " ")
		file, isFile := strings.CutPrefix(value, "file=")
		var err error
		switch {
		case b.info == "sh": // shown, not run
		case b.info == "console in=shop":
			var again string
			again, err = replay("```console\n"+b.text+"```", func(args []string) string {
				printed, _ := gwctl(args...)
				return printed
			})
			b.before = strings.TrimSuffix(strings.TrimPrefix(again, "```console\n"), "\n```")
			out = append(out, b)
		case !isFile || file != filepath.Base(file) || kind != "yaml" && kind != "diff":
			err = errors.New("mark the block as yaml file=NAME, diff file=NAME, console in=shop, or sh")
		case !strings.Contains(b.before, "`"+file+"`"):
			err = fmt.Errorf("the line above does not name `%s`, and readers do not see how the block is marked", file)
		case kind == "yaml":
			err = newFile(file, b.text)
		default:
			err = changeFile(file, b.text)
		}
		if err != nil {
			t.Fatalf("%s:%d: %s", page.name, b.line, err)
		}
	}
	return out
}

func newFile(name, text string) error {
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already: show what changes in a diff block", name)
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

func changeFile(name, diff string) error {
	old, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err := patched(string(old), diff)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// patched applies a diff whose hunks are parted by @@ and have no line numbers:
// the lines that stay or go must stand in the text once.
func patched(text, diff string) (string, error) {
	for hunk := range strings.SplitSeq("\n"+strings.TrimSuffix(diff, "\n"), "\n@@") {
		before, after, err := sidesOf(strings.TrimPrefix(hunk, "\n"))
		if err != nil {
			return "", err
		}
		at, count := 0, 0
		for i := range text {
			if (i == 0 || text[i-1] == '\n') && strings.HasPrefix(text[i:], before) {
				at, count = i, count+1
			}
		}
		if count != 1 {
			return "", fmt.Errorf("these lines stand in the file %d times:\n%s", count, before)
		}
		text = text[:at] + after + text[at+len(before):]
	}
	return text, nil
}

// sidesOf gives the lines of a hunk as they were and as they are to be.
func sidesOf(hunk string) (before, after string, err error) {
	for line := range strings.SplitSeq(hunk, "\n") {
		if line == "" {
			line = " " // an empty line that stays
		}
		rest := line[1:] + "\n"
		switch line[0] {
		case '+':
			after += rest
		case '-':
			before += rest
		case ' ':
			before += rest
			after += rest
		default:
			return "", "", fmt.Errorf("the line %q of the diff begins with neither blank, + nor -", line)
		}
	}
	if before == "" || before == after {
		return "", "", fmt.Errorf("the hunk %q changes nothing, or nothing says where", hunk)
	}
	return before, after, nil
}

// sameFiles holds two directories to the same files, byte for byte.
func sameFiles(t *testing.T, want, got fs.FS) {
	t.Helper()
	for _, pair := range [][2]fs.FS{{want, got}, {got, want}} {
		names, err := fs.Glob(pair[0], "*")
		if err != nil || len(names) == 0 {
			t.Fatalf("no files: %v", err)
		}
		for _, name := range names {
			if _, err := fs.Stat(pair[1], name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	names, _ := fs.Glob(want, "*")
	for _, name := range names {
		w, err := fs.ReadFile(want, name)
		if err != nil {
			t.Fatal(err)
		}
		if g, err := fs.ReadFile(got, name); err == nil && string(g) != string(w) {
			t.Errorf("after the last step %s is not that of examples/quickstart (%s)", name, firstDifference(string(g), string(w)))
		}
	}
}

// TestPatched proves how changes are applied.
func TestPatched(t *testing.T) {
	cases := []struct{ name, text, diff, want, err string }{
		{"a line is added", "a\nb\n", " a\n+x\n b\n", "a\nx\nb\n", ""},
		{"a line is replaced", "a\nb\n", "-b\n+c\n", "a\nc\n", ""},
		{"the end grows", "a\nb\n", " b\n+\n+c\n", "a\nb\n\nc\n", ""},
		{"an empty line stays", "a\n\nb\n", " a\n\n-b\n+c\n", "a\n\nc\n", ""},
		{"two hunks", "a\nb\nc\n", "-a\n+x\n@@\n-c\n+z\n", "x\nb\nz\n", ""},
		{"part of a line is no line", "ab\nb\n", "-b\n+c\n", "ab\nc\n", ""},
		{"what is not there", "a\n", "-b\n+c\n", "", "0 times"},
		{"what is there twice", "a\na\n", "-a\n+c\n", "", "2 times"},
		{"nothing changes", "a\n", " a\n", "", "changes nothing"},
		{"nothing says where", "a\n", "+b\n", "", "nothing says where"},
		{"no mark", "a\n", "a\n", "", "begins with neither"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := patched(c.text, c.diff)
			if c.err == "" && (err != nil || got != c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %q, %v; want the error %q", got, err, c.err)
			}
		})
	}
}

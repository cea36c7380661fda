package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestConsole runs the console blocks of README.md and docs/*.md from the top of
// the repository: what stands below a line that begins with $ must be what the
// command prints. Commands that cannot be run in a test belong into sh blocks.
func TestConsole(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, filepath.Join(root, "README.md"))
	for i, p := range pages {
		if pages[i], err = filepath.Abs(p); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(root)
	for _, page := range pages {
		text := readText(t, page)
		fresh, err := replay(text, func(args []string) string {
			out, _ := gwctl(args...)
			return out
		})
		switch name := filepath.Base(page); {
		case err != nil:
			t.Errorf("%s: %s", name, err)
		case fresh == text:
		case *update:
			if err := os.WriteFile(page, []byte(fresh), 0o644); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("%s: a console block is stale (%s); run make gen", name, firstDifference(text, fresh))
		}
	}
}

// replay gives a page with the outputs of its console blocks made anew.
func replay(page string, run func(args []string) string) (string, error) {
	var out []string
	inside := false
	for i, line := range strings.Split(page, "\n") {
		switch {
		case !inside:
			inside = line == "```console"
			out = append(out, line)
		case line == "```":
			inside = false
			out = append(out, line)
		case strings.HasPrefix(line, "$ "):
			args, err := splitCommand(strings.TrimPrefix(line, "$ "))
			if err != nil {
				return "", fmt.Errorf("line %d: %w", i+1, err)
			}
			out = append(out, line)
			if text := strings.TrimRight(run(args), "\n"); text != "" {
				out = append(out, strings.Split(text, "\n")...)
			}
		case !slices.ContainsFunc(lastBlock(out), func(l string) bool { return strings.HasPrefix(l, "$ ") }):
			return "", fmt.Errorf("line %d: a console block begins with a command", i+1)
		}
	}
	if inside {
		return "", errors.New("a console block does not end")
	}
	return strings.Join(out, "\n"), nil
}

// lastBlock gives the lines from the last console fence on.
func lastBlock(lines []string) []string {
	for i := range slices.Backward(lines) {
		if lines[i] == "```console" {
			return lines[i:]
		}
	}
	return nil
}

// splitCommand takes a line apart as a shell does, as far as words and quotes
// go, and refuses everything else that a shell would understand.
func splitCommand(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	begun, quote := false, rune(0)
	for _, r := range line {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case r == quote:
			quote = 0
		case quote == 0 && r == ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		case quote == 0 && strings.ContainsRune("|&;<>()$`\\*?[]{}~!#", r), quote == '"' && strings.ContainsRune("$`\\", r):
			return nil, fmt.Errorf("%q means something to a shell: quote it, or use an sh block", r)
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	switch {
	case quote != 0:
		return nil, errors.New("a quote does not end")
	case len(words) == 0 || words[0] != "gwctl":
		return nil, errors.New("only gwctl is run; use an sh block for other commands")
	}
	return words[1:], nil
}

// TestReplay proves the runner of console blocks.
func TestReplay(t *testing.T) {
	echo := func(args []string) string { return strings.Join(args, "|") + "\n\n" }
	cases := []struct{ name, page, want, err string }{
		{"the output is filled in", "```console\n$ gwctl a 'b c'\n```\n", "```console\n$ gwctl a 'b c'\na|b c\n```\n", ""},
		{"a right one stays", "x\n\n```console\n$ gwctl a\na\n$ gwctl b\nb\n```\ny", "x\n\n```console\n$ gwctl a\na\n$ gwctl b\nb\n```\ny", ""},
		{"a stale one is replaced", "```console\n$ gwctl a\nold\n\nolder\n$ gwctl \"b's\"\n```", "```console\n$ gwctl a\na\n$ gwctl \"b's\"\nb's\n```", ""},
		{"other blocks are left alone", "```sh\n$ rm x\n```\n```text\n$ gwctl\n```", "```sh\n$ rm x\n```\n```text\n$ gwctl\n```", ""},
		{"other commands are refused", "```console\n$ curl x\n```", "", "only gwctl is run"},
		{"pipes are refused", "```console\n$ gwctl a | sh\n```", "", "means something to a shell"},
		{"expansions are refused", "```console\n$ gwctl \"$HOME\"\n```", "", "means something to a shell"},
		{"an output needs a command", "```console\nok\n```", "", "begins with a command"},
		{"a block ends", "```console\n$ gwctl a", "", "does not end"},
		{"a quote ends", "```console\n$ gwctl 'a\n```", "", "quote does not end"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := replay(c.page, echo)
			if c.err == "" && (err != nil || got != c.want) {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
			if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got %q, %v; want the error %q", got, err, c.err)
			}
		})
	}
}

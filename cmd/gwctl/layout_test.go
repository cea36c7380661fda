package main

import (
	"fmt"
	"go/ast"
	"maps"
	"path"
	"slices"
	"strings"
)

const (
	mostLines     = 400
	mostMainLines = 15
)

func layoutRules() []rule {
	return []rule{
		{
			name: "files stay short", why: fmt.Sprintf("a file is one noun; past %d lines it is two", mostLines),
			find:    longFiles,
			offends: map[string]string{"engine/a.go": "package engine\n" + strings.Repeat("\n", mostLines)},
			passes:  map[string]string{"engine/a.go": "package engine\n" + strings.Repeat("\n", mostLines-1)},
		}, {
			name: "packages are named for what they hold", why: "a package without a noun gathers what belongs elsewhere",
			find:    grabBags,
			offends: map[string]string{"engine/utils/a.go": "package utils"},
			passes:  map[string]string{"engine/slot/a.go": "package slot"},
		}, {
			name: "one package comment each", why: "a package says once what it is, what to call first and what it refuses to do",
			find: packageComments,
			offends: map[string]string{
				"engine/a.go": "// Package engine decides.\npackage engine",
				"engine/b.go": "// Package engine also decides.\npackage engine",
			},
			passes: map[string]string{"engine/a.go": "// Package engine decides.\npackage engine", "engine/b.go": "package engine", "engine/b_test.go": "package engine"},
		}, {
			name: "every package has a comment", why: "a package says once what it is, what to call first and what it refuses to do",
			find:    packageComments,
			offends: map[string]string{"engine/a.go": "package engine"},
			passes:  map[string]string{"engine/a.go": "// Package engine decides.\npackage engine"},
		}, {
			name: "main is short", why: "what main does cannot be tested; it hands over at once",
			find:    longMain,
			offends: map[string]string{"cmd/gwctl/main.go": "package main\nfunc main() {\n" + strings.Repeat("f()\n", mostMainLines) + "}\n"},
			passes:  map[string]string{"cmd/gwctl/main.go": "// Command gwctl.\n// It does much.\npackage main\nfunc main() { f() }\n"},
		}, {
			name: "the top of the repository is fixed", why: "a newcomer reads it first; what is new belongs below one of these",
			find:    topLevel,
			offends: map[string]string{"pkg": ""},
			passes:  map[string]string{"cmd": "", "go.mod": "", ".github": ""},
		},
	}
}

func longFiles(t *tree) []string {
	var out []string
	for _, f := range t.files {
		if f.lines > mostLines {
			out = append(out, fmt.Sprintf("%s has %d lines", f.path, f.lines))
		}
	}
	return out
}

func grabBags(t *tree) []string {
	names := []string{"util", "utils", "common", "helper", "helpers", "misc", "internal", "shared", "lib", "base"}
	seen := map[string]bool{}
	for _, f := range t.files {
		for _, part := range append(strings.Split(f.dir, "/"), strings.TrimSuffix(f.syntax.Name.Name, "_test")) {
			if slices.Contains(names, part) {
				seen[fmt.Sprintf("%s: package %s", f.dir, part)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// packageComments counts the files of each package that carry its comment.
// Packages of tests only need none.
func packageComments(t *tree) []string {
	comments := map[string][]string{}
	for _, f := range t.files {
		if f.test {
			continue
		}
		list := comments[f.dir]
		if f.syntax.Doc != nil {
			list = append(list, f.path)
		}
		comments[f.dir] = list
	}
	var out []string
	for _, dir := range slices.Sorted(maps.Keys(comments)) {
		if n := len(comments[dir]); n != 1 {
			out = append(out, fmt.Sprintf("%s has %d package comments %s", dir, n, comments[dir]))
		}
	}
	return out
}

// longMain counts the lines of main.go that hold code, from the package clause
// on.
func longMain(t *tree) []string {
	for _, f := range t.files {
		if f.path != "cmd/gwctl/main.go" {
			continue
		}
		lines := map[int]bool{}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if n == nil {
				return false
			}
			if _, ok := n.(*ast.CommentGroup); ok {
				return false
			}
			lines[f.fset.Position(n.Pos()).Line] = true
			lines[f.fset.Position(n.End()-1).Line] = true
			return true
		})
		if len(lines) > mostMainLines {
			return []string{fmt.Sprintf("%s has %d lines of code", f.path, len(lines))}
		}
	}
	return nil
}

func topLevel(t *tree) []string {
	fixed := []string{"cmd", "engine", "policy", "lint", "sidecar", "examples", "docs", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "CHANGELOG.md"}
	var out []string
	for _, name := range t.top {
		if !strings.HasPrefix(name, ".") && !slices.Contains(fixed, path.Base(name)) {
			out = append(out, name+" stands at the top of the repository")
		}
	}
	return out
}

package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A rule of the tree: what it is, why it is, and how a breach is found. The
// sources of its twins show that it finds a breach and lets the rest pass.
type rule struct {
	name, why       string
	find            func(t *tree) []string
	offends, passes map[string]string // sources by path
}

// TestLawOfFloors holds the tree to its rules. There is no list of exceptions: a
// rule that does not fit is changed here and in docs/architecture.md.
func TestLawOfFloors(t *testing.T) {
	tree := parseTree(t)
	for _, r := range slices.Concat(importRules(), wordRules(), stateRules(), layoutRules()) {
		t.Run(r.name, func(t *testing.T) {
			for _, breach := range r.find(tree) {
				t.Errorf("%s\n  why: %s", breach, r.why)
			}
			if len(r.find(parseSources(t, r.offends))) == 0 {
				t.Error("the rule does not find the breach that it is shown")
			}
			if found := r.find(parseSources(t, r.passes)); len(found) > 0 {
				t.Errorf("the rule finds a breach where there is none: %s", found)
			}
		})
	}
}

// floors are the top directories from below; equal numbers never see each
// other.
func floors() map[string]int {
	return map[string]int{"docs": 0, "examples": 0, "policy": 1, "engine": 2, "lint": 3, "sidecar": 3, "cmd": 4}
}

// tenants says which directories may import a module from outside, and why it
// is kept there. A module that is not named may be imported nowhere.
func tenants() map[string]tenancy {
	return map[string]tenancy{
		"github.com/spf13/cobra":                {[]string{"cmd"}, "the command tree is the only user interface"},
		"github.com/spf13/pflag":                {[]string{"cmd"}, "flags belong to the command tree"},
		"cel.dev/cel-go":                        {[]string{"engine", "lint/rules"}, "conditions are the engine's; lint rules read its checked trees"},
		"cel.dev/expr":                          {[]string{"engine/celenv"}, "the conformance tests of CEL are written in its messages; the product needs none"},
		"google.golang.org/protobuf":            {[]string{"engine/celenv"}, "reads the conformance tests of CEL; the product needs none"},
		"go.yaml.in/yaml/v3":                    {[]string{"policy/document"}, "documents are read strictly in one place"},
		"github.com/prometheus/client_golang":   {[]string{"sidecar/health"}, "metrics are published in one place"},
		"github.com/fsnotify/fsnotify":          {[]string{"policy/watch"}, "files are watched in one place"},
		"github.com/coreos/go-oidc/v3":          {[]string{"sidecar/authn"}, "identity providers are spoken to in one place"},
		"github.com/hashicorp/go-retryablehttp": {[]string{"sidecar/authn"}, "its defaults suit batch jobs; the one user bounds them"},
		"github.com/go-jose/go-jose/v4":         {[]string{"sidecar/authn", "sidecar/dev", "sidecar/assertion", "examples/service"}, "signatures are checked in one place, and made in dev mode and for services, with an example of how they check them"},
		"github.com/rogpeppe/go-internal":       {[]string{"cmd/gwctl"}, "scripts drive the command from outside; the product needs none"},
	}
}

type tenancy struct {
	dirs []string
	why  string
}

func importRules() []rule {
	return []rule{
		{
			name: "imports point down", why: "a lower floor that knows an upper one cannot be used or tested without it",
			find:    eachImport(upward),
			offends: map[string]string{"policy/a.go": "package policy\nimport _ \"github.com/gwctl/gwctl/engine/slot\""},
			passes:  map[string]string{"engine/a.go": "package engine\nimport _ \"github.com/gwctl/gwctl/policy\""},
		}, {
			name: "sidecar and lint do not see each other", why: "judging policies and running beside a service are different lives",
			find:    eachImport(upward),
			offends: map[string]string{"lint/a.go": "package lint\nimport _ \"github.com/gwctl/gwctl/sidecar/canonical\""},
			passes:  map[string]string{"lint/rules/a.go": "package rules\nimport _ \"github.com/gwctl/gwctl/lint\""},
		}, {
			name: "sidecar/dev is imported by cmd only", why: "it hands tokens to whoever asks; nothing that runs in production may reach it",
			find:    eachImport(devOutsideCmd),
			offends: map[string]string{"sidecar/a.go": "package sidecar\nimport _ \"github.com/gwctl/gwctl/sidecar/dev\""},
			passes:  map[string]string{"cmd/gwctl/command/a.go": "package command\nimport _ \"github.com/gwctl/gwctl/sidecar/dev\""},
		}, {
			name: "modules from outside stay in their packages", why: "what is used in one place can be understood, bounded and replaced there",
			find:    eachImport(stranger),
			offends: map[string]string{"engine/a.go": "package engine\nimport _ \"go.yaml.in/yaml/v3\""},
			passes:  map[string]string{"policy/document/a.go": "package document\nimport _ \"go.yaml.in/yaml/v3\""},
		}, {
			name: "no unknown module", why: "every dependency has a reason in the README and a place here",
			find:    eachImport(stranger),
			offends: map[string]string{"cmd/gwctl/a.go": "package main\nimport _ \"example.com/left/pad\""},
			passes:  map[string]string{"cmd/gwctl/a.go": "package main\nimport _ \"strings\""},
		}, {
			name: "no dot imports", why: "a name must show where it comes from, to readers and to these rules",
			find:    eachImport(func(_ *sourceFile, name, to string) string { return ifTrue(name == ".", "dot import of "+to) }),
			offends: map[string]string{"engine/a.go": "package engine\nimport . \"net/http\""},
			passes:  map[string]string{"engine/a.go": "package engine\nimport h \"net/http\""},
		},
	}
}

// eachImport finds the imports that a check has something to say about.
func eachImport(check func(f *sourceFile, name, to string) string) func(*tree) []string {
	return func(t *tree) []string {
		var out []string
		for _, f := range t.files {
			imports := f.imports()
			for _, name := range slices.Sorted(maps.Keys(imports)) {
				if breach := check(f, name, imports[name]); breach != "" {
					out = append(out, f.path+": "+breach)
				}
			}
			for _, i := range f.syntax.Imports { // several blank ones share a name
				if to, err := strconv.Unquote(i.Path.Value); err == nil && i.Name != nil && i.Name.Name == "_" {
					if breach := check(f, "_", to); breach != "" && imports["_"] != to {
						out = append(out, f.path+": "+breach)
					}
				}
			}
		}
		return out
	}
}

func ifTrue(breach bool, text string) string {
	if breach {
		return text
	}
	return ""
}

// inside tells whether a directory is, or is below, one of the given ones.
func inside(dir string, of ...string) bool {
	return slices.ContainsFunc(of, func(d string) bool { return dir == d || strings.HasPrefix(dir, d+"/") })
}

func upward(f *sourceFile, _, to string) string {
	rel, ok := strings.CutPrefix(to, module+"/")
	if !ok {
		return ""
	}
	from, _, _ := strings.Cut(f.dir, "/")
	into, _, _ := strings.Cut(rel, "/")
	upper, known := floors()[from]
	lower, declared := floors()[into]
	switch {
	case !known || !declared:
		return fmt.Sprintf("%s imports %s, and one of them stands on no floor", f.dir, rel)
	case from != into && lower >= upper:
		return fmt.Sprintf("floor %d (%s) imports floor %d (%s)", upper, f.dir, lower, rel)
	}
	return ""
}

func devOutsideCmd(f *sourceFile, _, to string) string {
	return ifTrue(to == module+"/sidecar/dev" && !f.test && !inside(f.dir, "cmd", "sidecar/dev"), "imports sidecar/dev")
}

// stranger holds imports from outside to the tenants.
func stranger(f *sourceFile, _, to string) string {
	host, _, _ := strings.Cut(to, "/")
	if !strings.Contains(host, ".") || to == module || strings.HasPrefix(to, module+"/") {
		return "" // the standard library, or our own
	}
	for mod, t := range tenants() {
		if to != mod && !strings.HasPrefix(to, mod+"/") {
			continue
		}
		return ifTrue(!inside(f.dir, t.dirs...), fmt.Sprintf("%s is for %s: %s", mod, strings.Join(t.dirs, " and "), t.why))
	}
	return fmt.Sprintf("%s is not known", to)
}

// TestFloorsKnowTheTree keeps the tables of this file from outliving what they
// speak about.
func TestFloorsKnowTheTree(t *testing.T) {
	used := map[string]bool{}
	for _, f := range parseTree(t).files {
		used[strings.Split(f.dir, "/")[0]] = true
		for _, to := range f.imports() {
			for at := to; at != "."; at = path.Dir(at) {
				used[at] = true
			}
		}
	}
	for floor := range floors() {
		if !used[floor] {
			t.Errorf("the floor %s is empty", floor)
		}
	}
	for mod := range tenants() {
		if !used[mod] {
			t.Errorf("nobody imports %s", mod)
		}
	}
}

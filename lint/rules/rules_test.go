package rules

import (
	"io/fs"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/engine/mapping"
	"github.com/gwctl/gwctl/engine/suite"
	"github.com/gwctl/gwctl/examples"
	"github.com/gwctl/gwctl/lint"
	"github.com/gwctl/gwctl/policy"
)

// files reads the YAML of a directory. A line HERE becomes the given text,
// indented as it is.
func files(t testing.TB, dir fs.FS, here string) []policy.File {
	t.Helper()
	placeholder := regexp.MustCompile(`(?m)^( *)HERE$`)
	var out []policy.File
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(dir, name)
		text := placeholder.ReplaceAllStringFunc(string(data), func(line string) string {
			indent := strings.TrimSuffix(line, "HERE")
			return indent + strings.ReplaceAll(here, "\n", "\n"+indent)
		})
		out = append(out, policy.File{Path: name, Data: []byte(text)})
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d files, %v", len(out), err)
	}
	return out
}

// today is the day of every test.
var today = time.Date(2026, 1, 15, 23, 0, 0, 0, time.UTC)

// run lints files, which must load and compile.
func run(t testing.TB, list []policy.File, rules ...*lint.Rule) policy.Diagnostics {
	t.Helper()
	src, found := policy.Load(list)
	if found.HasErrors() {
		t.Fatal(found)
	}
	set, found := engine.Compile(src)
	if found.HasErrors() {
		t.Fatal(found)
	}
	m, found := mapping.New(set, nil)
	if found.HasErrors() {
		t.Fatal(found)
	}
	return lint.Run(set, suite.NewRunner(set, read, m), rules, today)
}

func read(spec *policy.RequestSpec, ip netip.Addr) (engine.HTTP, error) {
	if spec.Path == "/refused" {
		return engine.HTTP{}, &suite.Refused{Reason: "request_not_canonical", Status: 400}
	}
	h := engine.HTTP{Method: spec.Method, Host: spec.Host, Path: spec.Path, ClientIP: ip}
	if trimmed := strings.Trim(spec.Path, "/"); trimmed != "" {
		h.Segments = strings.Split(trimmed, "/")
	}
	return h, nil
}

var want = regexp.MustCompile(`# want ([a-z_ ]+)$`)

// wanted gives "file:line code" of the comments.
func wanted(list []policy.File) (out []string) {
	for _, f := range list {
		for i, line := range strings.Split(string(f.Data), "\n") {
			if m := want.FindStringSubmatch(line); m != nil {
				for code := range strings.FieldsSeq(m[1]) {
					out = append(out, place(f.Path, i+1, code))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func place(path string, line int, code string) string {
	return path + ":" + string(rune('0'+line/10)) + string(rune('0'+line%10)) + " " + code
}

func got(found policy.Diagnostics) (out []string) {
	for _, d := range found {
		out = append(out, place(d.Path, d.Line, d.Code))
	}
	slices.Sort(out)
	return out
}

// expect compares findings with the comments beside the lines.
func expect(t *testing.T, list []policy.File, found policy.Diagnostics) {
	t.Helper()
	if got, want := got(found), wanted(list); !slices.Equal(got, want) {
		t.Errorf("found %q\nwant  %q", got, want)
	}
	for _, d := range found {
		if d.Message == "" || d.Hint == "" || d.URL == "" || d.Column < 1 {
			t.Errorf("%s: no hint or no place", d)
		}
	}
}

// TestRules: every rule fires exactly where its testdata says so, and not on
// what only looks like it.
func TestRules(t *testing.T) {
	for _, r := range All() {
		t.Run(r.Code, func(t *testing.T) {
			dir := os.DirFS(filepath.Join("testdata", r.Code))
			sub := func(name string) fs.FS {
				out, err := fs.Sub(dir, name)
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			before := files(t, sub("before"), "")
			found := run(t, before, r)
			if expect(t, before, found); len(found) == 0 {
				t.Error("never fires")
			}
			after := files(t, sub("after"), "")
			expect(t, after, run(t, after, r))
			if len(wanted(after)) > 0 {
				t.Error("after holds a want")
			}
			// What its page shows is true as well.
			if found := run(t, files(t, sub("frame"), r.Before), r); len(found) == 0 {
				t.Error("the page's Before does not raise it")
			}
			if found := run(t, files(t, sub("frame"), r.After), r); len(found) > 0 {
				t.Errorf("the page's After raises it: %v", found)
			}
		})
	}
}

// TestEveryRuleFires: the whole suite over one set.
func TestEveryRuleFires(t *testing.T) {
	list := files(t, os.DirFS("testdata/every"), "")
	found := run(t, list, All()...)
	expect(t, list, found)
	for _, r := range All() {
		if !slices.ContainsFunc(found, func(d policy.Diagnostic) bool { return d.Code == r.Code && d.Severity == r.Severity }) {
			t.Errorf("%s does not fire", r.Code)
		}
	}
}

// TestExamples: no false alarm on what everybody starts from.
func TestExamples(t *testing.T) {
	if found := run(t, files(t, examples.Quickstart(), ""), All()...); len(found) > 0 {
		t.Errorf("%v", found)
	}
}

// TestRegistry: every rule is documented, and the testdata holds no rule that
// is gone.
func TestRegistry(t *testing.T) {
	var codes []string
	for _, r := range All() {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		codes = append(codes, r.Code)
	}
	slices.Sort(codes)
	if len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Errorf("codes %v", codes)
	}
	dirs, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if d.Name() != "every" && !slices.Contains(codes, d.Name()) {
			t.Errorf("testdata/%s belongs to no rule", d.Name())
		}
	}
}

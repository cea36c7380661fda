package schema

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// top is the root of the repository, seen from here.
var top = filepath.Join("..", "..", "..")

// missing skips the test; in CI nothing may be missing.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// tools are the programs under test and beside it.
type tools struct {
	gwctl, node, ajv string
	schemas          map[string]string // kind → file
}

func setUp(t testing.TB) *tools {
	t.Helper()
	x := &tools{gwctl: os.Getenv("GWCTL_BIN"), schemas: map[string]string{}}
	if x.gwctl == "" {
		x.gwctl = filepath.Join(top, "bin", "gwctl")
	}
	var err error
	if x.gwctl, err = filepath.Abs(x.gwctl); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(x.gwctl); err != nil || !info.Mode().IsRegular() {
		missing(t, "no gwctl at "+x.gwctl+": run make build, or set GWCTL_BIN")
	}
	if x.node, err = exec.LookPath("node"); err != nil {
		missing(t, "no node in PATH: the validator needs Node.js 20 or newer")
	}
	x.ajv = filepath.Join("node_modules", ".bin", "ajv")
	if _, err := os.Stat(x.ajv); err != nil {
		missing(t, "the validator is not installed: run npm ci in sidecar/e2e/schema")
	}
	var list struct {
		Schemas []struct{ Kind, File string }
	}
	if err := json.Unmarshal(x.run(t, x.gwctl, "schema", "-o", "json"), &list); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, s := range list.Schemas {
		x.schemas[s.Kind] = filepath.Join(dir, s.File)
		if err := os.WriteFile(x.schemas[s.Kind], x.run(t, x.gwctl, "schema", s.Kind), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func (x *tools) run(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %.200q: %s\n%s", name, args, err, stderr.String())
	}
	return out
}

// document is one YAML document as an editor reads it.
type document struct {
	Place    string
	Document json.RawMessage
	Problem  string // why YAML cannot be read; then there is no Document
}

func (d *document) kind(t testing.TB) string {
	t.Helper()
	var head struct{ Kind string }
	if err := json.Unmarshal(d.Document, &head); err != nil {
		t.Fatalf("%s: %s", d.Place, err)
	}
	return head.Kind
}

// config tells whether the document is no part of a policy set.
func (d *document) config() bool { return strings.HasPrefix(filepath.Base(d.Place), "gwctl") }

// documents reads the YAML files that fit the patterns. A pattern must fit.
func (x *tools) documents(t testing.TB, patterns ...string) []document {
	t.Helper()
	args := []string{"documents.mjs"}
	for _, p := range patterns {
		paths, err := filepath.Glob(filepath.Join(top, filepath.FromSlash(p)))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no file fits %s (%v)", p, err)
		}
		args = append(args, paths...)
	}
	var out []document
	if err := json.Unmarshal(x.run(t, x.node, args...), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// valid validates documents of one kind, and tells which of them are valid. The
// schema itself must be beyond reproach, too.
func (x *tools) valid(t testing.TB, kind string, docs []json.RawMessage) []bool {
	t.Helper()
	dir := t.TempDir()
	for i, d := range docs {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)+".json"), d, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(x.ajv, "validate", "--spec=draft2020", "--allow-union-types", "--errors=no",
		"-s", x.schemas[kind], "-d", filepath.Join(dir, "*.json"))
	text, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	out, seen := make([]bool, len(docs)), 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if lines.Text() == "" {
			continue
		}
		path, verdict, ok := strings.Cut(lines.Text(), ".json ")
		i, err := strconv.Atoi(filepath.Base(path))
		if !ok || err != nil || verdict != "valid" && verdict != "invalid" {
			t.Fatalf("ajv about the schema of %s: %s", kind, text)
		}
		out[i] = verdict == "valid"
		seen++
	}
	if seen != len(docs) {
		t.Fatalf("ajv judged %d of %d documents of kind %s:\n%s", seen, len(docs), kind, text)
	}
	return out
}

// verdicts validates documents of any kinds.
func (x *tools) verdicts(t testing.TB, docs []document) map[string]bool {
	t.Helper()
	byKind := map[string][]document{}
	for _, d := range docs {
		if d.Problem == "" {
			byKind[d.kind(t)] = append(byKind[d.kind(t)], d)
		}
	}
	out := map[string]bool{}
	for kind, list := range byKind {
		if x.schemas[kind] == "" {
			t.Fatalf("%s: there is no schema of the kind %q", list[0].Place, kind)
		}
		var texts []json.RawMessage
		for _, d := range list {
			texts = append(texts, d.Document)
		}
		for i, ok := range x.valid(t, kind, texts) {
			out[list[i].Place] = ok
		}
	}
	return out
}

// explain gives what ajv says about one document.
func (x *tools) explain(t testing.TB, d document) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "document.json")
	if err := os.WriteFile(path, d.Document, 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(x.ajv, "validate", "--spec=draft2020", "--allow-union-types", "--all-errors", "--errors=text",
		"-s", x.schemas[d.kind(t)], "-d", path).CombinedOutput()
	return fmt.Sprintf("%s (%v)", text, err)
}

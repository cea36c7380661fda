package jsonschema

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/engine"
	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/document"
	"github.com/gwctl/gwctl/sidecar/authn"
	"github.com/gwctl/gwctl/sidecar/config"
)

// texts gives the documents of a directory below testdata by their place.
func texts(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", dir, "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no document in testdata/%s (%v)", dir, err)
	}
	out := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, doc := range bytes.Split(data, []byte("\n---\n")) {
			out[filepath.Base(path)+"#"+string(rune('a'+i))] = append(doc, '\n')
		}
	}
	return out
}

// read reads a document as what it is.
func read(place string, text []byte) (*policy.Set, policy.Diagnostics) {
	path, _, _ := strings.Cut(place, "#")
	if bytes.Contains(append([]byte{'\n'}, text...), []byte("\nkind: Sidecar\n")) {
		_, found := config.Read(path, text)
		return nil, found
	}
	if bytes.Contains(append([]byte{'\n'}, text...), []byte("\nkind: APIKeys\n")) {
		return nil, readKeys(text)
	}
	return policy.Load([]policy.File{{Path: path, Data: text}})
}

// readKeys reads a file of API keys as gwctl serve does.
func readKeys(text []byte) policy.Diagnostics {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		panic(err)
	}
	now := func() time.Time { return time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC) }
	_, err = authn.NewAPIKeys(authn.APIKeysConfig{Name: "keys", File: path, Header: "X-Api-Key", Clock: now})
	if refused, ok := errors.AsType[*authn.KeyFileError](err); ok {
		return refused.Found
	}
	if err != nil {
		panic(err)
	}
	return nil
}

// found gives the findings of the reader; if there are none, those of the
// compiler.
func found(place string, text []byte) policy.Diagnostics {
	set, found := read(place, text)
	if set != nil && !found.HasErrors() {
		_, found = engine.Compile(set)
	}
	return found
}

// errorCodes gives the codes of the errors, each once.
func errorCodes(found policy.Diagnostics) []string {
	var out []string
	for _, d := range found {
		if d.Severity == document.Error {
			out = append(out, d.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestGood: the documents that hold every key are one working set.
func TestGood(t *testing.T) {
	var files []policy.File
	for place, text := range texts(t, "good") {
		if path, _, _ := strings.Cut(place, "#"); strings.HasPrefix(path, "gwctl") {
			if codes := errorCodes(found(place, text)); len(codes) > 0 {
				t.Errorf("%s: %q", place, codes)
			}
			continue
		}
		name, part, _ := strings.Cut(place, "#")
		files = append(files, policy.File{Path: part + name, Data: text})
	}
	set, found := policy.Load(files)
	if !found.HasErrors() {
		_, found = engine.Compile(set)
	}
	if found.HasErrors() {
		t.Error(found)
	}
}

// TestBroken: the loader refuses each broken document with the code that its
// first line names, and with no other. refused are those that the schemas
// refuse, too, and beyond are those that they cannot; sidecar/e2e/schema shows
// both.
func TestBroken(t *testing.T) {
	for _, dir := range []string{"refused", "beyond"} {
		for place, text := range texts(t, dir) {
			first, _, _ := strings.Cut(string(text), "\n")
			want, ok := strings.CutPrefix(first, "# ")
			want, _, _ = strings.Cut(want, ":")
			if got := errorCodes(found(place, text)); !ok || !slices.Equal(got, []string{want}) {
				t.Errorf("%s/%s: raises %q, want %q", dir, place, got, want)
			}
		}
	}
}

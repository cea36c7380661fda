package jsonschema

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
)

var update = flag.Bool("update", false, "write docs/schema anew")

// root is the top of the repository, seen from here.
const root = "../../.."

// TestPublished compares docs/schema with what the source says.
func TestPublished(t *testing.T) {
	files, err := Generate(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "docs", "schema")
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		path := filepath.Join(dir, f.Name)
		if *update {
			if err := os.WriteFile(path, f.Data, 0o644); err != nil {
				t.Error(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
		if !bytes.Equal(got, f.Data) {
			t.Errorf("docs/schema/%s is stale: run go test ./cmd/gwctl/jsonschema -update", f.Name)
		}
	}
	published, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range published {
		if !slices.Contains(names, filepath.Base(path)) {
			t.Errorf("%s is the schema of no kind", path)
		}
	}
}

// TestEveryKind compares the kinds with those that the loader names.
func TestEveryKind(t *testing.T) {
	_, found := policy.Load([]policy.File{{Path: "x.yaml", Data: []byte("apiVersion: gwctl.dev/v1\nkind: qqqqqqqqqq\nmetadata: {name: x}\nspec: {}\n")}})
	var want string
	for _, d := range found {
		if d.Code == "unknown_kind" {
			want = strings.TrimPrefix(d.Hint, "known kinds: ")
		}
	}
	docs, err := documents(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range docs {
		got = append(got, n.Title)
	}
	slices.Sort(got)
	known := strings.Split(want, ", ")
	slices.Sort(known)
	if !slices.Equal(got, known) {
		t.Errorf("schemas of the kinds %q, the loader knows %q", got, known)
	}
}

// TestSources tells what a table that does not fit the source is told.
func TestSources(t *testing.T) {
	s := &source{dir: "x", types: map[string]goType{"T": {doc: "T is a thing. It is more.", fields: map[string]string{"MaxAge": "seconds", "Other": "Other lives here", "Bare": ""}}}}
	tests := []struct {
		name  string
		key   *key
		want  string // the description
		wrong string // what is wrong; "" for nothing
	}{
		{"comment", may("max_age", whole()), "Seconds.", ""},
		{"comment of another field", may("age", whole()).of("MaxAge"), "Seconds.", ""},
		{"text", may("bare", whole()).says("Bare it is."), "Bare it is.", ""},
		{"text in place of a comment", may("max_age", whole()).instead("How old."), "How old.", ""},
		{"text beside a comment", may("max_age", whole()).says("How old."), "Seconds.", "has a comment of its own now"},
		{"nothing to replace", may("bare", whole()).instead("x"), "x", "write says"},
		{"nothing said", may("bare", whole()), "", "has no description"},
		{"comment about the Go value", may("other", whole()), "Other lives here", "cannot be a description"},
		{"unknown field", may("age", whole()).of("Gone").says("x"), "x", "there is no field Gone"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tab := &table{}
			n := tab.strict(s, "T", test.key)
			if n.Description != "A thing." {
				t.Errorf("the mapping is %q", n.Description)
			}
			err := tab.err()
			if (err != nil) != (test.wrong != "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
				t.Fatalf("got the error %v, want %q", err, test.wrong)
			}
			if got := n.Properties.get(test.key.name).Description; err == nil && got != test.want {
				t.Errorf("described as %q, want %q", got, test.want)
			}
		})
	}
}

// TestMissingSources: a pattern or list that was renamed in the reader is told,
// and does not vanish from the schemas.
func TestMissingSources(t *testing.T) {
	tab, err := newTable(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	tab.pattern(tab.policy, "nameForm")
	tab.list(tab.policy, "reasonStatus", "")
	tab.list(tab.engine, "fixedNames", "user")
	if err := tab.err(); err != nil {
		t.Fatal(err)
	}
	tab.pattern(tab.policy, "nameFrom")
	tab.list(tab.policy, "reasonState", "")
	tab.list(tab.engine, "fixedNames", "usr")
	if len(tab.problems) != 3 || !errors.Is(tab.err(), errNotFound) {
		t.Errorf("got %v", tab.err())
	}
}

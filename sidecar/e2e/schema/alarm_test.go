package schema

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestNoFalseAlarm changes the documents that hold every key, one value at a
// time. Whatever the schemas then refuse, gwctl must refuse, too.
func TestNoFalseAlarm(t *testing.T) {
	x := setUp(t)
	set := newSet(t, x)
	refused, total := x.refused(t, set)
	if len(refused) < total/4 {
		t.Fatalf("the schemas refuse only %d of %d changes: the test proves nothing", len(refused), total)
	}
	control := set.unchanged()
	if got := set.accepted(t, x, control); len(got) != len(control) {
		t.Fatalf("gwctl accepts %d of the %d documents that nobody changed", len(got), len(control))
	}
	// Each configuration takes a process of its own, so that a run judges one in
	// four of them; all of them are judged within a few runs.
	kept, from := refused[:0:0], time.Now().UnixNano()%4
	for i, c := range refused {
		if !c.of.config() || int64(i%4) == from {
			kept = append(kept, c)
		}
	}
	accepted := set.accepted(t, x, kept)
	t.Logf("%d changes, %d refused by the schemas, of %d of those (part %d of 4) %d accepted by gwctl", total, len(refused), len(kept), from+1, len(accepted))
	for _, m := range accepted {
		t.Errorf("%s: %s: a false alarm", m.of.Place, m.what)
	}
}

// set is the policy set of the good documents, with the configurations beside
// it. JSON is YAML, and gwctl reads it as such.
type set struct {
	beside map[string][]byte // files that configurations name
	docs   []document
}

func newSet(t *testing.T, x *tools) *set {
	t.Helper()
	// The keys are read by gwctl serve alone; they lie beside the configuration.
	s := &set{docs: slices.DeleteFunc(x.documents(t, testdata+"good/*.yaml"), func(d document) bool { return d.kind(t) == "APIKeys" })}
	dir := t.TempDir()
	bundle := filepath.Join(dir, "set.tar.gz")
	if err := s.write(dir, change{}); err != nil {
		t.Fatal(err)
	}
	x.run(t, x.gwctl, "policy", "bundle", dir, "--out", bundle)
	data, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	keys, err := os.ReadFile(filepath.Join(top, "examples", "authn", "keys.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	self := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"a.internal"},
		IsCA: true, BasicConstraintsValid: true,
	}
	if der, err = x509.CreateCertificate(rand.Reader, self, self, key.Public(), key); err != nil {
		t.Fatal(err)
	}
	s.beside = map[string][]byte{"set.tar.gz": data, "secret": []byte("of the tests"), "nonce.key": []byte(strings.Repeat("n", 32)), "keys.yaml": keys}
	for _, name := range []string{"key.pem", "server-key.pem", "own-key.pem", "new.pem", "old.pem"} {
		s.beside[name] = private
	}
	for _, name := range []string{"server.pem", "clients.pem", "callers.pem", "ca.pem", "own.pem"} {
		s.beside[name] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	t.Setenv("INTROSPECT", "of the tests")
	t.Setenv("KEY", string(private))
	t.Setenv("NONCE_KEY", strings.Repeat("k", 32))
	return s
}

// write writes the set with one document changed, and that document alone if it
// is a configuration.
func (s *set) write(dir string, c change) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var policies, tests bytes.Buffer
	for i := range s.docs {
		d := &s.docs[i]
		text := d.Document
		if d == c.of {
			text = c.text
		}
		switch {
		case d == c.of && d.config():
			if err := os.WriteFile(filepath.Join(dir, "gwctl.yaml"), text, 0o644); err != nil {
				return err
			}
			for name, data := range s.beside {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					return err
				}
			}
		case d.config():
		case strings.Contains(d.Place, "_test.yaml"):
			fmt.Fprintf(&tests, "---\n%s\n", text)
		default:
			fmt.Fprintf(&policies, "---\n%s\n", text)
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "set.yaml"), policies.Bytes(), 0o644),
		os.WriteFile(filepath.Join(dir, "set_test.yaml"), tests.Bytes(), 0o644))
}

// change is a document with one value changed.
type change struct {
	of   *document
	what string
	text []byte
}

// unchanged gives a change of every document that changes nothing.
func (s *set) unchanged() []change {
	var out []change
	for i := range s.docs {
		out = append(out, change{of: &s.docs[i], what: "nothing changed", text: s.docs[i].Document})
	}
	return out
}

// refused makes the changes and gives those that the schemas refuse.
func (x *tools) refused(t *testing.T, s *set) (out []change, total int) {
	t.Helper()
	byKind := map[string][]change{}
	for i := range s.docs {
		d := &s.docs[i]
		dec := json.NewDecoder(bytes.NewReader(d.Document))
		dec.UseNumber()
		var value any
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
		kind := d.kind(t)
		mutate(value, "", func(what string) {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			byKind[kind] = append(byKind[kind], change{of: d, what: what, text: text})
		})
	}
	for kind, list := range byKind {
		total += len(list)
		texts := make([]json.RawMessage, len(list))
		for i, c := range list {
			texts[i] = c.text
		}
		for i, ok := range x.valid(t, kind, texts) {
			if !ok {
				out = append(out, list[i])
			}
		}
	}
	return out, total
}

// mutate changes what stands below a value, calls try, and changes it back.
func mutate(v any, path string, try func(what string)) {
	switch x := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(x)) {
			old, at := x[key], path+"/"+key
			delete(x, key)
			try(at + " taken away")
			for _, other := range replacements(old) {
				x[key] = other
				try(fmt.Sprintf("%s = %#v", at, other))
			}
			x[key] = old
			mutate(old, at, try)
		}
		x["zz"] = "zz"
		try(path + "/zz added")
		delete(x, "zz")
	case []any:
		for i, old := range x {
			at := fmt.Sprintf("%s/%d", path, i)
			for _, other := range replacements(old) {
				x[i] = other
				try(fmt.Sprintf("%s = %#v", at, other))
			}
			x[i] = old
			mutate(old, at, try)
		}
	}
}

// replacements are values of every type, and near misses. A text is not made a
// boolean: a bare true is a name to gwctl and no text to YAML, and the schemas
// want quotes around it.
func replacements(old any) []any {
	switch x := old.(type) {
	case []any:
		return []any{[]any{}, append(slices.Clone(x), x[0]), "zz", map[string]any{}, nil}
	case map[string]any:
		return []any{map[string]any{}, []any{}, "zz", nil}
	case bool:
		return []any{!x, "true", 1, nil, []any{}}
	case json.Number:
		return []any{-1, 0, 1.5, 1e9, x.String(), nil}
	case string:
		return []any{"", "Zz 9", x + "x", "x" + x, strings.ToUpper(x), "*", 7, nil}
	}
	return nil
}

// accepted gives the changes that gwctl takes.
func (s *set) accepted(t *testing.T, x *tools, list []change) []change {
	t.Helper()
	top := t.TempDir()
	verdict := make([]bool, len(list))
	const chunk = 100
	var running sync.WaitGroup
	slots := make(chan struct{}, 2)
	for from := 0; from < len(list); from += chunk {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			part := list[from:min(from+chunk, len(list))]
			if err := s.judge(x, filepath.Join(top, fmt.Sprint(from)), part, verdict[from:]); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	var out []change
	for i, ok := range verdict {
		if ok {
			out = append(out, list[i])
		}
	}
	return out
}

// judge lints the set with each of the changes in place, all in one run.
func (s *set) judge(x *tools, top string, list []change, verdict []bool) error {
	args := []string{"policy", "lint", "-o", "json"}
	var dirs []string
	for i, m := range list {
		dir := filepath.Join(top, fmt.Sprint(i))
		if err := s.write(dir, m); err != nil {
			return err
		}
		if m.of.config() {
			err := exec.Command(x.gwctl, "serve", "-c", filepath.Join(dir, "gwctl.yaml"), "--check").Run()
			verdict[i] = err == nil
			dir = ""
		} else {
			args = append(args, dir)
		}
		dirs = append(dirs, dir)
	}
	if len(args) == 4 {
		return os.RemoveAll(top)
	}
	// The exit code tells that some of them do not load, as expected.
	text, _ := exec.Command(x.gwctl, args...).Output()
	var report struct {
		Summary     struct{ Sets int }
		Diagnostics []struct{ Path, Severity string }
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return fmt.Errorf("gwctl policy lint: %w", err)
	}
	if want := len(args) - 4; report.Summary.Sets != want {
		return fmt.Errorf("gwctl policy lint judged %d of %d sets", report.Summary.Sets, want)
	}
	bad := map[string]bool{}
	for _, d := range report.Diagnostics {
		if d.Severity == "error" && d.Path != "" {
			rel, err := filepath.Rel(top, d.Path)
			if err != nil {
				return err
			}
			number, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
			bad[number] = true
		}
	}
	for i, dir := range dirs {
		if dir != "" {
			verdict[i] = !bad[fmt.Sprint(i)]
		}
	}
	return os.RemoveAll(top)
}

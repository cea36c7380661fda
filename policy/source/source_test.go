package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
	"github.com/gwctl/gwctl/policy/bundle"
	"github.com/gwctl/gwctl/policy/document"
)

// write makes files in a directory; a name that ends in / is a directory.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		parent := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			parent = path
		}
		if err := os.MkdirAll(parent, 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// contents gives name=data of the files, relative to the root.
func contents(f *Files) []string {
	var out []string
	for _, x := range f.Relative() {
		out = append(out, x.Path+"="+string(x.Data))
	}
	return out
}

func mustRead(t *testing.T, path string) *Files {
	t.Helper()
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// refused holds an error to be about the set, at a path.
func refused(t *testing.T, err error, path, why string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v, want an *Error", err)
	}
	if e.Path != path || !strings.Contains(e.Why, why) || e.Hint == "" {
		t.Errorf("refused %s: %s (%s), want %s: %s", e.Path, e.Why, e.Hint, path, why)
	}
	if e.Error() != e.Path+": "+e.Why {
		t.Errorf("the error reads %q", e)
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"b.yaml": "b", "a.yml": "a", "sub/deep/c.yaml": "c", "sub/a_test.yaml": "t", "z.yaml/inside.yaml": "i", "empty/": "", "a-b.yaml": "-",
		"README.md": "x", "yaml": "x", "a.yaml.bak": "x", "a.YAML": "x", "a.json": "x",
		".hidden.yaml": "x", ".git/a.yaml": "x", "sub/.cache/deep/a.yaml": "x", ".yaml": "x", "..data.yaml": "x", "sub/.a_test.yaml": "x",
	})
	f := mustRead(t, dir)
	want := []string{"a-b.yaml=-", "a.yml=a", "b.yaml=b", "sub/a_test.yaml=t", "sub/deep/c.yaml=c", "z.yaml/inside.yaml=i"}
	if got := contents(f); !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
	if f.Bundle || f.Root != dir || f.List[0].Path != filepath.Join(dir, "a-b.yaml") {
		t.Errorf("bundle %t, root %s, first %s", f.Bundle, f.Root, f.List[0].Path)
	}
	paths := func(x, y policy.File) int { return strings.Compare(x.Path, y.Path) }
	if !slices.IsSortedFunc(f.List, paths) {
		t.Error("the files are not sorted by path")
	}
}

// However the root is spelt, paths begin with that spelling and are the same
// below it.
func TestRoots(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"set/a.yaml": "a", "set/sub/b.yaml": "b", ".dot/a.yaml": "a", ".dot/sub/b.yaml": "b"})
	link(t, "set", filepath.Join(dir, "linked"))
	link(t, "linked", filepath.Join(dir, "twice"))
	t.Chdir(filepath.Join(dir, "set"))
	tests := []struct{ root, first string }{
		{".", "a.yaml"},
		{"./", "a.yaml"},
		{"../set", "../set/a.yaml"},
		{"../set/", "../set/a.yaml"},
		{"sub/..", "a.yaml"},
		{"../linked", "../linked/a.yaml"},
		{"../linked/", "../linked/a.yaml"},
		{"../twice", "../twice/a.yaml"},
		{"../.dot", "../.dot/a.yaml"},
		{filepath.Join(dir, "set"), filepath.Join(dir, "set/a.yaml")},
	}
	for _, tt := range tests {
		f := mustRead(t, tt.root)
		if f.List[0].Path != filepath.FromSlash(tt.first) {
			t.Errorf("%s: the first path is %s, want %s", tt.root, f.List[0].Path, tt.first)
		}
		if got, want := contents(f), []string{"a.yaml=a", "sub/b.yaml=b"}; !slices.Equal(got, want) {
			t.Errorf("%s: read %q, want %q", tt.root, got, want)
		}
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"set/a.yaml": "a", "else/b.txt": "b", "else/sub/c.yaml": "c"})
	set := filepath.Join(dir, "set")
	t.Run("a linked file is read under its own name", func(t *testing.T) {
		link(t, "../else/b.txt", filepath.Join(set, "b.yaml"))
		link(t, "../else/sub/c.yaml", filepath.Join(set, "ignored.txt"))
		if got, want := contents(mustRead(t, set)), []string{"a.yaml=a", "b.yaml=b"}; !slices.Equal(got, want) {
			t.Errorf("read %q, want %q", got, want)
		}
	})
	faults := []struct{ name, target, why string }{
		{"sub", "../else/sub", "a linked sub-directory is not read"},
		{"sub.yaml", "../else/sub", "a linked sub-directory is not read"},
		{"up", "..", "a linked sub-directory is not read"},
		{"gone.yaml", "nothing.yaml", "a link that cannot be followed"},
		{"gone", "nothing", "a link that cannot be followed"}, // it may have been a directory
		{"round.yaml", "round.yaml", "a link that cannot be followed"},
	}
	for _, tt := range faults {
		t.Run(tt.name+" to "+tt.target, func(t *testing.T) {
			path := filepath.Join(set, tt.name)
			link(t, tt.target, path)
			_, err := Read(set)
			refused(t, err, path, tt.why)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			// A name that is not read may be such a link.
			hidden := filepath.Join(set, "."+tt.name)
			link(t, tt.target, hidden)
			mustRead(t, set)
			if err := os.Remove(hidden); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A Kubernetes volume holds each file twice: behind ..data, and as a link to
// it.
func TestKubernetesVolume(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"..2026_01_15/a.yaml": "old", "..2026_01_16/a.yaml": "new"})
	link(t, "..2026_01_15", filepath.Join(dir, "..data"))
	link(t, "..data/a.yaml", filepath.Join(dir, "a.yaml"))
	before := mustRead(t, dir)
	if got := contents(before); !slices.Equal(got, []string{"a.yaml=old"}) {
		t.Errorf("read %q", got)
	}
	link(t, "..2026_01_16", filepath.Join(dir, "..data_tmp"))
	if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	after := mustRead(t, dir)
	if got := contents(after); !slices.Equal(got, []string{"a.yaml=new"}) || before.Fingerprint() == after.Fingerprint() {
		t.Errorf("after the swap: %q", got)
	}
}

func TestEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	if f := mustRead(t, dir); len(f.List) != 0 || len(f.Relative()) != 0 {
		t.Errorf("read %v", f.List)
	}
}

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	link(t, "nothing", filepath.Join(dir, "broken"))
	for _, path := range []string{"nothing", "nothing/below", "broken", ""} {
		if path != "" {
			path = filepath.Join(dir, path)
		}
		_, err := Read(path)
		var e *Error
		if !errors.Is(err, fs.ErrNotExist) || errors.As(err, &e) {
			t.Errorf("Read(%q) = %v, want fs.ErrNotExist", path, err)
		}
	}
}

func TestUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.yaml": "a", "sub/b.yaml": "b"})
	for _, name := range []string{"a.yaml", "sub"} {
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s: %v, want fs.ErrPermission", name, err)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, dir, map[string]string{"a.yaml": "12345"})
	t.Run("files", func(t *testing.T) {
		f := &Files{Root: dir, List: make([]policy.File, policy.MaxFiles-1)}
		if err := f.add(path, path, false); err != nil {
			t.Errorf("the last file: %v", err)
		}
		refused(t, f.add(path, path, false), dir, "more than 20000 files")
	})
	t.Run("bytes", func(t *testing.T) {
		f := &Files{Root: dir, size: maxSize - 5}
		if err := f.add(path, path, false); err != nil {
			t.Errorf("the last byte: %v", err)
		}
		refused(t, f.add(path, path, false), dir, fmt.Sprintf("more than %d bytes", maxSize))
	})
	t.Run("a large file", func(t *testing.T) {
		// The loader says what is wrong with it, and reads it no further.
		dir := t.TempDir()
		write(t, dir, map[string]string{"large.yaml": strings.Repeat("#", 3*document.MaxFileSize)})
		f := mustRead(t, dir)
		if n := len(f.List[0].Data); n != document.MaxFileSize+1 {
			t.Errorf("%d bytes are read", n)
		}
		if _, found := policy.Load(f.List); len(found) != 1 || found[0].Code != "file_unreadable" {
			t.Errorf("found %v", found)
		}
	})
}

func pack(t *testing.T, files []bundle.File) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := bundle.Pack(&out, files, bundle.Meta{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBundleIsTheDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"set/b.yaml": "b", "set/a.yml": "a", "set/sub/c_test.yaml": "c", "set/sub-d.yaml": "d", "set/!odd.yaml": "o", "set/README.md": "x", "set/.hidden/x.yaml": "x",
	})
	fromDir := mustRead(t, filepath.Join(dir, "set"))
	packed := filepath.Join(dir, "set!.tar.gz")
	if err := os.WriteFile(packed, pack(t, fromDir.Relative()), 0o644); err != nil {
		t.Fatal(err)
	}
	link(t, packed, filepath.Join(dir, "linked"))
	for _, path := range []string{packed, filepath.Join(dir, "linked")} {
		f := mustRead(t, path)
		if !f.Bundle || f.Root != path || f.List[0].Path != path+"!!odd.yaml" {
			t.Errorf("bundle %t, root %s, first %s", f.Bundle, f.Root, f.List[0].Path)
		}
		same := func(a, b bundle.File) bool { return a.Path == b.Path && bytes.Equal(a.Data, b.Data) }
		if !slices.EqualFunc(f.Relative(), fromDir.Relative(), same) {
			t.Errorf("the bundle has %q, the directory %q", contents(f), contents(fromDir))
		}
		if !policy.IsTestFile(f.List[len(f.List)-1].Path) {
			t.Errorf("%s is no test file", f.List[len(f.List)-1].Path)
		}
	}
}

func TestBadBundles(t *testing.T) {
	good := pack(t, []bundle.File{{Path: "a.yaml", Data: []byte("a")}})
	tests := []struct {
		name string
		data []byte
		path string // below the file's
		why  string
	}{
		{"a policy file", []byte("kind: Policy\n"), "", "not a policy bundle"},
		{"nothing", nil, "", "not a policy bundle"},
		{"cut off", good[:len(good)/2], "", "not a policy bundle"},
		{"a byte too many", append(slices.Clone(good), 'x'), "", "not a policy bundle"},
		{"a file that is not read", pack(t, []bundle.File{{Path: "a.yaml"}, {Path: "notes.txt"}}), "!notes.txt", "a bundle holds only"},
		{"a hidden file", pack(t, []bundle.File{{Path: ".a.yaml"}, {Path: "a.yaml"}}), "!.a.yaml", "a bundle holds only"},
		{"a hidden directory", pack(t, []bundle.File{{Path: "a.yaml"}, {Path: "sub/.x/a.yaml"}}), "!sub/.x/a.yaml", "a bundle holds only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "set.tar.gz")
			if err := os.WriteFile(path, tt.data, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			refused(t, err, path+tt.path, tt.why)
			if err := os.WriteFile(path, good, 0o644); err != nil {
				t.Fatal(err)
			}
			mustRead(t, path)
		})
	}
	t.Run("the reason is kept", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "set.tar.gz")
		if err := os.WriteFile(path, good[:len(good)-1], 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		var format *bundle.FormatError
		if !errors.As(err, &format) {
			t.Errorf("%v does not wrap a *bundle.FormatError", err)
		}
	})
}

func TestFingerprint(t *testing.T) {
	file := func(path, data string) policy.File { return policy.File{Path: path, Data: []byte(data)} }
	base := []policy.File{file("a.yaml", "ab"), file("b.yaml", "c")}
	of := func(list []policy.File) string { return (&Files{List: list}).Fingerprint() }
	want := of(base)
	if want != of(slices.Clone(base)) || !strings.HasPrefix(want, "sha256:") || len(want) != 71 {
		t.Errorf("fingerprint %s", want)
	}
	others := map[string][]policy.File{
		"a byte":            {file("a.yaml", "ac"), file("b.yaml", "c")},
		"a name":            {file("a.yml", "ab"), file("b.yaml", "c")},
		"a byte more":       {file("a.yaml", "ab\n"), file("b.yaml", "c")},
		"a byte that moved": {file("a.yaml", "a"), file("b.yaml", "bc")},
		"swapped":           {file("a.yaml", "c"), file("b.yaml", "ab")},
		"a file less":       {file("a.yaml", "ab")},
		"a file more":       {file("a.yaml", "ab"), file("b.yaml", "c"), file("c.yaml", "")},
		"run together":      {file("a.yaml", "ab6:b.yaml1:c")},
		"a name that grew":  {file("a.yaml2", ":ab"), file("b.yaml", "c")},
		"nothing":           nil,
	}
	seen := map[string]string{want: "the set itself"}
	for name, list := range others {
		got := of(list)
		if other, twice := seen[got]; twice {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[got] = name
	}
}

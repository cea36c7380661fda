package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gwctl/gwctl/policy"
)

const (
	untidy = "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: { name: shop }\nspec:\n    roles:\n    - admin\n"
	tidy   = "apiVersion: gwctl.dev/v1\nkind: Schema\nmetadata: {name: shop}\nspec:\n  roles:\n    - admin\n"
)

func runMain(in string, args ...string) (out, errs string, code int) {
	var stdout, stderr bytes.Buffer
	code = Main(args, Streams{In: strings.NewReader(in), Out: &stdout, Err: &stderr})
	return stdout.String(), stderr.String(), code
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds\n%s\nwant\n%s", path, got, want)
	}
}

func TestFmtKeepsModeAndLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link.yaml")
	write(t, target, untidy, 0o640)
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	out, errs, code := runMain("", "policy", "fmt", link)
	if out != link+"\n" || errs != "" || code != exitFine {
		t.Fatalf("%q, %q, %d", out, errs, code)
	}
	holds(t, target, tidy)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link has become a file: %v, %v", info, err)
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode has changed: %v, %v", info, err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
		t.Errorf("something was left behind: %v, %v", list, err)
	}
}

// A file that somebody else writes in the meantime is left alone.
func TestRewriteChangedMeanwhile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.yaml")
	write(t, path, untidy+"# by somebody else\n", 0o644)
	if err := rewrite(policy.File{Path: path, Data: []byte(untidy)}, []byte(tidy)); err == nil {
		t.Error("the file was overwritten")
	}
	holds(t, path, untidy+"# by somebody else\n")
	write(t, path, untidy, 0o644)
	if err := rewrite(policy.File{Path: path, Data: []byte(untidy)}, []byte(tidy)); err != nil {
		t.Error(err)
	}
	holds(t, path, tidy)
}

// What was changed before a failure is told.
func TestFmtTellsBeforeFailure(t *testing.T) {
	dir := t.TempDir()
	path, missing := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "missing")
	write(t, path, untidy, 0o644)
	out, errs, code := runMain("", "policy", "fmt", path, missing)
	if out != path+"\n" || !strings.Contains(errs, "missing") || code != exitInternal {
		t.Errorf("%q, %q, %d", out, errs, code)
	}
	holds(t, path, tidy)
}

func TestFmtLimitsInput(t *testing.T) {
	out, errs, code := runMain(tidy+strings.Repeat("#", 2<<20), "policy", "fmt", "-")
	if out != "" || !strings.Contains(errs, "error[file_unreadable]") || code != exitNotLoad {
		t.Errorf("%.80q, %.80q, %d", out, errs, code)
	}
	if out, errs, code := runMain(untidy, "policy", "fmt", "-"); out != tidy || errs != "" || code != exitFine {
		t.Errorf("%q, %q, %d", out, errs, code)
	}
}

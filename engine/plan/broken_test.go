package plan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// broken is an operator with a mistake in it.
type broken struct{ name, file, old, new string }

func readBroken(t *testing.T) (out []broken) {
	t.Helper()
	data, err := os.ReadFile("testdata/broken.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(data), "\n== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n-- ")
		file, rest, _ := strings.Cut(rest, "\n")
		old, changed, ok := strings.Cut(rest, "\n-- to\n")
		if !ok {
			t.Fatalf("%s: no change", name)
		}
		out = append(out, broken{name, file, old, strings.TrimSuffix(changed, "\n")})
	}
	return out
}

// TestBrokenList: each mistake can still be made. Whether it is noticed takes
// many minutes to find out, see TestBrokenOperators.
func TestBrokenList(t *testing.T) {
	list := readBroken(t)
	if len(list) < 90 {
		t.Errorf("only %d mistakes", len(list))
	}
	for _, b := range list {
		data, err := os.ReadFile(b.file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, []byte(b.old)) || b.old == b.new {
			t.Errorf("%s: %s no longer has what is to be changed", b.name, b.file)
		}
	}
}

var (
	evaluations = regexp.MustCompile(`after (\d+) evaluations`)
	shrunk      = regexp.MustCompile(`shrunk: +(.*)`)
)

// TestBrokenOperators breaks one operator after the other and wants the
// comparison with cel-go to fail. `make test-broken` runs it and writes what
// was noticed to docs/equality.md.
func TestBrokenOperators(t *testing.T) {
	page := os.Getenv("GWCTL_BROKEN")
	if page == "" {
		t.Skip("takes many minutes: make test-broken")
	}
	dir := t.TempDir()
	table := "| broken | noticed after | by |\n|---|--:|---|\n"
	for _, b := range readBroken(t) {
		after, by, err := b.notice(dir)
		if err != nil {
			t.Errorf("%s: %s", b.name, err)
			table += fmt.Sprintf("| %s | **not noticed** | |\n", cell(b.name))
			continue
		}
		t.Logf("%s: after %s evaluations: %s", b.name, after, by)
		if len(by) > 90 {
			by = "a longer expression"
		} else {
			by = "`" + strings.ReplaceAll(by, "|", `\|`) + "`"
		}
		table += fmt.Sprintf("| %s | %s | %s |\n", cell(b.name), after, by)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- broken: begin, written by make test-broken -->\n", "<!-- broken: end -->\n"
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s has no place for the table", page)
	}
	if err := os.WriteFile(page, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// notice builds the package with the mistake and runs the comparison.
func (b broken) notice(dir string) (after, by string, err error) {
	data, err := os.ReadFile(b.file)
	if err != nil {
		return "", "", err
	}
	changed, overlay, binary := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "plan.test")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(data), b.old, b.new, 1)), 0o600); err != nil {
		return "", "", err
	}
	file, err := filepath.Abs(b.file)
	if err != nil {
		return "", "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", "", err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", "", err
	}
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("building it: %w\n%s", err, out)
	}
	for _, tests := range []string{"TestEqualsCEL$", "TestEqualsCEL."} {
		cmd := exec.Command(binary, "-test.run", tests, "-test.timeout", "5m")
		cmd.Env = append(os.Environ(), "GWCTL_BROKEN=")
		out, err := cmd.CombinedOutput()
		if err == nil {
			continue
		}
		if n := evaluations.FindSubmatch(out); n != nil {
			after = string(n[1])
		}
		if e := shrunk.FindSubmatch(out); e != nil {
			by = string(e[1])
		}
		if after == "" {
			return "", "", fmt.Errorf("failed otherwise:\n%.600s", out)
		}
		return after, by, nil
	}
	return "", "", fmt.Errorf("nothing noticed it")
}

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gwctl/gwctl/examples"
)

// TestWatchedSuites drives gwctl policy test --watch as somebody who edits
// does: it runs at once, again after each save, says what is wrong with a broken
// file and goes on when it is mended, sees a new file, and ends well when it is
// interrupted.
func TestWatchedSuites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, examples.Quickstart()); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// One pipe for both streams, so that lines come in the order of writing.
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(dir, "cover.html") // written where it is watched
	cmd := exec.Command(self)
	cmd.Args = []string{"gwctl", "policy", "test", "--watch", "--coverage-out", page, dir} // TestMain looks at the name
	cmd.Stdout, cmd.Stderr, cmd.Env = write, write, append(os.Environ(), "GORACE="+raceExit)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close() // the process has its own
	lines := make(chan string, 1024)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(read); in.Scan(); {
			lines <- in.Text()
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = read.Close() })
	// run gives what one run prints, up to the line that ends it.
	run := func() string {
		t.Helper()
		late := time.After(patience)
		var out strings.Builder
		for {
			select {
			case l, open := <-lines:
				if !open {
					t.Fatalf("it has ended:\n%s", out.String())
				}
				if strings.HasPrefix(l, "watching ") {
					return out.String()
				}
				out.WriteString(l + "\n")
			case <-late:
				t.Fatalf("nothing more than:\n%s", out.String())
			}
		}
	}
	policies := filepath.Join(dir, "policies.yaml")
	good := readText(t, policies)
	save := func(file, text string) { // as editors do: whole, under another name first
		t.Helper()
		fresh := filepath.Join(filepath.Dir(dir), "fresh")
		if err := os.WriteFile(fresh, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(fresh, file); err != nil {
			t.Fatal(err)
		}
	}
	edited := func(old, fresh string) string {
		t.Helper()
		text := strings.Replace(good, old, fresh, 1)
		if text == good {
			t.Fatalf("no %s in the quickstart", old)
		}
		return text
	}
	has := func(out string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	}

	has(run(), "ok: 58 passed, 0 failed\n", "100.0 %")
	save(policies, edited("resource.amount > 1000.0", "resource.amount > 10.0"))
	has(run(), "FAIL orders/", "big-refunds", "failed: ")
	save(policies, edited("effect: deny", "effekt: deny"))
	has(run(), "error[unknown_key]", "did you mean \"effect\"?", "failed: no case was run\n")
	save(policies, good)
	has(run(), "ok: 58 passed, 0 failed\n")
	save(filepath.Join(dir, "more_test.yaml"), "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: more}\nspec:\n  cases:\n    - {name: one, user: anonymous, request: GET /status, expect: allow}\n")
	has(run(), "ok: 59 passed, 0 failed\n")
	has(readText(t, page), "<title>Policy coverage</title>")

	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for l := range lines { // until both streams are closed
		t.Errorf("after the interrupt: %q", l)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after the interrupt: %v", err)
	}
}

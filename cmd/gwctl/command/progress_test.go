package command

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gwctl/gwctl/examples"
)

// slowClock is a clock that is a second later whenever it is looked at.
func slowClock() func() time.Time {
	var mu sync.Mutex
	now := time.Unix(0, 0)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

// TestProgress: a long run tells on a terminal how far it is, and takes the line
// back; into a file, or beside what a program reads, it tells nothing.
func TestProgress(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, examples.Quickstart()); err != nil {
		t.Fatal(err)
	}
	suite := "apiVersion: gwctl.dev/v1\nkind: TestSuite\nmetadata: {name: many}\nspec:\n  cases:\n"
	for i := range 300 {
		suite += fmt.Sprintf("    - {name: c%d, user: anonymous, request: GET /status, expect: allow}\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "many_test.yaml"), []byte(suite), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		terminal bool
		format   string
		told     bool
	}{{true, "text", true}, {false, "text", false}, {true, "json", false}, {true, "junit", false}} {
		var out, told bytes.Buffer
		code := Main([]string{"policy", "test", dir, "--run", "^many/", "-o", tt.format}, Streams{In: strings.NewReader(""), Out: &out, Err: &told, Now: slowClock(), Terminal: tt.terminal})
		text := told.String()
		if code != 0 || (text != "") != tt.told {
			t.Errorf("%+v: exit code %d, told %q", tt, code, text)
		}
		if tt.told && (!strings.HasPrefix(text, "\r") || !strings.Contains(text, " of 300 cases") || !strings.HasSuffix(text, "\r"+strings.Repeat(" ", len("300 of 300 cases"))+"\r") || strings.Contains(text, "\n")) {
			t.Errorf("told %q", text)
		}
		if strings.Contains(out.String(), "\r") {
			t.Errorf("%+v: progress among the results", tt)
		}
	}
}
